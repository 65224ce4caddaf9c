"""The experiments that every data set repeats: the same calls in notebooks and command line."""

import itertools

from common import results
from common.results.selection import best_distilled


def train_teacher(study, name, seeds):
    """Groups of a teacher's runs, one seed each."""
    found = results.group_seeds(study.train([study.teacher(name, seed) for seed in seeds]))
    study.report_cached()
    return found


def distill(study, logits, student, seeds, temperatures, alpha, *, control=False):
    """Groups of a student on labels alone, then at each temperature, side by side.

    Args:
        study: Study.
        logits: the teacher's Logits.
        student: a name in the recipes' STUDENTS.
        seeds: of each student; those of one seed train side by side.
        temperatures: list of T > 0.
        alpha: weight of the soft-target loss, in (0, 1].
        control: add the student taught by shuffled logits, at the first temperature.
    """
    found = _distill(study, logits, student, seeds, temperatures, alpha, control)
    study.report_cached()
    return found


def _distill(study, logits, student, seeds, temperatures, alpha, control=False):
    runs = [study.student(student, seed) for seed in seeds]
    for temperature in temperatures:
        runs += _student_runs(study, logits, student, seeds, temperature, alpha)
    if control:
        runs += _student_runs(study, logits, student, seeds, temperatures[0], alpha, shuffled=True)
    return results.group_seeds(study.train(runs, logits=[logits]))


def tune(study, logits, student, seeds, temperatures, alphas):
    """Groups of baseline, temperatures at the first alpha, alphas at the best, and control.

    The temperature, then alpha, is the one with the fewest errors on the validation split,
    mean over seeds; the control has both.
    """
    found = _distill(study, logits, student, seeds, temperatures, alphas[0])
    temperature = best_distilled(found).configuration["temperature"]
    for alpha in alphas[1:]:
        found += _distill(study, logits, student, seeds, [temperature], alpha)[1:]
    best = best_distilled(found).configuration
    found += _distill(
        study, logits, student, seeds, [best["temperature"]], best["alpha"], control=True
    )[2:]
    study.report_cached()
    return found


def train_pairs(study, students, teachers, seeds, temperature, alpha, trainings=(0,)):
    """Groups of each student on labels alone and taught by each teacher, at one T and alpha.

    Args:
        students: names in the recipes' STUDENTS.
        teachers: names in its TEACHERS; their logits in the students' views are read or made.
        trainings: seeds of each teacher; every one of them teaches all `seeds` of the students.
    """
    by_views = {}  # to those that see others a teacher of the same identity answers otherwise
    for student in students:
        recipe = study.recipes.STUDENTS[student].recipe
        seen = (recipe.views, recipe.sampled_views, recipe.augmentation)
        runs, given = by_views.setdefault(seen, ([], {}))
        runs += [study.student(student, seed) for seed in seeds]
        for teacher, training in itertools.product(teachers, trainings):
            logits = study.logits_for(student, teacher, training)
            given[logits.identity] = logits
            runs += _student_runs(study, logits, student, seeds, temperature, alpha)
    found = [study.train(runs, logits=[*given.values()]) for runs, given in by_views.values()]
    study.report_cached()
    return results.group_seeds(itertools.chain(*found))


def grid(study, logits, student, seeds, temperatures, alphas):
    """Groups of a student on labels alone and at every temperature and alpha, side by side."""
    runs = [study.student(student, seed) for seed in seeds]
    for temperature, alpha in itertools.product(temperatures, alphas):
        runs += _student_runs(study, logits, student, seeds, temperature, alpha)
    return _trained(study, runs, [logits])


def _student_runs(study, logits, student, seeds, temperature, alpha, shuffled=False):
    settings = {"logits": logits, "temperature": temperature, "alpha": alpha, "shuffled": shuffled}
    return [study.student(student, seed, **settings) for seed in seeds]


def _trained(study, runs, logits):
    found = results.group_seeds(study.train(runs, logits=list(logits)))
    study.report_cached()
    return found
