"""What each net of a data set's tables costs: parameters, multiply-adds, latency of one image."""

import json
from pathlib import Path

FILE = "costs.json"


def read(folder):
    """What `--write` kept in a data set's folder."""
    return json.loads((Path(folder) / FILE).read_text())


def table(costs):
    """Markdown: a row an architecture, by rising multiply-adds."""
    from common.results import tables

    header = [f"one image, one thread of {costs['device']}, median of {costs['repeats']}"]
    header += ["parameters", "multiply-adds, M", "latency, ms"]
    rows = [
        [
            name,
            f"{net['parameters']:,}",
            f"{net['multiply_adds'] / 1e6:.1f}",
            f"{net['milliseconds']:.1f}",
        ]
        for name, net in sorted(costs["nets"].items(), key=lambda item: item[1]["multiply_adds"])
    ]
    return tables.markdown(header, rows)
