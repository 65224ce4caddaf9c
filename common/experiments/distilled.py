"""What `common.distill` returns: the groups of its runs, their table, the trained students."""

import dataclasses

from common import results
from common.utils.checks import require_choice


@dataclasses.dataclass(frozen=True)
class Distilled:
    """What `distill` trained; printed, it is the table.

    Args:
        groups: list of results.SeedGroup: baseline, distilled student, controls.
        study: Study of the runs, of one student.
    """

    groups: list
    study: object = dataclasses.field(repr=False)

    @property
    def output_dir(self):
        """Path of the folder of records, weights and logits."""
        return self.study.output_dir

    @property
    def table(self):
        """Markdown table of all groups: errors, reduction against the baseline, p-values."""
        return results.students_table(self.groups)

    @property
    def records(self):
        """List of dict, one record for each run."""
        return [record for group in self.groups for record in group.seeds.values()]

    def model(self, group=None, seed=None):
        """A trained student.

        Args:
            group: one of `groups`, such as `groups[0]`, the baseline; default: the distilled
                student whose settings have the fewest validation errors.
            seed: of the training; default: the group's smallest.

        Returns:
            keras.Model from uint8 images (n, height, width, channels) in 0 to 255 to logits
            (n, classes).

        Raises:
            ValueError: `group` is none of `groups`, or was not trained with this seed; its weights
                are missing, damaged or not those of the record.
        """
        group = self._best() if group is None else group
        if group not in self.groups:
            raise ValueError(f"group is one of `groups`, such as groups[0], got {group!r}")
        seed = min(group.seeds) if seed is None else seed
        require_choice("seed", seed, group.seeds)
        (spec,) = self.study.spec.students.values()
        return self.study.model(dataclasses.replace(group.run, seed=seed, build=spec.build))

    def _best(self):
        """The distilled group with the fewest validation errors; controls are left out."""
        return results.best([group for group in self.groups if _is_distilled(group.run.settings)])

    def __str__(self):
        return self.table

    def _repr_markdown_(self):
        return self.table


def _is_distilled(settings):
    """Whether a `Distillation` is neither a baseline's nor a control's."""
    return settings.weights[1] > 0 and not settings.control
