"""Groups selected by model specification: baselines, distilled students, teacher seeds.

`Results` selects among the groups of one data set and limit.
"""

import dataclasses
import functools

from common.results.controlled import ControlledComparison, best_distilled
from common.results.groups import select
from common.runs import teacher_weights
from common.utils import files


class Results:
    """Groups of one data set and limit, selected by `runs.ModelSpec`.

    A group belongs to a spec if it has its model, options, recipe and transfer set. If none has
    the recipe's number of epochs, as after quick runs, those with the most epochs belong to it. If
    a teacher was trained with several seeds, the students of its lowest seed are selected, except
    in `by_teacher_seed`; if a teacher's run was trained again, those of the weights in its record.
    Groups with methods, weights or controls for which `Distillation.is_plain` is false are left
    out: other tables have them. ValueError if the groups of a spec are of several networks of the
    user's own.

    Args:
        groups: list of SeedGroup.
        plain: False to keep these too.
    """

    def __init__(self, groups, plain=True):
        self.groups = [group for group in groups if group.is_plain or not plain]

    def of(self, spec):
        """Groups of the spec: its baseline and its students of every teacher, in their order."""
        groups = self._of_all_teacher_seeds(spec)
        teachers = sorted((group.teacher_run for group in groups if group.teacher), reverse=True)
        first = dict(teachers)  # {id of the teacher's run: its lowest seed}
        return [g for g in groups if not g.teacher or g.teacher_run[1] == first[g.teacher_run[0]]]

    def baseline(self, spec):
        """Group of the spec on labels only; None if there is none."""
        return next((g for g in self.of(spec) if not g.teacher and g.is_plain), None)

    def distilled(self, spec, teacher):
        """Groups of `spec` distilled from the spec `teacher`, controls included."""
        return [group for group in self.of(spec) if _is_from(teacher, group)]

    def best_distilled(self, spec, teacher):
        """Distilled group with the fewest validation errors, no control; None if there is none."""
        groups = [group for group in self.distilled(spec, teacher) if group.is_plain]
        groups = select(groups, control=None)
        return best_distilled(groups) if groups else None

    def comparison(self, spec, teacher):
        """`ControlledComparison` of `spec` and `teacher`; ValueError if a group is missing."""
        baseline = [group for group in self.of(spec) if not group.teacher]
        return ControlledComparison(baseline[:1] + self.distilled(spec, teacher))

    def by_teacher_seed(self, spec, teacher, **settings):
        """{teacher's seed: distilled group} at one setting, such as temperature=4.0, alpha=0.9."""
        groups = [g for g in self._of_all_teacher_seeds(spec) if _is_from(teacher, g)]
        return {g.teacher_run[1]: g for g in select(groups, shuffled=False, **settings)}

    def temperature_alpha_grid(self, spec, teacher, temperatures, alphas):
        """Distilled groups in a grid: a list for each temperature, in it one for each alpha.

        Raises:
            IndexError: a cell without a group.
        """
        groups = select(self.distilled(spec, teacher), shuffled=False)
        return [
            [select(groups, temperature=float(t), alpha=float(a))[0] for a in alphas]
            for t in temperatures
        ]

    def _of_all_teacher_seeds(self, spec):
        groups = [
            group
            for group in self.groups
            if group.run.model == spec.model  # quick to see; most groups are of others
            and _with_spec(group.run, spec, group.run.recipe.epochs).configuration
            == group.configuration
        ]
        epochs = {group.run.recipe.epochs for group in groups}
        chosen = spec.recipe.epochs if spec.recipe.epochs in epochs else max(epochs, default=0)
        groups = [group for group in groups if group.run.recipe.epochs == chosen]
        _require_one_network(spec, groups)
        return self._without_former_weights(groups)

    def _without_former_weights(self, groups):
        """Groups without the students of weights that a teacher's run, trained again, replaced."""
        students = [group for group in groups[::-1] if group.teacher]
        ordered = sorted(students, key=self._has_present_weights)  # the last one counts
        chosen = {group.teacher_run: group.configuration["teacher"] for group in ordered}
        return [
            group
            for group in groups
            if group.teacher_run not in self._weights  # a user's file, or no teacher
            or group.configuration["teacher"] == chosen[group.teacher_run]
        ]

    def _has_present_weights(self, group):
        """Whether the record of a student's teacher has the weights that the student names."""
        present = self._weights.get(group.teacher_run, "")
        return present.startswith(teacher_weights(group.configuration["teacher"]))

    @functools.cached_property
    def _weights(self):
        """{(id, seed) of a run: SHA-256 of its weights}."""
        return {
            (group.run.id, seed): record.get("weights_sha256", "")
            for group in self.groups
            for seed, record in group.seeds.items()
        }


def _require_one_network(spec, groups):
    """Raise ValueError if the records hold several networks of the user's own with one name."""
    if len({group.run.architecture for group in groups}) > 1:
        raise ValueError(
            f"the records are of several networks called {spec.model!r}: give a changed network "
            "another name, by ModelSpec(model=NAME, build=FUNCTION)"
        )


def in_order(groups):
    """Groups of one spec ordered by teacher, controls last, then by alpha and temperature."""

    def key(group):
        config = group.configuration
        return (group.teacher or "", config["shuffled"], config["alpha"], config["temperature"])

    return sorted(groups, key=key)


def _is_from(teacher, group):
    """Whether a group's teacher was trained by the spec `teacher`, with any seed.

    Its epochs are the spec's or, in a quick run, the student's.
    """
    if group.teacher != files.name_part(teacher.model):
        return False
    if teacher.build:  # its configuration is known where it is trained
        return True
    ids = {
        _with_spec(group.run.baseline, teacher, epochs).id
        for epochs in (teacher.recipe.epochs, group.run.recipe.epochs)
    }
    return group.teacher_run[0] in ids


def _with_spec(run, spec, epochs):
    """`run` with the model, options, transfer set and recipe of a spec, for some epochs.

    The hash of a network of the user's own is the run's: a spec has only the function.
    """
    return dataclasses.replace(
        run,
        model=spec.model,
        architecture=run.architecture if spec.build else None,
        options=spec.options,
        recipe=dataclasses.replace(spec.recipe, epochs=epochs),
        transfer_set=spec.transfer_set,
    )
