"""One HTML file in which the temperature can be turned without a kernel, to be shared as it is.

`python -m common.explorer.gallery mnist` writes build/gallery.html from a teacher's logits: a
dozen test images, a slider, and a few lines of JavaScript. It asks no other server for anything.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from common import data, metrics, teachers
from common.experiments.study import Study
from common.explorer import html
from common.explorer.quantities import MAX_T, MIN_T, MOST_BARS, TOP
from common.utils import files, packages
from common.utils.checks import require_choice

IMAGES = 12
ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATE = Path(__file__).with_name("gallery.html")


def chosen(answers, labels, count=IMAGES):
    """Rows of images worth a look: of each class the most ambiguous, then the teacher's errors.

    Args:
        answers: (n, classes) floats, the teacher's logits.
        labels: (n,) integers.
        count: how many rows to give.

    Returns:
        list of integers: the most ambiguous classes first where there are more than `count`.
    """
    doubt = metrics.entropy(answers)
    falling = np.argsort(-doubt, kind="stable")
    _, first = np.unique(np.asarray(labels)[falling], return_index=True)
    wrong = falling[~metrics.correct(answers, labels)[falling]]
    best = falling[np.sort(first)][:count]
    order = [*sorted(best, key=lambda row: labels[row]), *wrong, *falling]
    return [int(row) for row in dict.fromkeys(order)][:count]


def page(dataset, logits, teacher):
    """The HTML file's text.

    Args:
        dataset: data.Dataset.
        logits: teachers.Logits.
        teacher: the teacher's name for readers.
    """
    test = dataset.test
    answers = logits.targets("test", test.images).unaugmented()
    shown = [
        {
            "index": row,
            "label": int(test.labels[row]),
            "logits": answers[row].tolist(),
            "image": html.data_uri(test.images[row]),
        }
        for row in chosen(answers, test.labels)
    ]
    values = {"teacher": teacher, "dataset": dataset.name, "identity": logits.identity}
    values |= {"names": list(dataset.class_names), "images": shown}
    values |= {"coldest": MIN_T, "hottest": MAX_T, "mostBars": MOST_BARS, "top": TOP}
    embedded = json.dumps(values).replace("<", "\\u003c")  # no name can end the script
    return TEMPLATE.read_text().replace("/*STYLE*/", html.STYLE).replace("/*DATA*/", embedded)


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m common.explorer.gallery", description=__doc__)
    parser.add_argument("dataset", choices=["mnist"])
    parser.add_argument("--teacher", default="cnn", metavar="NAME")
    parser.add_argument("--logits", metavar="DIR", help="default: the teacher's committed logits")
    parser.add_argument("--output", default=ROOT / "build" / "gallery.html", metavar="FILE")
    parser.add_argument("--data-dir", metavar="DIR", help="TFDS's folder")
    parser.add_argument("--limit", type=int, metavar="N", help="as the logits were made with")
    options = parser.parse_args(arguments)
    try:
        print(f"written to {files.display_path(_write(options))}")
    except (ValueError, FileNotFoundError) as error:
        parser.exit(1, f"error: {error}\n")


def _write(options):
    recipes = packages.load_module(options.dataset, "recipes")
    dataset = data.load(options.dataset, data_dir=options.data_dir, limit=options.limit)
    require_choice("teacher", options.teacher, recipes.TEACHERS)
    published = Study(recipes, dataset).published_logits
    logits = teachers.Logits(options.logits) if options.logits else published(options.teacher)
    with files.atomic_write(options.output) as temporary:
        temporary.write_text(page(dataset, logits, recipes.TEACHERS[options.teacher].title))
    return options.output


if __name__ == "__main__":
    main()
