"""Models and records available to the explorer: teachers with logits, students with weights."""

import dataclasses

from common import results
from common.explorer import page_content
from common.runs import records

WIDTHS = (800, 30)  # units in each hidden layer of the students that the panel trains


@dataclasses.dataclass(frozen=True)
class NamedModel:
    """A Keras model with its title and its role, a key of `plots.style.COLORS`."""

    title: str
    role: str
    model: object


def teacher(study, seed=0):
    """(page_content.Teacher, its name) of the study's first teacher whose logits exist.

    Raises:
        FileNotFoundError: no teacher has logits.
    """
    for name, spec in study.spec.teachers.items():
        run = study.teacher(name, seed)
        if logits := study.store.find(run):
            named = teacher_model(study, name, seed) if spec.model == "cnn" else None
            return page_content.Teacher(spec.title, logits, named and named.model), name
    raise FileNotFoundError(
        f"there are no teacher's logits of {study.dataset.name} in {study.output_dir}: "
        "compute them first with study.logits"
    )


def teacher_model(study, name, seed=0):
    """A teacher as `NamedModel`; None if its weights were not saved."""
    run = study.teacher(name, seed)
    if not any(records.find_weights(folder, run) for folder in study.store.folders):
        return None
    return NamedModel(study.spec.teachers[name].title, "teacher", study.model(run))


def students(study):
    """{title: ModelSpec} of two-layer networks of `WIDTHS`, with the recipe of the study's mlp."""
    spec = study.spec.students["mlp"]
    return {
        f"{width}-{width}": dataclasses.replace(
            spec, options={} if width == WIDTHS[0] else {"width": width}
        )
        for width in WIDTHS
    }


def trained(study, runs):
    """List of `NamedModel` for those of {title: runs.Run} that have saved weights."""
    return [
        NamedModel(title, "distilled" if run.teacher else "baseline", study.model(run))
        for title, run in runs.items()
        if any(records.find_weights(folder, run) for folder in study.store.folders)
    ]


def sweep(groups, spec, logits):
    """Groups of one student: the baseline, then distilled from `logits`, by alpha and T.

    Args:
        groups: as in `recorded`.
        spec: ModelSpec.
        logits: teachers.Logits.

    Returns:
        list of results.SeedGroup, without the shuffled controls.
    """
    groups = results.Results(groups).of(spec)
    groups = [g for g in groups if g.configuration["teacher"] in (None, logits.identity)]
    return sorted(groups, key=lambda g: (g.configuration["alpha"], g.configuration["temperature"]))


def recorded(study):
    """list of results.SeedGroup of the study's data set and folders, without shuffled controls."""
    by_run = {}  # the record in the first folder that has it
    for folder in study.store.folders:
        for record in records.load_all(folder):
            by_run.setdefault((record["run"], record["seed"]), record)
    settings = {"dataset": study.dataset.name, "limit": study.dataset.limit, "shuffled": False}
    return results.select(results.group_seeds(by_run.values()), **settings)
