"""Images in a zip file as an array that is decoded, by Pillow, when it is sliced."""

import io
import zipfile
import zlib

import numpy as np
from PIL import Image

from common.utils import resources


class BadArchiveError(ValueError):
    """An archive that is cut short, damaged or not what it should be."""


class ZippedImages:
    """Looks like a uint8 array (n, side, side, 3); grayscale images are made RGB.

    Args:
        archive: zipfile.ZipFile.
        names: (n,) its members, in order.
        side: height and width that every image must have, in pixels.

    Raises:
        BadArchiveError: when sliced: a member that is damaged, no image, or of another size,
            by name.
        InsufficientSpaceError: when taken as a whole, if memory does not hold it.
    """

    dtype = np.dtype("uint8")

    def __init__(self, archive, names, side):
        self.archive, self.names = archive, names
        self.shape = (len(names), side, side, 3)
        self.nbytes = int(np.prod(self.shape))

    def __len__(self):
        return len(self.names)

    def __getitem__(self, part):
        names = self.names[part]
        pixels = np.empty((len(names), *self.shape[1:]), "uint8")
        for place, name in enumerate(names):
            pixels[place] = self._decoded(name)
        return pixels

    def __array__(self, dtype=None, copy=None):
        resources.require_memory(self.nbytes, f"{self.archive.filename}'s images")
        return self[:].astype(dtype or "uint8", copy=False)

    def _decoded(self, name):
        try:
            with Image.open(io.BytesIO(self.archive.read(name))) as image:
                pixels = np.asarray(image.convert("RGB"))
        except (
            OSError,
            SyntaxError,
            ValueError,
            EOFError,
            zipfile.BadZipFile,
            zlib.error,
        ) as error:
            reason = str(error).split(": <_io")[0]  # Pillow names the buffer's address
            raise self._bad(name, f"cannot be read ({reason})") from None
        if pixels.shape != self.shape[1:]:
            height, width, _ = pixels.shape
            side = self.shape[1]
            raise self._bad(name, f"has {height}x{width} pixels, {side}x{side} expected")
        return pixels

    def _bad(self, name, what):
        return BadArchiveError(
            f"the image {name} in {self.archive.filename} {what}: put a whole archive there"
        )
