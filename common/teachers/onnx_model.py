"""Model in an ONNX file as a teacher, whatever framework wrote it, by ONNX Runtime."""

import numpy as np

from common.utils import onnx_runtime
from common.utils.checks import require_teacher_file
from common.utils.messages import first_line

_DTYPES = {"tensor(uint8)": "uint8", "tensor(float16)": "float16", "tensor(double)": "float64"}


class OnnxModel:
    """An ONNX file with one input of images and, first of its outputs, their logits.

    Args:
        path: of the file.

    Attributes:
        takes_bytes: whether its input is uint8, so that it scales pixels itself.

    Raises:
        ModuleNotFoundError: ONNX Runtime is not installed.
        ValueError: a file that cannot be loaded; several inputs, or one that is no images.
    """

    def __init__(self, path):
        self.path = require_teacher_file(path)
        self.name = self.path.stem
        try:
            self._session = onnx_runtime.session(self.path)
        except ModuleNotFoundError:
            raise ModuleNotFoundError(
                "ONNX Runtime is not installed: pip install -e '.[export]'"
            ) from None
        except Exception as error:  # ONNX Runtime's have no common class
            raise ValueError(f"the teacher {path} cannot be loaded ({first_line(error)})") from None
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4:
            shapes = {each.name: each.shape for each in inputs}
            raise ValueError(
                f"the teacher {path} has inputs {shapes}: it must have one, images (batch, height, "
                "width, channels) or (batch, channels, height, width)"
            )
        self._input = inputs[0]
        self.takes_bytes = self._input.type == "tensor(uint8)"

    def predict_on_batch(self, images):
        """First output, (batch, classes), of images (batch, height, width, channels).

        Where the file says so, channels come first and a batch has a fixed size.

        Raises:
            ValueError: images of another size than the file's; the file does not run.
        """
        images = self._arranged(images)
        size = self._input.shape[0]
        if not isinstance(size, int) or size == len(images):
            return self._answers(images)
        padding = np.zeros((-len(images) % size, *images.shape[1:]), images.dtype)
        padded = np.concatenate([images, padding])
        parts = [self._answers(padded[i : i + size]) for i in range(0, len(padded), size)]
        return np.concatenate(parts)[: len(images)]

    def _arranged(self, images):
        """The images in the file's order of axes and dtype."""
        sides, channels = self._input.shape[1:], images.shape[3]
        if sides[0] == channels and sides[2] != channels:
            images = np.moveaxis(images, 3, 1)
        pairs = zip(sides, images.shape[1:], strict=True)
        if any(isinstance(side, int) and side != length for side, length in pairs):
            raise ValueError(
                f"the teacher {self.path} takes images {tuple(sides)}, the data are "
                f"{images.shape[1:]}: pass preprocess=, or data of this size, such as by image_size"
            )
        return np.ascontiguousarray(images, _DTYPES.get(self._input.type, "float32"))

    def _answers(self, images):
        try:
            return self._session.run(None, {self._input.name: images})[0]
        except Exception as error:  # ONNX Runtime's have no common class
            raise ValueError(
                f"the teacher {self.path} cannot be run on images {images.shape}: "
                f"{first_line(error)}"
            ) from None
