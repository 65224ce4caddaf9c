"""`from_folder`: a folder of images as a `Dataset`, decoded once into the array cache."""

import hashlib
import shutil

from common.data import array_cache, cached_sources, catalogue, image_folder, image_sizes
from common.data.dataset import SPLITS, Dataset, Split
from common.data.held_out import require_fractions, set_aside
from common.data.image_files import ImageFiles
from common.data.sources import RawDataset
from common.data.user_arrays import checked_name, limited, require_limit
from common.utils import files
from common.utils.checks import local_folder, require_seed


def from_folder(
    path,
    *,
    image_size=None,
    validation=0.1,
    test=0.1,
    seed=0,
    name=None,
    limit=None,
    data_dir=None,
    skip_unreadable=False,
):
    """A `Dataset` of a folder with one subfolder per class, or train/, val/, test/ with such.

    Images are decoded into an array cache, which later calls read unless the folder changed. The
    image folder itself is never written to.

    Args:
        path: of the folder; PNG, JPEG, WebP and BMP files at any depth below a class's folder.
        image_size: height and width, or (height, width), that every image is resized and
            center-cropped to; None: their own size or, if sizes differ, a square of the median
            shorter side.
        validation, test: fraction of the images of each class, in (0, 1), that is set aside at
            random where the folder has no such split.
        seed: of that random choice; a whole number from 0 on.
        name: as records hold it, not that of a built-in data set; default the folder's.
        limit: as in `data.load`.
        data_dir: folder of array caches; default $TFDS_DATA_DIR or ~/tensorflow_datasets.
        skip_unreadable: whether to leave out images that cannot be read, and to say how many
            when they are decoded.

    Returns:
        Dataset, class names sorted; images with one channel if all files are gray, else three.

    Raises:
        ValueError: as `image_folder.list_images` and `set_aside`; an unreadable image; a folder
            that changes while it is read; a data_dir inside the image folder; the name of a
            built-in data set, such as "mnist"; an image_size or limit that is no whole number
            above 0.
        InsufficientSpaceError: images that fit neither on the disk nor in memory.
    """
    require_seed(seed)  # before the files' headers are read
    require_limit(limit)
    root = local_folder("the image folder", path).resolve()
    name, size = checked_name(name or root.name), image_sizes.pair(image_size)
    caches = _cache_folder(data_dir, root)
    settings = {"validation": validation, "test": test, "seed": int(seed), "image_size": size}
    settings |= {"skip_unreadable": skip_unreadable, "root": str(root)}
    raw = _Reader(root, settings, name, caches).read()
    splits = [Split(raw.arrays[f"{s}_images"], raw.arrays[f"{s}_labels"]) for s in SPLITS]
    return limited(Dataset(name, raw.class_names, *splits), limit)


class _Reader:
    """One image folder and how it is read, with the place of its array cache."""

    def __init__(self, root, settings, name, caches):
        self.root, self.settings, self.caches = root, settings, caches
        key = hashlib.sha256(repr(sorted(settings.items())).encode()).hexdigest()[:12]
        self.cache_name = f"{files.name_part(name)}-{key}"

    def read(self):
        """`RawDataset`, with validation images of their own, from the cache or the files."""
        listed = image_folder.list_images(self.root)
        require_fractions({s: self.settings[s] for s in SPLITS[1:] if s not in listed})
        origin = image_folder.fingerprint(self.root, listed, self.settings)
        with array_cache.locked(self.cache_name, self.caches):
            cached = cached_sources.from_cache(self.cache_name, self.caches, origin)
            return cached or self._decoded(listed, origin)

    def _decoded(self, listed, origin):
        unreadable = [] if self.settings["skip_unreadable"] else None
        listed, shape = self._described(listed, unreadable)
        while not (raw := self._cached(self._raw(listed, shape, unreadable), origin, unreadable)):
            listed = image_folder.without(listed, self._relative(unreadable))
        self._require_unchanged(origin)
        if unreadable := list(dict.fromkeys(unreadable or ())):
            shown = ", ".join(map(str, unreadable[:3])) + ", ..." * (len(unreadable) > 3)
            print(f"left out {len(unreadable)} images that cannot be read: {shown}")
        return raw

    def _cached(self, raw, origin, unreadable):
        """`raw` from the cache; None if images turned out unreadable, which are black in it."""
        known = len(unreadable or ())

        def of_what():  # an ended process leaves no black images that the next one would read
            return origin if len(unreadable or ()) == known else "unreadable images"

        raw = cached_sources.cached(self.cache_name, self.caches, raw, of_what)
        return raw if of_what() == origin else None

    def _raw(self, listed, shape, unreadable):
        class_names = tuple(listed.get("train") or listed["all"])
        arrays = {}
        for split, (names, labels) in self._splits(listed, class_names).items():
            arrays[f"{split}_images"] = ImageFiles(self.root, names, shape, unreadable)
            arrays[f"{split}_labels"] = labels
        return RawDataset(arrays, class_names)

    def _splits(self, listed, class_names):
        """{split: (names of files, int32 labels)} of all three splits."""
        pairs = {
            split: image_folder.flattened(classes, class_names) for split, classes in listed.items()
        }
        names, labels = pairs.get("train") or pairs.pop("all")
        missing = {s: self.settings[s] for s in SPLITS[1:] if s not in pairs}
        rows = set_aside(labels, missing, class_names, self.settings["seed"]) if missing else {}
        pairs |= {s: ([names[row] for row in rows[s]], labels[rows[s]]) for s in rows}
        return pairs

    def _described(self, listed, unreadable):
        """(the readable files, shape of the array), as the files' headers say."""
        names = image_folder.names_of(listed)
        headers = image_sizes.headers(self.root, names, unreadable)
        shape = image_sizes.common_shape(headers.values(), self.settings["image_size"])
        return image_folder.without(listed, set(names) - set(headers)), shape

    def _relative(self, paths):
        return {path.relative_to(self.root).as_posix() for path in paths}

    def _require_unchanged(self, origin):
        listed = image_folder.list_images(self.root)
        if image_folder.fingerprint(self.root, listed, self.settings) != origin:
            folder = array_cache.folder(self.cache_name, self.caches)
            shutil.rmtree(folder, ignore_errors=True)
            raise ValueError(f"{self.root} changed while it was read: read it again")


def _cache_folder(data_dir, root):
    folder = catalogue.data_folder(data_dir)
    if folder.resolve().is_relative_to(root):
        raise ValueError(
            f"the array cache would be written into the image folder {root}: let data_dir or "
            "TFDS_DATA_DIR name another folder"
        )
    return folder
