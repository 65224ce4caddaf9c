"""Recipe and ModelSpec: how to train, and which network on which images."""

import collections.abc
import dataclasses
import itertools

from common import models
from common.data import augmentations, transfer_sets, views
from common.utils.checks import require_choice, require_fraction, require_positive

# fields that have another name in records and ids
_RECORDED = {"final_lr_fraction": "final", "views_per_image": "sampled_views"}
# fields added later: omitted from the id at their default, so that old ids stay valid
_OMITTED_DEFAULTS = {"views_per_image": 0, "augmentation": "none"}


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How to train. The defaults suit small networks on MNIST.

    Args:
        epochs, batch_size: whole numbers above 0; an incomplete last batch is dropped.
        optimizer: "adam"; "sgd" with Nesterov momentum 0.9; "momentum", plain momentum 0.9.
        learning_rate: the maximum of the schedule.
        schedule: "constant"; "cosine", down to `final_lr_fraction`; "steps", times 0.1 at
            `milestones`.
        warmup: fraction of all steps in which a cosine schedule first rises from 0, in [0, 1).
        final_lr_fraction: last rate of a cosine schedule as a fraction of the maximum, in [0, 1].
        milestones: ascending epochs at which "steps" lowers the rate.
        weight_decay: λ in [0, 1] of λ/2 · Σw², added to the loss.
        views: name of the view set that training images are drawn from.
        precision: "float32" or "mixed_bfloat16"; a processor without bfloat16 instructions computes
            the latter in float32.
        views_per_image: fixed number of views of each image, out of the set, as in FKD (Shen &
            Xing 2022, arXiv:2112.01528); 0 for all.
        augmentation: "none", or the name of one without a finite set of views, for which a
            student's teacher is evaluated in the training step.

    Raises:
        ValueError: a value is out of range, a name is unknown, milestones do not ascend.
    """

    epochs: int = 10
    batch_size: int = 128
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    warmup: float = 0.0
    final_lr_fraction: float = 0.0
    milestones: tuple = ()
    weight_decay: float = 0.0
    views: str = "plain"
    precision: str = "float32"
    views_per_image: int = 0
    augmentation: str = "none"

    def __post_init__(self):
        require_positive("epochs", self.epochs, integer=True)
        require_positive("batch_size", self.batch_size, integer=True)
        require_positive("learning_rate", self.learning_rate)
        for field in ("warmup", "final_lr_fraction", "weight_decay"):
            require_fraction(field, getattr(self, field))
        if self.warmup == 1:
            raise ValueError("warmup must be less than 1, so that the rate can fall after it")
        self._check_milestones()
        require_choice("optimizer", self.optimizer, ("adam", "sgd", "momentum"))
        require_choice("schedule", self.schedule, ("constant", "cosine", "steps"))
        require_choice("precision", self.precision, ("float32", "mixed_bfloat16"))
        _ = self.view_set  # raises ValueError for an unknown one
        augmentations.get(self.augmentation)
        for field in dataclasses.fields(self):  # 4 and 4.0 are the same recipe
            object.__setattr__(self, field.name, field.type(getattr(self, field.name)))

    @property
    def view_set(self):
        """`ViewSet` that training images are drawn from."""
        return views.get(self.views, self.views_per_image)

    @property
    def configuration(self):
        """Dict of the fields as in records; fields added later are omitted at their default."""
        values = dataclasses.asdict(self)
        for field, default in _OMITTED_DEFAULTS.items():
            if values[field] == default:
                del values[field]
        return {_RECORDED.get(field, field): value for field, value in values.items()}

    @classmethod
    def from_configuration(cls, values):
        """The recipe in a record's configuration."""
        fields = {key: field for field, key in _RECORDED.items()}
        return cls(**{fields.get(key, key): value for key, value in values.items()})

    def _check_milestones(self):
        epochs = self.milestones
        integers = isinstance(epochs, tuple | list) and all(type(epoch) is int for epoch in epochs)
        if not integers or any(a >= b for a, b in itertools.pairwise((0, *epochs))):
            raise ValueError(f"milestones must be ascending epochs from 1 on, got {epochs!r}")
        if self.schedule == "steps" and not epochs:
            raise ValueError('the schedule "steps" needs milestones, the epochs at which it falls')


@dataclasses.dataclass(frozen=True)
class ModelSpec:
    """A teacher or student of a study: architecture, recipe and training images.

    Args:
        model: a name in `common.models.NAMES`; of a network of the user's own, a name for
            records, by default that of the function.
        recipe: Recipe.
        title: name in figures and tables; default the model's.
        options: keyword arguments of the model's builder, such as {"width": 0.1}.
        transfer_set: which of the training images it is trained on; by default all.
        build: function that builds a network of the user's own, as in `models.user_models.build`.

    Raises:
        ValueError: neither model nor build; a function that builds under a name of the registry.
    """

    model: str | None = None
    recipe: Recipe = Recipe()
    title: str | None = None
    options: dict = dataclasses.field(default_factory=dict)
    transfer_set: transfer_sets.TransferSet = transfer_sets.ALL
    build: collections.abc.Callable | None = None

    def __post_init__(self):
        model = self.model or getattr(self.build, "__name__", None)
        if model is None:
            raise ValueError("a ModelSpec needs model=NAME, or build=FUNCTION and a name")
        model = "own" if model == "<lambda>" else model
        if self.build and model in models.NAMES:
            raise ValueError(
                f"the network of build= is called {model!r}, as one of the registry: pass "
                "model=ANOTHER_NAME"
            )
        object.__setattr__(self, "model", model)
        object.__setattr__(self, "options", {k: models.plain(v) for k, v in self.options.items()})
        object.__setattr__(self, "title", self.title or model)
