"""Settings of distillation: temperature, weight of the soft targets, method, control.

May import `utils`; importing this does not import Keras.
"""

import dataclasses

from common.utils.checks import require_choice, require_fraction, require_temperature

CONTROLS = (None, "shuffled")


@dataclasses.dataclass(frozen=True)
class Distillation:
    """Settings of one student's distillation from a teacher's logits.

    The objective is alpha · soft-target loss + (1 - alpha) · cross-entropy with the labels
    (Hinton, Vinyals & Dean 2015, arXiv:1503.02531, section 2).

    Args:
        temperature: T > 0 of the soft targets.
        alpha: weight of the soft-target loss, in [0, 1]; 0 is a baseline, on labels only.
        method: a name in `common.losses.LOSSES`; checked when a Student is built.
        control: "shuffled" for the logits of other images, None for the image's own.

    Raises:
        ValueError: a temperature that is not a finite number above 0, alpha outside [0, 1],
            an unknown control.
    """

    temperature: float
    alpha: float
    method: str = "kd"
    control: str | None = None

    def __post_init__(self):
        require_temperature(self.temperature)
        require_fraction("alpha", self.alpha)
        require_choice("control", self.control, CONTROLS)
        for field in ("temperature", "alpha"):  # 4 and 4.0 are the same settings
            object.__setattr__(self, field, float(getattr(self, field)))

    @property
    def shuffled(self):
        """Whether the student learns from the logits of other images."""
        return self.control == "shuffled"

    @property
    def configuration(self):
        """Dict of the keys in a run's record; method "kd" is omitted, as in old records."""
        values = {"temperature": self.temperature, "alpha": self.alpha, "shuffled": self.shuffled}
        return values | ({} if self.method == "kd" else {"method": self.method})

    @classmethod
    def from_configuration(cls, values):
        """The settings in a run's configuration; other keys are ignored."""
        control = "shuffled" if values["shuffled"] else None
        return cls(values["temperature"], values["alpha"], values.get("method", "kd"), control)


BASELINE = Distillation(temperature=1, alpha=0)  # on labels only
