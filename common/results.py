"""From groups of records to tables, and to README.

`python -m common.results --write` renews README's pictures and the tables between the lines
`<!-- results DATASET TABLE -->` and `<!-- end -->`; `--check` says whether they are true.
DATASET_all has those of runs on `Dataset.whole`; any package with a module `tables` will do.
"""

import argparse
import re
import sys
from pathlib import Path

from common import comparisons, files, packages, records

README = Path(__file__).parent.parent / "README.md"
NOT_RUN = "not run yet"  # a cell of what has no record
_MARKED = re.compile(r"(<!-- results ([\w.]+) (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def markdown(header, rows):
    """A Markdown table; the first column is left-aligned, the others right."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def seeds_table(group):
    """Markdown: the test measures of each seed, then their mean ± standard deviation."""
    measures = {  # header: (measure, digits, scale)
        "errors": ("errors", 0, 1),
        "accuracy %": ("accuracy", 2, 100),
        "top-5 %": ("top5_accuracy", 2, 100),
        "NLL": ("negative_log_likelihood", 4, 1),
        "calibration error %": ("calibration_error", 2, 100),
    }
    if not _has_top5([group]):
        del measures["top-5 %"]
    rows = [[f"seed {seed}"] for seed in sorted(group.seeds)] + [["mean ± sd"]]
    for measure, digits, scale in measures.values():
        values = group.values(measure)
        for row, value in zip(rows, values, strict=False):
            row.append(comparisons.spread([value], digits, scale))
        rows[-1].append(comparisons.spread(values, max(digits, 1), scale))
    return markdown([comparisons.title([group]), *measures], rows)


def students_table(found, study=""):
    """Markdown: each student's test measures beside its baseline's, paired by seed.

    Args:
        study: begins the title, where a data set has several.
    """
    header = [study + comparisons.title(found), "taught by", "T", "alpha", "test errors"]
    header += ["accuracy %"] + ["top-5 %"] * _has_top5(found)
    header += ["NLL", "calibration error %", "agrees with teacher %", "fewer errors", "p (t)"]
    header += ["p (McNemar)"]
    return markdown(header, [_student_row(group, found) for group in found])


def _student_row(group, found):
    settings = group.configuration
    taught = ["labels alone", "", ""]
    agrees = ""
    if group.teacher:
        taught = [group.teacher + " (shuffled)" * settings["shuffled"]]
        taught += [f"{settings['temperature']:g}", f"{settings['alpha']:g}"]
        agrees = comparisons.spread(group.values("agreement"), 2, 100)
    row = [comparisons.name_of(settings), *taught, comparisons.spread(group.values("errors"))]
    row += [comparisons.spread(group.values("accuracy"), 2, 100)]
    if _has_top5(found):
        row += [comparisons.spread(group.values("top5_accuracy"), 2, 100)]
    row += [comparisons.spread(group.values("negative_log_likelihood"), 4)]
    row += [comparisons.spread(group.values("calibration_error"), 2, 100), agrees]
    return row + comparison_cells(group, comparisons.baseline_of(group, found))


def _has_top5(found):
    tested = [record["test"] for group in found for record in group.seeds.values()]
    return bool(tested) and all("top5_accuracy" in test for test in tested)


def comparison_cells(group, baseline):
    """Cells of a `Comparison`: share of errors avoided, p (t), p (McNemar); empty without."""
    if baseline is None:
        return ["", "", ""]
    difference = comparisons.compare(group, baseline)
    fewer = difference.fewer
    cell = f"{1 - fewer:.1f} × as many" if fewer < -1 else f"{100 * fewer:.1f} %"
    return [cell, comparisons.p_value(difference.p), comparisons.p_value(difference.mcnemar)]


def table(dataset, name):
    """One of a data set's tables as Markdown, from its committed full-size records."""
    return _made_of(_tables(dataset), dataset)[name](_published(dataset))


def without_waiting(table):
    """A table's Markdown without the rows of which nothing was run."""
    rows = table.splitlines(keepends=True)
    return "".join(row for row in rows if NOT_RUN not in row or "→" in row)


def every_table(module, found, also=()):
    """Yield each table, as Markdown, that a data set's tables module makes of `found` groups.

    Args:
        also: names of data sets whose full-size tables are made even where nothing was found.
    """
    shown = comparisons.data_of(found)
    full = [{"dataset": name, "limit": None} for name in also]
    for settings in shown + [one for one in full if one not in shown]:
        for make in _made_of(module, settings["dataset"]).values():
            yield make(comparisons.select(found, **settings))


def draw(dataset):
    """Write a data set's pictures for README into its folder."""
    for name, picture in _tables(dataset).PICTURES.items():
        with files.replacing(_tables(dataset).FOLDER / name) as temporary:
            picture(_published(dataset)).savefig(temporary, format="png")


def _tables(dataset):
    return packages.module(dataset, "tables")


def _made_of(module, dataset):
    """{name: function} of a tables module; it may have others for `splits.Dataset.whole`."""
    if dataset.endswith(packages.WHOLE):
        return getattr(module, "TABLES_OF_WHOLE", {})
    return module.TABLES


def _published(dataset):
    found = comparisons.groups(records.load_all(_tables(dataset).FOLDER))
    return comparisons.select(found, dataset=dataset, limit=None)


def rewritten(text):
    """`text` with every marked table made anew."""
    return _MARKED.sub(lambda m: m[1] + table(m[2], m[3]) + m[5], text)


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m common.results", description=__doc__)
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--write", action="store_true", help="renew README.md's tables")
    choice.add_argument("--check", action="store_true", help="fail if a table is not true")
    options = parser.parse_args(arguments)
    text = README.read_text()
    fresh = rewritten(text)
    if options.write:
        with files.replacing(README) as temporary:
            temporary.write_text(fresh)
        names = {match[2].removesuffix(packages.WHOLE) for match in _MARKED.finditer(text)}
        for dataset in sorted(names):
            draw(dataset)
    elif fresh != text:
        sys.exit("README.md's tables differ from the records: python -m common.results --write")
    print(f"{len(_MARKED.findall(text))} tables in README.md are those of the records")


if __name__ == "__main__":
    main()
