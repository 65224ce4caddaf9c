"""A teacher's answers, batch after batch appended to a file that a kill leaves usable."""

import contextlib
import io
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import filelock
import numpy as np

from common.utils import files
from common.utils.checks import require_writable
from common.utils.progress_bar import progress_bar


class ViewedImages:
    """Every image in each of its views, image by image.

    Args:
        images: uint8 (n, h, w, c).
        view_set: views.ViewSet.
        subset: (n, k) the views of each image; None for all of the set.
    """

    def __init__(self, images, view_set, subset):
        self.images, self.view_set, self.subset = images, view_set, subset
        self.views_each = view_set.count if subset is None else subset.shape[1]

    def __len__(self):
        return len(self.images) * self.views_each

    def some(self, first, last):
        """Images uint8 (last - first, h, w, c) as seen in their views."""
        rows, slots = np.divmod(np.arange(first, min(last, len(self))), self.views_each)
        view = slots if self.subset is None else self.subset[rows, slots]
        return self.view_set.apply(self.images[rows], view)


def write_logits(model, questions, path, batch_size, title):
    """Write the logits of all questions to an .npy file, going on from those it holds.

    Always in the same batches of questions, so that a resumed file has the same bits.
    """
    shape = (len(questions.images), questions.views_each, model.output_shape[-1])
    path.touch()
    with files.explain_disk_full(path), open(path, "r+b") as file:
        done = _continue(file, shape, batch_size)
        with progress_bar(len(questions), title, "images", initial=done, delay=5) as line:
            for logits, rate in _answers(model, questions, done, batch_size):
                file.write(_float16(logits))
                file.flush()  # from here on a kill does not lose them
                line.set_postfix_str(f"{rate:,.0f} images/s", refresh=False)
                line.update(len(logits))


def _answers(model, questions, done, batch_size):
    """Yield ((many, classes) logits, images answered a second so far) from question `done` on."""
    first, began = done, time.perf_counter()
    with ThreadPoolExecutor(1) as ahead:  # cuts out the next views while the teacher answers
        coming = ahead.submit(questions.some, done, done + batch_size)
        while done < len(questions):
            images = coming.result()
            done += len(images)
            coming = ahead.submit(questions.some, done, done + batch_size)
            logits = model.predict_on_batch(images)
            yield logits, (done - first) / (time.perf_counter() - began)


def _continue(file, shape, batch_size):
    """Put an .npy file's header in place, or keep its whole batches; how many rows it has."""
    head = io.BytesIO()
    about = {"descr": np.dtype("<f2").str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(head, about)
    start, row = head.tell(), 2 * shape[-1]
    done = max(0, (file.seek(0, os.SEEK_END) - start) // row)
    if done < shape[0] * shape[1]:
        done -= done % batch_size
    file.seek(0)
    file.write(head.getvalue())
    file.truncate(start + done * row)
    file.seek(0, os.SEEK_END)
    return done


def _float16(logits):
    with np.errstate(over="ignore"):  # refused here
        rounded = logits.astype("<f2")
    if not np.isfinite(rounded).all():
        raise ValueError(
            f"the teacher's logits are not finite or exceed float16's 65,504, the greatest being "
            f"{np.abs(logits).max():.3g}: train it with a lower learning rate"
        )
    return rounded.tobytes()


LOCK = "lock"


def partial_path(folder):
    """Where the file that is to be `folder` lies while it is being made."""
    return folder.with_name(f"{folder.name}.part")


@contextlib.contextmanager
def resumable_folder(folder, asked):
    """Yield `folder`.part, this process's alone; what it holds answers what is `asked`.

    Args:
        folder: Path of the finished file.
        asked: dict of JSON values; a part left by a call that asked for something else is emptied.

    Raises:
        ValueError: a folder that cannot be written, or that another process is filling.
    """
    part = partial_path(folder)
    require_writable(part.parent)
    with _locked(part, folder):
        files.remove_temporaries(part / "*")
        if _read(part / "asked.json") != asked:
            _empty(part)
            files.write_json(part / "asked.json", asked)
        yield part
        _empty(part)
        (part / LOCK).unlink()
        with contextlib.suppress(OSError):  # where another process already begins anew
            part.rmdir()


@contextlib.contextmanager
def _locked(part, folder):
    """Hold the lock in `part`, which another process may just be removing."""
    while True:
        part.mkdir(exist_ok=True)
        lock = filelock.FileLock(part / LOCK)
        try:
            lock.acquire(blocking=False)
        except filelock.Timeout:
            raise ValueError(f"another process is making {folder}: wait for it to end") from None
        except FileNotFoundError:
            continue
        with lock:
            if (part / LOCK).exists():
                yield
                return


def _empty(part):
    for path in part.iterdir():
        if path.name != LOCK:
            path.unlink()


def _read(path):
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None
