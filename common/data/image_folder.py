"""Image folders as people have them: one subfolder per class, or train/, val/, test/ with such.

Hidden files, files that are no images and folders without images are passed over; symbolic links
are followed, once each.
"""

import hashlib
import json
import os
import unicodedata
from pathlib import Path

import numpy as np

SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".webp", ".bmp")
_SPLITS = {"train": "train", "training": "train", "test": "test"}
_SPLITS |= dict.fromkeys(("val", "valid", "validation"), "validation")
_SKIPPED = ("__MACOSX", "@eaDir")  # folders of archives from macOS, of network storage


def list_images(root):
    """{split: {class: sorted paths below `root`, as text}} of an image folder.

    Without a folder train/, the only split is "all". A folder val/ or test/ without subfolders
    has no labels and is passed over.

    Args:
        root: Path.

    Raises:
        ValueError: no folder; two for one split; fewer than two classes with images; classes whose
            names differ only in case; a class of val/ or test/ that train/ lacks.
    """
    if not root.is_dir():
        raise ValueError(f"{root} is no folder: name one with a subfolder for each class")
    folders = _split_folders(root) or {"all": ("", _classes(root, ""))}
    listed = {split: classes for split, (_, classes) in folders.items()}
    known = listed.get("train") or listed.get("all") or {}
    _require_classes(root, known)
    listed = {split: _spelled_as(known, classes) for split, classes in listed.items()}
    for split, classes in listed.items():
        if unknown := sorted(set(classes) - set(known)):
            raise ValueError(
                f"{root}/{folders[split][0]} has images of {', '.join(map(repr, unknown))}, which "
                f"{root}/{folders['train'][0]} lacks: add training images of them, or remove these"
            )
    return listed


def holds_images(folder):
    """Whether `folder` looks like an image folder: images in a subfolder, or in one of these.

    A folder that this user may not read counts as one without.
    """
    try:
        classes = [folder / name for name in _subfolders(folder)]
        classes += [each / name for each in classes for name in _subfolders(each)]
        names = (entry.name for each in classes for entry in os.scandir(each))
        return any(name.lower().endswith(SUFFIXES) for name in names)
    except (FileNotFoundError, PermissionError):
        return False


def fingerprint(root, listed, settings):
    """Hash of an image folder: paths, sizes and times of all its images, and how they are read.

    Args:
        root: Path.
        listed: as in `list_images`.
        settings: dict of JSON values.
    """
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for split, classes in sorted(listed.items()):
        for name in names_of({split: classes}):
            status = _status(root / name)
            described = f"{split}\0{name}\0{status.st_size}\0{status.st_mtime_ns}\n"
            digest.update(os.fsencode(described))  # names need not be Unicode
    return digest.hexdigest()


def _status(path):
    """Status of a file; of a link to a missing one, of the link: reading it fails later."""
    try:
        return os.stat(path)
    except FileNotFoundError:
        return os.lstat(path)


def names_of(listed):
    """List of the names of all files of a listing."""
    return [name for classes in listed.values() for paths in classes.values() for name in paths]


def flattened(classes, class_names):
    """(list of names, int32 labels) of {class: names}."""
    names = [name for paths in classes.values() for name in paths]
    labels = [class_names.index(key) for key, paths in classes.items() for _ in paths]
    return names, np.asarray(labels, "int32")


def without(listed, names):
    """The listing without some files, and without classes that these leave empty.

    Raises:
        ValueError: a class of val/ or test/ is left without training images, or fewer than two
            classes are left.
    """
    remaining = {
        split: {key: [p for p in paths if p not in names] for key, paths in classes.items()}
        for split, classes in listed.items()
    }
    left = {split: {k: paths for k, paths in c.items() if paths} for split, c in remaining.items()}
    known = left.get("train") or left.get("all") or {}
    if unknown := sorted({key for classes in left.values() for key in classes} - set(known)):
        raise ValueError(
            f"no training image of {', '.join(map(repr, unknown))} can be read: add some, or "
            "remove the others of this class"
        )
    if len(known) < 2:
        of_what = f"only images of {', '.join(map(repr, known))}" if known else "no images"
        raise ValueError(f"{of_what} can be read, but two classes are needed: add images")
    return left


def _split_folders(root):
    """{split: (its folder, classes as in `_classes`)}; empty if no folder of train has classes.

    Raises:
        ValueError: two folders of one split, such as val/ and validation/.
    """
    by_split = {}
    for name in _subfolders(root):
        if name.lower() in _SPLITS and (classes := _classes(root, name)):
            real = (root / name).resolve()  # val may be a link to validation
            by_split.setdefault(_SPLITS[name.lower()], {}).setdefault(real, (name, classes))
    if "train" not in by_split:
        return {}
    for split, folders in by_split.items():
        if len(folders) > 1:
            names = "/, ".join(name for name, _ in folders.values())
            raise ValueError(
                f"{root} has the folders {names}/ for {split}: merge them or remove all but one"
            )
    return {split: next(iter(folders.values())) for split, folders in by_split.items()}


def _classes(root, split):
    """{class: sorted paths} of the subfolders of root/split that have images."""
    classes = {name: _images(root, Path(split) / name) for name in _subfolders(root / split)}
    return {name: paths for name, paths in sorted(classes.items()) if paths}


def _spelled_as(known, classes):
    """Classes under the names in `known`, from which macOS's differ in their form of Unicode."""
    spelling, spelled = {unicodedata.normalize("NFC", name): name for name in known}, {}
    for name, paths in classes.items():
        key = spelling.get(unicodedata.normalize("NFC", name), name)
        spelled[key] = sorted(spelled.get(key, []) + paths)
    return spelled


def _subfolders(folder):
    return sorted(e.name for e in os.scandir(folder) if e.is_dir() and not _skipped(e.name))


def _images(root, folder):
    """Sorted paths, relative to `root`, of the images in a folder and below it."""
    paths, visited = [], set()
    for parent, names, files in os.walk(root / folder, followlinks=True):
        real = os.path.realpath(parent)
        names[:] = [] if real in visited else sorted(n for n in names if not _skipped(n))
        if real not in visited:
            visited.add(real)
            paths += [
                (Path(parent) / name).relative_to(root).as_posix()
                for name in files
                if name.lower().endswith(SUFFIXES) and not _skipped(name)
            ]
    return sorted(paths)


def _skipped(name):
    return name.startswith(".") or name in _SKIPPED


def _require_classes(root, classes):
    if len(classes) < 2:
        has = f"images of {', '.join(classes)} only" if classes else "no images in subfolders"
        raise ValueError(
            f"{root} has {has}: make a subfolder for each class, with PNG, JPEG, WebP or BMP files"
        )
    names = {}
    for name in classes:
        key = unicodedata.normalize("NFC", name).casefold()
        if key in names:
            raise ValueError(
                f"the classes {names[key]!r} and {name!r} in {root} differ only in case: rename "
                "one or merge them"
            )
        names[key] = name
