"""Switch to the GPU paths in `accelerated`; without that folder, training works unaccelerated."""

from common.side_by_side import SideBySide

try:
    from common.training.accelerated import on_device, stacked
except ModuleNotFoundError as error:
    if error.name != "common.training.accelerated":
        raise
    on_device = stacked = None


def model_class(students):
    """The class that trains {name: Student} fastest here: `SideBySide` or `StackedStudents`."""
    return stacked.choose(students) if stacked else SideBySide


def can_stack_seeds(run):
    """Whether runs that differ from `run` in the seed only can train as one stack."""
    return bool(stacked) and stacked.can_stack_seeds(run)


def place_on_device(model, batches):
    """(model, data) to fit: with the data in GPU memory if they fit, else the arguments."""
    return on_device.place_on_device(model, batches) if on_device else (model, batches)
