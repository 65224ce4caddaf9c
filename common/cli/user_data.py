"""Command line of a user's images and teacher: `python -m your_data distill`, `export`, `table`.

It does what `data.from_folder`, `common.distill` and `export.export` do in Python. The functions
import them, so that `--help` and refusals of bad options take no time.
"""

import collections
from pathlib import Path

from common.cli import exits, exporting, output, user_data_options
from common.utils import terminal
from common.utils.checks import (
    require_choice,
    require_positive,
    require_seed,
    require_teacher_file,
)


def main(arguments=None):
    """Run `python -m your_data` with the given arguments; bad input exits with one sentence.

    Args:
        arguments: list of str; by default those of the command line.
    """
    terminal.replace_unencodable()
    commands = {"distill": _distill, "export": _export, "table": _table}
    options = user_data_options.parser(commands).parse_args(arguments)
    with exits.one_sentence():
        options.command(options)


def _distill(options):
    require_teacher_file(options.teacher)
    for seed in options.seeds:
        require_seed(seed)
    recipe = _recipe(options)
    import common
    from common.utils import files

    outcome = common.distill(
        options.teacher,
        options.student,
        _dataset(options),
        temperature=options.temperature,
        alpha=options.alpha,
        seeds=options.seeds,
        control=not options.no_control,
        output_dir=options.output_dir,
        recipe=recipe,
    )
    print(outcome)
    print(f"records in {files.display_path(Path(outcome.output_dir) / 'results')}")


def _recipe(options):
    """`Recipe` of the student; ValueError, before images are read, for wrong settings."""
    from common import models
    from common.distillation import Distillation
    from common.runs import Recipe

    require_choice("student", options.student, models.NAMES)
    require_positive("alpha, which is 0 for the baseline,", options.alpha)
    for temperature in options.temperature:
        Distillation(temperature, options.alpha)  # raises ValueError
    names = ("epochs", "batch_size", "learning_rate")
    settings = {name: getattr(options, name) for name in names}
    return Recipe(**{name: value for name, value in settings.items() if value is not None})


def _dataset(options):
    """`data.Dataset` of the image folder; prints its sizes."""
    from common import data

    names = ("image_size", "validation", "test", "limit", "data_dir", "skip_unreadable", "name")
    dataset = data.from_folder(options.images, **{name: getattr(options, name) for name in names})
    splits = {name: len(getattr(dataset, name)) for name in data.SPLITS}
    counts = ", ".join(f"{count:,} {name}" for name, count in splits.items())
    print(f"{dataset.name}: {dataset.classes} classes; images: {counts}", flush=True)
    return dataset


def _export(options):
    exporting.check_formats(options)
    records = _records(options.output_dir)
    from common.experiments.spec import StudySpec
    from common.experiments.study import Study

    folder = options.output_dir
    study = Study(StudySpec(folder, {}, {}), _dataset(options), output_dir=folder)
    exporting.export_runs(study, _exportable(records, study.dataset, folder), options)


def _exportable(records, dataset, folder):
    """Runs of `distill` on these images, without the controls; ValueError if there are none."""
    from common.runs import Run

    recorded = [Run.from_configuration(each["configuration"], each["seed"]) for each in records]
    identity = dataset.identity.items()
    of_images = [run for run in recorded if all(getattr(run, key) == v for key, v in identity)]
    runs = [run for run in of_images if not run.settings.control and not run.architecture]
    if not runs:
        raise ValueError(
            f"{folder} has no student of these images: pass --images and its options as to "
            "`distill`"
        )
    return runs


def _records(folder):
    """List of the records in a folder; ValueError if it has none."""
    from common.runs import records

    loaded = records.load_all(folder)
    if not loaded:
        raise ValueError(f"{folder} has no records: `distill` writes them")
    return loaded


def _table(options):
    if options.output_dir is None:
        output.print_tables("sklearn_digits", None)
        return
    loaded = _records(options.output_dir)
    from common import results

    groups = results.group_seeds(loaded)
    data = results.dataset_settings(groups)
    versions = {(each["dataset"], each["digest"]) for each in data}
    names = collections.Counter(name for name, _ in versions)
    for settings in data:
        several = names[settings["dataset"]] > 1
        prefix = f"images {settings['digest'][:8]} of " if several and settings["digest"] else ""
        print(results.students_table(results.select(groups, **settings), prefix))
