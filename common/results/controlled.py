"""Controlled comparison of one student: baseline, best distilled group, shuffled control."""

from common.results import wording
from common.results.groups import best, select


def best_distilled(groups):
    """Plainly distilled group with the fewest validation errors; controls are left out."""
    groups = [group for group in groups if group.teacher and group.is_plain]
    return best(select(groups, control=None))


def temperature_sweep(groups, alpha):
    """Distilled groups at one alpha, by ascending temperature; controls are left out."""
    groups = [group for group in groups if group.is_plain]
    distilled = select(groups, alpha=float(alpha), control=None)
    return sorted(distilled, key=lambda group: group.configuration["temperature"])


class ControlledComparison:
    """Baseline, distilled student and control: the three groups that a claim needs.

    The distilled group is the one with the fewest validation errors. The control has the same
    temperature and alpha, and learns from the logits of other images.

    Args:
        groups: list of SeedGroup of one student, as `experiments.tune` returns them.

    Attributes:
        baseline, distilled, control: SeedGroup.

    Raises:
        ValueError: there is not exactly one baseline, no distilled group, or not exactly one
            control.
    """

    def __init__(self, groups):
        self.baseline = _only("baseline", select(groups, teacher=None, method="kd"))
        self.distilled = best_distilled(groups)
        settings = {key: self.distilled.configuration[key] for key in ("temperature", "alpha")}
        self.control = _only("control", select(groups, method="kd", shuffled=True, **settings))

    def rows(self, prefix=""):
        """Rows of figures and tables: [(label, role, group)].

        `role` is a key of `plots.style.COLORS`; each label begins with `prefix`.
        """
        return [
            (f"{prefix}baseline", "baseline", self.baseline),
            (f"{prefix}distilled", "distilled", self.distilled),
            (f"{prefix}control", "control", self.control),
        ]

    def finding(self):
        """Error reduction of the distilled student and of the control, two lines of text."""
        return (
            f"distilled, {self.distilled.settings}: "
            f"{wording.describe_reduction(self.distilled, self.baseline)};\n"
            f"control: {wording.describe_reduction(self.control, self.baseline)}"
        )


def _only(kind, groups):
    if len(groups) != 1:
        raise ValueError(
            f"a controlled comparison needs one {kind}, got {len(groups)}: pass the groups of one "
            "student and one teacher, with their control"
        )
    return groups[0]
