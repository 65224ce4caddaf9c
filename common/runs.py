"""A run is a value: one net, trained one way on one data set with one seed."""

import dataclasses
import hashlib
import itertools
import json
import re

from common import augmentations, transfer_sets, views
from common.checks import require_fraction, require_known, require_positive, require_seed
from common.models import plain

FORMAT = 1  # part of every run's id: raise it when training itself changes
# a recipe's fields that no id holds at these values: the first records were made without them
_LATER = {"sampled_views": 0, "augmentation": "none"}


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How to train. Defaults suit small nets on MNIST.

    Args:
        epochs, batch_size: whole numbers above 0; a last, smaller batch is left out.
        optimizer: "adam"; "sgd" with Nesterov momentum 0.9; "momentum", plain momentum 0.9.
        learning_rate: its greatest value.
        schedule: "constant"; "cosine", down to `final`; "steps", times 0.1 at `milestones`.
        warmup: share of all steps in which a cosine's rate first rises from 0.
        final: a cosine's last rate as a share of the greatest.
        milestones: epochs at which "steps" lowers the rate.
        weight_decay: λ of λ/2 · Σw², added to the loss.
        views: name of the view set that training images are drawn from.
        precision: "float32" or "mixed_bfloat16".
        sampled_views: how many views of each image, out of the set, are ever seen, as in
            FKD (Shen & Xing 2022, arXiv:2112.01528); 0 for all.
        augmentation: "none", or the name of one without a finite set of views: a student's
            teacher is then asked in the step.
    """

    epochs: int = 10
    batch_size: int = 128
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    warmup: float = 0.0
    final: float = 0.0
    milestones: tuple = ()
    weight_decay: float = 0.0
    views: str = "plain"
    precision: str = "float32"
    sampled_views: int = 0
    augmentation: str = "none"

    def __post_init__(self):
        require_positive("epochs", self.epochs, whole=True)
        require_positive("batch_size", self.batch_size, whole=True)
        require_positive("learning_rate", self.learning_rate)
        for kind in ("warmup", "final", "weight_decay"):
            require_fraction(kind, getattr(self, kind))
        if self.warmup == 1:
            raise ValueError("warmup must be less than 1, for the rate to fall after it")
        self._check_milestones()
        require_known("optimizer", self.optimizer, ("adam", "sgd", "momentum"))
        require_known("schedule", self.schedule, ("constant", "cosine", "steps"))
        require_known("precision", self.precision, ("float32", "mixed_bfloat16"))
        views.get(self.views).check_sampled(self.sampled_views)
        augmentations.get(self.augmentation)
        for field in dataclasses.fields(self):  # 4 and 4.0 are the same recipe
            object.__setattr__(self, field.name, field.type(getattr(self, field.name)))

    def _check_milestones(self):
        given = self.milestones
        whole = isinstance(given, tuple | list) and all(type(epoch) is int for epoch in given)
        if not whole or any(a >= b for a, b in itertools.pairwise((0, *given))):
            raise ValueError(f"milestones must be rising epochs from 1 on, got {given!r}")
        if self.schedule == "steps" and not given:
            raise ValueError('the schedule "steps" needs milestones: epochs at which it falls')


@dataclasses.dataclass(frozen=True)
class Net:
    """An architecture, how and on which images it is trained, its name in figures and tables."""

    model: str
    recipe: Recipe
    title: str
    options: dict = dataclasses.field(default_factory=dict)
    transfer_set: transfer_sets.TransferSet = transfer_sets.ALL


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
        for field, default in _LATER.items():
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
            parts += [f"from-{model_of(self.teacher)}"]
            parts += [f"T{self.temperature:g}", f"a{self.alpha:g}"]
        parts += ["shuffled"] * self.shuffled
        return "-".join(parts + [self.transfer_set.label] * bool(self.transfer_set.label))


def model_of(teacher):
    """The model's name in a teacher's identity; the whole name, if that is not a run's."""
    name = teacher.partition("@")[0]
    return name.split("-")[1] if "-" in name else name


def training_of(teacher):
    """(id, seed) of the run that a teacher's identity names; (name, 0) if it names none."""
    name = teacher.partition("@")[0]
    found = re.fullmatch(r"(.+)-seed(\d+)", name)
    return (found[1], int(found[2])) if found else (name, 0)
