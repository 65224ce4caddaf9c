"""ImageFiles: files of images as one array, decoded by Pillow on all cores when sliced.

Images become what a person sees: turned as EXIF says, transparent ones on white, palettes and CMYK
as RGB, 16 bits as 8. Those of another size are resized by the shorter side and center-cropped, with
a bicubic filter; JPEGs of exactly 2, 4 or 8 times the size are averaged as they are decoded.
"""

import numpy as np
from PIL import Image, ImageOps

from common.data.zip_images import DECODE_ERRORS
from common.utils import resources
from common.utils.threads import map_in_threads

_SIXTEEN_BITS = ("I;16", "I;16B", "I;16L", "I")
_GRAY = ("1", "L", "LA", "La", *_SIXTEEN_BITS)
_TURNED = (5, 6, 7, 8)  # EXIF orientations by a quarter
_ORIENTATION = 0x0112


class UnreadableImageError(ValueError):
    """A file that is no image, truncated or of an unknown kind."""


class ImageFiles:
    """Lazy uint8 array (n, height, width, channels) of image files.

    Args:
        root: Path that the names are relative to.
        names: list of n paths.
        shape: (height, width, channels), channels 1 or 3.
        unreadable: list that the names of unreadable images are added to, whose pixels are 0;
            None: they raise UnreadableImageError.

    Raises:
        InsufficientSpaceError: on conversion to a NumPy array, if memory does not suffice.
    """

    dtype = np.dtype("uint8")

    def __init__(self, root, names, shape, unreadable=None):
        self.root, self.names, self.unreadable = root, names, unreadable
        self.shape = (len(names), *shape)
        self.nbytes = int(np.prod(self.shape))

    def __len__(self):
        return len(self.names)

    def __getitem__(self, rows):
        names = self.names[rows]
        pixels = np.zeros((len(names), *self.shape[1:]), "uint8")
        for index, decoded in enumerate(map_in_threads(self._decoded, names)):
            if decoded is not None:
                pixels[index] = decoded
        return pixels

    def __array__(self, dtype=None, copy=None):
        resources.require_memory(self.nbytes, f"{self.root}'s images")
        return self[:].astype(dtype or "uint8", copy=False)

    def _decoded(self, name):
        return read_or_note(
            lambda: decode(self.root / name, self.shape[1:]), self.root / name, self.unreadable
        )


def read_or_note(read, path, unreadable):
    """What `read()` returns; for an unreadable image None, if `unreadable` is a list for its path.

    Raises:
        UnreadableImageError: an unreadable image, if `unreadable` is None.
    """
    try:
        return read()
    except DECODE_ERRORS as error:
        if unreadable is None:
            raise UnreadableImageError(
                f"the image {path} cannot be read ({error}): replace or delete it, or pass "
                "skip_unreadable=True"
            ) from None
        unreadable.append(path)
    return None


def decode(path, shape):
    """An image file as uint8 (height, width, channels).

    Args:
        path: of the file.
        shape: (height, width, channels), channels 1 or 3.
    """
    height, width, channels = shape
    with Image.open(path) as image:
        stored = (height, width) if _is_turned(image) else (width, height)
        image.draft(None, _draft_size(image.size, *stored))
        upright = _flat(ImageOps.exif_transpose(image), "L" if channels == 1 else "RGB")
        if upright.size != (width, height):
            upright = ImageOps.fit(upright, (width, height), Image.Resampling.BICUBIC)
        return np.asarray(upright).reshape(shape)


def describe(path):
    """((height, width), whether it is gray) of an image as a person sees it, from its header."""
    with Image.open(path) as image:
        width, height = image.size
        decodes = image.format == "PNG" and "exif" not in image.info  # to look for it at the end
        turned = not decodes and _is_turned(image)
        return ((width, height) if turned else (height, width)), image.mode in _GRAY


def _is_turned(image):
    return image.getexif().get(_ORIENTATION) in _TURNED


def _draft_size(size, width, height):
    """(width, height) that a JPEG decodes at least at, a half, quarter or eighth of its `size`.

    If one of these is the wanted size, libjpeg's averages over pixels are the image. Otherwise
    twice the wanted size is left to the bicubic filter, which then sees no difference.
    """
    if any(size == (factor * width, factor * height) for factor in (2, 4, 8)):
        return width, height
    return (2 * max(height, width),) * 2


def _flat(image, mode):
    """The image without transparency, in `mode`, "L" or "RGB"."""
    if image.mode in _SIXTEEN_BITS:
        values = np.asarray(image).astype("float64")
        clear = values == image.info.get("transparency", -1)  # a PNG's gray value
        values = values / 257 if image.mode != "I" or values.max() > 255 else values
        values = np.where(clear, 255, values.clip(0, 255))
        return Image.fromarray(np.rint(values).astype("uint8")).convert(mode)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
    return image.convert(mode)
