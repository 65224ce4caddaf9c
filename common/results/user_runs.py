"""Tables of a user's runs, compared with the user's and the committed baselines.

Students in a user's folder may have only a committed baseline. `beside_baselines` adds it, so that
tables can show error reductions and p-values.
"""

import csv
import dataclasses
import io
import json

import numpy as np

from common import metrics
from common.results import readme
from common.results.groups import baseline_of, compare, dataset_settings, group_seeds, select
from common.results.tables import students_table
from common.results.wording import display_name


def beside_baselines(records, committed):
    """Groups of a user's records, then of the committed baselines of the user's students.

    Args:
        records, committed: lists of records, as `records.load_all` returns them. Of a run and seed
            that is in both, the user's record is used.

    Returns:
        list of SeedGroup. A baseline with the user's and committed seeds is one group.
    """
    names = {(record["run"], record["seed"]) for record in records}
    students = [group.run for group in group_seeds(records) if group.run.distillation]
    wanted = {run.baseline.id for run in students if run.baseline.id != run.id}
    added = [
        record
        for record in committed
        if record["run"] in wanted and (record["run"], record["seed"]) not in names
    ]
    return group_seeds(records + added)


def user_groups(groups, records):
    """The groups that have at least one of the user's records."""
    runs = {record["run"] for record in records}
    return [group for group in groups if group.run.id in runs]


def render(module, groups, users):
    """Yield Markdown tables: for each data set one of all runs, then those with a run of the user.

    A table is left out if all its rows are in the first one.

    Args:
        module: a data set's module `tables`.
        groups, users: SeedGroups, as `beside_baselines` and `user_groups` return them.
    """
    notes = {group.run.id: " (committed)" for group in groups if group not in users}
    for settings in dataset_settings(users):
        every = select(groups, **settings)
        yield students_table(every, notes=notes)
        shown = set(students_table(every).splitlines())
        others = [group for group in every if group not in users]
        for table in readme.tables_that_differ(module, every, others):
            if not set(table.splitlines()) <= shown:
                yield table


def rows(groups, users):
    """One dict of plain values for each group: settings, mean and sd of measures, comparison.

    Measures are in the units of the records (accuracy in [0, 1]); sd is the sample standard
    deviation. None stands for a value that cannot be computed: an sd or p-value of too few seeds.

    Args:
        groups, users: SeedGroups, as `beside_baselines` and `user_groups` return them.
    """
    return [_row(group, groups, "own" if group in users else "committed") for group in groups]


def as_csv(rows):
    """CSV text of `rows`, with a header; empty cells for None."""
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def as_json(rows):
    """JSON text of `rows`, a list of objects."""
    return json.dumps(rows, indent=1, allow_nan=False) + "\n"


def _row(group, groups, source):
    configuration, distillation = group.configuration, group.distillation
    values = {
        "run": group.run.id,
        "source": source,
        "dataset": configuration["dataset"],
        "limit": configuration["limit"],
        "model": display_name(configuration),
        "epochs": configuration["recipe"]["epochs"],
        "teacher": group.teacher,
        "method": distillation and distillation.method,
        "temperature": distillation and distillation.temperature,
        "alpha": distillation and distillation.alpha,
        "hard_weight": distillation and distillation.weights[0],
        "soft_weight": distillation and distillation.weights[1],
        "control": distillation and distillation.control,
        "options": distillation and json.dumps(distillation.options, sort_keys=True),
        "class_weights": distillation and json.dumps(distillation.class_weights),
        "digest": configuration.get("digest"),
        "seeds": len(group.seeds),
    }
    for measure in metrics.MEASURES:
        values |= _mean_sd(measure.key, group)
    return values | _comparison(group, baseline_of(group, groups))


def _mean_sd(key, group):
    numbers = group.values(key) if group.has(key) else np.array([])
    mean = float(numbers.mean()) if len(numbers) else None
    sd = float(numbers.std(ddof=1)) if len(numbers) > 1 else None
    return {f"{key}_mean": mean, f"{key}_sd": sd}


def _comparison(group, baseline):
    keys = ("error_reduction", "p", "mcnemar")
    if baseline is None:
        return dict.fromkeys(keys)
    comparison = dataclasses.asdict(compare(group, baseline))
    return {key: None if np.isnan(comparison[key]) else float(comparison[key]) for key in keys}
