"""A run's configuration: one network, trained one way on one data set with one seed."""

import dataclasses
import hashlib
import json
import re

from common.data import transfer_sets
from common.distillation import BASELINE, Distillation
from common.models import plain
from common.runs.recipe import Recipe
from common.utils.checks import require_seed

FORMAT = 1  # part of every run's id: raise it when training itself changes


@dataclasses.dataclass(frozen=True)
class Run:
    """A network, how it is trained, and its teacher.

    Args:
        dataset: name of the data set that was in fact loaded (`Dataset.name`).
        model: a name in `common.models.NAMES`.
        recipe: how to train.
        seed: of initial weights, order of batches, views and dropout.
        options: the builder's own, such as {"width": 0.1}.
        limit: as given to `data.load`.
        teacher: `Logits.identity` of the teacher; None for a baseline.
        distillation: how it learns from the teacher; None for a baseline.
        transfer_set: which of the training images it learns from; by default all.

    Raises:
        ValueError: a teacher without distillation of alpha above 0, or the other way round.
    """

    dataset: str
    model: str
    recipe: Recipe
    seed: int = 0
    options: dict = dataclasses.field(default_factory=dict)
    limit: int | None = None
    teacher: str | None = None
    distillation: Distillation | None = None
    transfer_set: transfer_sets.TransferSet = transfer_sets.ALL

    def __post_init__(self):
        alpha = self.settings.alpha
        if (alpha > 0) != (self.teacher is not None):
            raise ValueError(f"alpha = {alpha:g} with teacher {self.teacher}: give both or none")
        require_seed(self.seed)
        object.__setattr__(self, "seed", int(self.seed))
        object.__setattr__(self, "options", {k: plain(v) for k, v in self.options.items()})

    @property
    def settings(self):
        """The `Distillation`; for a baseline one of alpha 0."""
        return self.distillation or BASELINE

    @property
    def configuration(self):
        """Everything that decides the outcome but the seed, as plain JSON values."""
        values = {"dataset": self.dataset, "model": self.model, "options": self.options}
        values |= {"recipe": self.recipe.configuration, "limit": self.limit, "format": FORMAT}
        values |= {"teacher": self.teacher} | self.settings.configuration
        if part := self.transfer_set.configuration:  # records without one keep their ids
            values["transfer_set"] = part
        return json.loads(json.dumps(values))

    @classmethod
    def from_configuration(cls, values, seed=0):
        """The run of a record's configuration."""
        part = values.get("transfer_set")
        return cls(
            values["dataset"],
            values["model"],
            Recipe.from_configuration(values["recipe"]),
            seed,
            options=values["options"],
            limit=values["limit"],
            teacher=values["teacher"],
            distillation=Distillation.from_configuration(values) if values["teacher"] else None,
            transfer_set=transfer_sets.TransferSet.from_configuration(part)
            if part
            else transfer_sets.ALL,
        )

    @property
    def id(self):
        """A readable name and the first eight digits of the configuration's SHA-256."""
        canonical = json.dumps(self.configuration, sort_keys=True)
        return f"{self.label}-{hashlib.sha256(canonical.encode()).hexdigest()[:8]}"

    @property
    def name(self):
        return f"{self.id}-seed{self.seed}"

    @property
    def label(self):
        """What a reader needs to tell the run from its neighbors, such as `mlp-T4-a0.9`."""
        parts = [self.dataset, self.model]
        parts += [f"{key}{value}" for key, value in sorted(self.options.items())]
        if self.teacher:
            parts += [f"from-{teacher_model(self.teacher)}"]
            parts += [f"T{self.settings.temperature:g}", f"a{self.settings.alpha:g}"]
        parts += ["shuffled"] * self.settings.shuffled
        return "-".join(parts + [self.transfer_set.label] * bool(self.transfer_set.label))


def teacher_model(teacher):
    """The model's name in a teacher's identity; the whole name, if that is not a run's."""
    name = teacher.partition("@")[0]
    return name.split("-")[1] if "-" in name else name


def teacher_run(teacher):
    """(id, seed) of the run that a teacher's identity names; (name, 0) if it names none."""
    name = teacher.partition("@")[0]
    match = re.fullmatch(r"(.+)-seed(\d+)", name)
    return (match[1], int(match[2])) if match else (name, 0)
