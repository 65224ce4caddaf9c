"""Writer of a teacher's logits file: computed once, in batches, resumed after an interruption."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np

from common.data import views
from common.data.dataset import SPLITS
from common.teachers import weights
from common.teachers.identity import VERSION, image_keys, weights_hash
from common.teachers.logits import Logits, checksum
from common.teachers.resumable import (
    ViewedImages,
    partial_path,
    read_json,
    resumable_folder,
    write_logits,
)
from common.utils import files, resources
from common.utils.checks import require_positive


def make(folder, model, dataset, teacher, view_set="plain", batch_size=500, *, find=None):
    """Compute a teacher's logits of all splits and write them, and small weights, to `folder`.

    If a call is interrupted, the next one continues from `<folder>.part` and writes the same bytes.
    If another process writes to `folder`, this waits.

    Args:
        folder: path of the logits file.
        model: the trained teacher, a keras.Model or any object with its methods predict_on_batch,
            get_weights and count_params and its output_shape.
        dataset: data.Dataset; training images are used in the views of `view_set`, validation and
            test images without augmentation.
        teacher: name of the run that trained the model.
        view_set: views of the training images, a `ViewSet` or its name.
        batch_size: images per call of the model.
        find: function () -> `Logits`, such as those of the process that was waited for, which are
            then returned, or None; without it they are computed.

    Returns:
        Logits, read back and checked. Their header names the precisions of the model's layers
        in "computed_in", unless all are float32.

    Raises:
        ValueError: as in `check_feasible`; the object is not such a model or does not return
            logits; logits are not finite in float16.
        InsufficientSpaceError: as in `check_feasible`.
    """
    require_positive("batch_size", batch_size, integer=True)
    folder, view_set = Path(folder).expanduser(), views.get(view_set)
    classes = _classes(model, dataset, f"teacher {teacher!r}")
    keys = {split: image_keys(getattr(dataset, split).images) for split in SPLITS}
    # another machine may compute in another precision, and then starts again
    computed_in = sorted(_precisions(model))
    header = header_of(dataset, teacher, view_set) | {"weights_sha256": weights_hash(model)}
    header |= {} if computed_in in ([], ["float32"]) else {"computed_in": computed_in}
    request = header | {"batch_size": int(batch_size), "images": files.sha256_of(keys.values())}
    request |= {"computed_in": computed_in}

    def write(partial):
        check_feasible(folder, dataset, classes, view_set)
        write_splits(model, classes, dataset, keys, request, partial)
        weights.save_compact(model, partial)

    return write_folder(folder, header, request, write, find)


def _precisions(model):
    """Set of the dtypes that a model's layers compute in, also those of models in it."""
    from common.backend import keras  # here, as in `_classes`

    is_model = isinstance(model, keras.Model)
    layers = model._flatten_layers() if is_model else getattr(model, "layers", ())
    return {each.compute_dtype for each in layers if not isinstance(each, keras.Model)}


def write_folder(folder, header, request, write, find=None):
    """Logits in `folder`, written by `write` to its partial folder and checked.

    Equal ones that are there already stay.

    Args:
        folder: Path.
        header: dict, as in `header_of`. Without "weights_sha256", a hash of the logits takes its
            place: all that is known of a teacher whose weights are unavailable.
        request: dict of JSON values that distinguishes what an interrupted call left.
        write: function (partial folder) that writes or completes the arrays.
        find: as in `make`.
    """
    with resumable_folder(folder, request) as partial:
        if find and (logits := find()):
            return logits
        if read_json(partial / "header.json") is None:
            write(partial)
            sums = {path.name: checksum(path) for path in sorted(partial.glob("*.npy"))}
            of_logits = hashlib.sha256(json.dumps(sums, sort_keys=True).encode()).hexdigest()
            complete = {"weights_sha256": of_logits} | header | {"sha256": sums}
            files.write_json(partial / "header.json", complete)
        if logits := _equal_logits(partial, folder):
            return logits
        _move(partial, folder)
        return Logits(folder)


def _equal_logits(partial, folder):
    """Undamaged `Logits` in `folder` with the header and all files of `partial`; else None."""
    headers = [read_json(path / "header.json") for path in (partial, folder)]
    if headers[0] != headers[1]:  # before gigabytes are checked
        return None
    if any(not (folder / path.name).exists() for path in _finished(partial)):
        return None
    try:
        return Logits(folder)
    except (OSError, ValueError):
        return None


def check_feasible(folder, dataset, classes, view_set="plain"):
    """Raise unless the logits can be computed: the views fit the images and the disk has space.

    Args:
        folder: path of the logits file; batches of an interrupted call count as done.
        dataset, view_set: as in `make`.
        classes: number of the teacher's classes.

    Raises:
        ValueError: the views shift by more than the images' size.
        InsufficientSpaceError: there is too little free disk space.
    """
    view_set = views.get(view_set)
    view_set.check_shape(dataset.image_shape)
    written = sum(map(files.size, partial_path(folder).glob("[!.]*.npy")))
    resources.require_disk(
        folder,
        file_size(dataset, classes, view_set) + weights.MAX_BYTES - written,
        f"the logits of {dataset.name} in views {view_set.name!r}, with the teacher's weights,",
        "choose another output folder or fewer views",
    )


def file_size(dataset, classes, view_set="plain"):
    """Bytes of the file that `make` writes: (images, views, classes) float16 logits, and keys."""
    view_set, total = views.get(view_set), 0
    subset_bytes = view_set.views_per_image * np.min_scalar_type(view_set.count - 1).itemsize
    for split in SPLITS:
        count, extra = (view_set.seen_per_image, subset_bytes) if split == "train" else (1, 0)
        total += len(getattr(dataset, split)) * (2 * count * classes + 8 + extra)
    return total


def _classes(model, dataset, what):
    """Number of a teacher's classes; ValueError unless it is a model that returns logits."""
    from common.backend import keras  # here, so that importing this module does not import Keras
    from common.models.validation import require_classifier, require_model

    if not isinstance(model, keras.Model) and hasattr(model, "predict_on_batch"):
        return model.output_shape[-1]
    require_model(what, model)
    return require_classifier(what, model, dataset.train.images)  # builds it, if it was not


def header_of(dataset, teacher, view_set):
    """The header of a logits file, without checksums and the hash of the weights."""
    header = {
        "version": VERSION,
        "teacher": teacher,
        "dataset": dataset.name,
        "views": view_set.name,
    }
    header |= {"digest": dataset.digest} if dataset.digest else {}
    header |= {"multi_label": True} if dataset.multi_label else {}
    return header | ({"sampled": view_set.views_per_image} if view_set.views_per_image else {})


def write_splits(model, classes, dataset, keys, request, partial):
    """Write each split's logits and image keys, and the view numbers if views are a subset."""
    view_set = views.get(request["views"], request.get("sampled", 0))
    for split in SPLITS:
        title = f"{dataset.name} {split}, logits of {request['teacher']}"
        viewed = _viewed(dataset, split, keys[split], view_set)
        write_logits(model, classes, viewed, partial / f"{split}.npy", request["batch_size"], title)
        save(partial / f"{split}_keys.npy", keys[split])
        if viewed.subset is not None:
            save(partial / f"{split}_views.npy", viewed.subset)


def _viewed(dataset, split, keys, view_set):
    images = getattr(dataset, split).images
    if split != "train":
        return ViewedImages(images, views.get("plain"), None)
    return ViewedImages(images, view_set, view_set.fixed_subset(keys))


def save(path, array):
    """Write an array as .npy, atomically."""
    with files.atomic_write(path) as temporary, open(temporary, "wb") as file:
        np.save(file, array, allow_pickle=False)


def _move(partial, folder):
    """Move finished files into place, the header last: a folder without it is no logits file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "header.json").unlink(missing_ok=True)
    for path in _finished(partial):
        os.replace(path, folder / path.name)


def _finished(partial):
    """Paths of the files that a finished partial folder holds, the header last."""
    return [*partial.glob("*.npy"), *partial.glob("*.h5"), partial / "header.json"]
