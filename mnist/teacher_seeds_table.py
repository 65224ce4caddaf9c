"""Teacher variance on MNIST: students distilled from each of several seeds of one teacher."""

from common import results
from mnist import recipes


def table(groups):
    """Markdown table: test errors of the baseline and of students of each seed of the teacher.

    The teacher is `recipes.REPEATED_TEACHER`. In the last row each seed of a student has another
    seed of the teacher, so that p reflects the variance of both.
    """
    ours = results.Results(groups)
    teacher = recipes.TEACHERS[recipes.REPEATED_TEACHER]
    students = [recipes.STUDENTS[name] for name in recipes.ITS_STUDENTS]
    header = [results.caption(groups), "teacher's test errors", *(s.title for s in students)]
    columns = [_column(student, ours) for student in students]
    if not all(columns):
        pending = [teacher.title, "", *[results.PENDING] * len(students)]
        return results.markdown(header, [pending])
    trained = ours.baseline(teacher)
    errors = trained.values("errors")
    labels = ["baseline", *(f"teacher seed {seed}" for seed in sorted(trained.seeds))]
    labels.append("student seed k, teacher seed k")
    teacher_cells = ["", *(f"{count:.0f}" for count in errors), results.mean_sd(errors)]
    return results.markdown(header, [*zip(labels, teacher_cells, *columns, strict=True)])


def paired(distilled):
    """Group whose seed k was distilled from the teacher's seed k.

    Args:
        distilled: {teacher's seed: SeedGroup} of one student.
    """
    seeds = {seed: group.seeds[seed] for seed, group in distilled.items() if seed in group.seeds}
    return results.SeedGroup(next(iter(distilled.values())).configuration, seeds)


def by_teacher_seed(student, ours):
    """{teacher's seed: group of a student} at the settings that are best for the first seed.

    Args:
        student: ModelSpec.
        ours: results.Results.

    Returns:
        {} where nothing has been run.
    """
    teacher = recipes.TEACHERS[recipes.REPEATED_TEACHER]
    best = ours.best_distilled(recipes.STUDENTS[recipes.PAIRED_STUDENTS[0]], teacher)
    if best is None:
        return {}
    settings = {key: best.configuration[key] for key in ("temperature", "alpha")}
    return ours.by_teacher_seed(student, teacher, **settings)


def _column(student, ours):
    """Cells of a student, from its baseline to the pairs of seeds; [] while runs are missing."""
    teacher = ours.baseline(recipes.TEACHERS[recipes.REPEATED_TEACHER])
    baseline, distilled = ours.baseline(student), by_teacher_seed(student, ours)
    if None in (teacher, baseline) or len(distilled) < 2 or set(distilled) != set(teacher.seeds):
        return []
    cells = [results.mean_sd(baseline.values("errors"))]
    for group in [*(distilled[seed] for seed in sorted(distilled)), paired(distilled)]:
        errors = results.mean_sd(group.values("errors"))
        cells.append(f"{errors}: {results.describe_reduction(group, baseline)}")
    return cells
