"""Gallery: a self-contained HTML page with a temperature slider, without a kernel.

`python -m common.explorer.gallery mnist` writes build/gallery.html from a teacher's logits: a
dozen test images, a slider and a few lines of JavaScript. The page loads nothing from a server.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from common import data, metrics, teachers
from common.experiments.study import Study
from common.explorer import html
from common.explorer.quantities import MAX_BARS, MAX_T, MIN_T, TOP
from common.utils import files, packages, terminal
from common.utils.checks import require_choice

IMAGES = 12
ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATE = Path(__file__).with_name("gallery.html")


def choose_images(logits, labels, count=IMAGES):
    """Rows of instructive images: the most ambiguous of each class, then the teacher's errors.

    Args:
        logits: (n, classes) floats of the teacher.
        labels: (n,) integers.
        count: number of rows.

    Returns:
        list of integers; with more classes than `count`, only the most ambiguous classes.
    """
    by_entropy = np.argsort(-metrics.entropy(logits), kind="stable")
    _, first = np.unique(np.asarray(labels)[by_entropy], return_index=True)
    wrong = by_entropy[~metrics.correct(logits, labels)[by_entropy]]
    of_classes = by_entropy[np.sort(first)][:count]
    order = [*sorted(of_classes, key=lambda row: labels[row]), *wrong, *by_entropy]
    return [int(row) for row in dict.fromkeys(order)][:count]


def page(dataset, logits, teacher):
    """Text of the HTML page.

    Args:
        dataset: data.Dataset.
        logits: teachers.Logits.
        teacher: the teacher's title.
    """
    test = dataset.test
    test_logits = logits.targets("test", test.images).unaugmented()
    images = [
        {
            "index": row,
            "label": int(test.labels[row]),
            "logits": test_logits[row].tolist(),
            "image": html.data_uri(test.images[row]),
        }
        for row in choose_images(test_logits, test.labels)
    ]
    values = {"teacher": teacher, "dataset": dataset.name, "identity": logits.identity}
    values |= {"names": list(dataset.class_names), "images": images}
    values |= {"minT": MIN_T, "maxT": MAX_T, "maxBars": MAX_BARS, "top": TOP}
    embedded = json.dumps(values).replace("<", "\\u003c")  # so that no name ends the script
    return (
        TEMPLATE.read_text(encoding="utf-8")
        .replace("/*STYLE*/", html.STYLE)
        .replace("/*DATA*/", embedded)
    )


def main(arguments=None):
    terminal.replace_unencodable()
    parser = argparse.ArgumentParser(prog="python -m common.explorer.gallery", description=__doc__)
    parser.add_argument("dataset", choices=["mnist"])
    parser.add_argument("--teacher", default="cnn", metavar="NAME")
    parser.add_argument("--logits", metavar="DIR", help="default: the teacher's committed logits")
    parser.add_argument("--output", default=ROOT / "build" / "gallery.html", metavar="FILE")
    parser.add_argument("--data-dir", metavar="DIR", help="TFDS's folder")
    parser.add_argument(
        "--limit", type=int, metavar="N", help="the limit that the logits were made with"
    )
    options = parser.parse_args(arguments)
    try:
        print(f"written to {files.display_path(_write(options))}")
    except (ValueError, FileNotFoundError) as error:
        parser.exit(1, f"error: {error}\n")


def _write(options):
    spec = packages.load_module(options.dataset, "recipes").STUDY
    dataset = data.load(options.dataset, data_dir=options.data_dir, limit=options.limit)
    require_choice("teacher", options.teacher, spec.teachers)
    committed = Study(spec, dataset).committed_logits
    logits = teachers.Logits(options.logits) if options.logits else committed(options.teacher)
    with files.atomic_write(options.output) as temporary:
        temporary.write_text(
            page(dataset, logits, spec.teachers[options.teacher].title), encoding="utf-8"
        )
    return options.output


if __name__ == "__main__":
    main()
