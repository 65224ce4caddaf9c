"""Table of Hinton's MNIST experiments, H1 to H7: the paper's numbers beside ours, from records."""

from common import results
from mnist import hinton

_LONGER = "in three times as many epochs"
_JITTERED = "on jittered images"


def table(groups):
    """Markdown table: a row an experiment.

    Args:
        groups: list of SeedGroup of runs on all training images.
    """
    ours = results.Results(groups)
    header = [results.caption(groups), "paper", "ours: mean ± sd (seeds)"]
    rows = _errors_rows(ours) | _unseen_rows(ours)
    if _pair("mlp_800", ours) == _pair("mlp_800_longer", ours) != [None, None]:  # a quick look
        rows = {name: cells for name, cells in rows.items() if _LONGER not in name}
    return results.markdown(header, [[name, *cells] for name, cells in rows.items()])


def _pair(name, ours, teacher="mlp_1200", temperature=hinton.TEMPERATURE):
    """A net's [baseline, group distilled at a temperature]; None for a missing group."""
    spec = (hinton.TEACHERS | hinton.STUDENTS)[name]
    groups = ours.of(spec)
    exact = [g for g in groups if g.configuration["recipe"]["epochs"] == spec.recipe.epochs]
    quick = [g for g in groups if g.configuration["limit"]]  # a quick look's epochs differ
    ours = results.Results(exact or quick)
    distilled = ours.distilled(spec, hinton.TEACHERS[teacher])
    distilled = results.select(distilled, temperature=float(temperature))
    return [ours.baseline(spec), distilled[0] if distilled else None]


def _errors_rows(ours):
    """Rows of H1 to H5: test errors of teachers and students, and errors by temperature."""
    teacher, longer_teacher, jitter = (_pair(name, ours)[0] for name in hinton.TEACHERS)
    baseline, distilled = _pair("mlp_800", ours)
    longer_baseline, longer = _pair("mlp_800_longer", ours)
    _, from_jitter = _pair("mlp_800_longer", ours, "mlp_1200_jitter")
    names = hinton.JITTERED_STUDENT, ours, hinton.JITTERED_TEACHER
    jitter_baseline, jittered = _pair(*names, hinton.JITTERED_TEMPERATURE)
    return {
        "H1 teacher 1200-1200, errors": _errors("teacher", teacher),
        f"H1 {_LONGER}, errors": _errors("teacher", longer_teacher),
        "H1 on jitter alone, no dropout, no max-norm, errors": _errors(None, jitter),
        "H2 student 800-800, baseline, errors": _errors("baseline", baseline),
        f"H3 distilled at T = {hinton.TEMPERATURE}, errors": _errors(
            "distilled", distilled, baseline
        ),
        f"H2 {_LONGER}, errors": _errors("baseline", longer_baseline),
        f"H3 {_LONGER}, errors": _errors("distilled", longer, longer_baseline),
        f"H3 {_LONGER}, from the teacher of jitter alone, errors": _errors(
            None, from_jitter, longer_baseline
        ),
        f"H2 {_JITTERED}, errors": _errors(None, jitter_baseline),
        f"H3 {_JITTERED}, T = {hinton.JITTERED_TEMPERATURE}, errors": _errors(
            None, jittered, jitter_baseline
        ),
        "H4 300-300, errors by T": ["alike above T = 8", _by_temperature("mlp_300", ours)],
        "H5 30-30, errors by T": ["best at T = 2.5 to 4", _by_temperature("mlp_30", ours)],
    }


def _errors(name, group, baseline=None):
    """Cells [paper, ours]; `name` is None for an experiment that the paper does not have."""
    paper = str(hinton.PAPER[name]) if name else ""
    if group is None:
        return [paper, results.PENDING]
    cell = _mean(group.values("errors"))
    if baseline is not None:
        cell += f": {results.describe_reduction(group, baseline)}"
    return [paper, cell]


def _by_temperature(student, ours):
    spec = hinton.STUDENTS[student]
    baseline = ours.baseline(spec)
    means = [f"{_mean(baseline.values('errors'))} baseline"] if baseline else []
    for group in results.temperature_sweep(ours.of(spec), hinton.ALPHA):
        mean, temperature = group.values("errors").mean(), group.configuration["temperature"]
        means.append(f"{mean:.0f} at {temperature:g}")
    return ", ".join(means) or results.PENDING


def _unseen_rows(ours):
    """Rows of H6 and H7: students that never saw some classes, by bias correction."""
    _, without_3 = _pair("without_3", ours)
    _, longer = _pair("without_3_longer", ours)
    _, only_7_8 = _pair("only_7_8", ours)
    return _without_3(without_3, longer) | _only_7_8(only_7_8)


_RULES = {
    "none": "as trained",
    "paper": "bias chosen on test",
    "prior": "bias without labels",
}


def _without_3(group, longer):
    rows = {}
    for rule, words in _RULES.items():
        paper = hinton.PAPER_WITHOUT_3.get(rule)
        theirs = f"{paper[0]}, of them {paper[1]} on threes" if paper else ""
        rows[f"H6 no threes, {words}: errors"] = [theirs, _on_threes(group, rule)]
    name = f"H6 {_LONGER}, {_RULES['prior']}: errors"
    return rows | {name: ["", _on_threes(longer, "prior")]}


def _on_threes(group, rule):
    if group is None:
        return results.PENDING
    on_threes = results.mean_sd(hinton.errors_under(group, rule, "errors_on_missing"))
    recall = results.mean_sd(hinton.recall_on_unseen(group, rule))
    errors = _mean(hinton.errors_under(group, rule))
    return f"{errors}, of them {on_threes} on threes: {recall} % of threes right"


def _only_7_8(group):
    rows = {}
    for rule, words in _RULES.items():
        paper = hinton.PAPER_ONLY_7_8.get(rule)
        cells = [f"{paper} %" if paper else "", results.PENDING]
        if group is not None:
            rates = hinton.error_rate(group, rule)
            cells[1] = f"{results.mean_sd(rates)} % ({len(rates)})"
        rows[f"H7 only sevens and eights, {words}: error rate"] = cells
    return rows


def _mean(values):
    return f"{results.mean_sd(values)} ({len(values)})"
