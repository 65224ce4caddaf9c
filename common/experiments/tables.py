"""Tables of the study of methods and of the ladder of controls, from records only."""

from common import results
from common.experiments.method_grids import GRIDS
from common.experiments.methods import SELECTION_SEEDS


def tuned_methods(groups, student, teacher, selection_seeds=SELECTION_SEEDS):
    """{name: results.TunedMethod} of the methods of `GRIDS` whose runs are complete.

    Args:
        groups: list of SeedGroup.
        student, teacher: ModelSpec.
        selection_seeds: as in `compare_methods`.
    """
    return results.tuned_methods(groups, student, teacher, GRIDS, selection_seeds)


def methods_tables(groups, student, teachers, selection_seeds=SELECTION_SEEDS, step_times=None):
    """Markdown: one table per teacher, which compares every method with tuned KD; "" without runs.

    Args:
        groups, student, selection_seeds: as in `tuned_methods`.
        teachers: list of ModelSpec.
        step_times: as in `results.methods_table`.
    """
    tables, baseline = [], results.Results(groups).baseline(student)
    for teacher in teachers:
        caption = f"{student.title}, distilled from {teacher.title}, {results.caption(groups)}"
        tuned = tuned_methods(groups, student, teacher, selection_seeds)
        texts = {"step_times": step_times, "caption": caption}
        tables.append(results.methods_table(tuned, baseline=baseline, **texts))
    return "\n".join(filter(None, tables))


def ladders(groups, students, teacher):
    """{student's title: results.Ladder}, of those with the rungs of `results.Ladder.parts`.

    The full teacher's settings are those with the fewest validation errors.

    Args:
        groups: list of SeedGroup.
        students: list of ModelSpec.
        teacher: ModelSpec.
    """
    plain, ours, by_title = results.Results(groups), results.Results(groups, plain=False), {}
    for student in students:
        best, baseline = plain.best_distilled(student, teacher), plain.baseline(student)
        if best and baseline:
            rungs = [baseline, *ours.distilled(student, teacher)]
            by_title[student.title] = results.Ladder(rungs, best.distillation)
    return {title: ladder for title, ladder in by_title.items() if ladder.is_complete}


def ladder_tables(groups, students, teacher):
    """Markdown: one table per student, from labels only to the full teacher."""
    return "\n".join(
        ladder.table(f"{title}, distilled from {teacher.title}, ")
        for title, ladder in ladders(groups, students, teacher).items()
    ) or results.markdown([f"ladder of controls: {results.PENDING}"], [])
