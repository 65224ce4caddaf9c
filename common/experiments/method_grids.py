"""Grids of the equal-budget study: nine settings per method, the published ones in the middle.

Every method has the same factors: 1/2, 1 and 2 times its published temperature, each with 1/3, 1
and 3 times the published weight of its loss.
"""

import dataclasses
import itertools

from common.distillation import Distillation

TEMPERATURE_FACTORS = (0.5, 1, 2)
WEIGHT_FACTORS = (1 / 3, 1, 3)
STUDENT_ITSELF = "student"  # the teacher is the student's own architecture


@dataclasses.dataclass(frozen=True)
class MethodGrid:
    """The settings of a method, one of which is chosen on validation.

    Args:
        title: name in tables and figures.
        published: Distillation with the published settings, one of `settings`.
        settings: tuple of nine Distillation: three values of one factor times three of another.
        corners: those of `settings` at an end of both factors: better ones may lie outside.
        teacher: `STUDENT_ITSELF` for self-distillation, None for the study's teacher.
    """

    title: str
    published: Distillation
    settings: tuple
    corners: tuple
    teacher: str | None = None


def around(title, published, teacher=None):
    """The `MethodGrid` of the module's factors around published settings.

    Args:
        title, teacher: as in `MethodGrid`.
        published: Distillation with weights, not alpha.
    """
    settings = tuple(
        dataclasses.replace(
            published,
            temperature=published.temperature * temperature,
            soft_weight=round(published.soft_weight * weight, 6),
        )
        for temperature, weight in itertools.product(TEMPERATURE_FACTORS, WEIGHT_FACTORS)
    )
    return MethodGrid(title, published, settings, settings[:3:2] + settings[6::2], teacher)


def _published(temperature, soft_weight, method="kd", hard_weight=1, **options):
    return Distillation(
        temperature,
        method=method,
        hard_weight=hard_weight,
        soft_weight=soft_weight,
        options=options,
    )


def _smoothing(epsilon, hard_weight):
    weights = {"hard_weight": hard_weight, "soft_weight": 1}
    return Distillation(1, method="label_smoothing", options={"epsilon": epsilon}, **weights)


# Published settings are those for CIFAR-100, as the docstrings of `common.losses` name them; of
# DKD's three by pair that of the pair that papers compare most.
_KD = _published(4, 0.9, hard_weight=0.1)
# Label smoothing has no temperature: ε in its place, and, for the weight, a part of it. A hard
# term of weight h smooths by ε / (1 + h) in all, which is largest and smallest at two corners.
_SMOOTHING = tuple(
    _smoothing(epsilon, hard_weight)
    for epsilon, hard_weight in itertools.product((0.05, 0.1, 0.2), (0, 1 / 3, 1))
)
GRIDS = {
    "kd": around("KD", _KD),
    "dkd": around("DKD", _published(4, 1, "dkd", beta=8)),
    "dist": around("DIST", _published(4, 2, "dist")),
    "ls": around("logit standardization", _published(2, 9, "ls", hard_weight=0.1)),
    "nkd": around("NKD", _published(3, 1, "nkd", gamma=3.5)),
    "ttm": around("TTM", _published(10, 45, "ttm")),
    "wttm": around("WTTM", _published(10, 2.25, "wttm")),
    "label_smoothing": MethodGrid(
        "label smoothing", _smoothing(0.1, 0), _SMOOTHING, corners=(_SMOOTHING[2], _SMOOTHING[6])
    ),
    "self": around("self-distillation by KD", _KD, STUDENT_ITSELF),
}
