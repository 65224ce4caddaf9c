"""Data sets as uint8 arrays in a fixed order, their augmented views and transfer sets.

May import `utils`, `backend`, `losses` and `metrics`. Importing it imports no Keras.
"""

from common.data.catalogue import CATALOGUE, NAMES, DatasetSpec, load
from common.data.dataset import SPLITS, Dataset, Split
from common.data.user_arrays import from_arrays
from common.data.user_folder import from_folder

__all__ = [
    "CATALOGUE",
    "NAMES",
    "SPLITS",
    "Dataset",
    "DatasetSpec",
    "Split",
    "from_arrays",
    "from_folder",
    "load",
]
