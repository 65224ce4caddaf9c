"""What the explorer draws on: teachers with logits, students with weights, committed records."""

import dataclasses

from common import results, teachers
from common.runs import Run, records
from common.runs.model_io import build_model

WIDTHS = (800, 30)  # units in each hidden layer of the students that can be trained here


@dataclasses.dataclass(frozen=True)
class NamedModel:
    """A net that can be asked, its name and its role, a key of drawing.COLORS."""

    title: str
    role: str
    model: object
    trained: bool = True


def teachers_at_hand(study, seed=0):
    """{title: (name, teachers.Logits)} of the study's teachers whose logits exist.

    Raises:
        FileNotFoundError: no teacher has any.
    """
    found = {}
    for name, net in study.recipes.TEACHERS.items():
        run = study.teacher(name, seed)
        folders = (teachers.folder(place, run) for place in study.folders)
        if any(folder.exists() for folder in folders):
            found[net.title] = (name, study.logits(name, seed))
    if not found:
        raise FileNotFoundError(
            f"no teacher's logits of {study.dataset.name} in {study.output_dir}: "
            "make them first with study.logits"
        )
    return found


def students(study):
    """{title: ModelSpec} of the two-layer nets of `WIDTHS`, with the recipe of the study's mlp."""
    net = study.recipes.STUDENTS["mlp"]
    return {
        f"{width}-{width}": dataclasses.replace(
            net, options={} if width == WIDTHS[0] else {"width": width}
        )
        for width in WIDTHS
    }


def untrained(study, net, title):
    """A `NamedModel` with the initial weights of seed 0."""
    model = build_model(
        Run(study.dataset.name, net.model, net.recipe, options=net.options), study.dataset
    )
    return NamedModel(f"{title}, untrained", "control", model, trained=False)


def trained(study, runs):
    """List of `NamedModel` for those of {title: runs.Run} whose weights are kept."""
    return [
        NamedModel(title, "distilled" if run.teacher else "baseline", study.model(run))
        for title, run in runs.items()
        if any(records.find_weights(place, run) for place in study.folders)
    ]


def sweep(study, net, logits):
    """The recorded groups of one student: on labels alone, then taught by `logits`, by T.

    Returns:
        list of results.SeedGroup, those of other images' logits left out.
    """
    found = {}
    for place in study.folders:
        for record in records.load_all(place):
            found.setdefault((record["run"], record["seed"]), record)
    wanted = {"dataset": study.dataset.name, "limit": study.dataset.limit, "shuffled": False}
    groups = results.groups_of(net, results.select(results.group_seeds(found.values()), **wanted))
    own = [g for g in groups if g.configuration["teacher"] in (None, logits.identity)]
    return sorted(own, key=lambda g: (g.configuration["alpha"], g.configuration["temperature"]))
