"""Tables of a data set's pages, from the committed record of its networks on a device.

Each table function takes the groups that the page is about, and gives empty text unless they are of
the data that the record was measured on, in full size.
"""

import dataclasses
from pathlib import Path

from common.results import device
from common.results.groups import select
from common.results.wording import display_name


@dataclasses.dataclass(frozen=True)
class DeviceTables:
    """Tables and finding of one data set's record.

    Args:
        folder: of the data set's package, which has the record and README.md.
        dataset: name of the data set.
        student: ModelSpec of the student that was evaluated in every precision.
    """

    folder: Path
    dataset: str
    student: object

    @property
    def record(self):
        """The record, as `device.read` gives it; {} if nothing was measured yet."""
        return device.read(self.folder) or {}

    def quality(self, groups):
        """Markdown: teacher and students in each precision."""
        record = self._record_beside(groups)
        return device.quality_table(record["quality"]) if "quality" in record else ""

    def latency(self, groups):
        """Markdown: latency, throughput, size and memory of each file."""
        record = self._record_beside(groups)
        return device.latency_table(record["latency"]) if "latency" in record else ""

    def summary(self, groups):
        """Markdown: the finding as one paragraph."""
        if not {"quality", "latency"} <= {*self._record_beside(groups)}:
            return ""
        page = f"{Path(self.folder).name}/README.md#on-a-device"
        latency = self.record["latency"]
        where = f"Exported ({latency['format']}) and run on {latency['device']}"
        where += f", threads: {latency['threads']},"
        return f"{where} {self.finding()} ([table]({page})).\n"

    def finding(self, *precisions):
        """One sentence: size, latency and accuracy of the distilled student beside the teacher.

        Args:
            *precisions: of the student, "float32" or "int8", by default both. The teacher has
                float32.
        """
        record, net = self.record, {"model": self.student.model, "options": self.student.options}
        precisions = precisions or ("float32", "int8")
        by_precision = device.ratios(record["latency"], display_name(net))
        parts = [
            "{:,.0f} times smaller and {:,.0f} times as fast in {}".format(*by_precision[p], p)
            for p in precisions
        ]
        ((_, _, of_teacher),) = device.points(record["latency"])["teacher"]
        losses = {}
        for precision in precisions:
            of_student = device.values(record["quality"], "distilled", precision, "accuracy")
            losses[precision] = f"{of_teacher.mean() - 100 * of_student.mean():.1f}"
        loss = " and ".join(f"{points} points ({name})" for name, points in losses.items())
        if len(set(losses.values())) == 1:
            loss = f"{losses[precisions[0]]} points"
        return (
            f"the distilled student is {', '.join(parts)}, compared with the teacher in float32 "
            f"(median latency), at {loss} lower accuracy"
        )

    def _record_beside(self, groups):
        return self.record if select(groups, dataset=self.dataset, limit=None) else {}
