"""Export of a network: convert, read back in the format's runtime, compare, then put in place."""

import contextlib
import dataclasses
import tempfile
from pathlib import Path

from common.export import calibration as calibrations
from common.utils import files
from common.utils.checks import require_fraction


@dataclasses.dataclass(frozen=True)
class Exported:
    """An exported file and its comparison with the Keras model.

    Args:
        path: of the file, or of the folder of a SavedModel.
        format, precision: as written.
        bytes: size of the file, with OpenVINO's weights; of all files of a SavedModel.
        difference: largest difference of a logit from the Keras model's.
        agreement: fraction of images with the same first choice.
        images: number of images compared.
        calibration: {"images": number, "sha256": digits of their hash}; None without int8.
    """

    path: Path
    format: str
    precision: str
    bytes: int
    difference: float
    agreement: float
    images: int
    calibration: dict | None = None

    def __str__(self):
        return (
            f"{files.display_path(self.path)}: {self.bytes / 1024:.0f} KB, {self.precision}; on "
            f"{self.images:,} images the logits differ by at most {self.difference:.2g} and "
            f"{self.agreement:.2%} of first choices agree"
        )


def export(
    model,
    path,
    *,
    format,
    int8=False,
    calibration=None,
    float16=False,
    images=None,
    min_agreement=None,
):
    """Write a network as a file that runs without Keras; it takes pixels as the network does.

    The file is written beside `path` under another name, read back in its own runtime and compared
    with the Keras model; only then it takes its place, or that of an earlier export. If the
    comparison fails, nothing stays of it.

    Args:
        model: keras.Model, images (batch, h, w, c) -> logits; any backend and precision: the file
            computes in float32, unless `int8` or `float16` is set. A model of fewer bits is
            compared as its copy in float32.
        path: of the file: .tflite, .onnx or .xml; a folder for "saved_model". Its folder exists.
        format: a name in `FORMATS`.
        int8: whether weights, per channel, and activations are 8-bit integers ("litert", "onnx").
        calibration: images for the activations' ranges of int8, at least 100, such as
            `calibration_images(dataset)`.
        float16: whether weights are stored in 16 bits ("litert"); the runtime computes in float32.
        images: (n, h, w, c) that file and model are compared on, such as 1,000 test images; by
            default the calibration images, or 200 of random pixels.
        min_agreement: least fraction of equal first choices in [0, 1]; default that of
            `readback.BOUNDS`, 90 % in int8. Networks whose largest logits are close to each other,
            as with many classes after little training, need less.

    Returns:
        Exported.

    Raises:
        ValueError: an unknown format or a precision that it lacks; int8 and float16 at once; a
            missing runtime; a path of another suffix, in a missing folder, or of a folder that is
            no SavedModel; a network that ends in a softmax, that cannot be built again from its
            configuration, of images of no fixed size, of random answers, or of operations that the
            format lacks; unsuitable calibration images; images in 0 to 1 for a network that scales
            pixels of 0 to 255 itself; the file's logits differ from the model's beyond
            `readback.BOUNDS`.
        OSError: the disk is full.
    """
    # imported here, so that importing this package does not import Keras
    from common.export import checks, in_tensorflow, readback
    from common.export.float32_model import float32_copy, is_float32

    precision = checks.precision_of(int8, float16)
    if min_agreement is not None:
        require_fraction("min_agreement", min_agreement)
    path = checks.checked_path(path, format)
    checks.require_exportable(model, format, precision)
    shape = model.input_shape[1:]
    if precision == "int8":
        calibrations.require_calibration(calibration, shape)
    images = readback.compared_images(calibration if images is None else images, shape)
    checks.check_pixels(model, images, calibration if int8 else images)
    copy = float32_copy(model)
    expected = readback.reference(copy, images)  # Keras exports no model that was never called
    if is_float32(model):  # else rounding alone would set them apart
        expected = readback.reference(model, images)
    with _placed(path) as temporary:
        in_tensorflow.convert(copy, temporary, format, precision, calibration if int8 else None)
        compared = (temporary, images, expected, precision, min_agreement)
        difference, agreement = readback.compare(*compared)
        size = file_size(temporary)
    outcome = (size, difference, agreement, len(images))
    described = calibrations.description(calibration) if int8 else None
    return Exported(path, format, precision, *outcome, described)


def file_size(path):
    """Bytes of an exported file, with the weights beside an .xml; of all files of a folder."""
    path = Path(path)
    parts = [path, path.with_suffix(".bin")] if path.suffix == ".xml" else [path]
    if path.is_dir():
        parts = [part for part in path.rglob("*") if part.is_file()]
    return sum(part.stat().st_size for part in parts)


@contextlib.contextmanager
def _placed(path):
    """Context of a path in a new folder beside `path`; what is there then moves beside `path`."""
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".export-") as folder:
            temporary = Path(folder) / path.name
            yield temporary
            for part in (temporary.with_suffix(".bin"), temporary):  # the .xml last
                if part.exists():
                    files.replace(part, path.parent / part.name)
    except Exception as error:  # TensorFlow's are no OSErrors
        if "No space left" not in str(error):
            raise
        raise OSError(
            f"the disk is full, so {path} was not written: free some space and export again"
        ) from None
