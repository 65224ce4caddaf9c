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
    """(study, seeds), every option checked before data are loaded or anything is trained."""
    recipes = checked(dataset, options)
    from common import data  # TensorFlow's seconds, only for what can be done
    from common.experiments.study import Study
    from common.training.tensorboard import TensorBoard

    callbacks = [TensorBoard(options.tensorboard)] if options.tensorboard else []
    loaded = data.load(dataset, data_dir=options.data_dir, limit=options.limit)
    study = Study(
        recipes,
        loaded,
        output_dir=options.output_dir,
        retrain=options.retrain,
        epochs=options.epochs,
        callbacks=callbacks,
    )
    return study, options.seeds or list(recipes.SEEDS)


def _teacher(dataset, options):
    from common.data import views

    options.teacher = options.name
    seen = options.views, options.sampled
    views.get(options.views).check_sampled(options.sampled)
    study, seeds = _study(dataset, options)
    if options.published:
        logits = study.published_logits(options.name, seeds[0], *seen)
        print(f"{logits.identity}: {_score(study, logits)}")
        return
    runs = [study.teacher(options.name, seed) for seed in seeds]
    _tell_duration(study, runs[0], *seen)
    _print_plan(study, lambda rehearsal: rehearsal.train(runs))
    if not options.plan:
        _train_teacher(study, options.name, runs, *seen)


def _tell_duration(study, run, *seen):
    """Say how long a teacher's answers take and how large they are, if they are still to come.

    Raises:
        ValueError: they cannot be made, which would be told only after its training.
    """
    if study.find_logits(run, *seen) is None:
        from common.backend import hardware
        from common.cli import time_estimates

        study.check_logits(run, *seen)
        said = time_estimates.describe_logits(study.dataset, run, *seen)
        print(f"{said} on {hardware.device()}", flush=True)


def _train_teacher(study, name, runs, *seen):
    from common.utils import files

    trained = study.train(runs)
    study.report_cached()
    for record in trained:
        print(f"seed {record['seed']}: {_errors(record)}")
    logits = study.logits(name, runs[0].seed, *seen)
    print(f"logits in {files.display_path(logits.folder)}")


def _distill(dataset, options):
    from common import experiments, results
    from common.utils import files
    from common.utils.checks import require_fraction, require_positive

    for temperature in options.temperature:
        require_positive("temperature", temperature)
    require_fraction("alpha", options.alpha)
    require_positive("alpha", options.alpha)  # 0 is the baseline, which is trained beside it
    study, seeds = _study(dataset, options)

    def make(study):
        logits = study.logits_for(options.student, options.teacher)
        settings = (options.student, seeds, options.temperature, options.alpha)
        return experiments.distill(study, logits, *settings, control=True)

    _print_plan(study, make)
    found = make(study)
    print(results.students_table(found))
    print(f"records in {files.display_path(study.output_dir / 'results')}")


def _reproduce(dataset, options):
    study, seeds = _study(dataset, options)
    parts = [
        study.recipes.REPRODUCE_STEPS[part]
        for part in options.parts or study.recipes.REPRODUCE_STEPS
    ]

    def make(study):
        for part in parts:
            part(study, seeds)

    _print_plan(study, make)
    if not options.plan:
        make(study)
        _print_tables(dataset, options.output_dir, study.also_read)


def _print_plan(study, make):
    """Print what `make`, which trains in the study it is given, has still to train here."""
    from common.cli import time_estimates
    from common.cli.dry_run import DryRun

    rehearsal = DryRun(study)
    make(rehearsal)
    for line in time_estimates.plan(
        rehearsal.finished, rehearsal.trainings, rehearsal.asked.values()
    ):
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


def _print_tables(dataset, folder, also_read=()):
    """Print every table of the records in `folder`, or of the committed ones.

    Args:
        folder: None for the data set's own.
        also_read: more folders: their runs on the data of `folder`'s records, or all their runs if
            `folder` has none.
    """
    from common import results
    from common.results import readme
    from common.runs import records

    tables = packages.load_module(dataset, "tables")
    own = records.load_all(folder or tables.FOLDER)
    all_ = [record for other in also_read for record in records.load_all(other)] + own
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
