"""Settings of distillation: temperature, weights of the losses, method, control.

May import `utils`; importing this does not import Keras.
"""

import dataclasses
import numbers

from common.utils.checks import (
    require_choice,
    require_fraction,
    require_not_negative,
    require_temperature,
)

# controls, each of which removes one thing from the teacher's answer: see common.teachers.controls
LADDER = ("smoothing", "class_mean", "same_class", "permuted", "shuffled")
CONTROLS = (None, *LADDER)
TEACHERLESS = ("label_smoothing",)  # methods that read labels only, no teacher's logits
MULTI_LABEL = ("bernoulli",)  # methods whose labels are multi-hot rows, a sigmoid for each class
WEIGHTED = ("kd", "bernoulli")  # methods that take class weights


@dataclasses.dataclass(frozen=True)
class Distillation:
    """Settings of one student's distillation from a teacher's logits.

    The objective is hard_weight · cross-entropy with the labels + soft_weight · the method's loss.
    `alpha` gives both weights as one number, 1 - alpha and alpha (Hinton, Vinyals & Dean 2015,
    arXiv:1503.02531, section 2).

    Args:
        temperature: T of the soft targets, at least 1e-6.
        alpha: weight of the method's loss, in [0, 1], with 1 - alpha for the labels; 0 is a
            baseline, on labels only. None if the two weights are used.
        method: a name in `common.losses.LOSSES`; checked when a Student is built.
        control: a name in `LADDER`, for targets without a part of the teacher's information; None
            for the logits of the image itself.
        hard_weight, soft_weight: finite weights of at least 0, not both 0, in place of 1 - alpha
            and alpha. If one is passed, both attributes are set and alpha is None.
        options: {name: number} of keyword arguments of the method; checked with the method.
        class_weights: finite weights of at least 0 of the classes, in both losses: of "kd", the
            weight of an image is that of its label's class; of "bernoulli", each class's terms
            have its weight. Losses stay means over images. None for equal weights.

    Raises:
        ValueError: temperature is not finite or below 1e-6, alpha is outside [0, 1], no weight
            is above 0, a weight is negative, or control is unknown; class weights of a method
            without them, or that are no list.
    """

    temperature: float
    alpha: float | None = None
    method: str = "kd"
    control: str | None = None
    hard_weight: float | None = None
    soft_weight: float | None = None
    options: dict = dataclasses.field(default_factory=dict, hash=False)
    class_weights: tuple | None = None

    def __post_init__(self):
        require_temperature(self.temperature)
        require_choice("control", self.control, CONTROLS)
        weights = (self.hard_weight, self.soft_weight)
        if self.alpha is not None or weights == (None, None):
            require_fraction("alpha", self.alpha)
        if weights != (None, None):
            self._set_weights()
        for field in ("temperature", "alpha", "hard_weight", "soft_weight"):
            if getattr(self, field) is not None:  # 4 and 4.0 are the same settings
                object.__setattr__(self, field, float(getattr(self, field)))
        options = {name: _as_float(value) for name, value in (self.options or {}).items()}
        object.__setattr__(self, "options", options)
        self._set_class_weights()

    def _set_weights(self):
        """Complete the two weights, from alpha or by 1, and drop alpha."""
        alpha = self.alpha
        defaults = (1, 1) if alpha is None else (round(1 - alpha, 12), alpha)
        for field, default in zip(("hard_weight", "soft_weight"), defaults, strict=True):
            weight = default if getattr(self, field) is None else getattr(self, field)
            require_not_negative(field, weight)
            object.__setattr__(self, field, weight)
        if not (self.hard_weight or self.soft_weight):
            raise ValueError("hard_weight and soft_weight are both 0: give one above 0")
        object.__setattr__(self, "alpha", None)

    def _set_class_weights(self):
        """Class weights as a tuple of floats."""
        if self.class_weights is None:
            return
        if self.method not in WEIGHTED:
            raise ValueError(
                f"the method {self.method} takes no class_weights, only {', '.join(WEIGHTED)} do"
            )
        if isinstance(self.class_weights, (dict, str, numbers.Real)):
            raise ValueError(
                f"class_weights are a list, one number per class, got {self.class_weights!r}"
            )
        weights = tuple(map(float, self.class_weights))
        for weight in weights:
            require_not_negative("a class weight", weight)
        if not any(weights):
            raise ValueError("all class_weights are 0: give one above 0")
        object.__setattr__(self, "class_weights", weights)

    @property
    def baseline(self):
        """Settings of the same objective on labels only; None if those are the ordinary ones."""
        if not self.multi_label and self.class_weights is None:
            return None
        method = self.method if self.multi_label else "kd"
        return Distillation(1, 0, method, class_weights=self.class_weights)

    @property
    def multi_label(self):
        """Whether labels are multi-hot rows (batch, classes), of any number of classes each."""
        return self.method in MULTI_LABEL

    @property
    def weights(self):
        """(hard_weight, soft_weight): (1 - alpha, alpha) if alpha is set."""
        if self.alpha is not None:
            return 1 - self.alpha, self.alpha
        return self.hard_weight, self.soft_weight

    @property
    def ratio(self):
        """The two weights, such as `1 : 2`: labels, then the method's loss."""
        return " : ".join(f"{weight:g}" for weight in self.weights)

    @property
    def needs_teacher(self):
        """Whether the objective reads a teacher's logits."""
        return self.weights[1] > 0 and self.method not in TEACHERLESS

    @property
    def is_plain(self):
        """Whether only temperature, alpha and perhaps the control "shuffled" differ from defaults.

        These are the settings of the tables that show one student with its control.
        """
        known_control = self.control in (None, "shuffled")
        changed = self.options or self.class_weights
        return self.method == "kd" and self.alpha is not None and known_control and not changed

    @property
    def shuffled(self):
        """Whether the student learns from the logits of other images."""
        return self.control == "shuffled"

    @property
    def label(self):
        """Settings as part of a run's name, such as `T4-a0.9` or `dkd-T4-h1-s2-beta8`."""
        parts = [self.method] * (self.method != "kd") + [f"T{self.temperature:g}"]
        if self.alpha is not None:
            parts += [f"a{self.alpha:g}"]
        else:
            parts += [f"h{self.hard_weight:g}", f"s{self.soft_weight:g}"]
        parts += [f"{name}{value:g}" for name, value in sorted(self.options.items())]
        parts += ["weighted"] * bool(self.class_weights)
        return "-".join(parts + [self.control] * bool(self.control))

    @property
    def configuration(self):
        """Dict of the keys in a run's record.

        Keys that old records lack are omitted at their default, so that their ids stay valid.
        """
        values = {"temperature": self.temperature, "alpha": self.alpha, "shuffled": self.shuffled}
        values |= {} if self.method == "kd" else {"method": self.method}
        values |= {} if self.control in (None, "shuffled") else {"control": self.control}
        if self.alpha is None:
            values |= {"hard_weight": self.hard_weight, "soft_weight": self.soft_weight}
        options = dict(sorted(self.options.items()))
        values |= {"class_weights": [*self.class_weights]} if self.class_weights else {}
        return values | ({"method_options": options} if options else {})

    @classmethod
    def from_configuration(cls, values):
        """The settings in a run's configuration; other keys are ignored."""
        control = "shuffled" if values["shuffled"] else values.get("control")
        more = {key: values.get(key) for key in ("hard_weight", "soft_weight")}
        more |= {"options": values.get("method_options", {})}
        more |= {"class_weights": values.get("class_weights")}
        method = values.get("method", "kd")
        return cls(values["temperature"], values["alpha"], method, control, **more)


def _as_float(value):
    """A number as a float, for one id of 8 and 8.0; `losses.require_method` checks it."""
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)  # of NumPy too
    return float(value) if is_number else value


BASELINE = Distillation(temperature=1, alpha=0)  # on labels only


def with_controls(settings, control):
    """A list of Distillation, followed by the controls of the first that reads a teacher's logits.

    Args:
        settings: list of Distillation.
        control: a name or list of names in `LADDER`; True for "shuffled", or for none if no
            method reads a teacher's logits; False or None for none.

    Raises:
        ValueError: the control is unknown; similar names are listed. A control is named, but no
            method reads a teacher's logits.
    """
    first = next((each for each in settings if each.method not in TEACHERLESS), None)
    if isinstance(control, bool) or control is None:
        control = ["shuffled"] if control and first else []
    names = [control] if isinstance(control, str) else list(control)
    for name in names:
        require_choice("control", name, LADDER)
    if names and not first:
        methods = ", ".join(each.method for each in settings) or "a baseline"
        raise ValueError(
            f"{methods} reads no teacher's logits, so no control can be made of them, got "
            f"{control!r}: leave it out"
        )
    return [*settings, *(dataclasses.replace(first, control=name) for name in names)]
