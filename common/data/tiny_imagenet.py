"""Tiny ImageNet's archive, tiny-imagenet-200.zip or unpacked: checked, decoded lazily.

Stanford's course CS231n made this data set: 200 classes of ImageNet, 500 training images and 50
validation images of each, 64x64 pixels. WordNet ids (wnids) name the classes.
"""

import collections
import dataclasses
import re
import zipfile
from pathlib import Path

import numpy as np

from common.data.zip_images import READ_ERRORS, BadArchiveError, UnpackedArchive, ZippedImages

NAME = "tiny-imagenet-200.zip"
URL = f"http://cs231n.stanford.edu/{NAME}"
SHA256 = "6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821"  # of the file at URL
ROOT = "tiny-imagenet-200"


@dataclasses.dataclass(frozen=True)
class Layout:
    """Numbers that an archive must match; the defaults are those of the published data set.

    Args:
        classes: number of classes.
        each: number of training images per class.
        val: number of images in the val folder.
        side: height and width of each image, in pixels.
    """

    classes: int = 200
    each: int = 500
    val: int = 10_000
    side: int = 64


PUBLISHED = Layout()


class TinyImageNetArchive:
    """The archive with checked lists of classes and images; images are decoded lazily.

    The unlabeled test images and the bounding boxes may be absent.

    Args:
        path: path of the zip file, or of the unpacked folder `ROOT`.
        layout: the numbers of classes and images that it must hold.
        classes: number of classes to use, in the order of wnids.txt; default all.

    Raises:
        BadArchiveError: the file is not a complete zip; a member's path leaves the folder; a list
            is missing or wrong; the number of classes or images is wrong.
    """

    def __init__(self, path, layout=PUBLISHED, classes=None):
        self.path, self.layout = path, layout
        try:
            self.zip = UnpackedArchive(path) if Path(path).is_dir() else zipfile.ZipFile(path)
        except (zipfile.BadZipFile, EOFError, ValueError) as error:
            raise self._bad(f"is not a complete zip file ({error})") from None
        self._members = self._checked_members()
        wnids = self._wnids()
        self._all_wnids, self.wnids = set(wnids), wnids[:classes]
        self.class_names = self._class_names()
        self._train, self._val = self._train_members(), self._val_members()

    def train(self):
        """(ZippedImages, labels (n,) int32): the first image of each class, then the second, ...

        Any number of first or last rows is therefore balanced.
        """
        names = [name for row in zip(*self._train, strict=True) for name in row]
        return self._pair(names, np.tile(np.arange(len(self.wnids)), self.layout.each))

    def test(self):
        """(ZippedImages, labels (n,) int32) of the val folder, in the order of the file numbers."""
        labels = {wnid: label for label, wnid in enumerate(self.wnids)}
        names = [name for name in _by_number(self._val) if self._val[name] in labels]
        return self._pair(names, [labels[self._val[name]] for name in names])

    def _pair(self, names, labels):
        return ZippedImages(self.zip, names, self.layout.side), np.asarray(labels, "int32")

    def _checked_members(self):
        names = self.zip.namelist()
        for name in names:  # never unpacked here, but users may unpack a checked archive
            if re.match(r"[\\/]|\w:", name) or ".." in re.split(r"[\\/]", name):
                raise self._bad(f"has a member whose path leaves the folder, {name!r}")
        return set(names)

    def _lines(self, name):
        try:
            return self.zip.read(f"{ROOT}/{name}").decode().splitlines()
        except READ_ERRORS as error:
            raise self._bad(f"has no readable {ROOT}/{name} ({error})") from None

    def _wnids(self):
        wnids = [line.strip() for line in self._lines("wnids.txt") if line.strip()]
        self._require(len(set(wnids)), self.layout.classes, "classes in wnids.txt")
        return wnids

    def _class_names(self):
        words = dict(line.split("\t", 1) for line in self._lines("words.txt") if "\t" in line)
        for wnid in self.wnids:
            if wnid not in words:
                raise self._bad(f"has no words for class {wnid} in words.txt")
        return tuple(words[wnid].split(",")[0].strip() for wnid in self.wnids)

    def _train_members(self):
        """One list of member names per class, in the order of their numbers."""
        by_class = collections.defaultdict(list)
        for name in self._members:
            if match := re.fullmatch(rf"{ROOT}/train/(\w+)/images/\1_\d+\.JPEG", name):
                by_class[match[1]].append(name)
        for wnid in self.wnids:
            self._require(len(by_class[wnid]), self.layout.each, f"training images of class {wnid}")
        return [_by_number(by_class[wnid]) for wnid in self.wnids]

    def _val_members(self):
        """{member name: wnid} of the val folder."""
        lines = [line.split("\t") for line in self._lines("val/val_annotations.txt")]
        wnids = {f"{ROOT}/val/images/{line[0]}": line[1] for line in lines if len(line) > 1}
        self._require(len(wnids), self.layout.val, "images in val_annotations.txt")
        for name, wnid in wnids.items():
            if name not in self._members:
                raise self._bad(f"lacks {name}, which val_annotations.txt lists")
            if wnid not in self._all_wnids:
                raise self._bad(f"gives {name} the class {wnid}, which wnids.txt lacks")
        return wnids

    def _require(self, count, expected, what):
        if count != expected:
            raise self._bad(f"has {count} {what}, {expected} expected")

    def _bad(self, what):
        return BadArchiveError(f"{self.path} {what}: delete it and download it again")


def _by_number(names):
    """Names that differ only in their number, in numerical order: `val_2` before `val_10`."""
    return sorted(names, key=lambda name: (len(name), name))
