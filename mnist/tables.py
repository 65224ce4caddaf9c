"""MNIST's tables, each made from the groups of one data set's records alone."""

from common import comparisons, experiments, plots, results
from mnist import recipes

FOLDER = recipes.FOLDER

# accuracy in %, of the table that this repository reproduces; None where it has no such row
PUBLISHED = {
    "student": 97.00,
    "vgg16": 99.68,
    "resnet164": 99.70,
    "from vgg16": 97.65,
    "from resnet164": 98.16,
}


def published(found):
    """The published table's rows beside ours, and the student taught by our own teacher."""
    header = [comparisons.title(found), "published %", "ours %", "our errors"]
    header += ["fewer than alone", "p (t)", "p (McNemar)"]
    alone = _alone("cnn_small", found)
    rows = [_row("small 3-layer CNN, labels alone", PUBLISHED["student"], alone, None)]
    for name, net in recipes.TEACHERS.items():
        group = _only(comparisons.select(found, teacher=None, model=net.model, options=net.options))
        rows.append(_row(f"{net.title} (teacher)", PUBLISHED.get(name), group, None))
    for name, net in recipes.TEACHERS.items():
        taught = taught_by(name, "cnn_small", found)
        label = f"small CNN taught by {net.title}"
        rows.append(_row(label, PUBLISHED.get(f"from {name}"), taught, alone))
    return results.markdown(header, rows)


def students(found):
    """Every student: labels alone, every temperature and alpha, and the shuffled control."""
    return results.students_table(
        [group for name in recipes.STUDENTS for group in _in_order(name, found)]
    )


def taught_by(teacher, student, found):
    """The student's group with the temperature and alpha chosen on validation; None if none."""
    groups = [g for g in _of(student, found) if g.teacher == recipes.TEACHERS[teacher].model]
    return experiments.chosen(groups) if groups else None


def _of(student, found):
    net = recipes.STUDENTS[student]
    return comparisons.select(found, model=net.model, options=net.options)


def _alone(student, found):
    return _only([group for group in _of(student, found) if not group.teacher])


def _only(groups):
    return groups[0] if groups else None


def _in_order(student, found):
    def key(group):
        own = group.configuration
        return (group.teacher or "", own["shuffled"], own["alpha"], own["temperature"])

    return sorted(_of(student, found), key=key)


def _row(label, published_accuracy, group, baseline):
    row = [label, f"{published_accuracy:.2f}" if published_accuracy else ""]
    if group is None:
        return [*row, "not run yet", "", "", "", ""]
    row += [comparisons.spread(group.values("accuracy"), 2, 100)]
    row += [comparisons.spread(group.values("errors"))]
    return [*row, *results.comparison_cells(group, baseline)]


def temperature_picture(found):
    """The two-layer student's errors against the temperature, as in the third notebook."""
    groups = _of("mlp", found)
    trio, alpha = experiments.Trio(groups), recipes.ALPHAS[0]
    sweep = experiments.temperatures(groups, alpha)
    temperatures = [group.configuration["temperature"] for group in sweep]
    return plots.temperature_sweep(
        temperatures,
        [group.values("errors") for group in sweep],
        trio.baseline.values("errors"),
        f"mnist: the {recipes.STUDENTS['mlp'].title}, makes "
        f"{comparisons.finding(trio.distilled, trio.baseline)} when distilled",
        "test errors of 10,000, five seeds",
    )


TABLES = {"published": published, "students": students}
PICTURES = {"temperature.png": temperature_picture}
