"""Interactive pages without a kernel: `python -m common.explorer.page DATASET ...`.

Writes build/distillation.html for MNIST and build/distillation_DATASET.html for the others, each a
self-contained file that loads nothing from a server. It shows a teacher's soft targets at any
temperature and the recorded test errors over T; MNIST's also trains students in the browser and
classifies drawn digits.
"""

import argparse
import sys
from pathlib import Path

from common import data, results
from common.experiments.study import Study
from common.explorer import bundle, page_content
from common.utils import files, packages, terminal

ROOT = packages.ROOT


def _require_teachers(name, folder):
    if not any((folder / "teachers").glob("*/header.json")):
        raise FileNotFoundError(page_content.no_teacher(name, folder))


def write(name, output, *, data_dir=None):
    """Write the page of a data set to a file; its path and size are printed.

    Raises:
        OSError: the data are unavailable, or no teacher's logits are committed.
    """
    tables = packages.load_module(name, "tables")
    _require_teachers(name, tables.FOLDER)  # before the images are read or downloaded
    spec = packages.load_module(name, "recipes").STUDY
    study = Study(spec, data.load(name, data_dir=data_dir))
    groups = results.load_groups(tables.FOLDER)
    teacher = page_content.Teacher.committed(study)
    values = page_content.content(study.dataset, teacher, groups, tables.TEMPERATURE_SWEEPS)
    text = bundle.page(f"Knowledge distillation on {values['title']}", values)
    with files.atomic_write(output) as temporary:
        temporary.write_text(text, encoding="utf-8")
    print(f"written to {files.display_path(output)}: {len(text) / 1e6:.1f} MB")


def main(arguments=None):
    """Write the pages of data sets; exits with 1 if one of them cannot be written.

    Args:
        arguments: list of str; by default those of the command line.
    """
    terminal.replace_unencodable()
    parser = argparse.ArgumentParser(prog="python -m common.explorer.page", description=__doc__)
    parser.add_argument("datasets", nargs="+", choices=list(page_content.TITLES), metavar="DATASET")
    parser.add_argument("--output-dir", default=ROOT / "build", type=Path, metavar="DIR")
    parser.add_argument("--data-dir", metavar="DIR", help="TFDS's folder")
    options = parser.parse_args(arguments)
    failed = False
    for name in options.datasets:
        suffix = "" if name == "mnist" else f"_{name}"
        try:
            path = options.output_dir / f"distillation{suffix}.html"
            write(name, path, data_dir=options.data_dir)
        except (ValueError, OSError) as error:
            failed = True
            print(f"error: {error}", file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
