"""MNIST's tables and figure: results of this study beside published ones, from records only."""

from common import experiments, plots, results
from common.benchmark.tables import step_times
from common.experiments.reproduction import PublishedTable
from common.results.device_tables import DeviceTables
from mnist import hinton, hinton_table, recipes, teacher_seeds_table

FOLDER = recipes.FOLDER
DEVICE = DeviceTables(FOLDER, "mnist", recipes.STUDENTS[recipes.DEVICE.student])

# accuracy in % of the table that this repository reproduces; teachers without an entry are ours
PUBLISHED = {
    "student": 97.00,
    "vgg16": 99.68,
    "resnet164": 99.70,
    "from vgg16": 97.65,
    "from resnet164": 98.16,
}

HEADLINE_TEACHER = "resnet164"
REPRODUCED = {"published": PublishedTable("mnist", "cnn_small", tuple(recipes.TEACHERS), PUBLISHED)}


def published(groups):
    """Markdown table: teachers, baseline and distilled students beside the published table."""
    ours = results.Results(groups)
    student = recipes.STUDENTS["cnn_small"]
    baseline = ours.baseline(student)
    rows = [
        results.published_row(f"teacher: {spec.title}", PUBLISHED.get(name), ours.baseline(spec))
        for name, spec in recipes.TEACHERS.items()
    ]
    label = f"baseline: {student.title}"
    rows.append(results.published_row(label, PUBLISHED["student"], baseline))
    for name, teacher in recipes.TEACHERS.items():
        distilled, number = ours.best_distilled(student, teacher), PUBLISHED.get(f"from {name}")
        label = f"student distilled from {teacher.title}"
        rows.append(results.published_row(label, number, distilled, baseline))
    return results.markdown([results.caption(groups), *results.PUBLISHED_COLUMNS], rows)


def headline(groups):
    """Markdown table of README.md: one teacher, baseline, distilled student and control.

    Empty if one of them is missing: `published` has the others, too.
    """
    ours = results.Results(groups)
    student, teacher = recipes.STUDENTS["cnn_small"], recipes.TEACHERS[HEADLINE_TEACHER]
    baseline, trained = ours.baseline(student), ours.baseline(teacher)
    controls = results.select(ours.distilled(student, teacher), shuffled=True)
    if not (controls and baseline and trained):
        return ""
    numbers = [PUBLISHED[key] for key in (HEADLINE_TEACHER, "student", f"from {HEADLINE_TEACHER}")]
    rows = [
        (f"teacher: {teacher.title}", numbers[0], trained),
        (f"baseline: {student.title}", numbers[1], baseline),
        ("distilled student", numbers[2], ours.best_distilled(student, teacher), baseline),
        ("control: soft targets of other images", None, controls[0], baseline),
    ]
    rows = [results.published_row(*row) for row in rows]
    return results.markdown([results.caption(groups), *results.PUBLISHED_COLUMNS], rows)


def students(groups):
    """Markdown table of the tuned students: baseline, all temperatures and alphas, controls."""
    specs = [recipes.STUDENTS[name] for name in recipes.TUNED_STUDENTS]
    return results.students_by_settings(specs, groups)


def pairs(groups):
    """Markdown table of students by teachers: accuracy of baseline → distilled, in %."""
    specs = [recipes.STUDENTS[name] for name in recipes.PAIRED_STUDENTS]
    return results.pairs_table(specs, recipes.TEACHERS.values(), pair_groups(groups))


def pair_groups(groups):
    """Groups of the table `pairs`: for each teacher those at the first student's best settings."""
    ours = results.Results(groups)
    specs = [recipes.STUDENTS[name] for name in recipes.PAIRED_STUDENTS]
    selected = [group for group in groups if not group.teacher]
    for teacher in recipes.TEACHERS.values():
        if best := ours.best_distilled(specs[0], teacher):
            settings = {key: best.configuration[key] for key in ("temperature", "alpha")}
            distilled = [group for spec in specs for group in ours.distilled(spec, teacher)]
            selected += results.select(distilled, **settings)
    return selected


def temperature_picture(groups):
    """Figure: test errors of the two-layer student against the temperature."""
    ours = results.Results(groups)
    student, teacher = recipes.STUDENTS["mlp"], recipes.TEACHERS["cnn"]
    comparison = ours.comparison(student, teacher)
    sweep = results.temperature_sweep(ours.distilled(student, teacher), recipes.ALPHAS[0])
    return plots.temperature_sweep(
        [group.configuration["temperature"] for group in sweep],
        [group.values("errors") for group in sweep],
        comparison.baseline.values("errors"),
        f"mnist, {student.title}, distilled: "
        f"{results.describe_reduction(comparison.distilled, comparison.baseline)}",
        "test errors of 10,000, five seeds",
    )


def methods(groups):
    """Markdown tables of the methods, one a teacher: chosen settings beside tuned KD."""
    student = recipes.STUDENTS[recipes.METHODS_STUDENT]
    teachers = [recipes.TEACHERS[name] for name in recipes.METHODS_TEACHERS]
    return experiments.methods_tables(groups, student, teachers, step_times=step_times())


def ladder(groups):
    """Markdown tables of the ladder of controls, one a student."""
    students = [recipes.STUDENTS[name] for name in recipes.LADDER_STUDENTS]
    teacher = recipes.TEACHERS[recipes.LADDER_TEACHER]
    return experiments.ladder_tables(groups, students, teacher)


TABLES = {
    "published": published,
    "crossed": pairs,
    "trainings": teacher_seeds_table.table,
    "students": students,
    "methods": methods,
    "ladder": ladder,
    "device": DEVICE.quality,
    "latency": DEVICE.latency,
    "headline": headline,
    "device_summary": DEVICE.summary,
}
TRAINVAL_TABLES = {"hinton": hinton_table.table}  # of runs on all training images
# (student, teacher) of the interactive page: from the one that gains most to the narrowest
TEMPERATURE_SWEEPS = [
    *((recipes.STUDENTS[name], recipes.TEACHERS["cnn"]) for name in recipes.TUNED_STUDENTS[::-1]),
    *((hinton.STUDENTS[name], hinton.TEACHERS["mlp_1200"]) for name in hinton.TEMPERATURES),
]
PICTURES = {
    "temperature.png": temperature_picture,
    "device.png": lambda _: plots.device_figure(DEVICE),
}
