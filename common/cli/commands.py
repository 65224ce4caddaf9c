"""Commands of a data set's folder: `python -m mnist teacher cnn`, `distill`, `reproduce`, `table`.

Each does what the notebooks do, through the same `Study`. Keras and NumPy are imported inside the
functions, so that `--help` and refusals of bad options take no time.
"""

import sys

from common.cli import output
from common.cli.options import checked, parser
from common.utils import terminal


def main(dataset, arguments=None):
    """Run `python -m DATASET` with the given arguments; bad input exits with one sentence.

    Args:
        dataset: a data set with recipes, such as "mnist".
        arguments: list of str; by default the process's.
    """
    terminal.replace_unencodable()
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
            "install what KERAS_BACKEND names"
        )
    except KeyboardInterrupt:
        sys.exit("interrupted; the same command resumes after the last complete epoch")


def _study(dataset, options, epochs="epochs"):
    """The `Study`; every option is checked before data are loaded or anything is trained.

    Args:
        epochs: what `--epochs` overrides, "epochs" or "student_epochs" of `Study`.
    """
    spec = checked(dataset, options)
    from common import data  # imports TensorFlow, which takes seconds
    from common.experiments.study import Study
    from common.training.tensorboard import TensorBoard

    callbacks = [TensorBoard(options.tensorboard)] if options.tensorboard else []
    return Study(
        spec,
        data.load(dataset, data_dir=options.data_dir, limit=options.limit),
        seeds=options.seeds,
        output_dir=options.output_dir,
        retrain=options.retrain,
        callbacks=callbacks,
        **{epochs: options.epochs},
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
    from common.utils.checks import require_fraction, require_positive, require_temperature

    for temperature in options.temperature:
        require_temperature(temperature)
    require_fraction("alpha", options.alpha)
    require_positive("alpha", options.alpha)  # 0 is the baseline, which is trained in any case
    study = _study(dataset, options, "student_epochs")

    def train(study):
        names = (options.student, options.teacher)
        return experiments.distill(study, *names, options.temperature, options.alpha, control=True)

    output.print_plan(study, train)
    print(results.students_table(train(study)))
    print(f"records in {files.display_path(study.output_dir / 'results')}")


def _reproduce(dataset, options):
    study = _study(dataset, options)
    steps = [study.spec.steps[step] for step in options.steps or study.spec.steps]

    def train(study):
        for step in steps:
            step(study)

    output.print_plan(study, train)
    if not options.dry_run:
        train(study)
        output.print_tables(dataset, options.output_dir, study.read_dirs)


def _table(dataset, options):
    if options.format != "markdown":
        output.print_rows(dataset, options.output_dir, options.format)
    elif options.output_dir:
        output.print_own_tables(dataset, options.output_dir)
    else:
        output.print_tables(dataset, None)
