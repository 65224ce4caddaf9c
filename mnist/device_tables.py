"""Tables and figure of MNIST's networks on a device, from the committed record."""

from pathlib import Path

from common import plots, results
from common.results import device

FOLDER = Path(__file__).parent
STUDENT = "cnn width 0.5"


def quality(groups):
    """Markdown: teacher and students in each precision; empty unless `groups` are full-size."""
    record = _record_beside(groups)
    return device.quality_table(record["quality"]) if "quality" in record else ""


def latency(groups):
    """Markdown: latency, throughput, size and memory of each file; empty as in `quality`."""
    record = _record_beside(groups)
    return device.latency_table(record["latency"]) if "latency" in record else ""


def summary(groups):
    """Markdown: the finding as one paragraph; empty as in `quality`."""
    record = _record_beside(groups)
    if "latency" not in record:
        return ""
    sentence = finding(record)
    return f"On a device, {sentence} ([table](mnist/README.md#on-a-device)).\n"


def _record_beside(groups):
    """The committed record; {} if `groups` are of other data than it was measured on."""
    return device.read(FOLDER) if results.select(groups, dataset="mnist", limit=None) else {}


def figure(_groups=()):
    """Figure: accuracy over latency of teacher and students of four widths."""
    record = device.read(FOLDER)
    return plots.accuracy_over_latency(device.points(record["latency"]), finding(record))


def finding(record):
    """The distilled student beside the teacher: size, latency and accuracy, one sentence."""
    smaller, faster = device.ratios(record["latency"], STUDENT)["int8"]
    ((_, _, of_teacher),) = device.points(record["latency"])["teacher"]
    of_student = 100 * device.values(record["quality"], "distilled", "int8", "accuracy")
    loss = of_teacher.mean() - of_student.mean()
    return (
        f"the distilled student in int8 is {smaller:,.0f} times smaller and {faster:,.0f} times "
        f"faster than the teacher in float32, at {loss:.1f} points lower accuracy"
    )
