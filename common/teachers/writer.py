"""Asking a teacher once for all its logits: in batches, going on after a kill."""

import os
from pathlib import Path

import numpy as np

from common.data import views
from common.teachers import weights
from common.teachers.identity import SPLITS, VERSION, image_keys, weights_hash
from common.teachers.logits import Logits, checksum
from common.teachers.resumable import ViewedImages, partial_path, resumable_folder, write_logits
from common.utils import files, resources
from common.utils.checks import require_positive


def make(folder, model, dataset, teacher, view_set="plain", batch_size=500):
    """Ask `model` once for all its logits and write them, and small weights, to `folder`.

    What a killed call has written, in `folder`.part, the next one goes on from, to the same
    bytes.

    Args:
        model: the trained teacher.
        dataset: all three splits are asked; train in the views of `view_set`.
        teacher: name of the run that trained the model.
        view_set: views of the training images to ask for, a `ViewSet` or its name.
        batch_size: images asked about at once.

    Returns:
        Logits, read back and checked.

    Raises:
        ValueError: as `check`; logits that are not finite or do not fit float16; another process
            making the same file.
    """
    require_positive("batch_size", batch_size, integer=True)
    folder, batch_size, view_set = Path(folder).expanduser(), int(batch_size), views.get(view_set)
    keys = {split: image_keys(getattr(dataset, split).images) for split in SPLITS}
    header = {
        "version": VERSION,
        "teacher": teacher,
        "weights_sha256": weights_hash(model),
        "dataset": dataset.name,
        "views": view_set.name,
    } | ({"sampled": view_set.views_per_image} if view_set.views_per_image else {})
    asked = header | {"batch_size": batch_size, "images": files.sha256_of(keys.values())}
    with resumable_folder(folder, asked) as part:
        if not (part / "header.json").exists():
            check_feasible(folder, dataset, model.output_shape[-1], view_set)
            _answer_splits(model, dataset, keys, asked, part)
            weights.save_compact(model, part)
            sums = {path.name: checksum(path) for path in sorted(part.glob("*.npy"))}
            files.write_json(part / "header.json", header | {"sha256": sums})
        _move(part, folder)
        return Logits(folder)


def check_feasible(folder, dataset, classes, view_set="plain"):
    """Raise ValueError unless the logits can be made: the views exist, the disk has room.

    Args:
        folder: that they will be written to; what a killed making left beside it counts.
        dataset, view_set: as for `make`.
        classes: of the teacher.
    """
    view_set = views.get(view_set)
    view_set.check_shape(dataset.image_shape)
    there = sum(path.stat().st_size for path in partial_path(folder).glob("*.npy"))
    resources.require_disk(
        folder,
        file_size(dataset, classes, view_set) + weights.MAX_BYTES - there,
        f"the logits of {dataset.name} in views {view_set.name!r}, with the teacher's weights,",
        "choose another output folder or fewer views",
    )


def file_size(dataset, classes, view_set="plain"):
    """Bytes of the logits that `make` would write: (images, views, classes) float16, and keys."""
    view_set, total = views.get(view_set), 0
    view_bytes = view_set.views_per_image * np.min_scalar_type(view_set.count - 1).itemsize
    for split in SPLITS:
        many = view_set.seen_per_image if split == "train" else 1
        which = view_bytes if split == "train" else 0
        total += len(getattr(dataset, split)) * (2 * many * classes + 8 + which)
    return total


def _answer_splits(model, dataset, keys, asked, part):
    """Write to `part` each split's logits, whose they are and, of sampled views, of which."""
    for split in SPLITS:
        title = f"{dataset.name} {split}, {asked['teacher']} answers"
        view_set = views.get(asked["views"], asked.get("sampled", 0))
        questions = _questions(dataset, split, keys[split], view_set)
        write_logits(model, questions, part / f"{split}.npy", asked["batch_size"], title)
        _save(part / f"{split}_keys.npy", keys[split])
        if questions.subset is not None:
            _save(part / f"{split}_views.npy", questions.subset)


def _questions(dataset, split, keys, view_set):
    images = getattr(dataset, split).images
    if split != "train":
        return ViewedImages(images, views.get("plain"), None)
    return ViewedImages(images, view_set, view_set.fixed_subset(keys))


def _save(path, array):
    with files.atomic_write(path) as temporary, open(temporary, "wb") as file:
        np.save(file, array, allow_pickle=False)


def _move(part, folder):
    """Put finished files in their place, the header last: without it there is no logits file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "header.json").unlink(missing_ok=True)
    for path in [*part.glob("*.npy"), *part.glob("*.h5"), part / "header.json"]:
        os.replace(path, folder / path.name)
