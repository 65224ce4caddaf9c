"""The command line of a data set's folder: `python -m mnist teacher cnn` and so on.

Each command does what the notebooks do, through the same `Study`.
"""

import argparse
import sys


def main(dataset, arguments=None):
    """Run `python -m <dataset>` with the given arguments; bad input ends in one sentence."""
    options = _parser(dataset).parse_args(arguments)
    try:
        options.command(dataset, options)
    except (ValueError, OSError, FloatingPointError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("stopped; the same command goes on from the last finished epoch")


def _parser(dataset):
    parser = argparse.ArgumentParser(
        prog=f"python -m {dataset}", description=f"Teachers and students on {dataset}."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    where = _common_options()

    teacher = commands.add_parser(
        "teacher", parents=[where], help="train a teacher, keep its logits"
    )
    teacher.add_argument("name", help="such as cnn")
    teacher.add_argument("--published", action="store_true", help="only load the committed logits")
    teacher.add_argument("--views", default="plain", metavar="SET", help="of the logits")
    teacher.add_argument(
        "--sampled", type=int, default=0, metavar="K", help="of each image's views"
    )
    teacher.add_argument(
        "--plan",
        action="store_true",
        help="only say how long it takes and how large it is",
    )
    teacher.set_defaults(command=_teacher)

    distill = commands.add_parser(
        "distill", parents=[where], help="train baseline, distilled student and control"
    )
    distill.add_argument("--teacher", required=True, metavar="NAME")
    distill.add_argument("--student", required=True, metavar="NAME")
    distill.add_argument("--temperature", type=float, nargs="+", default=[4.0], metavar="T")
    distill.add_argument("--alpha", type=float, default=0.9, help="weight of the soft targets")
    distill.set_defaults(command=_distill)

    reproduce = commands.add_parser(
        "reproduce", parents=[where], help="every run behind the tables, or behind a part of them"
    )
    reproduce.add_argument("parts", nargs="*", metavar="PART", help="default: all, in their order")
    reproduce.add_argument(
        "--plan", action="store_true", help="only say what is left and how long it takes here"
    )
    reproduce.set_defaults(command=_reproduce)

    table = commands.add_parser("table", help="print the tables")
    table.add_argument("--output-dir", metavar="DIR", help="of other records than the committed")
    table.set_defaults(command=_table)
    return parser


def _common_options():
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--seeds", type=int, nargs="+", metavar="K", help="default: the published")
    where.add_argument("--epochs", type=int, metavar="N", help="instead of the recipe's")
    where.add_argument("--limit", type=int, metavar="N", help="first N images of each split")
    where.add_argument("--data-dir", metavar="DIR", help="TFDS's folder")
    where.add_argument("--output-dir", metavar="DIR", help="default: the data set's folder")
    where.add_argument("--tensorboard", metavar="DIR", help="write TensorBoard's log of training")
    where.add_argument("--retrain", action="store_true", help="leave committed runs aside")
    return where


def _study(dataset, options):
    """(study, seeds), every option checked before data are loaded or anything is trained."""
    from importlib import import_module

    from common.checks import (
        require_another_folder,
        require_known,
        require_positive,
        require_seed,
        require_writable,
    )

    recipes = import_module(f"{dataset}.recipes")
    for kind in ("teacher", "student"):
        name = getattr(options, kind, None)
        if name is not None:
            require_known(kind, name, getattr(recipes, f"{kind.upper()}S"))
    for part in getattr(options, "parts", ()):
        require_known("part", part, recipes.PARTS)
    for option in ("epochs", "limit"):
        if getattr(options, option) is not None:
            require_positive(option, getattr(options, option), whole=True)
    for seed in options.seeds or ():
        require_seed(seed)
    if options.output_dir:
        require_writable(options.output_dir)
    if options.retrain:
        require_another_folder(options.output_dir or recipes.FOLDER, recipes.FOLDER)

    from common import data  # TensorFlow's seconds, only for what can be done
    from common.study import Study
    from common.tensor_board import TensorBoard

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
    from common import files, views

    options.teacher = options.name
    views.get(options.views).check_sampled(options.sampled)
    study, seeds = _study(dataset, options)
    from common import durations  # after the checks, for it takes TensorFlow's seconds
    from common.rehearsal import Rehearsal

    if options.published:
        logits = study.published_logits(options.name, seeds[0], options.views, options.sampled)
        print(f"{logits.identity}: {_score(study, logits)}")
        return
    runs = [study.teacher(options.name, seed) for seed in seeds]
    asked = runs[0], options.views, options.sampled
    if study.kept_logits(*asked) is None:
        print(durations.of_logits(study.dataset, *asked), flush=True)
    if options.plan:
        rehearsal = Rehearsal(study)
        rehearsal.train(runs)
        _print_plan(rehearsal)
        return
    trained = study.train(runs)
    study.tell_read()
    for record in trained:
        print(f"seed {record['seed']}: {_errors(record)}")
    logits = study.logits(options.name, seeds[0], options.views, options.sampled)
    print(f"logits in {files.shown(logits.folder)}")


def _distill(dataset, options):
    from common import experiments, results
    from common.checks import require_fraction, require_positive

    for temperature in options.temperature:
        require_positive("temperature", temperature)
    require_fraction("alpha", options.alpha)
    require_positive("alpha", options.alpha)  # 0 is the baseline, which is trained beside it
    study, seeds = _study(dataset, options)
    logits = study.logits_for(options.student, options.teacher)
    found = experiments.distill(
        study, logits, options.student, seeds, options.temperature, options.alpha, control=True
    )
    print(results.students_table(found))


def _reproduce(dataset, options):
    from common.rehearsal import Rehearsal

    study, seeds = _study(dataset, options)
    parts = [study.recipes.PARTS[part] for part in options.parts or study.recipes.PARTS]
    rehearsal = Rehearsal(study)
    for part in parts:
        part(rehearsal, seeds)
    _print_plan(rehearsal)
    if options.plan:
        return
    for part in parts:
        part(study, seeds)
    _table(dataset, options)


def _print_plan(rehearsal):
    from common import durations

    for line in durations.plan(rehearsal.finished, rehearsal.trainings):
        print(line, flush=True)


def _table(dataset, options):
    from importlib import import_module

    from common import comparisons, data, records, results

    tables = import_module(f"{dataset}.tables")
    found = comparisons.groups(records.load_all(options.output_dir or tables.FOLDER))
    if options.output_dir and not found:
        raise ValueError(f"{options.output_dir} holds no records: train something into it first")
    committed = () if options.output_dir else (dataset, dataset + data.WHOLE)
    for table in results.every_table(tables, found, committed):
        print(f"\n{table}")


def _errors(record):
    test = record["test"]
    return f"{test['errors']} errors of {record['images']['test']} ({100 * test['accuracy']:.2f} %)"


def _score(study, logits):
    from common import metrics

    test = study.dataset.test
    teacher = logits.targets("test", test.images).plain()
    wrong = metrics.errors(teacher, test.labels)
    return f"{wrong} errors of {len(test)} ({100 - 100 * wrong / len(test):.2f} %)"
