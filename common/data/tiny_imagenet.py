"""tiny-imagenet-200.zip: its structure checked, its images decoded when asked for, never unpacked.

The set is Stanford's, made for the course CS231n: 200 of ImageNet's classes, 500 training images
and 50 validation images of each, 64x64 pixels. A class is known by its WordNet number.
"""

import collections
import dataclasses
import re
import zipfile
import zlib

import numpy as np

from common.data.zip_images import BadArchiveError, ZippedImages

NAME = "tiny-imagenet-200.zip"
ROOT = "tiny-imagenet-200"


@dataclasses.dataclass(frozen=True)
class Layout:
    """How much an archive must hold; the defaults are the published set's.

    classes; each: training images a class; val: images in the val folder; side: in pixels.
    """

    classes: int = 200
    each: int = 500
    val: int = 10_000
    side: int = 64


PUBLISHED = Layout()


class TinyImageNetArchive:
    """An archive whose lists are complete and agree; its images have not been read yet.

    The unlabelled test images and the boxes may be absent.

    Args:
        path: of the zip file.
        layout: what it must hold.
        classes: only the first so many classes, in the order of wnids.txt; default all.

    Raises:
        BadArchiveError: not a whole zip file; a name that leaves its folder; a list that is
            missing or wrong; classes or images missing or too many.
    """

    def __init__(self, path, layout=PUBLISHED, classes=None):
        self.path, self.layout = path, layout
        try:
            self.zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, EOFError, ValueError) as error:
            raise self._bad(f"is no whole zip file ({error})") from None
        self._members = self._checked_members()
        wnids = self._wnids()
        self._known, self.wnids = set(wnids), wnids[:classes]
        self.class_names = self._class_names()
        self._train, self._val = self._train_members(), self._val_members()

    def train(self):
        """(ZippedImages, labels (n,) int32): the first image of each class, then the second ...

        So the first or the last rows hold all classes alike.
        """
        names = [name for row in zip(*self._train, strict=True) for name in row]
        return self._pair(names, np.tile(np.arange(len(self.wnids)), self.layout.each))

    def test(self):
        """(ZippedImages, labels (n,) int32) of the val folder, in the order of its numbers."""
        places = {wnid: place for place, wnid in enumerate(self.wnids)}
        kept = [name for name in _by_number(self._val) if self._val[name] in places]
        return self._pair(kept, [places[self._val[name]] for name in kept])

    def _pair(self, names, labels):
        return ZippedImages(self.zip, names, self.layout.side), np.asarray(labels, "int32")

    def _checked_members(self):
        names = self.zip.namelist()
        for name in names:  # nothing is unpacked here, but others may unpack what we call good
            if re.match(r"[\\/]|\w:", name) or ".." in re.split(r"[\\/]", name):
                raise self._bad(f"holds a name that leaves its folder, {name!r}")
        return set(names)

    def _lines(self, name):
        try:
            return self.zip.read(f"{ROOT}/{name}").decode().splitlines()
        except (KeyError, EOFError, UnicodeDecodeError, zipfile.BadZipFile, zlib.error) as error:
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
        """For each class its members, in the order of their numbers."""
        found = collections.defaultdict(list)
        for name in self._members:
            if match := re.fullmatch(rf"{ROOT}/train/(\w+)/images/\1_\d+\.JPEG", name):
                found[match[1]].append(name)
        for wnid in self.wnids:
            self._require(len(found[wnid]), self.layout.each, f"training images of class {wnid}")
        return [_by_number(found[wnid]) for wnid in self.wnids]

    def _val_members(self):
        """{member: WordNet number}"""
        lines = [line.split("\t") for line in self._lines("val/val_annotations.txt")]
        found = {f"{ROOT}/val/images/{line[0]}": line[1] for line in lines if len(line) > 1}
        self._require(len(found), self.layout.val, "images in val_annotations.txt")
        for name, wnid in found.items():
            if name not in self._members:
                raise self._bad(f"lacks {name}, which val_annotations.txt lists")
            if wnid not in self._known:
                raise self._bad(f"gives {name} the class {wnid}, which wnids.txt lacks")
        return found

    def _require(self, count, expected, what):
        if count != expected:
            raise self._bad(f"has {count} {what}, {expected} expected")

    def _bad(self, what):
        return BadArchiveError(f"{self.path} {what}: delete it and get it anew")


def _by_number(names):
    """`val_2` before `val_10`: names that differ in their number alone."""
    return sorted(names, key=lambda name: (len(name), name))
