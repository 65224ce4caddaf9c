"""Equal-budget study of methods: settings by validation, then fresh seeds on the test images."""

import dataclasses

from common import results
from common.experiments.method_grids import GRIDS, STUDENT_ITSELF
from common.experiments.protocols import student_runs

SELECTION_SEEDS = (5, 6, 7)
SELF_TEACHER_SEED = 10  # of the student's architecture as teacher, apart from all students' seeds


def compare_methods(study, student, teacher, grids=GRIDS, *, selection_seeds=SELECTION_SEEDS):
    """Groups of every method at all its settings, and of a baseline.

    Each method's settings train with `selection_seeds`; those with the fewest validation errors
    and the published ones then train with the study's seeds, which have chosen nothing.

    Args:
        study: Study.
        student, teacher: names in its spec.
        grids: {name: MethodGrid}.
        selection_seeds: list of int, none of them among the study's.

    Returns:
        list of SeedGroup; `results.tuned_methods` reads the choices from them.

    Raises:
        ValueError: a seed of the study that is also a selection seed.
    """
    if both := sorted(set(selection_seeds) & set(study.seeds)):
        raise ValueError(f"seeds {both} choose the settings: test them with other seeds")
    study = with_self_teacher(study, student)
    groups = results.group_seeds(study.train([study.student(student, s) for s in study.seeds]))
    for grid in grids.values():
        groups += _compare(study, student, teacher, grid, selection_seeds)
    study.report_cached()
    return groups


def with_self_teacher(study, student):
    """The study with a student of its spec also as a teacher, named `STUDENT_ITSELF`."""
    teachers = study.spec.teachers | {STUDENT_ITSELF: study.spec.students[student]}
    return study.replaced(spec=dataclasses.replace(study.spec, teachers=teachers))


def _compare(study, student, teacher, grid, selection_seeds):
    """Groups of one method: all settings, then the chosen and the published with fresh seeds."""
    seed = SELF_TEACHER_SEED if grid.teacher else 0
    logits = study.logits_for(student, grid.teacher or teacher, seed)
    selecting = study.replaced(seeds=list(selection_seeds))
    candidates = _train(selecting, student, logits, grid.settings)
    finalists = (results.best(candidates).distillation, grid.published)
    settings = [each for each in grid.settings if each in finalists]
    return results.merge_seeds(candidates + _train(study, student, logits, settings))


def _train(study, student, logits, settings):
    runs = [run for each in settings for run in student_runs(study, student, logits, each)]
    return results.group_seeds(study.train(runs, logits=[logits]))
