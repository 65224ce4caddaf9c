"""The command line of a data set's folder: `python -m mnist teacher cnn` and so on.

Each command does what the notebooks do, through the same `Study`.
"""

import sys

from common.cli.options import checked, parser
from common.utils import packages


def main(dataset, arguments=None):
    """Run `python -m <dataset>` with the given arguments; bad input ends in one sentence."""
    commands = parser(
        dataset, teacher=_teacher, distill=_distill, reproduce=_reproduce, table=_table
    )
    options = commands.parse_args(arguments)
    try:
        options.command(dataset, options)
    except (ValueError, OSError, FloatingPointError) as error:
        sys.exit(f"error: {error}")
    except ModuleNotFoundError as error:
        sys.exit(
            f"error: {error}: first `source .venv/bin/activate`, which `make mnist` sets up, or "
            "install what KERAS_BACKEND asks for"
        )
    except KeyboardInterrupt:
        sys.exit("stopped; the same command goes on from the last finished epoch")


def _study(dataset, options):
    """The `Study`, every option checked before data are loaded or anything is trained."""
    spec = checked(dataset, options)
    from common import data  # TensorFlow's seconds, only for what can be done
    from common.experiments.study import Study
    from common.training.tensorboard import TensorBoard

    return Study(
        spec,
        data.load(dataset, data_dir=options.data_dir, limit=options.limit),
        seeds=options.seeds,
        output_dir=options.output_dir,
        retrain=options.retrain,
        epochs=options.epochs,
        callbacks=[TensorBoard(options.tensorboard)] if options.tensorboard else [],
    )


def _teacher(dataset, options):
    from common.data import views

    options.teacher = options.name
    view_set = views.get(options.views, options.views_per_image)
    study = _study(dataset, options)
    if options.committed:
        logits = study.committed_logits(options.name, study.seeds[0], view_set)
        print(f"{logits.identity}: {_score(study, logits)}")
        return
    runs = [study.teacher(options.name, seed) for seed in study.seeds]
    _print_logits_estimate(study, runs[0], view_set)
    _print_plan(study, lambda dry: dry.train(runs))
    if not options.dry_run:
        _train_teacher(study, options.name, runs, view_set)


def _print_logits_estimate(study, run, view_set):
    """Print how long a teacher's logits take and how large they are, unless they exist.

    Raises:
        ValueError: they cannot be computed, which would otherwise show after the training only.
    """
    if study.store.find(run, view_set) is None:
        from common.backend import hardware
        from common.cli import time_estimates

        study.store.check_feasible(run, view_set)
        estimate = time_estimates.describe_logits(study.dataset, run, view_set)
        print(f"{estimate} on {hardware.device()}", flush=True)


def _train_teacher(study, name, runs, view_set):
    from common.utils import files

    trained = study.train(runs)
    study.report_cached()
    for record in trained:
        print(f"seed {record['seed']}: {_errors(record)}")
    logits = study.logits(name, runs[0].seed, view_set)
    print(f"logits in {files.display_path(logits.folder)}")


def _distill(dataset, options):
    from common import experiments, results
    from common.utils import files
    from common.utils.checks import require_fraction, require_positive

    for temperature in options.temperature:
        require_positive("temperature", temperature)
    require_fraction("alpha", options.alpha)
    require_positive("alpha", options.alpha)  # 0 is the baseline, which is trained beside it
    study = _study(dataset, options)

    def train(study):
        names = (options.student, options.teacher)
        return experiments.distill(study, *names, options.temperature, options.alpha, control=True)

    _print_plan(study, train)
    print(results.students_table(train(study)))
    print(f"records in {files.display_path(study.output_dir / 'results')}")


def _reproduce(dataset, options):
    study = _study(dataset, options)
    steps = [study.spec.steps[step] for step in options.steps or study.spec.steps]

    def train(study):
        for step in steps:
            step(study)

    _print_plan(study, train)
    if not options.dry_run:
        train(study)
        _print_tables(dataset, options.output_dir, study.read_dirs)


def _print_plan(study, train):
    """Print what `train`, which trains in the study it is given, has still to train here."""
    from common.cli import time_estimates
    from common.cli.dry_run import DryRun

    notes = DryRun()
    train(notes.study(study))
    pending = notes.pending_logits.values()
    for line in time_estimates.plan(notes.finished, notes.trainings, pending):
        print(line, flush=True)


def _table(dataset, options):
    from common import results
    from common.runs import records

    if not options.output_dir:
        _print_tables(dataset, None)
        return
    found = results.group_seeds(records.load_all(options.output_dir))
    if not found:
        raise ValueError(f"{options.output_dir} holds no records: train something into it first")
    _print_tables(dataset, options.output_dir)
    for settings in results.dataset_settings(found):  # whatever the tables above do not ask for
        print(f"\nEvery run:\n\n{results.students_table(results.select(found, **settings))}")


def _print_tables(dataset, folder, read_dirs=()):
    """Print every table of the records in `folder`, or of the committed ones.

    Args:
        folder: None for the data set's own.
        read_dirs: more folders: their runs on the data of `folder`'s records, or all their runs if
            `folder` has none.
    """
    from common import results
    from common.results import readme
    from common.runs import records

    tables = packages.load_module(dataset, "tables")
    own = records.load_all(folder or tables.FOLDER)
    all_ = [record for other in read_dirs for record in records.load_all(other)] + own
    found = results.group_seeds(all_)
    if own:
        data = results.dataset_settings(results.group_seeds(own))
        found = [group for settings in data for group in results.select(found, **settings)]
    committed = () if folder and own else (dataset, dataset + packages.TRAINVAL_SUFFIX)
    for table in readme.render_all(tables, found, committed):
        print(f"\n{table}")


def _errors(record):
    test = record["test"]
    return f"{test['errors']} errors of {record['images']['test']} ({100 * test['accuracy']:.2f} %)"


def _score(study, logits):
    from common import metrics

    test = study.dataset.test
    teacher = logits.targets("test", test.images).unaugmented()
    wrong = metrics.errors(teacher, test.labels)
    return f"{wrong} errors of {len(test)} ({100 - 100 * wrong / len(test):.2f} %)"
