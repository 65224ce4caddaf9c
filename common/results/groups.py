"""Groups of records, one per configuration: values over seeds, baselines, paired comparisons."""

import dataclasses
import functools

import numpy as np

from common import metrics
from common.distillation import MULTI_LABEL
from common.runs import OWN_HASHES, Run, records, teacher_model, teacher_run


@dataclasses.dataclass(frozen=True)
class SeedGroup:
    """Records of one configuration that differ only in the seed.

    Args:
        configuration: `Run.configuration`.
        seeds: {seed: record}, records as `records.load` returns them.
    """

    configuration: dict
    seeds: dict

    def has(self, measure, split="test"):
        """Whether every record has a measure; without logits, a record lacks later measures."""
        return all(measure in record[split] for record in self.seeds.values())

    def values(self, measure, split="test"):
        """Values of one measure, (seeds,) floats in ascending order of the seeds."""
        return np.array([self.seeds[seed][split][measure] for seed in sorted(self.seeds)])

    def of_seeds(self, seeds):
        """The `SeedGroup` of those of the seeds that it has."""
        return dataclasses.replace(
            self, seeds={seed: record for seed, record in self.seeds.items() if seed in seeds}
        )

    def curves(self, measure):
        """Learning curves of one measure, such as `val_accuracy`: (seeds, epochs) floats."""
        return np.array([self.seeds[seed]["curve"][measure] for seed in sorted(self.seeds)])

    @functools.cached_property
    def run(self):
        """The `Run` that the configuration describes, with seed 0."""
        return Run.from_configuration(self.configuration)

    @property
    def distillation(self):
        """The `Distillation` settings; None for a baseline."""
        return self.run.distillation

    @property
    def is_plain(self):
        """Whether this is a baseline or plain distillation, as in `Distillation.is_plain`."""
        return self.run.settings.is_plain

    @property
    def settings(self):
        """Temperature and weight in words, such as `T = 4, α = 0.9` or `T = 4, 1 : 2`."""
        settings = self.run.settings
        weights = f"α = {settings.alpha:g}" if settings.alpha is not None else settings.ratio
        options = [f"{name} = {value:g}" for name, value in sorted(settings.options.items())]
        return ", ".join([f"T = {settings.temperature:g}", weights, *options])

    @property
    def teacher(self):
        """Name of the teacher's model; None for a baseline."""
        identity = self.configuration["teacher"]
        return teacher_model(identity) if identity else None

    @property
    def teacher_run(self):
        """(id, seed) of the teacher's run; None for a baseline."""
        identity = self.configuration["teacher"]
        return teacher_run(identity) if identity else None

    def matches(self, wanted):
        """Whether the configuration has all of `wanted`, a dict of its keys and values.

        `teacher` is the model's name; `transfer_set` is None for all training images.
        """
        omitted = {"transfer_set": None, "method": "kd", "control": None, "class_weights": None}
        omitted |= dict.fromkeys(OWN_HASHES)
        omitted |= {"control": "shuffled"} if self.configuration.get("shuffled") else {}
        values = omitted | self.configuration | {"teacher": self.teacher}
        return all(values[key] == value for key, value in wanted.items())


def group_seeds(records):
    """Group records by configuration: a list of `SeedGroup`, in the order of the records.

    Args:
        records: iterable of records, as `records.load_all` returns them.
    """
    by_run = {}
    for record in records:
        by_run.setdefault(record["run"], {})[record["seed"]] = record
    return [
        SeedGroup(next(iter(seeds.values()))["configuration"], seeds) for seeds in by_run.values()
    ]


def merge_seeds(groups):
    """List of `SeedGroup` in which those of one configuration are one."""
    return group_seeds(record for group in groups for record in group.seeds.values())


def select(groups, **wanted):
    """Groups whose configuration has all of `wanted`, such as model="mlp"."""
    return [group for group in groups if group.matches(wanted)]


def load_groups(folder, **wanted):
    """Groups of all records in a data set's folder, with the configuration that `select` takes."""
    return select(group_seeds(records.load_all(folder)), **wanted)


def dataset_settings(groups):
    """Data sets of the groups: [{"dataset": name, "limit": limit, "digest": hash}], for `select`.

    Each is listed once; digest is None of data in the catalogue.
    """
    versions = {
        (g.configuration["dataset"], g.configuration["limit"], g.configuration.get("digest"))
        for g in groups
    }
    return [
        {"dataset": name, "limit": limit, "digest": digest}
        for name, limit, digest in sorted(versions, key=lambda f: (f[0], f[1] or 0, f[2] or ""))
    ]


def best(groups, measure="errors"):
    """Group with the smallest mean of a measure on the validation split."""
    return min(groups, key=lambda group: group.values(measure, "validation").mean())


def baseline_of(group, groups):
    """Baseline of a group: the same model, recipe and data on labels only, with shared seeds.

    Returns:
        SeedGroup; None if `groups` has none, or if `group` is itself a baseline.
    """
    same = {key: group.configuration[key] for key in ("dataset", "limit", "model", "options")}
    same |= {"recipe": group.configuration["recipe"]}
    same |= {key: group.configuration.get(key) for key in ("transfer_set", *OWN_HASHES)}
    method = group.configuration.get("method")
    same |= {"method": method if method in MULTI_LABEL else "kd"}
    same |= {"class_weights": group.configuration.get("class_weights")}
    baselines = select(groups, teacher=None, **same)
    baselines = [other for other in baselines if set(other.seeds) & set(group.seeds)]
    return baselines[0] if baselines and baselines[0] is not group else None


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Comparison of a group with a baseline on the test split, paired by seed.

    error_reduction: fraction of the baseline's errors that the group avoids, at most 1; negative
    if it makes more; nan if it makes some and the baseline none. p: p-value of the paired t-test
    over seeds, nan with too few seeds. mcnemar: the largest p-value of the exact McNemar tests, one
    per seed.
    """

    error_reduction: float
    p: float
    mcnemar: float


def compare(group, baseline):
    """`Comparison` of a group with a baseline over the seeds that both have.

    Raises:
        ValueError: they have no seed in common.
    """
    seeds = sorted(set(group.seeds) & set(baseline.seeds))
    if not seeds:
        raise ValueError(
            "the group and its baseline have no seed in common to compare: train both with one"
        )
    ours, theirs = ([g.seeds[seed] for seed in seeds] for g in (group, baseline))
    errors = [np.array([r["test"]["errors"] for r in records]) for records in (ours, theirs)]
    saved, total = (errors[1] - errors[0]).sum(), errors[1].sum()
    of_none = np.nan if saved else 0.0  # where the baseline makes no errors
    return Comparison(
        error_reduction=saved / total if total else of_none,
        p=metrics.paired_t(*errors)[3],
        mcnemar=max(
            metrics.mcnemar(_correct(a), _correct(b)) for a, b in zip(ours, theirs, strict=True)
        ),
    )


def _correct(record):
    correct = np.ones(record["images"]["test"], bool)
    correct[record["test"]["wrong"]] = False
    return correct
