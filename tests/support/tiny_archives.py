"""Small archives in the layout of tiny-imagenet-200.zip, intact or damaged."""

import io
import zipfile

import numpy as np
from PIL import Image

from common.data import tiny_imagenet

ROOT = tiny_imagenet.ROOT
SMALL = tiny_imagenet.Layout(classes=3, each=20, val=9, side=64)
WNIDS = ("n09000003", "n09000001", "n09000002")  # not in alphabetical order, like the real ones
WORDS = {"n09000001": "egg, hen's egg", "n09000002": "wok", "n09000003": "red fox, Vulpes"}


def jpeg(seed, mode="RGB", side=SMALL.side):
    """Bytes of a JPEG of random blocks, determined by the seed."""
    rng = np.random.default_rng(seed)
    channels = 3 if mode == "RGB" else 1
    blocks = rng.integers(0, 256, (4, 4, channels), dtype="uint8")
    pixels = blocks.repeat(-(-side // 4), axis=0).repeat(-(-side // 4), axis=1)[:side, :side]
    file = io.BytesIO()
    Image.fromarray(pixels if channels == 3 else pixels[..., 0]).save(file, "JPEG", quality=90)
    return file.getvalue()


def members(layout=SMALL):
    """{name: bytes} of an intact archive; every twentieth image is grayscale."""
    files = {f"{ROOT}/wnids.txt": "".join(f"{wnid}\n" for wnid in WNIDS)}
    files[f"{ROOT}/words.txt"] = "".join(f"{wnid}\t{words}\n" for wnid, words in WORDS.items())
    for class_index, wnid in enumerate(WNIDS):
        for number in range(layout.each):
            seed = class_index * layout.each + number
            mode = "L" if number == layout.each - 1 else "RGB"
            files[f"{ROOT}/train/{wnid}/images/{wnid}_{number}.JPEG"] = jpeg(seed, mode)
    lines = []
    for number in range(layout.val):
        lines.append(f"val_{number}.JPEG\t{WNIDS[number % 3]}\t0\t0\t9\t9\n")
        files[f"{ROOT}/val/images/val_{number}.JPEG"] = jpeg(1000 + number)
    files[f"{ROOT}/val/val_annotations.txt"] = "".join(lines)
    return files


def write(folder, content):
    """Write {name: bytes or text} as the archive in `folder`; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / tiny_imagenet.NAME
    with zipfile.ZipFile(path, "w") as archive:
        for name, value in content.items():
            archive.writestr(name, value)
    return path
