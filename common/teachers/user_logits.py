"""Logits that a user already has, as arrays or files, checked and written as a logits file."""

import zipfile
from pathlib import Path

import numpy as np

from common.data import views
from common.data.dataset import SPLITS
from common.data.user_arrays import bytes_of
from common.teachers import writer
from common.teachers.alignment import require_aligned
from common.teachers.identity import image_keys
from common.teachers.logits_converter import LogitsConverter
from common.teachers.places import logits_folder, require_name
from common.teachers.resumable import to_float16
from common.utils import files

_ORDERS = (("train",), ("train", "validation"), SPLITS)  # that an array may have, by its length


def from_logits(
    dataset,
    *,
    name,
    train,
    validation=None,
    test=None,
    kind=None,
    classes=None,
    output_dir=None,
):
    """`Logits` of arrays or files, one view of each image.

    Args:
        dataset: data.Dataset.
        name: of the teacher, as tables show it.
        train, validation, test: logits or probabilities of each split, one of
            (n, columns) array, its rows in the order of the split's images. The array of `train`
            may also contain validation's rows, then test's: its length tells.
            Pair (images, logits) in any order: rows are found by the images' pixels. One pair may
            hold the images of several splits.
            Path of an .npy file with such an array, or of an .npz file with one, with a pair named
            "images" and "logits", or with arrays named "train", "validation" and "test".
        kind, classes: as in `logits_converter.LogitsConverter`.
        output_dir: as in `from_callable`.

    Raises:
        ValueError: a split without logits, or with two; rows that are not those of the images;
            images without logits; a name with "@" or without a character; as `LogitsConverter` and
            `alignment.require_aligned`.
        InsufficientSpaceError: too little free disk.
    """
    require_name(name)
    converter = LogitsConverter(f"teacher {name!r}", dataset, classes, kind)
    keys = {split: image_keys(getattr(dataset, split).images) for split in SPLITS}
    what = f"logits of {name!r}"
    by_split = _read_files({"train": train, "validation": validation, "test": test}, what)
    rows = _by_split(by_split, dataset, keys, what)
    values = {s: _converted(converter, dataset, s, rows[s], what) for s in SPLITS}
    view_set = views.get("plain")
    folder = logits_folder(dataset, name, keys, view_set, output_dir)
    header = writer.header_of(dataset, name, view_set)
    request = header | {"images": files.sha256_of([*keys.values(), *values.values()])}

    def write(partial):
        writer.check_feasible(folder, dataset, dataset.classes, view_set)
        for split in SPLITS:
            writer.save(partial / f"{split}.npy", values[split][:, None])
            writer.save(partial / f"{split}_keys.npy", keys[split])

    converter.report()
    return writer.write_folder(folder, header, request, write)


def _converted(converter, dataset, split, rows, what):
    """float16 (n, classes) logits of a split, checked against its labels."""
    data = getattr(dataset, split)
    values = to_float16(converter.logits(rows, len(data)))
    require_aligned(values, data.labels, f"the {split} {what}", dataset.class_names)
    return values


def _read_files(values, what):
    """{split: array or pair} of what was passed, files read; ValueError for a split in two."""
    by_split = {}
    for split, value in values.items():
        if value is None:
            continue
        passed = _read(value, split) if isinstance(value, (str, Path)) else {split: value}
        _require_once(by_split.keys() & passed.keys(), split, what)
        by_split |= passed
    return by_split


def _require_once(twice, argument, what):
    for split in sorted(twice):
        raise ValueError(
            f"the {split} {what} are passed twice, by {argument}= too: pass each split once"
        )


def _read(path, split):
    """{split: array or pair} in an .npy or .npz file."""
    path = Path(path).expanduser()
    try:
        content = np.load(path, allow_pickle=False)
        if isinstance(content, np.lib.npyio.NpzFile):
            with content:
                content = dict(content)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"the logits {path} cannot be read: {error}") from None
    if not isinstance(content, dict):
        return {split: content}
    if set(content) & set(SPLITS):
        return {key: content[key] for key in SPLITS if key in content}
    if {"images", "logits"} <= set(content):
        return {split: (content["images"], content["logits"])}
    if len(content) == 1:
        return {split: next(iter(content.values()))}
    raise ValueError(
        f"{path} holds {', '.join(content)}: name its arrays train, validation and test, or images "
        "and logits"
    )


def _by_split(by_split, dataset, keys, what):
    """{split: rows in the order of its images} of all splits."""
    rows, pairs = {}, []
    for split, value in by_split.items():
        if _is_pair(value):
            pairs.append((split, *value))
        else:
            ordered = _in_order(split, np.asarray(value), dataset, what)
            _require_once(by_split.keys() & ordered.keys() - {split}, split, what)
            rows |= ordered
    for split in SPLITS:
        own = [pair for pair in pairs if pair[0] == split]
        for _, images, values in (own or pairs) if split not in rows else ():
            rows[split] = _found(keys[split], images, values, f"the {split} images", what)
    if missing := [split for split in SPLITS if split not in rows]:
        raise ValueError(
            f"the {what} lack {' and '.join(missing)}: pass them as {missing[0]}=, for settings "
            "are chosen on validation, and students are compared with their teacher on test"
        )
    return rows


def _is_pair(value):
    return isinstance(value, (tuple, list)) and len(value) == 2 and np.ndim(value[0]) >= 3


def _in_order(split, values, dataset, what):
    """{split: rows} of an array, of one split or of several one after the other."""
    sizes = {name: len(getattr(dataset, name)) for name in SPLITS}
    orders = {sum(sizes[s] for s in order): order for order in _ORDERS if split == order[0]}
    order = orders.get(len(values), (split,))
    if sum(sizes[name] for name in order) != len(values):
        raise ValueError(
            f"the {split} {what} have {len(values):,} rows for {sizes[split]:,} images: pass one "
            "for each, or a pair (images, logits)"
        )
    ends = np.cumsum([sizes[name] for name in order])[:-1]
    return dict(zip(order, np.split(values, ends), strict=True))


def _found(keys, images, values, which, what):
    """The rows of `values` whose images have the `keys`."""
    images = bytes_of(images, f"images beside the {what}")
    if len(images) != len(values):
        raise ValueError(f"{len(images):,} images beside {len(values):,} rows of the {what}")
    rows = {key: row for row, key in enumerate(image_keys(images).tolist())}
    found = [rows.get(key) for key in keys.tolist()]
    if missing := found.count(None):
        raise ValueError(
            f"the {what} lack {missing:,} of {len(keys):,} of {which}: no image beside them has "
            "the same pixels, which must be those of the data set, before any change"
        )
    return np.asarray(values)[found]
