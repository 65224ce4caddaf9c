"""Protocols of distillation: teacher, distillation, tuning, pairs of networks, grid.

Each takes a `Study`, trains its seeds and returns a list of `results.SeedGroup`. Students learn
from one training of the teacher, by default its seed 0.
"""

import dataclasses
import itertools

from common import results
from common.distillation import Distillation


def train_teacher(study, name, seeds=None):
    """Group of a teacher's runs.

    Args:
        study: Study.
        name: a teacher in its spec.
        seeds: list of int; default the study's.

    Returns:
        list of one SeedGroup.
    """
    runs = [study.teacher(name, seed) for seed in (study.seeds if seeds is None else seeds)]
    return _train(study, runs)


def distill(study, student, teacher, temperatures, alpha, *, control=False, teacher_seed=0):
    """Groups of a student's baseline and of its distillation at each temperature, side by side.

    Args:
        study: Study.
        student, teacher: names in its spec.
        temperatures: list of T > 0.
        alpha: weight of the soft-target loss, in (0, 1].
        control: whether to add the control with shuffled logits, at the first temperature.
        teacher_seed: seed of the teacher's run.

    Returns:
        list of SeedGroup: baseline, one per temperature, then the control.
    """
    settings = [Distillation(temperature, alpha) for temperature in temperatures]
    if control:
        settings.append(dataclasses.replace(settings[0], control="shuffled"))
    return _distill(study, student, study.logits_for(student, teacher, teacher_seed), settings)


def tune(study, student, teacher, temperatures=None, alphas=None, *, teacher_seed=0):
    """Groups of baseline, all temperatures at the first alpha, other alphas at the best, control.

    Temperature and then alpha are selected by the fewest validation errors, mean over seeds; the
    control has the selected ones.

    Args:
        study: Study.
        student, teacher: names in its spec.
        temperatures: list of T > 0; default the spec's.
        alphas: list of weights in (0, 1]; default the spec's.
        teacher_seed: seed of the teacher's run.

    Returns:
        list of SeedGroup, in the order named.
    """
    temperatures = study.spec.temperatures if temperatures is None else temperatures
    first, *others = study.spec.alphas if alphas is None else alphas
    logits = study.logits_for(student, teacher, teacher_seed)
    settings = [Distillation(temperature, first) for temperature in temperatures]
    groups = _distill(study, student, logits, settings, report=False)
    for alpha in others:
        settings = [dataclasses.replace(_best(groups[: 1 + len(temperatures)]), alpha=alpha)]
        groups += _distill(study, student, logits, settings, report=False)[1:]
    control = dataclasses.replace(_best(groups), control="shuffled")
    groups += _distill(study, student, logits, [control])[1:]
    return groups


def repeat(study, student, teacher, comparison):
    """`ControlledComparison` of the study's seeds at the settings of another one, without tuning.

    Args:
        study: Study, such as `Study.in_view` returns.
        student, teacher: names in its spec.
        comparison: ControlledComparison of the same two.
    """
    control = comparison.control.distillation
    settings = [comparison.distilled.distillation, control]
    logits = study.logits_for(student, teacher)
    return results.ControlledComparison(_distill(study, student, logits, settings))


def _best(groups):
    """The `Distillation` with the fewest validation errors."""
    return Distillation.from_configuration(results.best_distilled(groups).configuration)


def train_pairs(study, students, teachers, distillation, teacher_seeds=(0,)):
    """Groups of each student's baseline and of its distillation from each teacher.

    Args:
        study: Study.
        students, teachers: lists of names in its spec.
        distillation: Distillation, the same for all pairs.
        teacher_seeds: seeds of the teachers' runs; all seeds of a student are distilled from each.

    Returns:
        list of SeedGroup.
    """
    # one call per view set: the same teacher has other targets for other views
    by_views = {}
    for student in students:
        recipe = study.spec.students[student].recipe
        runs, logits = by_views.setdefault((recipe.view_set, recipe.augmentation), ([], {}))
        runs += [study.student(student, seed) for seed in study.seeds]
        for teacher, teacher_seed in itertools.product(teachers, teacher_seeds):
            targets = study.logits_for(student, teacher, teacher_seed)
            logits[targets.identity] = targets
            runs += _student_runs(study, student, targets, distillation)
    records = [study.train(runs, logits=[*logits.values()]) for runs, logits in by_views.values()]
    study.report_cached()
    return results.group_seeds(itertools.chain(*records))


def grid(study, student, teacher, temperatures, alphas):
    """Groups of a student's baseline and of every pair of temperature and alpha, side by side.

    Args:
        study: Study.
        student, teacher: names in its spec.
        temperatures: list of T > 0.
        alphas: list of weights in (0, 1].

    Returns:
        list of SeedGroup: baseline, then the pairs, alpha changing fastest.
    """
    settings = [Distillation(*pair) for pair in itertools.product(temperatures, alphas)]
    return _distill(study, student, study.logits_for(student, teacher), settings)


def _distill(study, student, logits, settings, report=True):
    """Groups of the baseline, then one for each `Distillation` of `settings`."""
    runs = [study.student(student, seed) for seed in study.seeds]
    for distillation in settings:
        runs += _student_runs(study, student, logits, distillation)
    return _train(study, runs, [logits], report)


def _student_runs(study, student, logits, distillation):
    """List of Run: a student distilled from `logits`, one per seed of the study."""
    settings = {"logits": logits, "distillation": distillation}
    return [study.student(student, seed, **settings) for seed in study.seeds]


def _train(study, runs, logits=(), report=True):
    """Groups of the runs' records; with `report`, prints how many were read."""
    groups = results.group_seeds(study.train(runs, logits=logits))
    if report:
        study.report_cached()
    return groups
