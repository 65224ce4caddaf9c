"""Names and folders of teachers whose runs are not the repository's own."""

from pathlib import Path

from common.utils import files, packages
from common.utils.checks import require_writable


def require_name(name):
    """Raise ValueError unless `name` is a teacher's: a text without `@`, which ends it in ids."""
    if not isinstance(name, str) or not name.strip() or "@" in name:
        raise ValueError(f"a teacher's name is a text without @, as tables show it, got {name!r}")


def logits_folder(dataset, name, keys, view_set, output_dir=None):
    """Path of the logits of a teacher `name` on the images of `keys`, in a writable folder.

    Args:
        dataset: data.Dataset.
        name: of the teacher.
        keys: {split: image keys}.
        view_set: views.ViewSet of the training images.
        output_dir: the study's folder; default runs/<data set> in the repository.
    """
    images = files.sha256_of(keys.values())[:8]
    folder = require_writable(Path(output_dir or default_output_dir(dataset)) / "teachers")
    label = f"-{view_set.label}" * (view_set.label != "plain")
    return (
        folder / f"{files.name_part(dataset.name)}-{files.unique_name_part(name)}-{images}{label}"
    )


def default_output_dir(dataset):
    """Folder for a user's runs and logits of a `data.Dataset`, which may have any name."""
    return packages.default_output_dir(files.name_part(dataset.name).replace(".", "_"))
