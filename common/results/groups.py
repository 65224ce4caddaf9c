"""Groups of records, one a configuration: mean ± standard deviation over seeds, paired tests."""

import dataclasses

import numpy as np

from common import metrics
from common.runs import teacher_model, teacher_run


@dataclasses.dataclass(frozen=True)
class SeedGroup:
    """The records of one configuration, {seed: record}."""

    configuration: dict
    seeds: dict

    def values(self, measure, split="test"):
        """(seeds,) floats of one measure, in the order of the seeds."""
        return np.array([self.seeds[seed][split][measure] for seed in sorted(self.seeds)])

    def curves(self, measure):
        """(seeds, epochs) floats of one of the records' curves, such as `val_accuracy`."""
        return np.array([self.seeds[seed]["curve"][measure] for seed in sorted(self.seeds)])

    @property
    def settings(self):
        """Temperature and alpha in words."""
        return f"T = {self.configuration['temperature']:g}, α = {self.configuration['alpha']:g}"

    @property
    def teacher(self):
        """Name of the teacher's model; None for labels alone."""
        identity = self.configuration["teacher"]
        return teacher_model(identity) if identity else None

    @property
    def training(self):
        """(id, seed) of the run that trained the teacher; None for labels alone."""
        identity = self.configuration["teacher"]
        return teacher_run(identity) if identity else None

    def matches(self, wanted):
        """Whether the configuration has all of `wanted`.

        `teacher` is the model's name; `transfer_set` is None for all training images.
        """
        own = {"transfer_set": None} | self.configuration | {"teacher": self.teacher}
        return all(own[key] == value for key, value in wanted.items())


def group_seeds(found):
    """List of Group, one a configuration, of records as `records.load_all` gives them."""
    by_run = {}
    for record in found:
        by_run.setdefault(record["run"], {})[record["seed"]] = record
    return [SeedGroup(next(iter(g.values()))["configuration"], g) for g in by_run.values()]


def select(found, **wanted):
    """The groups whose configurations have all of `wanted`, such as model="mlp"."""
    return [group for group in found if group.matches(wanted)]


def dataset_settings(found):
    """The (data set, limit) pairs that groups are on, as keywords for `select`."""
    pairs = {(g.configuration["dataset"], g.configuration["limit"]) for g in found}
    return [
        {"dataset": name, "limit": limit}
        for name, limit in sorted(pairs, key=lambda pair: (pair[0], pair[1] or 0))
    ]


def best(found, measure="errors"):
    """The group with the least mean of a measure on the validation split."""
    return min(found, key=lambda group: group.values(measure, "validation").mean())


def baseline_of(group, found):
    """The group of the same net and recipe on labels alone, of some of the same seeds.

    None for a baseline or without one.
    """
    same = {key: group.configuration[key] for key in ("dataset", "limit", "model", "options")}
    same |= {"recipe": group.configuration["recipe"]}
    same |= {"transfer_set": group.configuration.get("transfer_set")}
    others = select(found, teacher=None, **same)
    others = [other for other in others if set(other.seeds) & set(group.seeds)]
    return others[0] if others and others[0] is not group else None


@dataclasses.dataclass(frozen=True)
class Comparison:
    """How a group differs from a baseline on the test split, seed by seed.

    fewer: mean share of the baseline's errors avoided; p: paired t-test over seeds;
    mcnemar: the largest of the seeds' exact McNemar p.
    """

    fewer: float
    p: float
    mcnemar: float


def compare(group, baseline):
    """`Comparison` over the seeds that both have; ValueError if they share none."""
    shared = sorted(set(group.seeds) & set(baseline.seeds))
    if not shared:
        raise ValueError("no seed in common: nothing to compare")
    ours, theirs = ([g.seeds[seed] for seed in shared] for g in (group, baseline))
    errors = [np.array([r["test"]["errors"] for r in side]) for side in (ours, theirs)]
    return Comparison(
        fewer=(errors[1] - errors[0]).sum() / max(errors[1].sum(), 1),  # it may have made none
        p=metrics.paired_t(*errors)[3],
        mcnemar=max(
            metrics.mcnemar(_correct(a), _correct(b)) for a, b in zip(ours, theirs, strict=True)
        ),
    )


def _correct(record):
    right = np.ones(record["images"]["test"], bool)
    right[record["test"]["wrong"]] = False
    return right
