"""ZippedImages: image files in a zip archive as an array, decoded by Pillow when sliced."""

import io
import lzma
import zipfile
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from common.utils import resources

# RuntimeError: a password, or a compression method that Python lacks, such as Deflate64
READ_ERRORS = (KeyError, OSError, EOFError, RuntimeError, UnicodeDecodeError)
READ_ERRORS += (zipfile.BadZipFile, zlib.error, lzma.LZMAError)
DECODE_ERRORS = (*READ_ERRORS, SyntaxError, ValueError, Image.DecompressionBombError)


class BadArchiveError(ValueError):
    """An archive is truncated, damaged or lacks the expected content."""


class UnpackedArchive:
    """An unpacked archive, with the methods of zipfile.ZipFile that are used here.

    Args:
        folder: path of the archive's top folder; all member names begin with its name.
    """

    def __init__(self, folder):
        self.filename, self._parent = str(folder), Path(folder).parent

    def namelist(self):
        """Names of all files, with / between the folders."""
        files = (path for path in Path(self.filename).rglob("*") if path.is_file())
        return [path.relative_to(self._parent).as_posix() for path in files]

    def read(self, name):
        """Bytes of a file."""
        return (self._parent / name).read_bytes()


class ZippedImages:
    """Lazy uint8 array (n, side, side, 3) of the images in a zip archive; grayscale becomes RGB.

    Args:
        archive: zipfile.ZipFile or UnpackedArchive.
        names: list of n member names, in the order of the rows.
        side: height and width that every image must have, in pixels.

    Raises:
        BadArchiveError: on slicing, if a member is damaged, is not an image or has another size;
            the message names it.
        InsufficientSpaceError: on conversion to a NumPy array, if memory does not suffice.
    """

    dtype = np.dtype("uint8")

    def __init__(self, archive, names, side):
        self.archive, self.names = archive, names
        self.shape = (len(names), side, side, 3)
        self.nbytes = int(np.prod(self.shape))

    def __len__(self):
        return len(self.names)

    def __getitem__(self, rows):
        names = self.names[rows]
        pixels = np.empty((len(names), *self.shape[1:]), "uint8")
        for index, name in enumerate(names):
            pixels[index] = self._decoded(name)
        return pixels

    def __array__(self, dtype=None, copy=None):
        resources.require_memory(self.nbytes, f"{self.archive.filename}'s images")
        return self[:].astype(dtype or "uint8", copy=False)

    def _decoded(self, name):
        try:
            with Image.open(io.BytesIO(self.archive.read(name))) as image:
                pixels = np.asarray(image.convert("RGB"))
        except DECODE_ERRORS as error:
            reason = str(error).split(": <_io")[0]  # Pillow names the buffer's address
            raise self._bad(name, f"cannot be read ({reason})") from None
        if pixels.shape != self.shape[1:]:
            height, width, _ = pixels.shape
            side = self.shape[1]
            raise self._bad(name, f"has {height}x{width} pixels, {side}x{side} expected")
        return pixels

    def _bad(self, name, what):
        return BadArchiveError(
            f"the image {name} in {self.archive.filename} {what}: replace the archive"
        )
