"""MNIST's tables, each made from the groups of one data set's records alone."""

from common import plots, results
from mnist import hinton_table, recipes, teacher_seeds_table

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
    """The published table's rows beside ours, and those of teachers that it does not have."""
    rows = []
    for name, net in recipes.TEACHERS.items():
        label = f"teacher: {net.title}"
        rows.append(
            results.published_row(label, PUBLISHED.get(name), results.baseline_for(net, found))
        )
    small = recipes.STUDENTS["cnn_small"]
    alone = results.baseline_for(small, found)
    label = f"student on labels alone: {small.title}"
    rows.append(results.published_row(label, PUBLISHED["student"], alone))
    for name, net in recipes.TEACHERS.items():
        taught = results.best_distilled_by(small, net, found)
        label = f"student taught by {net.title}"
        rows.append(results.published_row(label, PUBLISHED.get(f"from {name}"), taught, alone))
    return results.markdown([results.caption(found), *results.PUBLISHED_COLUMNS], rows)


def students(found):
    """The tuned students: labels alone, every temperature and alpha, and the shuffled control."""
    return results.students_by_settings(
        [recipes.STUDENTS[name] for name in recipes.TUNED_STUDENTS], found
    )


def pairs(found):
    """Students by teachers: accuracy alone → distilled, at the first student's best settings."""
    nets = [recipes.STUDENTS[name] for name in recipes.PAIRED_STUDENTS]
    return results.pairs_table(nets, recipes.TEACHERS.values(), pair_groups(found))


def pair_groups(found):
    """The groups in `crossed`; for each teacher those at the first student's best settings."""
    nets = [recipes.STUDENTS[name] for name in recipes.PAIRED_STUDENTS]
    kept = [group for group in found if not group.teacher]
    for teacher in recipes.TEACHERS.values():
        if first := results.best_distilled_by(nets[0], teacher, found):
            own = {key: first.configuration[key] for key in ("temperature", "alpha")}
            groups = [group for net in nets for group in results.distilled_by(net, teacher, found)]
            kept += results.select(groups, **own)
    return kept


def temperature_picture(found):
    """The two-layer student's errors against the temperature, as in the third notebook."""
    net, teacher = recipes.STUDENTS["mlp"], recipes.TEACHERS["cnn"]
    trio = results.controlled_comparison(net, teacher, found)
    sweep = results.temperature_sweep(results.distilled_by(net, teacher, found), recipes.ALPHAS[0])
    return plots.temperature_sweep(
        [group.configuration["temperature"] for group in sweep],
        [group.values("errors") for group in sweep],
        trio.baseline.values("errors"),
        f"mnist: the {net.title}, makes "
        f"{results.describe_reduction(trio.distilled, trio.baseline)} when distilled",
        "test errors of 10,000, five seeds",
    )


TABLES = {
    "published": published,
    "crossed": pairs,
    "trainings": teacher_seeds_table.table,
    "students": students,
}
TABLES_OF_WHOLE = {"hinton": hinton_table.table}  # of runs on all training images
PICTURES = {"temperature.png": temperature_picture}
