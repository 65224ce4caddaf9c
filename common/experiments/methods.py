"""Equal-budget study of methods: settings chosen on validation, then tested with fresh seeds."""

import dataclasses

from common import results
from common.experiments.method_grids import GRIDS, STUDENT_ITSELF
from common.experiments.protocols import student_runs

SELECTION_SEEDS = (5, 6, 7)
# The student's architecture as teacher is a run like the student's baseline. It has a seed and a
# folder of its own, so that it is not one more seed of that baseline in the tables.
SELF_TEACHER_SEED, SELF_TEACHER_FOLDER = 10, "self_teachers"


def compare_methods(study, student, teacher, grids=GRIDS, *, selection_seeds=SELECTION_SEEDS):
    """Train every method with all its settings, and a baseline.

    All settings of a method are trained with `selection_seeds`. The settings with the fewest
    validation errors and the published settings are then trained with the study's seeds, which
    take no part in the choice.

    Args:
        study: Study.
        student, teacher: names in its spec.
        grids: {name: MethodGrid}.
        selection_seeds: list of int, none of them among the study's.

    Returns:
        list of SeedGroup; `results.tuned_methods` reads the choices from them.

    Raises:
        ValueError: a seed of the study is also a selection seed.
    """
    if both := sorted(set(selection_seeds) & set(study.seeds)):
        raise ValueError(f"seeds {both} choose the settings: use other seeds for the test")
    groups = results.group_seeds(study.train(student_runs(study, student)))
    for grid in grids.values():
        groups += _compare(study, student, teacher, grid, selection_seeds)
    study.report_cached()
    return groups


def self_teacher_logits(study, student):
    """Logits of a teacher of a student's own architecture, recipe and images.

    Its files are below the study's folders, in `SELF_TEACHER_FOLDER`.
    """
    teachers = study.spec.teachers | {STUDENT_ITSELF: study.spec.students[student]}
    own = study.replaced(
        spec=dataclasses.replace(study.spec, teachers=teachers),
        output_dir=study.output_dir / SELF_TEACHER_FOLDER,
        read_dirs=[folder / SELF_TEACHER_FOLDER for folder in study.read_dirs],
    )
    return own.logits_for(student, STUDENT_ITSELF, SELF_TEACHER_SEED)


def _compare(study, student, teacher, grid, selection_seeds):
    """Groups of one method: all settings, then the chosen and the published with fresh seeds."""
    if grid.teacher == STUDENT_ITSELF:
        logits = self_teacher_logits(study, student)
    else:
        logits = study.logits_for(student, teacher)
    selecting = study.replaced(seeds=list(selection_seeds))
    candidates = _train(selecting, student, logits, grid.settings)
    finalists = (results.best(candidates).distillation, grid.published)
    settings = [each for each in grid.settings if each in finalists]
    return results.merge_seeds(candidates + _train(study, student, logits, settings))


def _train(study, student, logits, settings):
    runs = [run for each in settings for run in student_runs(study, student, logits, each)]
    return results.group_seeds(study.train(runs, logits=[logits]))
