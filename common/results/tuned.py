"""Equally tuned methods: settings chosen on validation, compared on test images with fresh seeds.

A method is any object with the attributes `title`, `settings`, `published`, `corners` and `teacher`
of `experiments.method_grids.MethodGrid`.
"""

import dataclasses

import numpy as np

from common import metrics
from common.results import wording
from common.results.groups import SeedGroup, best
from common.results.selection import Results
from common.results.tables import markdown, score_cells

COLUMNS = ("settings", "test errors", "accuracy %", "errors saved against KD", "95 % interval")
COLUMNS += ("p (Holm)", "published settings, test errors", "gain by tuning", "p (t)")
STEP_COLUMN = "time per step, against KD"


@dataclasses.dataclass(frozen=True)
class TunedMethod:
    """One method of the study.

    Args:
        title: its name.
        chosen: SeedGroup of the fresh seeds, at the settings with the fewest validation errors of
            the selection seeds.
        published: SeedGroup of the fresh seeds, at the published settings.
        at_corner: whether the chosen settings are at a corner of the grid.
    """

    title: str
    chosen: SeedGroup
    published: SeedGroup
    at_corner: bool


def tuned_methods(groups, spec, teacher, grids, selection_seeds):
    """{name: TunedMethod} of the methods whose runs are complete.

    Args:
        groups: list of SeedGroup.
        spec, teacher: ModelSpec of student and teacher.
        grids: {name: method}, as described above.
        selection_seeds: seeds that chose the settings; the others are the fresh ones.
    """
    ours, tuned = Results(groups, plain=False), {}
    for name, grid in grids.items():
        candidates = _candidates(ours, spec, spec if grid.teacher else teacher, grid)
        of_selection = [group.of_seeds(selection_seeds) for group in candidates]
        complete = all(set(selection_seeds) <= set(group.seeds) for group in of_selection)
        if len(candidates) < len(grid.settings) or not complete:
            continue
        chosen = best(of_selection).distillation
        pair = [_fresh(candidates, each, selection_seeds) for each in (chosen, grid.published)]
        if all(group.seeds for group in pair):
            tuned[name] = TunedMethod(grid.title, *pair, at_corner=chosen in grid.corners)
    return tuned


def methods_table(tuned, reference="kd", step_times=None, caption="method", baseline=None):
    """Markdown table: each method at its chosen settings beside KD, and the gain of tuning alone.

    Args:
        tuned: {name: TunedMethod}; without any, the table is empty text.
        reference: as in `differences`.
        step_times: {name: text} of a last column; None for no such column.
        caption: header of the methods' column.
        baseline: SeedGroup on labels only, the first row; None for no such row.
    """
    if not tuned:
        return ""
    header = [caption, *COLUMNS] + [STEP_COLUMN] * (step_times is not None)
    compared, rows = differences(tuned, reference), []
    if baseline is not None:
        cells = ["labels only", "", *_baseline_scores(tuned, baseline)]
        rows.append(cells + [""] * (len(header) - len(cells)))
    for name, method in tuned.items():
        settings = method.chosen.settings + " (corner)" * method.at_corner
        row = [method.title, settings, *score_cells(method.chosen)]
        row += [*_difference_cells(compared.get(name)), *_tuning_cells(method)]
        rows.append(row + ([step_times.get(name, "")] if step_times is not None else []))
    return markdown(header, rows)


def differences(tuned, reference="kd"):
    """{name: (mean, low, high, p)}: test errors that each method saves against tuned KD.

    Mean and 95 % interval are those of the differences paired by seed, of which positive ones are
    fewer errors; p-values of the paired t-tests have Holm's correction.

    Args:
        tuned: {name: TunedMethod}.
        reference: name of the method that the others are compared with; if it is missing, there
            are no differences.
    """
    names = [name for name in tuned if reference in tuned and name != reference]
    tests = [_paired(tuned[reference].chosen, tuned[name].chosen) for name in names]
    p_values = metrics.holm([test[3] for test in tests])
    return {
        name: (*test[:3], float(p)) for name, test, p in zip(names, tests, p_values, strict=True)
    }


def methods_finding(tuned, reference="kd", level=0.05):
    """One sentence: the methods that beat tuned KD in test errors, and how many are worse.

    Only differences with p below `level`, after Holm's correction, count.
    """
    compared = differences(tuned, reference)
    clear = {name: mean for name, (mean, _, _, p) in compared.items() if p < level}
    fewer = [tuned[name].title for name, mean in clear.items() if mean > 0]
    more, count = len(clear) - len(fewer), len(compared)
    names = " and ".join(fewer) or f"none of {count} methods"
    finding = f"{names} {'beat' if len(fewer) > 1 else 'beats'} tuned KD"
    if more:
        finding += f"; {more} of {count} make{'s' * (more == 1)} significantly more errors"
    return finding


def tuning_finding(tuned):
    """One sentence: the test errors that tuning alone saves each method, least and most.

    It is the difference between the published settings and the chosen ones, paired by seed.
    """
    gains = {name: _paired(each.published, each.chosen)[0] for name, each in tuned.items()}
    least, most = (choose(gains, key=gains.get) for choose in (min, max))
    return (
        f"the choice of settings saves between {gains[least]:+.1f} ({tuned[least].title}) and "
        f"{gains[most]:+.1f} errors ({tuned[most].title})"
    )


def _baseline_scores(tuned, baseline):
    """Cells of the baseline's seeds that the methods are compared with."""
    seeds = set().union(*(method.chosen.seeds for method in tuned.values()))
    return score_cells(baseline.of_seeds(seeds))


def _candidates(ours, spec, teacher, grid):
    """Groups of a method's settings, in their order; settings without a group are left out."""
    distilled = ours.distilled(spec, teacher)
    groups = distilled + [group for group in ours.of(spec) if not group.teacher]
    return [group for each in grid.settings for group in groups if group.distillation == each]


def _fresh(candidates, distillation, selection_seeds):
    (group,) = [group for group in candidates if group.distillation == distillation]
    return group.of_seeds(set(group.seeds) - set(selection_seeds))


def _paired(first, second):
    """`metrics.paired_t` of the test errors of the seeds that both groups have."""
    seeds = set(first.seeds) & set(second.seeds)
    return metrics.paired_t(*(g.of_seeds(seeds).values("errors") for g in (first, second)))


def _difference_cells(difference):
    """Difference in errors from the reference, interval and p; empty for the reference itself."""
    if difference is None:
        return ["", "", ""]
    mean, low, high, p = difference
    interval = "" if np.isnan(low) else f"{low:+.1f} to {high:+.1f}"
    return [f"{mean:+.1f}", interval, wording.p_value(p)]


def _tuning_cells(method):
    mean, _, _, p = _paired(method.published, method.chosen)
    errors = wording.mean_sd(method.published.values("errors"))
    same = method.published.distillation == method.chosen.distillation
    return [errors, "0: the same" if same else f"{mean:+.1f}", "" if same else wording.p_value(p)]
