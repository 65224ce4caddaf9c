"""A teacher's logits and weights in the folders of a study: read, checked, known beforehand."""

from common import teachers
from common.runs import model_io, records


def logits(folders, run, dataset, view_set="plain", sampled=0):
    """The `Logits` that a teacher's run has given before, in the first folder that has them.

    Args:
        folders: list of paths.
        run: the teacher's.
        dataset: data.Dataset.
        view_set, sampled: as in `teachers.make`.

    Returns:
        Logits; None if there are none.

    Raises:
        ValueError: logits of another teacher or data set, or of weights that are not its record's.
    """
    for folder in folders:
        kept = teachers.folder(folder, run, view_set, sampled)
        if (kept / "header.json").exists():  # written last
            return checked(folder, run, dataset, view_set, sampled)
    return None


def checked(folder, run, dataset, view_set, sampled):
    """The `Logits` in `folder`; raises FileNotFoundError, or ValueError as `logits` does."""
    found = teachers.Logits(teachers.folder(folder, run, view_set, sampled))
    record, given = records.read(folder, run), found.header["weights_sha256"]
    expected = {"teacher": run.name, "dataset": dataset.name, "views": view_set}
    expected["sampled"] = sampled
    exact = record and record["weights_sha256"]
    if record and given != exact and given != _rounded(folder, run, dataset):
        expected["weights_sha256"] = exact
    for key, value in expected.items():
        header = found.header.get(key, 0)  # files of all views do not say how many
        if header != value:
            raise ValueError(
                f"{found.folder} holds the logits of {key} {header}, not {value}: "
                "delete it, and they are made again"
            )
    return found


def identity(folders, run, dataset, view_set="plain", sampled=0):
    """`Logits.identity` of what a finished teacher will answer, by the weights that are kept.

    Weights kept as float16 are another teacher than the exact ones. If students were taught by the
    exact ones in these views, and none by the rounded, it is the exact one that is meant.
    """
    folder, record = _trained(folders, run)
    exact = teachers.identity(run.name, record["weights_sha256"])
    rounded = None if records.find_weights(folder, run) else _rounded(folder, run, dataset)
    if rounded is None:
        return exact
    rounded, taught = teachers.identity(run.name, rounded), _teachers(folders, view_set, sampled)
    return exact if exact in taught and rounded not in taught else rounded


def model(folders, run, dataset):
    """A finished run's model with the weights in the first folder that has it and them.

    Raises:
        ValueError: as `model_io.load_model`.
    """
    return model_io.load_model(_trained(folders, run)[0], run, dataset)


def require_weights(folders, run):
    """Raise ValueError, as `model`, where a run's record or its weights are missing."""
    model_io.require_weights(_trained(folders, run)[0], run)


def _trained(folders, run):
    """(folder, record) of a finished run, where its weights are kept too if anywhere."""
    found = [(folder, record) for folder in folders if (record := records.read(folder, run))]
    for folder, record in found:
        if records.has_weights(folder, run):
            return folder, record
    return found[0] if found else (folders[0], None)


def _teachers(folders, *seen):
    """Identities of the teachers of all students on record that saw their images in such views."""
    own = [record["configuration"] for folder in folders for record in records.load_all(folder)]
    return {
        each["teacher"]
        for each in own
        if (each["recipe"]["views"], each["recipe"].get("sampled_views", 0)) == seen
    }


def _rounded(folder, run, dataset):
    """Hash of the weights kept as float16, which may have answered; None without them."""
    path = records.find_float16_weights(folder, run)
    return path and teachers.weights_hash(model_io.load_float16_model(path, run, dataset))
