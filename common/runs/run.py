"""A run is a value: one net, trained one way on one data set with one seed."""

import dataclasses
import hashlib
import json
import re

from common.data import transfer_sets
from common.models import plain
from common.runs.recipe import Recipe
from common.utils.checks import require_fraction, require_positive, require_seed

FORMAT = 1  # part of every run's id: raise it when training itself changes
# a recipe's fields that no id holds at these values: the first records were made without them
_OMITTED_DEFAULTS = {"sampled_views": 0, "augmentation": "none"}


@dataclasses.dataclass(frozen=True)
class Run:
    """What is trained, how, and from whom.

    Args:
        dataset: name of the data set that was in fact loaded (`Dataset.name`).
        model: a name in `common.models.NAMES`.
        recipe: how to train.
        seed: of initial weights, order of batches, views and dropout.
        options: the builder's own, such as {"width": 0.1}.
        limit: as given to `data.load`.
        teacher: `Logits.identity` of the teacher; None for labels alone.
        temperature, alpha: as in `side_by_side.Student`.
        shuffled: learn from the teacher's logits of other images: the control.
        transfer_set: which of the training images it learns from; by default all.
    """

    dataset: str
    model: str
    recipe: Recipe
    seed: int = 0
    options: dict = dataclasses.field(default_factory=dict)
    limit: int | None = None
    teacher: str | None = None
    temperature: float = 1.0
    alpha: float = 0.0
    shuffled: bool = False
    transfer_set: transfer_sets.TransferSet = transfer_sets.ALL

    def __post_init__(self):
        require_positive("temperature", self.temperature)
        require_fraction("alpha", self.alpha)
        if (self.alpha > 0) != (self.teacher is not None):
            raise ValueError(f"alpha = {self.alpha} with teacher {self.teacher}: give both or none")
        if self.shuffled and not self.teacher:
            raise ValueError("shuffled needs a teacher whose logits to shuffle")
        require_seed(self.seed)
        object.__setattr__(self, "seed", int(self.seed))
        for field in ("temperature", "alpha"):  # 4 and 4.0 are the same run
            object.__setattr__(self, field, float(getattr(self, field)))
        object.__setattr__(self, "options", {k: plain(v) for k, v in self.options.items()})

    @property
    def configuration(self):
        """Everything that decides the outcome but the seed, as plain JSON values."""
        values = dataclasses.asdict(self) | {"format": FORMAT}
        del values["seed"], values["transfer_set"]
        if part := self.transfer_set.configuration:  # records without one keep their ids
            values["transfer_set"] = part
        for field, default in _OMITTED_DEFAULTS.items():
            if values["recipe"][field] == default:
                del values["recipe"][field]
        return json.loads(json.dumps(values))

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
            parts += [f"T{self.temperature:g}", f"a{self.alpha:g}"]
        parts += ["shuffled"] * self.shuffled
        return "-".join(parts + [self.transfer_set.label] * bool(self.transfer_set.label))


def teacher_model(teacher):
    """The model's name in a teacher's identity; the whole name, if that is not a run's."""
    name = teacher.partition("@")[0]
    return name.split("-")[1] if "-" in name else name


def teacher_run(teacher):
    """(id, seed) of the run that a teacher's identity names; (name, 0) if it names none."""
    name = teacher.partition("@")[0]
    found = re.fullmatch(r"(.+)-seed(\d+)", name)
    return (found[1], int(found[2])) if found else (name, 0)
