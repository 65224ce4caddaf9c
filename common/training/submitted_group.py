"""A group of runs that an executor trains."""

from concurrent.futures import Future

from common.training import resumption


class SubmittedGroup:
    """A group of runs that an executor trains, from its submission on.

    Args:
        tasks: object with `submit(members)`, which returns the future of a group, and `folder`,
            the Path of the folder with the checkpoints; None if this process cannot read them.
        members: list of Run.
        done: names of finished runs.

    Attributes:
        name: of its first run.
        future: of the last submission; a failed one if it could not be sent.
        count: number of runs that are not `done`.
        epochs_before: number of epochs that were trained before the last submission.
        error: exception that it failed with; None until then.
    """

    def __init__(self, tasks, members, done):
        self.tasks, self.members = tasks, members
        self.name, self.error = members[0].name, None
        self.count = sum(run.name not in done for run in members)
        self._submit()

    @property
    def epochs(self):
        """Number of epochs of its recipe."""
        return self.members[0].recipe.epochs

    @property
    def running(self):
        """Whether it is being trained; a future that cannot tell runs until it is done."""
        running = getattr(self.future, "running", lambda: not self.future.done())
        return running()

    def completed_epochs(self):
        """Number of epochs that are trained, as far as this process can read the checkpoint."""
        if self.future.done():
            return self._saved_epochs() if self.error else self.epochs
        return self._saved_epochs() if self.running else 0

    def submit_again(self):
        """Submit it again if it has completed an epoch since it was last submitted.

        An executor repeats a task whose process dies only so often, because a training may kill
        its process, for lack of memory for instance. A training that gets on does not.

        Returns:
            whether it was submitted.
        """
        if self._saved_epochs() == self.epochs_before:
            return False
        self._submit()
        return True

    def _submit(self):
        self.epochs_before = self._saved_epochs()
        try:
            self.future = self.tasks.submit(self.members)
        except Exception as error:  # such as a teacher's logits that are not finite
            self.future = Future()
            self.future.set_exception(error)

    def _saved_epochs(self):
        folder = self.tasks.folder
        return resumption.trained_epochs(self.members, folder) if folder else 0
