"""Output of the commands: dry runs with time estimates, test errors, tables of records.

Keras and NumPy are imported inside the functions, as in `commands`.
"""

import sys

from common.utils import packages
from common.utils.checks import require_choice


def print_plan(study, train):
    """Print which runs and logits are missing and how long they take on this machine.

    Args:
        study: Study.
        train: function of a Study that trains in it; called with a dry run's.
    """
    from common.cli import time_estimates
    from common.cli.dry_run import DryRun

    notes = DryRun()
    train(notes.study(study))
    pending = notes.pending_logits.values()
    for line in time_estimates.plan(notes.finished, notes.trainings, pending):
        print(line, flush=True)


def print_missing(study, train):
    """Print the names of the missing runs that can be trained now, one per line.

    The number of runs whose teacher must be trained first goes to standard error.

    Args:
        study, train: as in `print_plan`.
    """
    from common.cli.dry_run import DryRun

    notes = DryRun()
    train(notes.study(study))
    ready, waiting = notes.missing()
    for run in ready:
        print(run.name)
    if waiting:
        print(
            f"{len(waiting)} more runs need a teacher that is not trained yet: run --list again "
            "after its training",
            file=sys.stderr,
        )


def print_unread(path, dataset, view_set):
    """Print what a dry run leaves out because it does not read a teacher's file.

    Args:
        path: of a .keras, .onnx, .npz or .npy file.
        dataset: data.Dataset.
        view_set: ViewSet of the training images.
    """
    images = len(dataset.validation) + len(dataset.test)
    images += len(dataset.train) * view_set.seen_per_image
    is_model = not path.endswith((".npz", ".npy"))
    time = f"the time of its logits of {images:,} images is not estimated, and " * is_model
    print(f"{path} is not read: {time}its finished students count as missing")


def reproduced_table(dataset, steps):
    """The data set's only `PublishedTable`, or the one named in `steps`.

    Raises:
        ValueError: the table is unknown, `steps` has several, or the data set has none.
    """
    known = getattr(packages.load_module(dataset, "tables"), "REPRODUCED", {})
    if not known:
        raise ValueError(
            f"{dataset} has no published table, which --students-only needs: leave it out"
        )
    if len(steps) > 1:
        raise ValueError(f"--students-only takes one table, got {', '.join(steps)}: name one")
    name = steps[0] if steps else next(iter(known))
    require_choice("published table", name, known)
    return known[name]


def print_reproduction(study, dataset, rows):
    """Print the table of a reproduction, whether its rows agree, and where the records are.

    Args:
        study: Study that trained the students.
        dataset: name of the data set of the command.
        rows: list of results.reproduction.Reproduction.
    """
    from common.results import reproduction
    from common.utils import files

    name, test = study.dataset.name, len(study.dataset.test)
    print(f"\n{reproduction.table(rows, f'{name}, {test:,} test images')}")
    if name != dataset:
        print(
            f"{dataset} is not available here: the students were trained on {name}, so their "
            "accuracies can be compared neither with the published nor with the committed ones"
        )
    print(reproduction.verdict(rows))
    print(f"records in {files.display_path(study.output_dir / 'results')}")


def print_logits_estimate(study, run, view_set):
    """Print time and size of a teacher's logits, unless they exist.

    Args:
        study: Study.
        run: Run of the teacher.
        view_set: ViewSet of the training images.

    Raises:
        ValueError: the logits cannot be computed; found here before the teacher is trained.
    """
    if study.store.find(run, view_set) is None:
        from common.backend import hardware
        from common.cli import time_estimates

        study.store.check_feasible(run, view_set)
        estimate = time_estimates.describe_logits(study.dataset, run, view_set)
        print(f"{estimate} on {hardware.device()}", flush=True)


def print_tables(dataset, folder, read_dirs=()):
    """Print every table of the records in a folder, or of the committed ones.

    Args:
        dataset: name of the data set.
        folder: path; None for the data set's own.
        read_dirs: more folders, of which the runs on the same data as the records in `folder` are
            added; all their runs if `folder` has none.
    """
    from common import results
    from common.results import readme
    from common.runs import records

    tables = packages.load_module(dataset, "tables")
    folder_records = records.load_all(folder or tables.FOLDER)
    more = [record for other in read_dirs for record in records.load_all(other)]
    groups = results.group_seeds(more + folder_records)
    if folder_records:
        data = results.dataset_settings(results.group_seeds(folder_records))
        groups = [group for settings in data for group in results.select(groups, **settings)]
    committed = () if folder and folder_records else (dataset, dataset + packages.TRAINVAL_SUFFIX)
    for table in readme.render_all(tables, groups, committed):
        print(f"\n{table}")


def print_own_tables(dataset, folder):
    """Print the tables of the records in a user's folder, beside the committed baselines.

    Args:
        dataset: name of the data set.
        folder: path.

    Raises:
        ValueError: no records in `folder`.
    """
    from common.results import user_runs

    groups, users = _groups_beside(dataset, folder)
    print("Your runs, then the committed baselines that they are compared with:\n")
    tables = packages.load_module(dataset, "tables")
    print("\n".join(user_runs.render(tables, groups, users)), end="")


def print_rows(dataset, folder, form):
    """Print every run as "csv" or "json", unrounded: a user's and their baselines, or committed.

    Args:
        dataset: name of the data set.
        folder: path; None for the data set's own.
        form: "csv" or "json".

    Raises:
        ValueError: no records in `folder`.
    """
    from common.results import user_runs

    groups, users = _groups_beside(dataset, folder)
    write = {"csv": user_runs.as_csv, "json": user_runs.as_json}[form]
    print(write(user_runs.rows(groups, users)), end="")


def _groups_beside(dataset, folder):
    """(groups of a user's records and of committed baselines, those of the user)."""
    from common import results
    from common.results import user_runs
    from common.runs import records

    committed = records.load_all(packages.load_module(dataset, "tables").FOLDER)
    if folder is None:
        return results.group_seeds(committed), []
    user_records = records.load_all(folder)
    if not user_records:
        raise ValueError(f"{folder} has no records: train runs with --output-dir {folder} first")
    groups = user_runs.beside_baselines(user_records, committed)
    return groups, user_runs.user_groups(groups, user_records)


def record_errors(record):
    """Test errors in a record, such as `67 errors of 10000 (99.33 %)`."""
    test = record["test"]
    return f"{test['errors']} errors of {record['images']['test']} ({100 * test['accuracy']:.2f} %)"


def logits_errors(study, logits):
    """Test errors of a teacher by its `Logits`, in the words of `record_errors`."""
    from common import metrics

    test = study.dataset.test
    teacher = logits.targets("test", test.images).unaugmented()
    wrong = metrics.errors(teacher, test.labels)
    return f"{wrong} errors of {len(test)} ({100 - 100 * wrong / len(test):.2f} %)"
