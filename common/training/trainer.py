"""Trainer of runs: finished runs are read; missing runs are trained side by side, or resumed."""

from pathlib import Path

from common.runs import records
from common.training import acceleration, executors, resumption, run_checks
from common.training.group import train_group
from common.training.job import JobCache
from common.utils import files
from common.utils.checks import require_writable


def run(
    runs,
    dataset,
    *,
    output_dir,
    read_dirs=(),
    teachers=(),
    callbacks=(),
    on_cached=None,
    executor=None,
):
    """Records of `runs`: read if they exist, else trained side by side and written.

    Runs of one recipe, seed and transfer set train together: they share batches, views and, if
    their architecture is the same, initial weights. On a GPU, MLPs of several seeds train
    together too, each seed on its own batches. An interrupted training resumes after its last
    complete epoch; on a CPU it ends with the same weights as an uninterrupted one.

    Args:
        runs: list of Run, all of `dataset`.
        dataset: data.Dataset.
        output_dir: folder for results/, weights/ and, during training, state/.
        read_dirs: more folders whose results/ may hold finished runs.
        teachers: list of the Logits of every teacher that the runs name; of OnlineTeacher if a
            recipe augments without a finite set of views.
        callbacks: Keras callbacks for each training, named in the records. Callbacks are not
            checkpointed: stateful ones (EarlyStopping) lose their state on resume. Those that set
            the learning rate conflict with schedules.
        on_cached: function (folder, set of names) called for the finished runs that were read;
            by default their number is printed.
        executor: object with `submit(function, *arguments)` that returns a Future, such as
            `utils.workers.LocalWorkers` or a ProcessPoolExecutor with spawn; a task is a group of
            runs that train together. Its processes must see `output_dir` under the same path,
            unless it has `put` and `shares_files` False, as `utils.ray_executor.RayExecutor`.
            None to train one group after the other in this process.

    If another process is training a run, this waits for it and reads its record.

    Returns:
        list of dict, one record per run, in the order of `runs`.

    Raises:
        ValueError: a run is of another data set; its method, schedule, labels, class weights or
            control do not fit; a teacher is missing; the output folder cannot be written; a record
            or checkpoint is damaged; with an executor, callbacks cannot be sent to another process.
        InsufficientSpaceError: there is too little disk space for checkpoint and weights.
        FloatingPointError: a loss is no longer finite.
        ChildProcessError: an executor's process died repeatedly.
        OSError: a file cannot be read or written.
    """
    teachers_by_id = {logits.identity: logits for logits in teachers}
    run_checks.check(runs, dataset, teachers_by_id)
    folder = require_writable(output_dir)
    done = finished(runs, [folder, *read_dirs], on_cached or _print_cached)
    run_checks.check_schedules([run for run in runs if run.name not in done])
    state = executors.checkpoint_folder(executor, folder)
    resumption.remove_finished(state, folder)
    groups = _unfinished(runs, done, state)
    if executor and (tasks := executors.tasks(executor, groups, done, state)):
        parts = (folder, teachers_by_id, list(callbacks))
        done |= executors.train(executor, tasks, set(done), dataset, *parts)
        groups = []
    jobs = JobCache()
    for members in groups:
        done |= train_group(members, done, dataset, folder, teachers_by_id, callbacks, jobs)
    return [done[run.name] for run in runs]


def finished(runs, folders, on_cached):
    """{name: record} of the runs that have a record in one of the folders.

    Args:
        runs: list of Run.
        folders: list of paths, searched in this order.
        on_cached: function (folder, set of names), called for each folder with finished runs.
    """
    done = {}
    for folder in folders:
        new = {run.name: records.read(folder, run) for run in runs if run.name not in done}
        new = {name: record for name, record in new.items() if record}
        if new:
            on_cached(files.display_path(Path(folder) / "results"), set(new))
        done |= new
    return done


def group_runs(runs):
    """Lists of the runs that train together: of one recipe, transfer set and seed.

    On a GPU, models of several seeds that can be stacked train together too.
    """
    groups = {}
    for run in runs:
        key = str(run.options) if acceleration.can_stack_seeds(run) else run.seed
        groups.setdefault((run.recipe, run.transfer_set, key), []).append(run)
    return list(groups.values())


def _unfinished(runs, done, folder):
    """Groups with a run that has no record, split by their checkpoints in a folder, or None."""
    groups = group_runs({run.name: run for run in runs}.values())  # each run once
    return [part for members in groups for part in resumption.split(members, done, folder)]


def _print_cached(folder, names):
    print(f"read {len(names)} finished runs from {folder}")
