"""Switch to the GPU paths in `accelerated`; without that folder, training works unaccelerated."""

from common.side_by_side import SideBySide
from common.training import data_parallel

try:
    from common.training.accelerated import on_device, stacked
except ModuleNotFoundError as error:
    if error.name != "common.training.accelerated":
        raise
    on_device = stacked = None


def model_class(students):
    """The class that trains {name: Student} fastest here: `SideBySide` or `StackedStudents`."""
    return stacked.choose(students) if stacked and not data_parallel.is_active() else SideBySide


def can_stack_seeds(run):
    """Whether runs that differ from `run` in the seed only can train as one stack."""
    return bool(stacked) and not data_parallel.is_active() and stacked.can_stack_seeds(run)


def place_on_device(model, batches):
    """(model, data) to fit: with the data in GPU memory if they fit, else the arguments."""
    if on_device is None or data_parallel.is_active():
        return model, batches
    return on_device.place_on_device(model, batches)
