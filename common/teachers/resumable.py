"""Resumable writing of logits: batches appended to a file in a folder that survives interruption.

A call that is interrupted leaves its complete batches in `<folder>.part`; the next call with the
same request continues after them and ends with the same bytes.
"""

import contextlib
import io
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from common.utils import files
from common.utils.checks import require_writable
from common.utils.progress_bar import progress_bar
from common.utils.target_checks import require_logits

LOCK, REQUEST = "lock", "asked.json"  # files in the partial folder


def partial_path(folder):
    """Path of the folder that is written before it becomes `folder`."""
    return folder.with_name(f"{folder.name}.part")


@contextlib.contextmanager
def resumable_folder(folder, request):
    """Yield the partial folder of `folder`, locked, with what an equal request wrote to it.

    If another process is writing it, this waits. The partial folder is removed when the block ends
    without an error.

    Args:
        folder: Path of the finished folder.
        request: dict of JSON values; files left by a call with another request are deleted.

    Raises:
        ValueError: the folder cannot be written.
    """
    partial = partial_path(folder)
    require_writable(partial.parent)
    with _locked(partial, folder):
        files.remove_temporaries(partial / "*")
        if read_json(partial / REQUEST) != request:
            _empty(partial)
            files.write_json(partial / REQUEST, request)
        yield partial
        _empty(partial)
        (partial / LOCK).unlink()
        with contextlib.suppress(OSError):  # another process may have started to write again
            partial.rmdir()


class ViewedImages:
    """All images in all their views, in the order of a logits file: image by image.

    Args:
        images: uint8 (n, h, w, c).
        view_set: views.ViewSet.
        subset: (n, k) view numbers of each image; None for all views of the set.
    """

    def __init__(self, images, view_set, subset):
        self.images, self.view_set, self.subset = images, view_set, subset
        self.views_each = view_set.count if subset is None else subset.shape[1]

    def __len__(self):
        return len(self.images) * self.views_each

    def batch(self, first, last):
        """Images uint8 (last - first, h, w, c) in their views; fewer at the end."""
        rows, slots = np.divmod(np.arange(first, min(last, len(self))), self.views_each)
        view = slots if self.subset is None else self.subset[rows, slots]
        return self.view_set.apply(self.images[rows], view)


def write_logits(model, classes, viewed, path, batch_size, title):
    """Append a model's missing logits of the viewed images to an .npy file.

    Batches always start at the same images, so that a resumed file has the same bits.

    Args:
        model: images (batch, h, w, c) -> logits (batch, classes).
        classes: number of its logits.
        viewed: ViewedImages.
        path: Path of a float16 array (images, views, classes).
        batch_size: images per call of the model.
        title: of the progress bar.

    Raises:
        ValueError: the model returns probabilities, or logits that are not finite in float16.
        OSError: the disk is full.
    """
    shape = (len(viewed.images), viewed.views_each, classes)
    path.touch()
    with files.explain_disk_full(path), open(path, "r+b") as file:
        done = _resume(file, shape, batch_size)
        with progress_bar(len(viewed), title, "images", initial=done, delay=5) as line:
            for logits, rate in _predictions(model, viewed, done, batch_size):
                require_logits(logits, "the teacher's outputs")
                file.write(to_float16(logits).tobytes())
                file.flush()  # from here on these logits survive an interruption
                line.set_postfix_str(f"{rate:,.0f} images/s", refresh=False)
                line.update(len(logits))


def _predictions(model, viewed, first, batch_size):
    """Yield (logits (batch, classes), images per second so far) from image `first` on."""
    done, began = first, time.perf_counter()
    with ThreadPoolExecutor(1) as executor:  # prepares the next views while the model computes
        upcoming = executor.submit(viewed.batch, done, done + batch_size)
        while done < len(viewed):
            images = upcoming.result()
            done += len(images)
            upcoming = executor.submit(viewed.batch, done, done + batch_size)
            logits = model.predict_on_batch(images)
            yield logits, (done - first) / (time.perf_counter() - began)


def _resume(file, shape, batch_size):
    """Write an .npy header, keep the complete batches after it; return how many rows they have."""
    header = io.BytesIO()
    fields = {"descr": np.dtype("<f2").str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, fields)
    start, row_bytes = header.tell(), 2 * shape[-1]
    done = max(0, (file.seek(0, os.SEEK_END) - start) // row_bytes)
    if done < shape[0] * shape[1]:
        done -= done % batch_size
    file.seek(0)
    file.write(header.getvalue())
    file.truncate(start + done * row_bytes)
    file.seek(0, os.SEEK_END)
    return done


def to_float16(logits):
    """The logits as little-endian float16; ValueError unless all are finite."""
    with np.errstate(over="ignore"):  # overflow raises below
        rounded = logits.astype("<f2")
    if not np.isfinite(rounded).all():
        raise ValueError(
            f"the teacher's logits are not finite or exceed float16's maximum of 65,504 (largest: "
            f"{np.abs(logits).max():.3g}): train it with a lower learning rate, and mask classes "
            "by -1e4 instead of -inf"
        )
    return rounded


@contextlib.contextmanager
def _locked(partial, folder):
    """Hold the lock in the partial folder; retry if another process is just removing it."""
    while True:
        partial.mkdir(exist_ok=True)
        busy = f"waiting for another process that writes {folder}"
        try:
            lock = files.acquire_lock(partial / LOCK, busy, wait=True)
        except FileNotFoundError:
            continue
        with lock:
            if (partial / LOCK).exists():
                yield
                return


def _empty(partial):
    for path in partial.iterdir():
        if path.name != LOCK:
            path.unlink()


def read_json(path):
    """The JSON value in a file; None if it is missing or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
