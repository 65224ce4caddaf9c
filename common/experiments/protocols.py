"""Protocols of experiments: train a teacher, distill, tune, train pairs of networks, train a grid.

Each takes a `Study`, trains its seeds and returns a list of `results.SeedGroup`. All students are
distilled from the teacher with one seed, by default 0.
"""

import dataclasses
import itertools

from common import results
from common.distillation import LADDER, Distillation, with_controls


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


def distill(
    study, student, teacher, temperatures, alpha=None, *, control=False, teacher_seed=0, **options
):
    """Groups of a student's baseline and of its distillation at each temperature, side by side.

    Args:
        study: Study.
        student, teacher: names in its spec.
        temperatures: list of T > 0.
        alpha: weight of the method's loss, in (0, 1]; None for the weights among `options`.
        control: controls to add at the first temperature, as in `distillation.with_controls`.
        teacher_seed: seed of the teacher's run.
        options: of `Distillation`: method, hard_weight, soft_weight, options, class_weights.

    Returns:
        list of SeedGroup: baseline, one per temperature, then the controls.

    Raises:
        ValueError: as in `Distillation` and `losses.require_method`, before anything is trained.
    """
    settings = [Distillation(temperature, alpha, **options) for temperature in temperatures]
    settings = with_controls(settings, control)
    return distill_all(study, student, teacher, settings, teacher_seed=teacher_seed)


def distill_all(study, student, teacher, settings, *, teacher_seed=0):
    """Groups of a student's baseline and of each `Distillation` of a list, side by side.

    Args:
        study: Study.
        student, teacher: names in its spec.
        settings: list of Distillation.
        teacher_seed: seed of the teacher's run.

    Raises:
        ValueError: as in `losses.require_method`, before anything is trained.
    """
    from common.losses import require_method  # imports Keras, which the other functions need not

    for distillation in settings:
        require_method(distillation.method, distillation.options)
    return _distill(study, student, study.logits_for(student, teacher, teacher_seed), settings)


def ladder(study, student, teacher, distillation):
    """Train a student's baseline, its distillation from the full teacher, and every control.

    Args:
        study: Study.
        student, teacher: names in its spec.
        distillation: Distillation of the full teacher; the controls have its settings.

    Returns:
        list of SeedGroup, from which `results.Ladder` computes the fractions of the gain.
    """
    rungs = [dataclasses.replace(distillation, control=name) for name in (None, *LADDER)]
    return distill_all(study, student, teacher, rungs)


def tune(study, student, teacher, temperatures=None, alphas=None, *, teacher_seed=0, control=True):
    """Tune temperature, then alpha, of a student; train its baseline and its controls.

    All temperatures are trained with the first alpha, then the other alphas with the best
    temperature. Best is the fewest validation errors, mean over seeds. The controls have the
    selected temperature and alpha.

    Args:
        study: Study.
        student, teacher: names in its spec.
        temperatures: list of T > 0; default the spec's.
        alphas: list of weights in (0, 1]; default the spec's.
        teacher_seed: seed of the teacher's run.
        control: as in `distill`.

    Returns:
        list of SeedGroup: baseline, temperatures, other alphas, controls.
    """
    temperatures = study.spec.temperatures if temperatures is None else temperatures
    first, *others = study.spec.alphas if alphas is None else alphas
    logits = study.logits_for(student, teacher, teacher_seed)
    settings = [Distillation(temperature, first) for temperature in temperatures]
    groups = _distill(study, student, logits, settings, report=False)
    for alpha in others:
        best = chosen_settings(groups[: 1 + len(temperatures)])
        settings = [dataclasses.replace(best, alpha=alpha)]
        groups += _distill(study, student, logits, settings, report=False)[1:]
    _, *controls = with_controls([chosen_settings(groups)], control)
    groups += _distill(study, student, logits, controls)[1:]
    return groups


def repeat(study, student, teacher, comparison):
    """Repeat a `ControlledComparison` at its settings, without tuning, with the study's seeds.

    Args:
        study: Study, such as the one that `Study.with_new_seed` returns.
        student, teacher: names in its spec.
        comparison: ControlledComparison of this student and teacher.
    """
    control = comparison.control.distillation
    settings = [comparison.distilled.distillation, control]
    logits = study.logits_for(student, teacher)
    return results.ControlledComparison(_distill(study, student, logits, settings))


def chosen_settings(groups):
    """The plain `Distillation` with the fewest validation errors, mean over seeds."""
    return results.best_distilled(groups).distillation


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
        runs += student_runs(study, student)
        for teacher, teacher_seed in itertools.product(teachers, teacher_seeds):
            targets = study.logits_for(student, teacher, teacher_seed)
            logits[targets.identity] = targets
            runs += student_runs(study, student, targets, distillation)
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
    baseline = settings[0].baseline if settings else None
    runs = student_runs(study, student, None, baseline)
    for distillation in settings:
        runs += student_runs(study, student, logits, distillation)
    return _train(study, runs, [logits], report)


def student_runs(study, student, logits=None, distillation=None):
    """List of Run, one per seed of the study: a student's baseline, or distilled from `logits`."""
    needs_teacher = distillation is not None and distillation.needs_teacher
    settings = {"logits": logits if needs_teacher else None, "distillation": distillation}
    return [study.student(student, seed, **settings) for seed in study.seeds]


def _train(study, runs, logits=(), report=True):
    """Groups of the runs' records; with `report`, prints how many were read."""
    groups = results.group_seeds(study.train(runs, logits=logits))
    if report:
        study.report_cached()
    return groups
