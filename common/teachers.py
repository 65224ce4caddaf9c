"""A teacher's logits file: made once, checked, looked up by (image, view).

A folder holds `header.json` and, for each split, the logits as float16 (images, views,
classes) and the 64-bit key of each image. Images are found by their key, that is by content:
neither another order nor a part of the data set can pair an image with another's targets.
"""

import hashlib
import json
from pathlib import Path

import numpy as np

from common import files, views
from common.progress import bar

VERSION = 1
SPLITS = ("train", "validation", "test")
_HEADER = {"teacher", "weights_sha256", "dataset", "views", "sha256"}
CHUNK = 5_000  # images asked between two updates of the progress line
LARGEST_WEIGHTS = 8_000_000  # bytes of weights kept beside the logits


def folder(output_dir, run, view_set="plain"):
    """Where a study keeps the logits of the teacher that `run` trained."""
    suffix = "" if view_set == "plain" else f"-{view_set}"
    return Path(output_dir) / "teachers" / f"{run.name}{suffix}"


def weights_hash(model):
    """SHA-256, in hexadecimal, of a model's weights in order."""
    return files.digest([np.asarray(weight) for weight in model.get_weights()])


def image_keys(images):
    """(n,) uint64: BLAKE2b of each image's bytes."""
    digests = [hashlib.blake2b(image.tobytes(), digest_size=8).digest() for image in images]
    return np.frombuffer(b"".join(digests), "<u8")


class Targets:
    """One split's teacher logits in the order of one array of images.

    Args:
        logits: (rows of the file, views, classes) float16.
        rows: (n,) for each image, its row of `logits`.
    """

    def __init__(self, logits, rows):
        self.logits, self.rows = logits, rows

    def __len__(self):
        return len(self.rows)

    @property
    def classes(self):
        return self.logits.shape[-1]

    def plain(self):
        """(n, classes) float32 of all images in a file's only view."""
        return self.take(np.arange(len(self)), 0)

    def take(self, images, view):
        """(batch, classes) float32 for images (n,) seen in views (n,)."""
        return self.logits[self.rows[images], view].astype("float32")

    def shuffled(self, seed):
        """The control: each image gets another's logits, by a permutation fixed by `seed`."""
        order = np.random.default_rng((seed, 2)).permutation(len(self.rows))
        return Targets(self.logits, self.rows[order])


class Logits:
    """A logits file that has been read and checked.

    Args:
        folder: where `make` put it.

    Raises:
        FileNotFoundError: no such file.
        ValueError: another version, a file that differs from its checksum, NaN in logits.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        path = self.folder / "header.json"
        if not path.exists():
            raise FileNotFoundError(f"no teacher's logits in {folder}: make them first")
        try:
            self.header = json.loads(path.read_text())
            if self.header["version"] != VERSION:
                raise ValueError(f"version {self.header['version']}, expected {VERSION}")
            if lacking := _HEADER - set(self.header):
                raise ValueError(f"its header lacks {', '.join(sorted(lacking))}")
            self._splits = {split: self._read(split) for split in SPLITS}
        except (ValueError, KeyError, TypeError, OSError, EOFError) as error:
            raise ValueError(f"the logits file {folder} is damaged: {error}") from None

    @property
    def identity(self):
        """The teacher's run and the first 12 digits of its weights' hash."""
        return f"{self.header['teacher']}@{self.header['weights_sha256'][:12]}"

    def targets(self, split, images, view_set="plain"):
        """This teacher's `Targets` for `images` of a split.

        Raises:
            ValueError: the file lacks some of the images (another data set or split), or was
                made for another set of views.
        """
        made_for = self.header["views"] if split == "train" else "plain"
        if view_set != made_for:
            raise ValueError(
                f"{self.folder} has the {split} logits of views {made_for!r}, not {view_set!r}"
            )
        logits, keys = self._splits[split]
        order = np.argsort(keys)
        wanted = image_keys(images)
        rows = order[np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)]
        missing = int(np.sum(keys[rows] != wanted))
        if missing:
            raise ValueError(
                f"{self.folder}, made for the {split} split of {self.header['dataset']}, lacks "
                f"{missing} of {len(wanted)} images: another data set, split or file"
            )
        return Targets(logits, rows)

    def _read(self, split):
        arrays = []
        for name in (f"{split}.npy", f"{split}_keys.npy"):
            array = np.load(self.folder / name, mmap_mode="r", allow_pickle=False)
            if files.digest([array]) != self.header["sha256"][name]:
                raise ValueError(f"{name} differs from its checksum")
            arrays.append(array)
        if not np.isfinite(arrays[0]).all():
            raise ValueError(f"{split}.npy holds NaN or infinity")
        return arrays


def make(folder, model, dataset, teacher, view_set="plain", batch_size=500):
    """Ask `model` once for all its logits and write them, and small weights, to `folder`.

    Args:
        model: the trained teacher.
        dataset: all three splits are asked; train in every view of `view_set`.
        teacher: name of the run that trained the model.
        view_set: views of the training images to ask for.

    Returns:
        Logits, read back and checked.

    Raises:
        ValueError: logits that are not finite or do not fit float16.
    """
    header = {
        "version": VERSION,
        "teacher": teacher,
        "weights_sha256": weights_hash(model),
        "dataset": dataset.name,
        "views": view_set,
        "sha256": {},
    }
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for split in SPLITS:
        images = np.asarray(getattr(dataset, split).images)
        seen = views.get(view_set if split == "train" else "plain")
        title = f"{dataset.name} {split}, {teacher} answers"
        arrays = {f"{split}.npy": _ask(model, images, seen, batch_size, title)}
        arrays[f"{split}_keys.npy"] = image_keys(images)
        for name, array in arrays.items():
            header["sha256"][name] = files.digest([array])
            with files.replacing(folder / name) as temporary, open(temporary, "wb") as file:
                np.save(file, array, allow_pickle=False)
    if 4 * model.count_params() <= LARGEST_WEIGHTS:
        with files.replacing(folder / "teacher.weights.h5") as temporary:
            model.save_weights(temporary)
    files.write_json(folder / "header.json", header)
    return Logits(folder)


def _ask(model, images, view_set, batch_size, title):
    """(images, views, classes) float16, in chunks, with progress once it has taken a while."""
    shape = (len(images), view_set.count, model.output_shape[-1])
    logits = np.empty(shape, "float16")
    with bar(shape[0] * shape[1], title, "images", delay=5) as line:
        for start in range(0, len(images), CHUNK):
            part = slice(start, start + CHUNK)
            for view in range(view_set.count):
                seen = view_set.apply(images[part], view)
                with np.errstate(over="ignore"):  # refused below
                    logits[part, view] = model.predict(seen, batch_size=batch_size, verbose=0)
                line.update(len(seen))
    if not np.isfinite(logits).all():
        raise ValueError("the teacher's logits are not finite or exceed float16's 65,504")
    return logits
