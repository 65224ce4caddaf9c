"""What the data sets' tables share: which groups a row is about, and how its cells read.

A net is a `runs.ModelSpec` of a data set's recipes; `found` are groups of one data set and limit.
"""

import dataclasses

from common.results import wording
from common.results.groups import best, select
from common.runs import Run


def groups_of(net, found):
    """The groups that train `net` by its recipe, with any teacher, each in its first training.

    The number of epochs may differ, as in a quick look; nothing else may.
    """
    groups = _in_all_trainings(net, found)
    trainings = sorted((group.training for group in groups if group.teacher), reverse=True)
    first = dict(trainings)  # {id of the teacher's run: its least seed}
    return [g for g in groups if not g.teacher or g.training[1] == first[g.training[0]]]


def baseline_for(net, found):
    """The group of `net` on labels alone; None if there is none."""
    return next((group for group in groups_of(net, found) if not group.teacher), None)


def distilled_by(net, teacher, found):
    """The groups of `net` taught by the net `teacher`, trained by its recipe."""
    return [group for group in groups_of(net, found) if group.teacher and _teaches(teacher, group)]


def best_distilled_by(net, teacher, found):
    """The group taught by `teacher` that validation chooses; None if there is none."""
    groups = [g for g in distilled_by(net, teacher, found) if not g.configuration["shuffled"]]
    return best_distilled(groups) if groups else None


def controlled_comparison(net, teacher, found):
    """`ControlledComparison` of `net` on labels alone, taught by `teacher`, and its control."""
    return ControlledComparison([baseline_for(net, found), *distilled_by(net, teacher, found)])


def by_teacher_seed(net, teacher, found, **settings):
    """{seed of the teacher: group of `net` taught by that training of it}, at one T and alpha."""
    groups = [g for g in _in_all_trainings(net, found) if g.teacher and _teaches(teacher, g)]
    at = select(groups, shuffled=False, **settings)
    return {group.training[1]: group for group in at}


def temperature_alpha_grid(net, teacher, found, temperatures, alphas):
    """The groups of `net` taught by `teacher`: a list for each temperature, one for each alpha."""
    groups = distilled_by(net, teacher, found)
    rows = []
    for temperature in temperatures:
        at = select(groups, temperature=float(temperature), shuffled=False)
        rows.append([select(at, alpha=float(alpha))[0] for alpha in alphas])
    return rows


def in_order(groups):
    """Groups of one net by teacher, control last, alpha and temperature."""

    def key(group):
        own = group.configuration
        return (group.teacher or "", own["shuffled"], own["alpha"], own["temperature"])

    return sorted(groups, key=key)


def _in_all_trainings(net, found):
    return [g for g in found if g.configuration == _as_recipe_has_it(net, g.configuration)]


def _as_recipe_has_it(net, own):
    taught = {key: own[key] for key in ("teacher", "temperature", "alpha", "shuffled")}
    return _run(net, own, own["recipe"]["epochs"], **taught).configuration


def _teaches(teacher, group):
    own = group.configuration
    epochs = (teacher.recipe.epochs, own["recipe"]["epochs"])  # the student's in a quick look
    return group.training[0] in {_run(teacher, own, n).id for n in epochs}


def _run(net, own, epochs, **taught):
    recipe = dataclasses.replace(net.recipe, epochs=epochs)
    same = {"options": net.options, "limit": own["limit"], "transfer_set": net.transfer_set}
    return Run(own["dataset"], net.model, recipe, **same, **taught)


def best_distilled(found):
    """The distilled group with the fewest errors on validation."""
    taught = [group for group in found if group.teacher and not group.configuration["shuffled"]]
    return best(taught)


def temperature_sweep(found, alpha):
    """The distilled groups at one alpha, by rising temperature."""
    taught = select(found, alpha=float(alpha), shuffled=False)
    return sorted(taught, key=lambda group: group.configuration["temperature"])


class ControlledComparison:
    """The three groups that make a claim, out of what `tune` gave.

    baseline: labels alone; distilled: chosen on validation; control: the same settings with
    the logits of other images.
    """

    def __init__(self, found):
        (self.baseline,) = select(found, teacher=None)
        self.distilled = best_distilled(found)
        settings = self.distilled.configuration
        (self.control,) = select(
            found, shuffled=True, temperature=settings["temperature"], alpha=settings["alpha"]
        )

    def rows(self):
        """(label, role in figures, group) of the three."""
        return [
            ("labels alone", "baseline", self.baseline),
            ("distilled", "distilled", self.distilled),
            ("control", "control", self.control),
        ]

    def finding(self):
        """Gain of the distilled student and of the control, in two lines of words."""
        return (
            f"distilled, {self.distilled.settings}: "
            f"{wording.describe_reduction(self.distilled, self.baseline)};\n"
            f"the control makes {wording.describe_reduction(self.control, self.baseline)}"
        )
