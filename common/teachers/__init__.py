"""Teachers' logits files: computed once, checked, looked up by (image, view).

A folder holds `header.json` and, for each split, the logits as float16 (images, views, classes)
and a 64-bit hash of each image; if the views of each training image are a fixed subset, also
which. Images are found by hash, that is by content: neither another order nor a subset of the
data set can pair an image with the targets of another.

The teacher's weights lie beside them if they take at most 8 MB, as float32 or else float16.

float16 rounds a logit to 11 significant bits: the error is at most 2⁻¹¹ of its value (0.05 %), or
2⁻²⁵ near zero.

May import `data`, `models`, `backend` and `utils`.
"""

from common.teachers import controls, weights
from common.teachers.identity import SPLITS, folder, identity, image_keys, weights_hash
from common.teachers.logits import LazyLogits, Logits
from common.teachers.pooled import PooledLogits
from common.teachers.targets import Targets
from common.teachers.writer import check_feasible, file_size, make

__all__ = [
    "SPLITS",
    "LazyLogits",
    "Logits",
    "PooledLogits",
    "Targets",
    "check_feasible",
    "controls",
    "file_size",
    "folder",
    "identity",
    "image_keys",
    "make",
    "weights",
    "weights_hash",
]
