"""Reading a teacher's logits: memory-mapped, so that a file may be larger than memory."""

import hashlib
import json
from pathlib import Path

import numpy as np

from common.bars import bar
from common.teachers.identity import SPLITS, VERSION, image_keys

_HEADER = {"teacher", "weights_sha256", "dataset", "views", "sha256"}
PIECE = 1 << 18  # numbers read at a time: 0.5 MB of logits


class Targets:
    """One split's teacher logits in the order of one array of images.

    Args:
        logits: (rows of the file, views, classes) float16.
        rows: (n,) for each image, its row of `logits`.
        subset: (n, views) which views of each image they are; None where they are all.
    """

    def __init__(self, logits, rows, subset=None):
        self.logits, self.rows, self.subset = logits, rows, subset

    def __len__(self):
        return len(self.rows)

    @property
    def classes(self):
        return self.logits.shape[-1]

    def plain(self):
        """(n, classes) float32 of all images in a file's only view."""
        return self.take(np.arange(len(self)), 0)

    def take(self, images, slot):
        """(batch, classes) float32 for images (n,), each in the view of its own slot (n,).

        A slot is a place along the file's axis of views: the view itself, or where views were
        sampled, a column of `subset`.
        """
        return self.logits[self.rows[images], slot].astype("float32")

    def shuffled(self, seed):
        """The control: each image gets another's logits, by a permutation fixed by `seed`."""
        order = np.random.default_rng((seed, 2)).permutation(len(self.rows))
        return Targets(self.logits, self.rows[order], self.subset)


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
            self._arrays = {name: self._read(name) for name in self._names()}
        except (ValueError, KeyError, TypeError, OSError, EOFError) as error:
            raise ValueError(
                f"the logits file {folder} is damaged: {error}; delete it, and it is made again"
            ) from None

    @property
    def identity(self):
        """The teacher's run and the first 12 digits of its weights' hash."""
        return f"{self.header['teacher']}@{self.header['weights_sha256'][:12]}"

    @property
    def sampled(self):
        """How many views of each training image were sampled; 0 for all of the set."""
        return self.header.get("sampled", 0)

    @property
    def nbytes(self):
        """Bytes of the logits of all splits."""
        return sum(self._arrays[f"{split}.npy"].nbytes for split in SPLITS)

    def targets(self, split, images, view_set="plain", sampled=0):
        """This teacher's `Targets` for `images` of a split.

        Raises:
            ValueError: the file lacks some of the images (another data set or split), or was
                made for another set of views or another number of them.
        """
        made_for = (self.header["views"], self.sampled) if split == "train" else ("plain", 0)
        if (view_set, sampled) != made_for:
            raise ValueError(
                f"{self.folder} has the {split} logits of views {_described(*made_for)}, "
                f"not {_described(view_set, sampled)}: make them for the views of the recipe"
            )
        rows = self._rows(split, image_keys(images))
        subset = self._arrays["train_views.npy"][rows] if sampled else None
        return Targets(self._arrays[f"{split}.npy"], rows, subset)

    def _rows(self, split, wanted):
        keys = self._arrays[f"{split}_keys.npy"]
        order = np.argsort(keys)
        rows = order[np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)]
        missing = int(np.sum(keys[rows] != wanted))
        if missing:
            raise ValueError(
                f"{self.folder}, made for the {split} split of {self.header['dataset']}, lacks "
                f"{missing} of {len(wanted)} images: another data set, split or file"
            )
        return rows

    def _names(self):
        names = [f"{split}{kind}.npy" for split in SPLITS for kind in ("", "_keys")]
        return names + ["train_views.npy"] * bool(self.sampled)

    def _read(self, name):
        path = self.folder / name
        if checksum(path) != self.header["sha256"][name]:
            raise ValueError(f"{name} differs from its checksum")
        return np.load(path, mmap_mode="r", allow_pickle=False)


def checksum(path):
    """`files.digest` of the array in an .npy file, read in pieces rather than mapped.

    Raises:
        ValueError: a file that is cut short; NaN or infinity in it.
    """
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    result = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    with bar(array.size, f"checking {path.name}", "numbers", delay=5) as line:
        for start in range(0, array.size, PIECE):
            offset = array.offset + start * array.itemsize
            piece = np.fromfile(path, array.dtype, PIECE, offset=offset)
            if not np.isfinite(piece).all():
                raise ValueError(f"{path.name} holds NaN or infinity")
            result.update(piece)
            line.update(len(piece))
    return result.hexdigest()


def _described(view_set, sampled):
    return f"{view_set!r}{f' ({sampled} sampled)' if sampled else ''}"
