"""Experiments that every data set repeats: the same calls in notebooks and on the command line.

Each takes a `Study`, whose seeds it trains, and returns `results.SeedGroup`s. Students learn from
one training of the teacher, by default its seed 0.
"""

import dataclasses
import itertools

from common import results
from common.distillation import Distillation


def train_teacher(study, name, seeds=None):
    """Groups of a teacher's runs, one for each of `seeds` (default: the study's)."""
    runs = [study.teacher(name, seed) for seed in (study.seeds if seeds is None else seeds)]
    return _train(study, runs)


def distill(study, student, teacher, temperatures, alpha, *, control=False, teacher_seed=0):
    """Groups of a student's baseline and of one distillation at each temperature, side by side.

    Args:
        study: Study.
        student, teacher: names in its spec.
        temperatures: list of T > 0.
        alpha: weight of the soft-target loss, in (0, 1].
        control: add the control with shuffled logits, at the first temperature.
        teacher_seed: which training of the teacher.
    """
    settings = [Distillation(temperature, alpha) for temperature in temperatures]
    if control:
        settings.append(dataclasses.replace(settings[0], control="shuffled"))
    return _distill(study, student, study.logits_for(student, teacher, teacher_seed), settings)


def tune(study, student, teacher, temperatures=None, alphas=None, *, teacher_seed=0):
    """Groups of baseline, temperatures at the first alpha, alphas at the best, and control.

    The temperature, then alpha, is the one with the fewest errors on the validation split,
    mean over seeds; the control has both. `temperatures` and `alphas` default to the spec's.
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


def _best(groups):
    """The `Distillation` with the fewest validation errors."""
    return Distillation.from_configuration(results.best_distilled(groups).configuration)


def train_pairs(study, students, teachers, distillation, teacher_seeds=(0,)):
    """Groups of each student's baseline and of its distillation from each teacher.

    Args:
        students, teachers: names in the spec; logits are read or computed in each student's views.
        distillation: Distillation, the same for all pairs.
        teacher_seeds: of each teacher; each of its trainings teaches all seeds of the students.
    """
    by_views = {}  # one call a view set: the same teacher has other logits for other views
    for student in students:
        recipe = study.spec.students[student].recipe
        runs, logits = by_views.setdefault((recipe.view_set, recipe.augmentation), ([], {}))
        runs += [study.student(student, seed) for seed in study.seeds]
        for teacher, teacher_seed in itertools.product(teachers, teacher_seeds):
            targets = study.logits_for(student, teacher, teacher_seed)
            logits[targets.identity] = targets
            runs += _student_runs(study, student, targets, distillation)
    found = [study.train(runs, logits=[*logits.values()]) for runs, logits in by_views.values()]
    study.report_cached()
    return results.group_seeds(itertools.chain(*found))


def grid(study, student, teacher, temperatures, alphas):
    """Groups of a student's baseline and of every pair of temperature and alpha, side by side."""
    settings = [Distillation(*pair) for pair in itertools.product(temperatures, alphas)]
    return _distill(study, student, study.logits_for(student, teacher), settings)


def _distill(study, student, logits, settings, report=True):
    """Groups of the baseline, then one for each `Distillation` of `settings`."""
    runs = [study.student(student, seed) for seed in study.seeds]
    for distillation in settings:
        runs += _student_runs(study, student, logits, distillation)
    return _train(study, runs, [logits], report)


def _student_runs(study, student, logits, distillation):
    settings = {"logits": logits, "distillation": distillation}
    return [study.student(student, seed, **settings) for seed in study.seeds]


def _train(study, runs, logits=(), report=True):
    groups = results.group_seeds(study.train(runs, logits=logits))
    if report:
        study.report_cached()
    return groups
