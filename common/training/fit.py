"""One fit of a job: resumed where it was, its state on disk after each epoch."""

import math
import time

from common.backend import keras
from common.training import checkpoints
from common.utils.progress_bar import progress_bar


def fit(job, state, progress, callbacks):
    """Train to the last epoch, from the state on disk if there is one.

    Args:
        job: TrainingJob.
        state: path of the checkpoint.
        progress: as saved in it; None to start from the first epoch.
        callbacks: the user's.

    Returns:
        dict: members, kind of model, epochs, seconds and history so far.

    Raises:
        ValueError: a callback stopped the training.
        FloatingPointError: a loss is no longer finite.
    """
    epochs = job.recipe.epochs
    if progress:
        checkpoints.restore(state, job.model)
    else:
        names = [run.name for run in job.members]
        progress = {"members": names, "kind": job.kind}
        progress |= {"epochs": 0, "seconds": 0.0, "history": {}}
    used = {type(callback).__name__ for callback in callbacks} | set(progress.get("callbacks", ()))
    progress["callbacks"] = sorted(used)
    if progress["epochs"] < epochs:
        # the state last, so that it holds what the others changed
        _train(job, progress, [*callbacks, EpochCheckpoint(job.batches, state, progress)])
    if progress["epochs"] < epochs:
        raise ValueError(
            f"a callback stopped the training after epoch {progress['epochs']} of {epochs}: "
            "it has no record yet, the next call goes on"
        )
    job.model.sync_weights()
    return progress


def _train(job, progress, callbacks):
    first, epochs = progress["epochs"], job.recipe.epochs
    model, data = job.fit_inputs()
    model.fit(
        data,
        shuffle=False,  # Keras would shuffle the batches by Python's global random state
        epochs=epochs,
        initial_epoch=first,
        validation_data=job.validation_data(),
        validation_freq=validation_epochs(epochs, job.dataset),
        callbacks=[*callbacks, Progress(_title(job), first, epochs, len(job.batches))],
        verbose=0,
    )


def _title(job):
    members, seeds = job.members, ", ".join(map(str, job.seeds))
    many = f"{len(members)} side by side" if len(members) > 1 else members[0].model
    return f"{job.dataset.name}, {many}, seed{'s' * (len(job.seeds) > 1)} {seeds}"


def validation_epochs(epochs, dataset):
    """The epochs after which validation is asked: the last, and others as time allows.

    Where the training images are fewer than validation's, epochs pass until as many were seen.
    """
    every = max(1, len(dataset.validation) // len(dataset.train))
    return [epoch for epoch in range(1, epochs + 1) if epoch % every == 0 or epoch == epochs]


class EpochCheckpoint(keras.callbacks.Callback):
    """Before each epoch its order of images, after it the state on disk."""

    def __init__(self, data, state, progress):
        super().__init__()
        self.data, self.state, self.progress = data, state, progress

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()
        self.data.set_epoch(epoch)

    def on_epoch_end(self, epoch, logs=None):
        if not math.isfinite(logs["loss"]):
            names = self.progress["members"]
            lost = [name for name in names if not math.isfinite(logs[f"{name}_loss"])]
            raise FloatingPointError(
                f"the loss of {', '.join(lost) or 'all together'} is no longer finite after epoch "
                f"{epoch + 1}: lower the learning rate"
            )
        for key, value in logs.items():
            self.progress["history"].setdefault(key, []).append(float(f"{value:.6g}"))
        self.progress["epochs"] = epoch + 1
        self.progress["seconds"] += time.perf_counter() - self.began
        checkpoints.save(self.state, self.model, self.progress)


class Progress(keras.callbacks.Callback):
    """Shows a fit's epochs and steps, time left, and the range of validation accuracies."""

    def __init__(self, title, first_epoch, epochs, steps):
        super().__init__()
        self.line = progress_bar(epochs * steps, title, "steps", initial=first_epoch * steps)
        self.steps = steps

    def on_epoch_begin(self, epoch, logs=None):
        self.before = epoch * self.steps

    def on_train_batch_end(self, batch, logs=None):
        # of the batches, or dispatches, that Keras counts; perhaps past the end
        share = min((batch + 1) / self.params["steps"], 1)
        self.line.update(self.before + round(share * self.steps) - self.line.n)

    def on_epoch_end(self, epoch, logs=None):
        seen = [value for key, value in logs.items() if key.startswith("val_") and "acc" in key]
        if not seen:  # not asked after this epoch
            return
        best, worst = 100 * max(seen), 100 * min(seen)
        span = f"{best:.2f} %" if best == worst else f"{worst:.2f} to {best:.2f} %"
        self.line.set_postfix_str(f"epoch {epoch + 1}, validation accuracy {span}", refresh=False)

    def on_train_end(self, logs=None):
        self.line.close()
