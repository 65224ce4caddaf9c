"""Record of a data set's networks on a device: measures in each precision, size, latency.

`python -m common.benchmark deploy --write` measures it into a file of the data set's folder.
"""

import json
from pathlib import Path

import numpy as np

from common import metrics
from common.results.tables import markdown
from common.results.wording import confidence_interval, mean_sd, p_inline, p_value, three_digits
from common.utils import files

FILE = "device.json"
_TITLES = {"teacher": "teacher", "baseline": "student on labels", "distilled": "distilled student"}
_COLUMNS = (
    *("test errors", "accuracy %", "NLL", "calibration error %"),
    *("same class as float32 %", "KB", "p against float32"),
)


def read(folder):
    """The record in a data set's folder, a dict with `quality` and `latency`; None if missing.

    Raises:
        ValueError: the record is damaged.
    """
    file = Path(folder) / FILE
    try:
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
    except ValueError as error:
        raise ValueError(f"the record {file} is damaged ({error}): delete it") from None


def write(folder, record):
    """Save a record, atomically."""
    files.write_json(Path(folder) / FILE, record)


def tables(record):
    """List of the Markdown tables of a record's parts."""
    makers = {"quality": quality_table, "latency": latency_table}
    return [makers[part](record[part]) for part in makers if part in record]


def values(quality, role, precision, measure, format="litert"):
    """(seeds,) floats: a measure of the networks of one role in one precision, by seed."""
    rows = [
        row
        for row in quality["rows"]
        if (row["role"], row["precision"], row["format"]) == (role, precision, format)
    ]
    return np.array([row[measure] for row in sorted(rows, key=lambda row: row["seed"])], float)


def quality_table(quality):
    """Markdown: a row for each role, format and precision; mean ± sd over seeds.

    p is that of the paired t-test of test errors against the same networks in float32.
    """
    named = dict.fromkeys((r["role"], r["format"], r["precision"]) for r in quality["rows"])
    calibrated = f"int8 calibrated on {quality['calibration']['images']} training images"
    title = f"{quality['images']:,} test images, {calibrated}"
    rows = [_quality_row(quality, *name) for name in named]
    return markdown([title, "file", *_COLUMNS], rows)


def _quality_row(quality, role, format, precision):
    def of(measure, precision=precision):
        return values(quality, role, precision, measure, format)

    p = metrics.paired_t(of("errors"), of("errors", "float32"))[3]
    cells = [
        mean_sd(of("errors")),
        mean_sd(of("accuracy"), 2, 100),
        mean_sd(of("negative_log_likelihood"), 4),
        mean_sd(of("calibration_error"), 2, 100),
        f"{100 * of('agreement').mean():.2f}",
        f"{of('bytes').mean() / 1024:.0f}",
        "" if precision == "float32" else p_value(p),
    ]
    return [_TITLES[role], f"{format} {precision}", *cells]


def int8_costs(quality, format="litert"):
    """{"baseline", "distilled": (seeds,) test errors that int8 adds}."""
    return {
        role: values(quality, role, "int8", "errors", format)
        - values(quality, role, "float32", "errors", format)
        for role in ("baseline", "distilled")
    }


def int8_finding(quality, format="litert"):
    """One sentence: whether int8 costs the distilled student more errors than its baseline.

    The difference of the two costs is tested by a t-test, paired over seeds.
    """
    costs = int8_costs(quality, format)
    added = {role: mean_sd(cost) for role, cost in costs.items()}
    difference = costs["distilled"] - costs["baseline"]
    p = metrics.paired_t(costs["distilled"], costs["baseline"])[3]
    interval = confidence_interval(difference)
    within = f"95 % interval {interval}, " if interval else ""
    return (
        f"int8 adds {added['distilled']} test errors to the distilled student and "
        f"{added['baseline']} to the student on labels: {difference.mean():+.1f} "
        f"({within}{p_inline(p).strip(' ()')})"
    )


def latency_table(latency):
    """Markdown: a row for each file; latency, throughput, size, memory and accuracy."""
    queries = min(row["queries"] for row in latency["rows"])
    seconds = min(row["seconds"] for row in latency["rows"])
    load = latency["load_average"]  # None where the system does not report it
    title = (
        f"{latency['format']}, {latency['device']}, threads: {latency['threads']}, load average "
        f"{'unknown' if load is None else format(load, 'g')}, at least {queries:,} queries and "
        f"{seconds:.0f} s of each"
    )
    header = [title, "p50, ms", "p90, ms", "images/s at batch 32", "KB", "peak memory, MB"]
    rows = [
        [
            f"{row['net']} {row['precision']}",
            three_digits(row["milliseconds_p50"]),
            three_digits(row["milliseconds_p90"]),
            f"{row['images_per_second']:,}",
            f"{row['bytes'] / 1024:,.0f}",
            "not measured" if row["peak_megabytes"] is None else f"{row['peak_megabytes']:.1f}",
        ]
        for row in latency["rows"]
    ]
    return markdown(header, rows)


def points(latency, precision="float32"):
    """{role: [(net, median latency in ms, (seeds,) accuracy in %)]} by ascending latency."""
    by_role = {}
    for row in sorted(latency["rows"], key=lambda row: row["milliseconds_p50"]):
        if row["precision"] == precision:
            for role, accuracies in row["accuracy"].items():
                point = (row["net"], row["milliseconds_p50"], 100 * np.array(accuracies))
                by_role.setdefault(role, []).append(point)
    return by_role


def ratios(latency, net):
    """How many times smaller and faster a network is than the teacher in float32.

    Args:
        net: its name in the rows.

    Returns:
        {precision: (ratio of bytes, ratio of the median latencies)}; precision of the network,
        "float32" or "int8"; ratios of the teacher in float32 to the network.
    """
    teacher = next(row for row in latency["rows"] if "teacher" in row["accuracy"])
    return {
        row["precision"]: (
            teacher["bytes"] / row["bytes"],
            teacher["milliseconds_p50"] / row["milliseconds_p50"],
        )
        for row in latency["rows"]
        if row["net"] == net
    }
