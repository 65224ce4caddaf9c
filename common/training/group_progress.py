"""Progress of groups of runs that an executor trains, from their checkpoints and futures."""

from common.utils.progress_bar import progress_bar


class GroupProgress:
    """Progress bar of all groups, in epochs of runs; a context manager.

    Args:
        groups: list of SubmittedGroup.
    """

    def __init__(self, groups):
        self.groups = groups
        self.runs = sum(group.count for group in groups)
        total = sum(group.count * group.epochs for group in groups)
        initial = sum(group.count * group.epochs_before for group in groups)
        title = f"{self.runs} run{'s' * (self.runs > 1)}"
        # Epochs of several runs end at once: only their mean rate tells the time left.
        self.bar = progress_bar(total, title, "epochs", initial, smoothing=0)
        self.write = self.bar.write

    def __enter__(self):
        self.bar.__enter__()
        return self

    def __exit__(self, *error):
        return self.bar.__exit__(*error)

    def update(self):
        """Show the finished epochs and the numbers of finished, running, waiting, failed runs."""
        failed = sum(group.count for group in self.groups if group.error)
        finished = sum(group.count for group in self.groups if group.future.done()) - failed
        running = sum(group.count for group in self.groups if group.running)
        epochs = sum(group.count * group.completed_epochs() for group in self.groups)
        waiting = self.runs - finished - running - failed
        text = f"{finished} runs finished, {running} running, {waiting} waiting"
        text += f", {failed} failed" * (failed > 0)
        self.bar.set_postfix_str(text, refresh=False)
        self.bar.update(max(epochs - self.bar.n, 0))
