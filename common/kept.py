"""A teacher's logits and weights in the folders of a study: read, checked, known beforehand."""

from common import records, teachers, trained


def logits(folders, run, dataset, view_set="plain", sampled=0):
    """The `Logits` that a teacher's run has given before, in the first folder that has them.

    Args:
        folders: list of paths.
        run: the teacher's.
        dataset: splits.Dataset.
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


def identity(folders, run, dataset):
    """`Logits.identity` of what a finished teacher will answer, by the weights that are kept."""
    for folder in folders:
        if records.find_weights(folder, run):
            break
        if rounded := _rounded(folder, run, dataset):
            return teachers.identity(run.name, rounded)
    record = next(filter(None, (records.read(folder, run) for folder in folders)))
    return teachers.identity(run.name, record["weights_sha256"])


def model(folders, run, dataset):
    """A finished run's model with the weights in the first folder that has them.

    Raises:
        ValueError: as `trained.load_model`.
    """
    for folder in folders:
        if records.find_weights(folder, run) or records.find_rounded_weights(folder, run):
            return trained.load_model(folder, run, dataset)
    return trained.load_model(folders[0], run, dataset)  # says what is missing


def _rounded(folder, run, dataset):
    """Hash of the weights kept as float16, which may have answered; None without them."""
    path = records.find_rounded_weights(folder, run)
    return path and teachers.weights_hash(trained.rounded_model(path, run, dataset))
