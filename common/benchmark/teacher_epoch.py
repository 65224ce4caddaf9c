"""Teacher's training speed: images/s, share of the bare step's rate, hours for its recipe.

`python -m common.benchmark teacher_epoch` prints one line; `--limit 400 --repeats 1` makes it
quick enough for a CPU.
"""

from common.utils.checks import require_at_least, require_choice

IMAGES = 90_000  # in the training split
PUBLISHED_HOURS = 2.26  # shufflenet, 40 epochs, one K80 (TropComplique/ShuffleNet-tensorflow)


def add_arguments(parser):
    """Add the options of this benchmark to its `argparse` parser."""
    parser.add_argument("--teacher", default="shufflenet", metavar="NAME")
    parser.add_argument("--repeats", type=int, default=3, help="timed epochs; default: 3")
    parser.add_argument("--limit", type=int, metavar="N", help="first N images of each split")
    parser.add_argument("--data-dir", metavar="DIR", help="TFDS's folder")


def run(options):
    """Print the line; ValueError as `line`."""
    print(line(options.teacher, options.repeats, options.limit, options.data_dir))


def line(teacher, repeats, limit=None, data_dir=None):
    """One line about a teacher's training speed, measured interleaved with its bare step.

    Args:
        teacher: a name in the TEACHERS of Tiny ImageNet.
        repeats: timed epochs.
        limit, data_dir: as in `data.load`.

    Raises:
        ValueError: an unknown teacher, repeats below 1, or as `data.load`.
    """
    from common import data  # here, because importing TensorFlow takes seconds
    from common.benchmark import timing
    from common.experiments.study import Study
    from common.utils import packages

    spec = packages.load_module("tiny_imagenet", "recipes").STUDY
    require_choice("teacher", teacher, spec.teachers)
    require_at_least("repeats", repeats, 1)
    dataset = data.load("tiny_imagenet", data_dir=data_dir, limit=limit)
    run = Study(spec, dataset).teacher(teacher)
    seconds = timing.interleaved(contenders(run, dataset), repeats)
    return describe(run, dataset, seconds)


def describe(run, dataset, seconds):
    """The line, from {"ours", "bare"}: lists of seconds of an epoch."""
    from common.backend import hardware, keras
    from common.benchmark import timing

    size = min(run.recipe.batch_size, len(dataset.train))
    rate, _, _ = timing.rates(seconds["ours"], len(dataset.train) // size * size)
    hours = IMAGES * run.recipe.epochs / rate / 3600
    return (
        f"{hardware.device()}, Keras on {keras.config.backend()}, {run.model}, batches of {size}: "
        f"{rate:,.0f} images/s, {timing.ratio(seconds['bare'], seconds['ours']):.0%} of the bare "
        f"step's; {run.recipe.epochs} epochs of {IMAGES:,} images would take {hours:.2f} hours "
        f"(published for shufflenet on a K80: {PUBLISHED_HOURS})"
    )


def contenders(run, dataset):
    """{"ours": an epoch of `training.run`; "bare": as many bare training steps}."""
    from common.backend import keras
    from common.benchmark import bare_step
    from common.runs.model_io import build_model
    from common.training.accelerated import multi_step
    from common.training.job import TrainingJob

    job = TrainingJob([run], dataset, {})
    model, data = job.fit_inputs()
    multi = isinstance(model, multi_step.MultiStepModel)
    bare = bare_step.epoch(
        build_model(run, dataset),
        dataset.train.take(slice(job.batches.batch_size)),
        len(job.batches),
        keras.optimizers.SGD(1e-3, momentum=0.9, nesterov=True),
        jit_compile=model.jit_compile,
        steps_per_execution=model.steps_per_dispatch if multi else 1,
    )
    return {"ours": lambda: bare_step.seconds(model, data, shuffle=False), "bare": bare}
