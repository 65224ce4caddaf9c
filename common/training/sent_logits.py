"""A teacher's logits sent to another machine, with all arrays, instead of read from its disk."""

from pathlib import Path

import numpy as np

from common import teachers


class SentLogits(teachers.Logits):
    """`Logits` whose arrays were sent by another process.

    Args:
        header: as in `Logits`.
        arrays: {(split, kind): array}, as `Logits.stored` returns them.
    """

    def __init__(self, header, arrays):
        self.folder, self.header = Path(header["teacher"]), header
        self._arrays = {f"{split}{kind}.npy": array for (split, kind), array in arrays.items()}
        self._sent = arrays
        self._check()

    def __reduce__(self):
        """Pickled with the arrays, which an object store may share between processes."""
        return SentLogits, (self.header, self._sent)


def sendable(logits):
    """A teacher's logits as an object that other machines can unpickle.

    Args:
        logits: Logits; any other kind of teacher is returned.
    """
    if not isinstance(logits, teachers.Logits):
        return logits
    kinds = [(split, kind) for split in teachers.SPLITS for kind in ("", "_keys")]
    if logits.view_set.views_per_image:
        kinds.append(("train", "_views"))
    arrays = {key: np.asarray(logits.stored(*key)) for key in kinds}
    return SentLogits(logits.header, arrays)
