"""Asking a teacher once for all its logits: in chunks, going on after a kill."""

import io
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from common import files, room, views
from common.bars import bar
from common.teachers import weights
from common.teachers.identity import SPLITS, VERSION, image_keys, weights_hash
from common.teachers.logits import Logits, checksum
from common.teachers.unfinished import part_of, unfinished

LARGEST_CHUNK = 10_000  # images answered in one call
SECONDS = 1  # that a call should last at least: then what surrounds it costs little


def make(folder, model, dataset, teacher, view_set="plain", sampled=0, batch_size=500):
    """Ask `model` once for all its logits and write them, and small weights, to `folder`.

    What a killed call has written, in `folder`.part, the next one goes on from, to the same
    bytes.

    Args:
        model: the trained teacher.
        dataset: all three splits are asked; train in the views of `view_set`.
        teacher: name of the run that trained the model.
        view_set: views of the training images to ask for.
        sampled: how many of them, for each image those of `ViewSet.subset`; 0 for all.

    Returns:
        Logits, read back and checked.

    Raises:
        ValueError: as `check`; logits that are not finite or do not fit float16; another process
            making the same file.
    """
    folder, classes = Path(folder), model.output_shape[-1]
    keys = {split: image_keys(getattr(dataset, split).images) for split in SPLITS}
    header = {
        "version": VERSION,
        "teacher": teacher,
        "weights_sha256": weights_hash(model),
        "dataset": dataset.name,
        "views": view_set,
    } | ({"sampled": sampled} if sampled else {})
    asked = header | {"batch_size": batch_size, "images": files.digest(keys.values())}
    with unfinished(folder, asked) as part:
        if not (part / "header.json").exists():
            check(folder, dataset, classes, view_set, sampled)
            for split in SPLITS:
                title = f"{dataset.name} {split}, {teacher} answers"
                questions = _questions(dataset, split, keys[split], view_set, sampled)
                _answer(model, questions, part / f"{split}.npy", batch_size, title)
                _save(part / f"{split}_keys.npy", keys[split])
                if questions.subset is not None:
                    _save(part / f"{split}_views.npy", questions.subset)
            weights.keep(model, part)
            sums = {path.name: checksum(path) for path in sorted(part.glob("*.npy"))}
            files.write_json(part / "header.json", header | {"sha256": sums})
        _move(part, folder)
    return Logits(folder)


def check(folder, dataset, classes, view_set="plain", sampled=0):
    """Raise ValueError unless the logits can be made: the views exist, the disk has room.

    Args:
        folder: that they will be written to; what a killed making left beside it counts.
        dataset, view_set, sampled: as for `make`.
        classes: of the teacher.
    """
    seen = views.get(view_set)
    seen.check_sampled(sampled)
    seen.check_shape(dataset.image_shape)
    there = sum(path.stat().st_size for path in part_of(folder).glob("*.npy"))
    room.require_disk(
        folder,
        file_size(dataset, classes, view_set, sampled) - there,
        f"the logits of {dataset.name} in views {view_set!r}",
        "choose another output folder or fewer views",
    )


def file_size(dataset, classes, view_set="plain", sampled=0):
    """Bytes of the logits that `make` would write: (images, views, classes) float16, and keys."""
    count, total = views.get(view_set).count, 0
    for split in SPLITS:
        many = (sampled or count) if split == "train" else 1
        which = sampled * np.min_scalar_type(count - 1).itemsize if split == "train" else 0
        total += len(getattr(dataset, split)) * (2 * many * classes + 8 + which)
    return total


class _Questions:
    """Every image in each of its views, image by image.

    Args:
        images: uint8 (n, h, w, c).
        view_set: views.ViewSet.
        subset: (n, k) the views of each image; None for all of the set.
    """

    def __init__(self, images, view_set, subset):
        self.images, self.view_set, self.subset = images, view_set, subset
        self.views = view_set.count if subset is None else subset.shape[1]

    def __len__(self):
        return len(self.images) * self.views

    def some(self, first, last):
        """Images uint8 (last - first, h, w, c) as seen in their views."""
        rows, slots = np.divmod(np.arange(first, min(last, len(self))), self.views)
        view = slots if self.subset is None else self.subset[rows, slots]
        return self.view_set.apply(self.images[rows], view)


def _questions(dataset, split, keys, view_set, sampled):
    images = getattr(dataset, split).images
    if split != "train":
        return _Questions(images, views.get("plain"), None)
    seen = views.get(view_set)
    return _Questions(images, seen, seen.subset(keys, sampled) if sampled else None)


def _answer(model, questions, path, batch_size, title):
    """Write the logits of all questions to an .npy file, going on from those it holds.

    Always in the same batches of questions, so that a resumed file has the same bits.
    """
    shape = (len(questions.images), questions.views, model.output_shape[-1])
    path.touch()
    with open(path, "r+b") as file:
        done = _continue(file, shape, batch_size)
        with bar(len(questions), title, "images", done=done, delay=5) as line:
            for logits, rate in _answers(model, questions, done, batch_size):
                file.write(_float16(logits))
                file.flush()  # from here on a kill does not lose them
                line.set_postfix_str(f"{rate:,.0f} images/s", refresh=False)
                line.update(len(logits))


def _answers(model, questions, done, batch_size):
    """Yield ((many, classes) logits, images answered a second so far) from question `done` on."""
    first, began, size = done, time.perf_counter(), batch_size
    with ThreadPoolExecutor(1) as ahead:  # cuts out the next views while the teacher answers
        coming = ahead.submit(questions.some, done, done + size)
        while done < len(questions):
            images, asked = coming.result(), time.perf_counter()
            done += len(images)
            coming = ahead.submit(questions.some, done, done + size)
            logits = model.predict(images, batch_size=batch_size, verbose=0)
            now = time.perf_counter()
            yield logits, (done - first) / (now - began)
            if now - asked < SECONDS and 2 * size <= LARGEST_CHUNK:
                size *= 2


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
        raise ValueError("the teacher's logits are not finite or exceed float16's 65,504")
    return rounded.tobytes()


def _save(path, array):
    with files.replacing(path) as temporary, open(temporary, "wb") as file:
        np.save(file, array, allow_pickle=False)


def _move(part, folder):
    """Put finished files in their place, the header last: without it there is no logits file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "header.json").unlink(missing_ok=True)
    for path in [*part.glob("*.npy"), *part.glob("*.h5"), part / "header.json"]:
        os.replace(path, folder / path.name)
