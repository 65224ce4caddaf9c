"""Logits store: reads, checks and writes teachers' logits and weights in a study's folders."""

import functools

from common import teachers
from common.data import views
from common.runs import Recipe, model_io, records


class LogitsStore:
    """Logits and weights of teachers of one data set.

    Args:
        folders: list of paths; new logits go to the first, all are searched in this order.
        dataset: data.Dataset.
    """

    def __init__(self, folders, dataset):
        self.folders, self.dataset = folders, dataset

    def find(self, run, view_set="plain"):
        """`Logits` of a teacher's run, from the first folder that has them; None if there are none.

        Args:
            run: Run of the teacher.
            view_set: views of the training images, a `ViewSet` or its name.

        Raises:
            ValueError: as `read`.
        """
        for folder in self.folders:
            path = teachers.folder(folder, run, view_set)
            if (path / "header.json").exists():  # written last
                return self.read(folder, run, view_set)
        return None

    def read(self, folder, run, view_set="plain"):
        """`Logits` in `folder`, checked against the run.

        Raises:
            FileNotFoundError: there are none.
            ValueError: the logits are of another teacher or data set, or of weights that differ
                from the record's.
        """
        view_set = views.get(view_set)
        logits = teachers.Logits(teachers.folder(folder, run, view_set))
        expected = {"teacher": run.name, "dataset": self.dataset.name, "views": view_set.name}
        expected |= {"sampled": view_set.views_per_image, "digest": self.dataset.digest or 0}
        if recorded := self._other_weights(logits, folder, run):
            expected["weights_sha256"] = recorded
        for key, value in expected.items():
            stored = logits.header.get(key, 0)  # absent: all views; data in the catalogue
            if stored != value:
                raise ValueError(
                    f"{logits.folder} has the logits of {key} {stored}, not {value}: "
                    "delete it to have them computed again"
                )
        return logits

    def identity(self, run, view_set="plain"):
        """The identity that a finished teacher's logits have or will have.

        The identity includes a hash of the weights, and a teacher that is reloaded from float16
        weights has another hash. If only float16 weights are left, the identity has their hash,
        unless recorded students with these views used the exact weights and none used float16.
        """
        folder, record = self._finished(run)
        exact = teachers.identity(run.name, record["weights_sha256"])
        float16 = None if records.find_weights(folder, run) else self._float16_hash(folder, run)
        if float16 is None:
            return exact
        rounded, used = teachers.identity(run.name, float16), self._used_teachers(view_set)
        return exact if exact in used and rounded not in used else rounded

    def lazy(self, run, view_set="plain"):
        """`LazyLogits` of a finished teacher, made when targets are first looked up."""
        identity = self.identity(run, view_set)
        return teachers.LazyLogits(
            identity, self.dataset.name, lambda: self.make(identity, run, view_set)
        )

    def make(self, identity, run, view_set="plain"):
        """`Logits` of a finished teacher: read, or else computed and written.

        Raises:
            ValueError: the remaining weights are not those of `identity`; as in `teachers.make`.
        """
        find = functools.partial(self.find, run, view_set)
        if logits := find():
            return logits
        model = self.model(run)
        if teachers.identity(run.name, teachers.weights_hash(model)) != identity:
            raise ValueError(
                f"recorded students used the exact weights of {run.name}, of which only float16 "
                "remains: train it again with --retrain --output-dir DIR"
            )
        folder = teachers.folder(self.folders[0], run, view_set)
        # another process may have written them since, in the precision of another machine
        return teachers.make(folder, model, self.dataset, run.name, view_set, find=find)

    def check_feasible(self, run, view_set="plain"):
        """Raise as in `teachers.check_feasible` unless the logits can be computed.

        Call it before the teacher is trained, which may take hours.
        """
        folder = teachers.folder(self.folders[0], run, view_set)
        teachers.check_feasible(folder, self.dataset, self.dataset.classes, view_set)

    def model(self, run):
        """A finished run's model with its trained weights.

        Raises:
            ValueError: as `model_io.load_model`.
        """
        return model_io.load_model(self._finished(run)[0], run, self.dataset)

    def require_weights(self, run):
        """Raise ValueError, as `model`, if a run's record or its weights are missing."""
        model_io.require_weights(self._finished(run)[0], run)

    def is_finished(self, run):
        """Whether one of the folders has a record of the run."""
        return any(records.read(folder, run) for folder in self.folders)

    def _finished(self, run):
        """(folder, record) of a finished run, preferably from a folder with its weights."""
        pairs = [(path, record) for path in self.folders if (record := records.read(path, run))]
        with_weights = [pair for pair in pairs if records.has_weights(pair[0], run)]
        return (with_weights or pairs or [(self.folders[0], None)])[0]

    def _other_weights(self, logits, folder, run):
        """The recorded hash of the weights, unless the logits are of these weights or float16."""
        record, stored = records.read(folder, run), logits.header["weights_sha256"]
        if record is None or stored == record["weights_sha256"]:
            return None
        if stored == self._float16_hash(folder, run):  # for which a network is built
            return None
        return record["weights_sha256"]

    def _float16_hash(self, folder, run):
        """Hash of a teacher's float16 weights; None if there are none."""
        path = records.find_float16_weights(folder, run)
        model = path and model_io.load_float16_model(path, run, self.dataset)
        return path and teachers.weights_hash(model)

    def _used_teachers(self, view_set):
        """Identities of the teachers of all recorded students with these views."""
        configurations = (
            record["configuration"]
            for folder in self.folders
            for record in records.load_all(folder)
        )
        return {
            values["teacher"]
            for values in configurations
            if Recipe.from_configuration(values["recipe"]).view_set == views.get(view_set)
        }
