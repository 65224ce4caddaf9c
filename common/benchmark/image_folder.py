"""Reading of an image folder: JPEGs per second against Pillow alone, seconds and memory.

Processor time, of all threads, hardly depends on other programs; an idle machine of n cores reads
n images in the processor time of one.
"""

import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common.benchmark import memory
from common.utils.checks import require_at_least

_DIFFERENT = 200  # pictures; the other files are links to them
_CLASSES = 10


def add_arguments(parser):
    """Add the options of this benchmark to its `argparse` parser."""
    parser.add_argument("--count", type=int, default=5_000, help="of files; default: 5,000")
    parser.add_argument("--side", type=int, default=256, help="pixels of a file; default: 256")
    size = "pixels that images are resized to; default: 64"
    parser.add_argument("--image-size", type=int, default=64, metavar="N", help=size)


def run(options):
    """Write the files to a temporary folder, read them, print a table.

    Raises:
        ValueError: fewer than a hundred files.
    """
    require_at_least("count", options.count, 100)
    with tempfile.TemporaryDirectory() as folder:
        print(table(options.count, options.side, options.image_size, Path(folder)))


def table(count, side, image_size, folder):
    """Markdown table of `count` JPEGs of side x side pixels in 10 classes.

    Args:
        folder: Path of an empty folder.
    """
    from common import data
    from common.results import markdown

    paths = write_jpegs(folder / "images", count, side)
    options = {"image_size": image_size, "data_dir": folder / "cache"}
    timed = {
        f"Pillow alone, at {side}x{side}": lambda: decode_all(paths),
        f"`from_folder`, resized to {image_size}x{image_size}": lambda: data.from_folder(
            folder / "images", **options
        ),
        "`from_folder` again, from its array cache": lambda: data.from_folder(
            folder / "images", **options
        ),
    }
    rows = [[what, *_measured(call, count)] for what, call in timed.items()]
    caption = f"{count:,} JPEGs of {side}x{side} pixels"
    columns = ["time", "processor time", "images per second and core", "memory added"]
    return markdown([caption, *columns], rows)


def _measured(call, count):
    """Cells of a call that reads `count` images: time, processor time, rate, memory added."""
    before, start, used = memory.peak(), time.perf_counter(), time.process_time()
    call()
    seconds, used = time.perf_counter() - start, time.process_time() - used
    added = (memory.peak() - before) / 1e6
    return f"{seconds:.1f} s", f"{used:.1f} s", f"{count / used:,.0f}", f"{added:.0f} MB"


def decode_all(paths):
    """Decode every file to RGB with Pillow, in as many threads as cores."""
    from PIL import Image

    def decode(path):
        with Image.open(path) as image:
            image.convert("RGB").load()

    with ThreadPoolExecutor(os.cpu_count()) as executor:
        for _ in executor.map(decode, paths):
            pass


def write_jpegs(folder, count, side):
    """Paths of `count` JPEGs of quality 90 in subfolders of 10 classes, smooth with some noise."""
    import numpy as np
    from PIL import Image

    rng, paths = np.random.default_rng(0), []
    for number in range(count):
        path = folder / f"class {number % _CLASSES}" / f"{number:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        if number < _DIFFERENT:
            coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3)).astype("uint8"))
            smooth = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), "float32")
            noisy = (smooth + rng.normal(0, 12, smooth.shape)).clip(0, 255).astype("uint8")
            Image.fromarray(noisy).save(path, quality=90)
        else:
            os.link(paths[number % _DIFFERENT], path)
        paths.append(path)
    return paths
