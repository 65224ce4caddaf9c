"""Checkpoints of groups of runs: runs resume together with those that they were trained with.

A group changes from one call to the next: some of its runs are finished, others are new, or an
executor splits it among another number of processes.
"""

import contextlib
import hashlib

from common.runs import records
from common.training import checkpoints


def checkpoint_path(members, folder):
    """Path of the checkpoint of exactly these runs, in any order."""
    key = hashlib.sha256("\n".join(_names(members)).encode()).hexdigest()
    return folder / "state" / f"{key[:16]}.npz"


def new_progress(members):
    """Progress of a group before its first epoch, as a dict for its checkpoint."""
    return {"group": _names(members), "epochs": 0, "seconds": 0.0, "history": {}}


def split(members, done, folder, report=lambda line: None):
    """Parts of a group: the runs of each of its checkpoints, and the others that are not finished.

    Of checkpoints that share a run, the one with more epochs counts.

    Args:
        members: list of Run.
        done: names of finished runs.
        folder: Path of the folder with state/; None if this process cannot see it.
        report: function of a sentence, called for each checkpoint that cannot be used.

    Returns:
        list of lists of Run, each with a run that is not finished.
    """
    by_name, parts = {run.name: run for run in members}, []
    done = set(done)
    pending = by_name.keys() - done
    for path, names in _checkpoints(folder, report):
        if names <= by_name.keys() and names - done <= pending:
            if names - done:
                parts.append([by_name[name] for name in by_name if name in names])
                pending -= names
        elif missing := names & pending and names - by_name.keys():
            report(
                f"the runs of the checkpoint {path} resume only together, and "
                f"{', '.join(sorted(missing))} is not trained with them: they start again"
            )
    rest = [run for run in members if run.name in pending]
    return [*parts, rest] if rest else parts


def remove_finished(state, results):
    """Delete checkpoints whose runs all have records: of processes killed after the last one.

    Args:
        state: Path of the folder with state/; None if this process cannot see it.
        results: Path of the folder with results/, to which these runs are written.
    """
    for path, names in _checkpoints(state):
        if all(records.path_of(results, name).exists() for name in names):
            path.unlink(missing_ok=True)


def trained_epochs(members, folder):
    """Number of epochs in the checkpoint of exactly these runs; 0 without one."""
    with contextlib.suppress(ValueError):  # a damaged checkpoint is reported where it is read
        saved = checkpoints.load_progress(checkpoint_path(members, folder))
        return saved["epochs"] if saved else 0
    return 0


def _checkpoints(folder, report=lambda line: None):
    """List of (path, names of the runs of its group), those with most epochs first.

    Other processes write and delete theirs meanwhile; files still being written begin with a dot.
    Those that cannot be read may be of runs that nobody asks for; they are only reported.
    """
    entries = []
    for path in sorted(folder.glob("state/[!.]*.npz")) if folder else ():
        saved = None
        try:
            saved = checkpoints.load_progress(path)
        except ValueError as error:
            report(f"ignored: {error}")
        if saved:
            names = set(saved.get("group", saved["members"]))  # older ones have members only
            entries.append((saved["epochs"], path, names))
    return [(path, names) for _, path, names in sorted(entries, key=lambda entry: -entry[0])]


def _names(members):
    return sorted(run.name for run in members)
