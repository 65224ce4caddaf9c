"""A teacher's logits file: made once, checked, looked up by (image, view).

A folder holds `header.json` and, for each split, the logits as float16 (images, views,
classes) and the 64-bit key of each image; where only some views of each training image were
sampled, also which. Images are found by their key, that is by content: neither another order
nor a part of the data set can pair an image with another's targets.

The teacher's weights are beside them where they are at most 8 MB, in float32 or else float16.

float16 rounds a logit to 11 significant bits: by at most 2⁻¹¹ of its value (0.05 %), or by 2⁻²⁵
where that is more.
"""

from common.teachers import weights
from common.teachers.identity import SPLITS, folder, identity, image_keys, weights_hash
from common.teachers.logits import LazyLogits, Logits
from common.teachers.targets import Targets
from common.teachers.writer import check_feasible, file_size, make

__all__ = [
    "SPLITS",
    "LazyLogits",
    "Logits",
    "Targets",
    "check_feasible",
    "file_size",
    "folder",
    "identity",
    "image_keys",
    "make",
    "weights",
    "weights_hash",
]
