"""Commands of a data set's folder, such as `python -m mnist teacher cnn` or `export`.

Each does what the notebooks do, through the same `Study`. Keras and NumPy are imported inside the
functions, so that `--help` and refusals of bad options take no time.
"""

import contextlib
import sys

from common.cli import exits, output
from common.cli.objective import distillation_settings
from common.cli.options import checked, parser
from common.utils import packages, terminal


def main(dataset, arguments=None):
    """Run `python -m DATASET` with the given arguments; bad input exits with one sentence.

    Args:
        dataset: a data set with recipes, such as "mnist".
        arguments: list of str; by default those of the command line.
    """
    terminal.replace_unencodable()
    functions = {"teacher": _teacher, "distill": _distill, "reproduce": _reproduce}
    functions |= {"train_one": _train_one, "table": _table, "export": _export}
    options = parser(dataset, **functions).parse_args(arguments)
    with exits.one_sentence(), contextlib.ExitStack() as options.contexts:
        options.command(dataset, options)


def _study(dataset, options, epochs="epochs"):
    """The `Study`; every option is checked before data are loaded or anything is trained.

    Args:
        epochs: what `--epochs` overrides, "epochs" or "student_epochs" of `Study`.
    """
    spec = checked(dataset, options)
    from common import data  # imports TensorFlow, which takes seconds
    from common.cli.executor import executor
    from common.experiments.study import Study
    from common.training.tensorboard import TensorBoard

    callbacks = [TensorBoard(options.tensorboard)] if options.tensorboard else []
    images = data.load(dataset, data_dir=options.data_dir, limit=options.limit)
    return Study(
        spec,
        images,
        seeds=options.seeds,
        output_dir=options.output_dir,
        retrain=options.retrain,
        callbacks=callbacks,
        **{epochs: options.epochs},
        executor=options.contexts.enter_context(executor(options)),
    )


def _teacher(dataset, options):
    from common.data import views

    options.teacher = options.name
    view_set = views.get(options.views, options.views_per_image)
    study = _study(dataset, options)
    if options.committed:
        logits = study.committed_logits(options.name, study.seeds[0], view_set)
        print(f"{logits.identity}: {output.logits_errors(study, logits)}")
        return
    runs = [study.teacher(options.name, seed) for seed in study.seeds]
    untrained = [run for run in runs if options.retrain or not study.store.is_finished(run)]
    if options.data_parallel and untrained and not options.dry_run:
        from common.cli import data_parallel

        data_parallel.start(runs[0], study.dataset, options.contexts)
    output.print_logits_estimate(study, runs[0], view_set)
    output.print_plan(study, lambda dry: dry.train(runs))
    if not options.dry_run:
        _train_teacher(study, options.name, runs, view_set)


def _train_teacher(study, name, runs, view_set):
    from common.utils import files

    records = study.train(runs)
    study.report_cached()
    for record in records:
        print(f"seed {record['seed']}: {output.record_errors(record)}")
    logits = study.logits(name, runs[0].seed, view_set)
    print(f"logits in {files.display_path(logits.folder)}")


def _distill(dataset, options):
    from common import experiments, results
    from common.utils import files

    settings = distillation_settings(options)
    study = _study(dataset, options, "student_epochs")

    teacher = _named_teacher(study, options)

    def train(study):
        names = (options.student, teacher)
        return experiments.distill(study, *names, options.temperature, **settings)

    output.print_plan(study, train)
    if options.dry_run:
        return
    print(results.students_table(train(study)))
    print(f"records in {files.display_path(study.output_dir / 'results')}")


def _named_teacher(study, options):
    """The teacher's name in the recipes, or the Logits of a user's file; zeros in a dry run."""
    from common.utils.checks import is_teacher_file

    if not is_teacher_file(options.teacher):
        return options.teacher
    from common import teachers

    view_set = study.spec.students[options.student].recipe.view_set
    if options.dry_run:
        from common.cli.dry_run import logits_of_file

        output.print_unread(options.teacher, study.dataset, view_set)
        return logits_of_file(options.teacher, study.dataset)
    places = {"views": view_set, "output_dir": study.output_dir}
    return teachers.from_any(options.teacher, study.dataset, **places)


def _reproduce(dataset, options):
    if options.students_only:
        _reproduce_students(dataset, options)
        return
    study = _study(dataset, options)
    from common.cli.teachers_first import train_teachers

    steps = [study.spec.steps[step] for step in options.steps or study.spec.steps]

    def train(study):
        for step in steps:
            step(study)

    if _only_printed(options, study, train):
        return
    output.print_plan(study, train)
    train_teachers(study, train)
    train(study)
    output.print_tables(dataset, options.output_dir, study.read_dirs)


def _only_printed(options, study, train):
    """Print the missing runs if an option asks for this; return whether it does."""
    if options.list:
        output.print_missing(study, train)
    elif options.dry_run:
        output.print_plan(study, train)
    return options.list or options.dry_run


def _reproduce_students(dataset, options):
    table = output.reproduced_table(dataset, options.steps)
    options.output_dir = options.output_dir or packages.reproduced_dir(dataset)
    options.retrain = "students"
    study = _study(dataset, options)
    from common.experiments.reproduction import reproduce_students
    from common.results import reproduction

    if _only_printed(options, study, lambda study: reproduce_students(study, table)):
        return
    rows = reproduce_students(study, table)
    output.print_reproduction(study, dataset, rows)
    if reproduction.disagreements(rows):
        sys.exit(1)


def _train_one(dataset, options):
    from common.cli.one_run import train_one

    study = _study(dataset, options)
    record = train_one(study, options.run)
    print(f"{options.run}: {output.record_errors(record)}")


def _export(dataset, options):
    from common.cli import exporting

    exporting.check_export(options)
    options.seeds = options.seeds or [0]
    options.retrain = "students"  # committed students have no weights
    exporting.export_student(_study(dataset, options, "student_epochs"), options)


def _table(dataset, options):
    if options.format != "markdown":
        output.print_rows(dataset, options.output_dir, options.format)
    elif options.output_dir:
        output.print_own_tables(dataset, options.output_dir)
    else:
        output.print_tables(dataset, None)
