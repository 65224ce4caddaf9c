"""GPU paths of `accelerated`, where that folder is present; without it everything still trains."""

from common.side_by_side import SideBySide

try:
    from common.training.accelerated import on_device, stacked
except ModuleNotFoundError as error:
    if error.name != "common.training.accelerated":
        raise
    on_device = stacked = None


def model_class(students):
    """The class that trains {name: Student} fastest here."""
    return stacked.choose(students) if stacked else SideBySide


def can_stack_seeds(run):
    """Whether runs of several seeds, equal to `run` otherwise, train as one stack."""
    return bool(stacked) and stacked.can_stack_seeds(run)


def place_on_device(model, batches):
    """(model, data) to fit: with the data on the device where they fit, else as given."""
    return on_device.place_on_device(model, batches) if on_device else (model, batches)
