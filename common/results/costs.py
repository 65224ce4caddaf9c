"""Inference costs of a data set's models: parameters, multiply-adds, latency of one image.

`python -m common.benchmark latency --write` measures them into a file of the data set's folder.
"""

import json
from pathlib import Path

from common.results.tables import markdown

FILE = "costs.json"


def read(folder):
    """Costs in a data set's folder, a dict; FileNotFoundError if they were not measured."""
    return json.loads((Path(folder) / FILE).read_text(encoding="utf-8"))


def table(costs):
    """Markdown table of costs: a row per architecture, by ascending multiply-adds.

    Args:
        costs: {"device", "repeats", "nets": {name: {"parameters", "multiply_adds",
            "milliseconds"}}}, as `read` returns it.
    """
    header = [f"one image, one thread of {costs['device']}, median of {costs['repeats']}"]
    header += ["parameters", "multiply-adds, M", "latency, ms"]
    rows = [
        [
            name,
            f"{cost['parameters']:,}",
            f"{cost['multiply_adds'] / 1e6:.1f}",
            f"{cost['milliseconds']:.1f}",
        ]
        for name, cost in sorted(costs["nets"].items(), key=lambda item: item[1]["multiply_adds"])
    ]
    return markdown(header, rows)
