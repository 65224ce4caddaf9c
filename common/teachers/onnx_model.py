"""Model in an ONNX file as a teacher, whatever framework wrote it, by ONNX Runtime."""

import numpy as np

from common.utils.checks import require_teacher_file


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
        try:
            import onnxruntime
        except ModuleNotFoundError:
            raise ModuleNotFoundError(
                "ONNX Runtime is not installed: pip install onnxruntime"
            ) from None
        self.name = require_teacher_file(path).stem
        try:
            options = {"providers": ["CPUExecutionProvider"]}
            self._session = onnxruntime.InferenceSession(str(path), **options)
        except Exception as error:  # ONNX Runtime's have no common class
            first = str(error).strip().splitlines()[0]
            raise ValueError(f"the teacher {path} cannot be loaded ({first})") from None
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
        """
        sides, channels = self._input.shape[1:], images.shape[3]
        if sides[0] == channels and sides[2] != channels:
            images = np.moveaxis(images, 3, 1)
        dtype = {"tensor(uint8)": "uint8", "tensor(float16)": "float16"}.get(self._input.type)
        images = np.ascontiguousarray(images, dtype or "float32")
        size = self._input.shape[0]
        if not isinstance(size, int) or size == len(images):
            return self._answers(images)
        padding = np.zeros((-len(images) % size, *images.shape[1:]), images.dtype)
        padded = np.concatenate([images, padding])
        parts = [self._answers(padded[i : i + size]) for i in range(0, len(padded), size)]
        return np.concatenate(parts)[: len(images)]

    def _answers(self, images):
        return self._session.run(None, {self._input.name: images})[0]
