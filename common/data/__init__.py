"""Data sets as uint8 arrays in a fixed order, their views and augmentations.

May import `backend` and `utils`.
"""

from common.data.catalogue import NAMES, load
from common.data.dataset import Dataset, Split

__all__ = ["NAMES", "Dataset", "Split", "load"]
