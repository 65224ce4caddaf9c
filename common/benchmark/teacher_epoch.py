"""How fast a teacher trains here: images/s, share of its bare step, hours for the whole recipe.

`python -m common.benchmark teacher_epoch` prints one line; with `--limit 400 --repeats 1` a CPU
does too.
"""

from common.utils.checks import require_at_least, require_choice

IMAGES = 90_000  # of the training split
PRINTED = 2.26  # hours of shufflenet's 40 epochs on one K80 (TropComplique, ShuffleNet-tensorflow)


def add_arguments(parser):
    parser.add_argument("--teacher", default="shufflenet", metavar="NAME")
    parser.add_argument("--repeats", type=int, default=3, help="timed epochs; default: 3")
    parser.add_argument("--limit", type=int, metavar="N", help="first N images of each split")
    parser.add_argument("--data-dir", metavar="DIR", help="TFDS's folder")


def run(options):
    print(line(options.teacher, options.repeats, options.limit, options.data_dir))


def line(teacher, repeats, limit=None, data_dir=None):
    """Measure epochs of a teacher's training, in turn with its bare step, and say it in a line.

    Raises:
        ValueError: an unknown teacher, repeats below 1, or as `data.load`.
    """
    from common import data  # TensorFlow's seconds, only for what can be done
    from common.benchmark import timing
    from common.experiments.study import Study
    from common.utils import packages

    spec = packages.load_module("tiny_imagenet", "recipes").STUDY
    require_choice("teacher", teacher, spec.teachers)
    require_at_least("repeats", repeats, 1)
    dataset = data.load("tiny_imagenet", data_dir=data_dir, limit=limit)
    run = Study(spec, dataset).teacher(teacher)
    seconds = timing.interleaved(contenders(run, dataset), repeats)
    return described(run, dataset, seconds)


def described(run, dataset, seconds):
    """The line, from {"ours", "bare"}: lists of seconds that an epoch took."""
    from common.backend import hardware, keras
    from common.benchmark import timing

    size = min(run.recipe.batch_size, len(dataset.train))
    rate, _, _ = timing.rates(seconds["ours"], len(dataset.train) // size * size)
    whole = IMAGES * run.recipe.epochs / rate / 3600
    return (
        f"{hardware.device()}, Keras on {keras.config.backend()}, {run.model}, batches of {size}: "
        f"{rate:,.0f} images/s, {timing.ratio(seconds['bare'], seconds['ours']):.0%} of the bare "
        f"step's; {run.recipe.epochs} epochs of {IMAGES:,} images would take {whole:.2f} hours "
        f"(printed for shufflenet on a K80: {PRINTED})"
    )


def contenders(run, dataset):
    """{"ours": an epoch as `training.run` makes it; "bare": as many steps of the net alone}."""
    from common.backend import keras
    from common.benchmark import bare_step
    from common.runs.model_io import build_model
    from common.training.accelerated import multi_step
    from common.training.job import TrainingJob

    group = TrainingJob([run], dataset, {})
    model, data = group.fit_inputs()
    bare = bare_step.epoch(
        build_model(run, dataset),
        dataset.train.take(slice(group.batches.batch_size)),
        len(group.batches),
        keras.optimizers.SGD(1e-3, momentum=0.9, nesterov=True),
        jit_compile=model.jit_compile,
        steps_per_execution=model.steps_per_dispatch
        if isinstance(model, multi_step.MultiStepModel)
        else 1,
    )
    return {"ours": lambda: bare_step.seconds(model, data, shuffle=False), "bare": bare}
