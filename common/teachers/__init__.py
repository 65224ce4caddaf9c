"""Teachers' logits files: computed once, checked, looked up by (image, view).

A folder holds `header.json` and, for each split, the logits as float16 (images, views, classes)
and a 64-bit hash of each image. If each training image has a fixed subset of the views, the folder
also holds their numbers. Images are found by the hash of their content, so an image gets its own
targets in any order and in any subset of the data set.

The folder also holds the teacher's weights, as float32 if they take at most 8 MB, else as float16
if these do.

`from_callable` and `from_logits` write the same file for teachers of any framework, `average` for
several of them.

float16 rounds a logit to 11 significant bits: the error is at most 2⁻¹¹ of its value (0.05 %), or
2⁻²⁵ near zero.

May import `data`, `models`, `metrics`, `backend` and `utils`.
"""

from common.data import SPLITS
from common.teachers import controls, weights
from common.teachers.any_teacher import from_any
from common.teachers.averages import average
from common.teachers.callables import from_callable
from common.teachers.identity import (
    finished_folders,
    folder,
    identity,
    image_keys,
    weights_hash,
)
from common.teachers.logits import LazyLogits, Logits
from common.teachers.places import default_output_dir
from common.teachers.pooled import PooledLogits
from common.teachers.targets import Targets
from common.teachers.user_logits import from_logits
from common.teachers.writer import check_feasible, file_size, make

__all__ = [
    "SPLITS",
    "LazyLogits",
    "Logits",
    "PooledLogits",
    "Targets",
    "average",
    "check_feasible",
    "controls",
    "default_output_dir",
    "file_size",
    "finished_folders",
    "folder",
    "from_any",
    "from_callable",
    "from_logits",
    "identity",
    "image_keys",
    "make",
    "weights",
    "weights_hash",
]
