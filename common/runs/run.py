"""Run: one network, trained with one recipe on one data set with one seed, and its id."""

import collections.abc
import dataclasses
import functools
import hashlib
import json
import re

from common.data import transfer_sets
from common.distillation import BASELINE, Distillation
from common.models import plain
from common.runs.recipe import Recipe
from common.utils import files
from common.utils.checks import require_seed

# data set, model, options and settings, eight digits of a hash (tests have fewer), seed
_RUN_NAME = re.compile(r"(?P<id>[^-]+-[^-]+-(.+-)?[0-9a-f]{1,8})-seed(?P<seed>\d+)")
# of data without an entry in the catalogue, of networks without one in the registry
OWN_HASHES = ("digest", "architecture")
# characters of an option's value, and of the transfer set, in a label; the hash has all of them
_MAX_PART = 20
FORMAT = 1  # part of every run's id: raise it when training itself changes


@dataclasses.dataclass(frozen=True)
class Run:
    """Configuration of one training: network, recipe, seed, data and teacher.

    Args:
        dataset: name of the data set that was loaded (`Dataset.name`).
        model: a name in `common.models.NAMES`.
        recipe: Recipe.
        seed: of initial weights, order of batches, views and dropout; a whole number from 0 on.
        options: keyword arguments of the model's builder, such as {"width": 0.1}.
        limit: as in `data.load`.
        teacher: `Logits.identity` of the teacher; None for a baseline.
        distillation: Distillation from the teacher; None for a baseline. If its method needs no
            teacher's logits ("label_smoothing"), `teacher` is None.
        transfer_set: which of the training images it is trained on; by default all.
        build, architecture: of a network of the user's own, the function that builds it and the
            hash of its configuration, `architecture.digest`; others are known by name alone.
        digest: `Dataset.digest`, of data without an entry in the catalogue; `Dataset.identity`
            has it with `dataset` and `limit`.

    Raises:
        ValueError: a teacher is passed although the loss does not learn from one, or no teacher
            although it does; the seed is out of range.
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
    digest: str | None = None
    architecture: str | None = None
    build: collections.abc.Callable | None = dataclasses.field(
        default=None, compare=False, repr=False
    )

    def __post_init__(self):
        if self.settings.needs_teacher != (self.teacher is not None):
            raise ValueError(
                f"{self._objective} with teacher {self.teacher}: pass a teacher exactly if the "
                "loss learns from one"
            )
        require_seed(self.seed)
        object.__setattr__(self, "seed", int(self.seed))
        object.__setattr__(self, "options", {k: plain(v) for k, v in self.options.items()})

    @property
    def settings(self):
        """The `Distillation`; for a baseline one of alpha 0."""
        return self.distillation or BASELINE

    @property
    def baseline(self):
        """The same run on labels only."""
        return dataclasses.replace(self, teacher=None, distillation=self.settings.baseline)

    @property
    def configuration(self):
        """Everything that determines the result except the seed, as plain JSON values."""
        values = {"dataset": self.dataset, "model": self.model, "options": self.options}
        values |= {"recipe": self.recipe.configuration, "limit": self.limit, "format": FORMAT}
        values |= {"teacher": self.teacher} | self.settings.configuration
        if subset := self.transfer_set.configuration:  # omitted for all images, as in old records
            values["transfer_set"] = subset
        # omitted for data in the catalogue, for networks in the registry
        values |= {key: getattr(self, key) for key in OWN_HASHES if getattr(self, key)}
        return json.loads(json.dumps(values))

    @classmethod
    def from_configuration(cls, values, seed=0):
        """The run with a record's configuration and a seed."""
        subset, teacher = values.get("transfer_set"), values["teacher"]
        return cls(
            values["dataset"],
            values["model"],
            Recipe.from_configuration(values["recipe"]),
            seed,
            options=values["options"],
            limit=values["limit"],
            teacher=teacher,
            distillation=Distillation.from_configuration(values)
            if teacher or "method" in values or "class_weights" in values
            else None,
            transfer_set=transfer_sets.TransferSet.from_configuration(subset)
            if subset
            else transfer_sets.ALL,
            **{key: values.get(key) for key in OWN_HASHES},
        )

    @functools.cached_property  # a study asks for it thousands of times
    def id(self):
        """The label and the first eight digits of the configuration's SHA-256."""
        canonical = json.dumps(self.configuration, sort_keys=True)
        return f"{self.label}-{hashlib.sha256(canonical.encode()).hexdigest()[:8]}"

    @property
    def name(self):
        """The id and the seed: the name of the record's file."""
        return f"{self.id}-seed{self.seed}"

    @property
    def label(self):
        """A readable name, such as `mnist-mlp-from-cnn-T4-a0.9`; recipes are not in it.

        It begins a file's name: in names of data, models and teachers, `_` stands for a hyphen,
        which separates the parts, and for what a file's name cannot hold.
        """
        parts = [files.name_part(self.dataset), files.name_part(self.model)]
        for key, value in sorted(self.options.items()):
            parts += [f"{key}{files.name_part(str(value))[:_MAX_PART]}"]
        if self.teacher:
            parts += [f"from-{files.name_part(teacher_model(self.teacher))}"]
        if self.distillation and self.settings.weights[1] > 0:
            parts += [self.settings.label]
        subset = self.transfer_set.label[:_MAX_PART]
        return "-".join(parts + [subset] * bool(subset))

    @property
    def _objective(self):
        """Method and weight of its loss, for messages."""
        settings = self.settings
        if settings.alpha is None:
            return f"{settings.method} of weight {settings.soft_weight:g}"
        return f"alpha = {settings.alpha:g}"


def teacher_model(teacher):
    """Model name in a teacher's identity; the full name if no run has it."""
    name = teacher.partition("@")[0]
    return name.split("-")[1] if _RUN_NAME.fullmatch(name) else name


def teacher_weights(teacher):
    """First digits of the hash of the weights in a teacher's identity; empty if it has none."""
    return teacher.partition("@")[2]


def teacher_run(teacher):
    """(id, seed) of the run that a teacher's identity names; (name, 0) if no run has it."""
    name = teacher.partition("@")[0]
    match = _RUN_NAME.fullmatch(name)
    return (match["id"], int(match["seed"])) if match else (name, 0)
