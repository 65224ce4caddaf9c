"""Models of runs: built untrained, or loaded with the weights of a finished training."""

from common import models, teachers
from common.backend import precision
from common.models import user_models
from common.runs import records


def load_model(folder, run, dataset):
    """A finished run's model with its trained weights, checked against its record.

    If only float16 weights exist, as for large committed teachers, these are loaded.

    Args:
        folder: the data set's folder.
        run: Run.
        dataset: data.Dataset of its images and classes.

    Raises:
        ValueError: `folder` has no record or no weights of the run, the weights are damaged, or
            their hash is not the record's.
    """
    require_weights(folder, run)
    path = records.find_weights(folder, run)
    if path is None:
        return load_float16_model(records.find_float16_weights(folder, run), run, dataset)
    model = build_model(run, dataset)
    try:
        model.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"the weights {path} are damaged ({error}): delete them") from None
    if teachers.weights_hash(model) != records.read(folder, run)["weights_sha256"]:
        raise ValueError(
            f"the weights {path} are not those of their record: train the run again with --retrain "
            "--output-dir DIR"
        )
    return model


def require_weights(folder, run):
    """Raise ValueError unless `folder` holds a finished run's record and weights."""
    if records.read(folder, run) is None:
        raise ValueError(f"{folder} has no trained {run.name}: train it first")
    if not records.has_weights(folder, run):
        raise ValueError(
            f"{folder} has the record of {run.name} but not its weights, which are needed here: "
            "train it again with --retrain --output-dir DIR"
        )


def load_float16_model(path, run, dataset):
    """A run's model with the float16 weights in the logits folder `path`."""
    model = build_model(run, dataset)
    teachers.weights.load_compact(model, path)
    return model


def build_model(run, dataset):
    """A run's untrained model, under the precision of its recipe if this machine supports it."""
    with precision.dtype_policy(precision.supported(run.recipe.precision)):
        build, what = (user_models.build, run.build) if run.build else (models.build, run.model)
        options = run.options | {"pixel_statistics": dataset.pixel_statistics, "seed": run.seed}
        return build(what, dataset.image_shape, dataset.classes, **options)
