"""README's table of H1 to H7: the paper's numbers beside ours, from the records alone."""

from common import results
from mnist import hinton

_LONGER = "in three times as many epochs"


def table(found):
    """Markdown: a row an experiment; `found` are groups of runs on all training images."""
    header = [results.caption(found), "paper", "ours: mean ± sd (seeds)"]
    rows = _rows(found)
    if pair("mlp_800", found) == pair("mlp_800_longer", found) != [None, None]:  # a quick look
        rows = {name: cells for name, cells in rows.items() if _LONGER not in name}
    return results.markdown(header, [[name, *cells] for name, cells in rows.items()])


def pair(name, found, teacher="mlp_1200"):
    """A net's [labels alone, taught at the paper's temperature]; None for a missing group."""
    net = (hinton.TEACHERS | hinton.STUDENTS)[name]
    own = results.groups_of(net, found)
    exact = [g for g in own if g.configuration["recipe"]["epochs"] == net.recipe.epochs]
    own = exact or [g for g in own if g.configuration["limit"]]  # a quick look's other epochs
    taught = results.distilled_by(net, hinton.TEACHERS[teacher], own)
    taught = results.select(taught, temperature=float(hinton.TEMPERATURE))
    alone = [g for g in own if not g.teacher]
    return [groups[0] if groups else None for groups in (alone, taught)]


def swept(student, found):
    """The groups of H4 or H5 by rising temperature."""
    return results.temperature_sweep(
        results.groups_of(hinton.STUDENTS[student], found), hinton.ALPHA
    )


def _rows(found):
    alone, taught = pair("mlp_800", found)
    alone_longer, longer = pair("mlp_800_longer", found)
    _, by_jittered = pair("mlp_800_longer", found, "mlp_1200_jitter")
    teacher, patient, jittered = (pair(name, found)[0] for name in hinton.TEACHERS)
    return {
        "H1 teacher 1200-1200, errors": _errors("teacher", teacher),
        f"H1 {_LONGER}, errors": _errors("teacher", patient),
        "H1 on jitter alone, no dropout, no max-norm, errors": _errors("teacher", jittered),
        "H2 student 800-800 on labels alone, errors": _errors("alone", alone),
        f"H3 taught at T = {hinton.TEMPERATURE}, errors": _errors("distilled", taught, alone),
        f"H2 {_LONGER}, errors": _errors("alone", alone_longer),
        f"H3 {_LONGER}, errors": _errors("distilled", longer, alone_longer),
        f"H3 {_LONGER}, by the teacher of jitter alone, errors": _errors(
            "distilled", by_jittered, alone_longer
        ),
        "H4 300-300, errors by T": ["alike above T = 8", _by_temperature("mlp_300", found)],
        "H5 30-30, errors by T": ["best at T = 2.5 to 4", _by_temperature("mlp_30", found)],
        **_without_3(*(pair(name, found)[1] for name in ("without_3", "without_3_longer"))),
        **_only_7_8(pair("only_7_8", found)[1]),
    }


def _errors(name, group, baseline=None):
    if group is None:
        return [str(hinton.PAPER[name]), results.PENDING]
    ours = _mean(group.values("errors"))
    if baseline is not None:
        ours += f": {results.describe_reduction(group, baseline)}"
    return [str(hinton.PAPER[name]), ours]


def _by_temperature(student, found):
    alone = results.baseline_for(hinton.STUDENTS[student], found)
    means = [f"{_mean(alone.values('errors'))} on labels alone"] if alone else []
    for group in swept(student, found):
        mean, own = group.values("errors").mean(), group.configuration
        means.append(f"{mean:.0f} at {own['temperature']:g}")
    return ", ".join(means) or results.PENDING


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
    right = results.mean_sd(hinton.recall_on_unseen(group, rule))
    errors = _mean(hinton.errors_under(group, rule))
    return f"{errors}, of them {on_threes} on threes: {right} % of threes right"


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
