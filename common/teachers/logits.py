"""Reading a teacher's logits: memory-mapped, so that a file may be larger than memory."""

import hashlib
import json
import mmap
from pathlib import Path

import numpy as np

from common.data import views
from common.teachers.identity import SPLITS, VERSION, identity, image_keys
from common.teachers.targets import Targets
from common.utils.progress_bar import progress_bar

_STRING_FIELDS = ("teacher", "weights_sha256", "dataset", "views")
_HEADER = {*_STRING_FIELDS, "sha256"}
CHUNK = 1 << 18  # numbers read at a time: 0.5 MB of logits


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
            self._check()
        except (ValueError, KeyError, TypeError, OSError, EOFError) as error:
            raise ValueError(
                f"the logits file {folder} is damaged: {error}; delete it, and it is made again"
            ) from None

    @property
    def identity(self):
        """What runs name this teacher by."""
        return identity(self.header["teacher"], self.header["weights_sha256"])

    @property
    def dataset(self):
        """Name of the data set whose images were asked about."""
        return self.header["dataset"]

    @property
    def view_set(self):
        """The `ViewSet` of the training images' logits."""
        return views.get(self.header["views"], self.header.get("sampled", 0))

    @property
    def nbytes(self):
        """Bytes of the logits of all splits."""
        return sum(self._arrays[f"{split}.npy"].nbytes for split in SPLITS)

    def targets(self, split, images, view_set="plain"):
        """This teacher's `Targets` for `images` of a split.

        Raises:
            ValueError: the file lacks some of the images (another data set or split), or was
                made for another set of views or another number of them.
        """
        view_set = views.get(view_set)
        made_for = self.view_set if split == "train" else views.get("plain")
        if view_set != made_for:
            raise ValueError(
                f"{self.folder} has the {split} logits of views {_described(made_for)}, "
                f"not {_described(view_set)}: make them for the views of the recipe"
            )
        rows = self._rows(split, image_keys(images))
        subset = self._arrays["train_views.npy"][rows] if view_set.views_per_image else None
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
        return names + ["train_views.npy"] * bool(self.header.get("sampled"))

    def _read(self, name):
        path = self.folder / name
        if checksum(path) != self.header["sha256"][name]:
            raise ValueError(f"{name} differs from its checksum")
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        # Rows are looked up here and there: what the system would read ahead of each is megabytes
        # that are not asked for, where the file is larger than memory.
        if hasattr(mmap, "MADV_RANDOM"):
            array._mmap.madvise(mmap.MADV_RANDOM)
        return array

    def _check(self):
        """Raise ValueError unless the arrays are of the shapes that the header tells of."""
        if wrong := [key for key in _STRING_FIELDS if not isinstance(self.header[key], str)]:
            raise ValueError(f"its header's {', '.join(wrong)} should be words")
        classes = self._arrays["train.npy"].shape[-1]
        for split in SPLITS:
            each = self.view_set.seen_per_image if split == "train" else 1
            images = len(self._arrays[f"{split}_keys.npy"])
            expected = {f"{split}.npy": (images, each, classes), f"{split}_keys.npy": (images,)}
            if split == "train" and self.view_set.views_per_image:
                expected["train_views.npy"] = (images, each)
            for name, shape in expected.items():
                if self._arrays[name].shape != shape:
                    found = self._arrays[name].shape
                    raise ValueError(f"{name} is of shape {found}, by header and keys {shape}")


def checksum(path):
    """`files.sha256_of` of the array in an .npy file, read in pieces rather than mapped.

    Raises:
        ValueError: a file that is cut short; NaN or infinity in it.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path.name} is no whole array ({error})") from None
    result = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    with progress_bar(array.size, f"checking {path.name}", "numbers", delay=5) as line:
        for start in range(0, array.size, CHUNK):
            offset = array.offset + start * array.itemsize
            piece = np.fromfile(path, array.dtype, CHUNK, offset=offset)
            if not np.isfinite(piece).all():
                raise ValueError(f"{path.name} holds NaN or infinity")
            result.update(piece)
            line.update(len(piece))
    return result.hexdigest()


def _described(view_set):
    sampled = view_set.views_per_image
    return f"{view_set.name!r}" + f" ({sampled} sampled)" * bool(sampled)


class LazyLogits:
    """`Logits` of a trained teacher that are made once something is looked up in them.

    To read the finished runs that it taught, their identity is enough.

    Args:
        identity: as theirs will be.
        dataset: name of the data set whose images are asked about.
        make: function that makes them.
    """

    def __init__(self, identity, dataset, make):
        self.identity, self.dataset, self._make = identity, dataset, make
        self._logits = None

    def load(self):
        """The Logits, made at the first call; raises what `make` raises."""
        if self._logits is None:
            self._logits = self._make()
        return self._logits

    def targets(self, *asked, **options):
        """As of `Logits`."""
        return self.load().targets(*asked, **options)

    @property
    def nbytes(self):
        """As of `Logits`."""
        return self.load().nbytes
