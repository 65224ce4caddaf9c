"""A teacher's logits: `Logits` reads and checks a file, `LazyLogits` computes it when needed.

Arrays are memory-mapped, so that a file may be larger than memory.
"""

import functools
import hashlib
import json
import mmap
from pathlib import Path

import numpy as np

from common.data import views
from common.data.dataset import SPLITS
from common.teachers.identity import VERSION, identity, image_keys, rows_of
from common.teachers.targets import Targets
from common.utils.progress_bar import progress_bar

_STRING_FIELDS = ("teacher", "weights_sha256", "dataset", "views")
_HEADER = {*_STRING_FIELDS, "sha256"}
CHUNK = 1 << 18  # numbers read at a time: 0.5 MB of float16


class Logits:
    """A teacher's logits file, read and checked.

    Args:
        folder: path that `teachers.make` wrote to.

    Attributes:
        header: dict; run, weights, data set and views that the logits were computed from.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file has another version, differs from its checksum, or holds NaN.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        path = self.folder / "header.json"
        if not path.exists():
            raise FileNotFoundError(f"no teacher's logits in {folder}: compute them first")
        try:
            self.header = _read_header(path)
            self._arrays = {name: self._read(name) for name in self._names()}
            self._check()
        except (ValueError, KeyError, TypeError, OSError, EOFError) as error:
            raise ValueError(
                f"the logits file {folder} is damaged: {error}; delete it to have it written again"
            ) from None

    def __reduce__(self):
        """Pickled as path and identity: another process reads and checks the files itself."""
        return _read_once, (str(self.folder.resolve()), self.identity)

    @property
    def identity(self):
        """Name of this teacher in its students' runs."""
        return identity(self.header["teacher"], self.header["weights_sha256"])

    @property
    def dataset(self):
        """Name of the data set that the logits were computed on."""
        return self.header["dataset"]

    @property
    def view_set(self):
        """`ViewSet` of the training images' logits."""
        return views.get(self.header["views"], self.header.get("sampled", 0))

    @property
    def nbytes(self):
        """Bytes of the logits of all splits."""
        return sum(self._arrays[f"{split}.npy"].nbytes for split in SPLITS)

    def load(self):
        """These logits, as `LazyLogits.load` returns them."""
        return self

    def targets(self, split, images, view_set="plain"):
        """This teacher's `Targets` for images of a split.

        Args:
            split: "train", "validation" or "test".
            images: uint8 (n, h, w, c), in any order.
            view_set: `ViewSet` or its name; validation and test have the view set "plain" only.

        Raises:
            ValueError: the file lacks some of the images (it is of another data set or split), or
                has another set of views or another number of views per image.
        """
        view_set = views.get(view_set)
        stored = self.view_set if split == "train" else views.get("plain")
        if view_set != stored:
            raise ValueError(
                f"{self.folder} has the {split} logits of views {_described(stored)}, "
                f"not {_described(view_set)}: compute them for the views of the recipe"
            )
        rows = rows_of(
            image_keys(images),
            self._arrays[f"{split}_keys.npy"],
            lambda missing: (
                f"{self.folder} has the {split} split of {self.header['dataset']} and lacks "
                f"{missing} of {len(images)} images: use logits of the same data set and split"
            ),
        )
        subset = self._arrays["train_views.npy"][rows] if view_set.views_per_image else None
        return Targets(self._arrays[f"{split}.npy"], rows, subset)

    def stored(self, split, kind=""):
        """The array of a split as it is stored, memory-mapped.

        Args:
            split: "train", "validation" or "test".
            kind: "" for (n, views, classes) logits, "_keys" for (n,) image keys, "_views" for
                (n, views) view numbers of a sampled set.
        """
        return self._arrays[f"{split}{kind}.npy"]

    def in_file_order(self, split):
        """((n, classes) float16 logits, (n,) image keys) of a split, in the order of the file.

        For training images these are the logits of the first view.
        """
        return np.array(self._arrays[f"{split}.npy"][:, 0]), self._arrays[f"{split}_keys.npy"]

    def pooled(self):
        """(keys, logits) of the images of all splits: (n,) uint64 and (n, 1, classes) float16.

        Raises:
            ValueError: training images in more than one view.
        """
        if self.view_set.seen_per_image != 1:
            raise ValueError(
                f"{self.folder} has several views of each training image: use the teacher's logits "
                "of the views 'plain'"
            )
        keys, logits = ([self.stored(split, kind) for split in SPLITS] for kind in ("_keys", ""))
        return np.concatenate(keys), np.concatenate(logits)

    def _names(self):
        names = [f"{split}{kind}.npy" for split in SPLITS for kind in ("", "_keys")]
        return names + ["train_views.npy"] * bool(self.header.get("sampled"))

    def _read(self, name):
        path = self.folder / name
        if checksum(path) != self.header["sha256"][name]:
            raise ValueError(f"{name} differs from its checksum")
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        # Rows are read in random order: read-ahead would load megabytes around each that are not
        # used, where the file is larger than memory.
        if hasattr(mmap, "MADV_RANDOM"):
            array._mmap.madvise(mmap.MADV_RANDOM)
        return array

    def _check(self):
        """Raise ValueError unless the arrays have the shapes that the header describes."""
        if wrong := [key for key in _STRING_FIELDS if not isinstance(self.header[key], str)]:
            raise ValueError(f"its header's {', '.join(wrong)} must be strings")
        classes = self._arrays["train.npy"].shape[-1]
        for split in SPLITS:
            count = self.view_set.seen_per_image if split == "train" else 1
            images = len(self._arrays[f"{split}_keys.npy"])
            expected = {f"{split}.npy": (images, count, classes), f"{split}_keys.npy": (images,)}
            if split == "train" and self.view_set.views_per_image:
                expected["train_views.npy"] = (images, count)
            for name, shape in expected.items():
                stored = self._arrays[name].shape
                if stored != shape:
                    raise ValueError(f"{name} has shape {stored}, header and keys imply {shape}")


class LazyLogits:
    """`Logits` of a trained teacher, computed or read when targets are first looked up.

    Finished runs of its students are found by the identity, without the logits.

    Args:
        identity: the identity that the Logits will have.
        dataset: name of the data set that they are computed on.
        make: function () -> Logits.
    """

    def __init__(self, identity, dataset, make):
        self.identity, self.dataset, self._make = identity, dataset, make
        self._logits = None

    def __reduce__(self):
        """Pickled as the loaded logits."""
        return self.load().__reduce__()

    def load(self):
        """The Logits, computed or read by the first call."""
        self._logits = self._logits or self._make()
        return self._logits

    def targets(self, *arguments, **options):
        """`Logits.targets` of the loaded logits."""
        return self.load().targets(*arguments, **options)

    @property
    def nbytes(self):
        """`Logits.nbytes` of the loaded logits."""
        return self.load().nbytes


@functools.lru_cache(maxsize=32)
def _read_once(folder, expected):
    """`Logits` in `folder`, checked once in each process that gets them from another one.

    Raises:
        ValueError: they are not those of the teacher with the identity `expected`.
    """
    logits = Logits(folder)
    if logits.identity != expected:
        raise ValueError(
            f"{folder} has the logits of {logits.identity} now, not of {expected}: another command "
            "replaced them; run this command again"
        )
    return logits


def checksum(path):
    """`files.sha256_of` of the array in an .npy file, read in chunks, not mapped.

    Raises:
        ValueError: a truncated file; NaN or infinity in it.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path.name} is not a complete array ({error})") from None
    result = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    with progress_bar(array.size, f"checking {path.name}", "numbers", delay=5) as line:
        for start in range(0, array.size, CHUNK):
            offset = array.offset + start * array.itemsize
            chunk = np.fromfile(path, array.dtype, CHUNK, offset=offset)
            if not np.isfinite(chunk).all():
                raise ValueError(f"{path.name} holds NaN or infinity")
            result.update(chunk)
            line.update(len(chunk))
    return result.hexdigest()


def _read_header(path):
    """The header as a dict; ValueError for another version or missing fields."""
    header = json.loads(path.read_text(encoding="utf-8"))
    if header["version"] != VERSION:
        raise ValueError(f"version {header['version']}, expected {VERSION}")
    if missing := _HEADER - set(header):
        raise ValueError(f"its header lacks {', '.join(sorted(missing))}")
    return header


def _described(view_set):
    count = view_set.views_per_image
    return f"{view_set.name!r}" + f" ({count} sampled)" * bool(count)
