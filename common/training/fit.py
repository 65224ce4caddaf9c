"""One `fit` of a training job: it resumes from the checkpoint, which is replaced every epoch."""

import math
import time

from common.backend import keras, precision
from common.runs import provenance
from common.training import checkpoints
from common.training.validation import Validation
from common.utils.progress_bar import progress_bar


def fit(job, checkpoint, progress, callbacks):
    """Train a job to its last epoch, from the checkpoint if there is one.

    Args:
        job: TrainingJob.
        checkpoint: path of the checkpoint.
        progress: dict saved in it, or `resumption.new_progress` to start from the first epoch.
        callbacks: list of the user's Keras callbacks.

    Returns:
        (progress, validation logits): a dict of group, members, kind of model, epochs, seconds,
        history, names of callbacks, environments and precisions that epochs were computed in;
        {name in the model: (n, classes) logits} of the trained model, None if there was no epoch
        left to train or callbacks may have changed the weights after the last validation.

    Raises:
        ValueError: a callback stopped the training.
        FloatingPointError: a loss is no longer finite.
    """
    if progress["epochs"]:
        checkpoints.restore(checkpoint, job.model)
    progress = _begun(job, progress, callbacks)
    epochs, validation_logits = job.recipe.epochs, None
    if progress["epochs"] < epochs:
        validation = Validation(job)
        # the checkpoint comes last, so that it includes what other callbacks change
        every = [validation, *callbacks, EpochCheckpoint(job, checkpoint, progress)]
        _train(job, progress["epochs"], every)
        # a user's callback may have changed the weights since, as EarlyStopping does at the end
        validation_logits = None if callbacks else validation.logits
    if progress["epochs"] < epochs:
        raise ValueError(
            f"a callback stopped the training after epoch {progress['epochs']} of {epochs}, so no "
            "record was written: the next call resumes the training"
        )
    job.model.sync_weights()
    return progress, validation_logits


def _begun(job, progress, callbacks):
    """`progress` of a training that begins or goes on, with what this process adds to it."""
    progress = {"members": [run.name for run in job.members], "kind": job.kind} | progress
    used = {type(callback).__name__ for callback in callbacks} | set(progress.get("callbacks", ()))
    progress["callbacks"] = sorted(used)
    if progress["epochs"] < job.recipe.epochs:
        before = [job.recipe.precision] if progress["epochs"] else []  # of older checkpoints
        computed_in = {precision.supported(job.recipe.precision)}
        computed_in |= set(progress.get("computed_in", before))
        progress["computed_in"] = sorted(computed_in)  # another machine's may differ
        _note_environment(progress)
    return progress


def _note_environment(progress):
    """Add this process's environment to those of the epochs before; tell if the backend changes."""
    here, earlier = provenance.environment(), progress.setdefault("environments", [])
    if earlier and earlier[-1]["backend"] != here["backend"]:
        print(
            f"epochs up to {progress['epochs']} were computed by {earlier[-1]['backend']}, the "
            f"next ones by {here['backend']}: the weights will be those of neither alone"
        )
    if not earlier or earlier[-1] != here:
        earlier.append(here)


class EpochCheckpoint(keras.callbacks.Callback):
    """Callback that sets the batches' epoch before each epoch and saves a checkpoint after it.

    Args:
        job: TrainingJob.
        path: of the checkpoint.
        progress: dict as in `fit`; its epochs, seconds and history are updated.
    """

    def __init__(self, job, path, progress):
        super().__init__()
        self.job, self.path, self.progress = job, path, progress

    def on_epoch_begin(self, epoch, logs=None):
        """Draw the epoch's order of images."""
        self.began = time.perf_counter()
        self.job.batches.set_epoch(epoch)

    def on_epoch_end(self, epoch, logs=None):
        """Save the checkpoint; FloatingPointError if a loss is not finite."""
        logs = {self.job.history_key(key): value for key, value in logs.items()}
        if not math.isfinite(logs["loss"]):
            self._raise(epoch, logs)
        for key, value in logs.items():
            self.progress["history"].setdefault(key, []).append(float(f"{value:.6g}"))
        self.progress["epochs"] = epoch + 1
        self.progress["seconds"] += time.perf_counter() - self.began
        checkpoints.save(self.path, self.model, self.progress)

    def _raise(self, epoch, logs):
        names = self.progress["members"]
        diverged = [name for name in names if not math.isfinite(logs[f"{name}_loss"])]
        raise FloatingPointError(
            f"the loss of {', '.join(diverged) or 'the students together'} is no longer finite "
            f"after epoch {epoch + 1}: lower the learning rate"
        )


class Progress(keras.callbacks.Callback):
    """Progress bar of a fit: epochs and steps, time left, range of validation accuracies.

    Args:
        title: text in front of the bar.
        first_epoch: number of epochs that are already trained.
        epochs: total number of epochs.
        steps: number of batches per epoch.
    """

    def __init__(self, title, first_epoch, epochs, steps):
        super().__init__()
        self.line = progress_bar(epochs * steps, title, "steps", initial=first_epoch * steps)
        self.steps = steps

    def on_epoch_begin(self, epoch, logs=None):
        """Count the steps of earlier epochs."""
        self.before = epoch * self.steps

    def on_train_batch_end(self, batch, logs=None):
        """Move the bar; Keras counts batches or dispatches of several, perhaps past the end."""
        fraction = min((batch + 1) / self.params["steps"], 1)
        self.line.update(self.before + round(fraction * self.steps) - self.line.n)

    def on_epoch_end(self, epoch, logs=None):
        """Show validation accuracies, if this epoch was validated."""
        accuracies = [v for key, v in logs.items() if key.startswith("val_") and "acc" in key]
        if not accuracies:
            return
        best, worst = 100 * max(accuracies), 100 * min(accuracies)
        span = f"{best:.2f} %" if best == worst else f"{worst:.2f} to {best:.2f} %"
        self.line.set_postfix_str(f"epoch {epoch + 1}, validation accuracy {span}", refresh=False)

    def on_train_end(self, logs=None):
        """Close the bar."""
        self.line.close()


def _train(job, first, callbacks):
    """Fit a job's model from epoch `first` on."""
    epochs = job.recipe.epochs
    model, data = job.fit_inputs()
    model.fit(
        data,
        shuffle=False,  # Keras would shuffle the batches by Python's global random state
        epochs=epochs,
        initial_epoch=first,
        callbacks=[*callbacks, Progress(_title(job), first, epochs, len(job.batches))],
        verbose=0,
    )


def _title(job):
    members, seeds = job.members, ", ".join(map(str, job.seeds))
    models = f"{len(members)} side by side" if len(members) > 1 else members[0].model
    return f"{job.dataset.name}, {models}, seed{'s' * (len(job.seeds) > 1)} {seeds}"
