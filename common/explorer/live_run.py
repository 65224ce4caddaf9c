"""Live training run in a background thread, so that the widgets stay responsive."""

import math
import threading
import time

from common import metrics
from common.backend import batching, keras
from common.training.job import TrainingJob
from common.training.validation import Validation

REDRAW = 0.25  # seconds between two notifications of a running training


class Stopped(Exception):
    """Raised inside `fit` to end it at once."""


class LiveRun:
    """Training of one student on a teacher's cached logits; it writes nothing to disk.

    Batches, views and initial weights are those of `training.run`: a live run with a committed
    run's settings ends with that run's weights.

    Args:
        run: runs.Run of a student.
        dataset: data.Dataset.
        logits: teachers.Logits of the run's teacher; None for a baseline.
        title: the student's name in tables.
        notify: called without arguments, in the training thread, after each change.

    Attributes:
        state: "waiting", "running", "finished", "stopped" or "failed"; error: one sentence.
        curve: list of validation error rates, %, one for each completed epoch.
        progress: completed fraction of the training, in [0, 1].
        model: the student; None before it is built.
        errors: {"validation": count, "test": count}, computed once, after the last epoch.
        seconds: duration, set at the end.
    """

    def __init__(self, run, dataset, logits, title, notify=lambda: None):
        self.run, self.dataset, self.logits = run, dataset, logits
        self.title, self.notify = title, notify
        self.state, self.error, self.model = "waiting", "", None
        self.curve, self.progress, self.errors, self.seconds = [], 0.0, {}, 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._train, daemon=True, name=run.name)

    def start(self):
        """Start the training and return at once."""
        self.state = "running"
        self._thread.start()

    def stop(self):
        """End the training at its next batch; `state` becomes "stopped"."""
        self._stop.set()

    @property
    def stopping(self):
        """Whether `stop` was called."""
        return self._stop.is_set()

    def join(self, timeout=None):
        """Wait up to `timeout` seconds for the training; return whether it has ended."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def check_stop(self):
        """Raise `Stopped` if `stop` was called."""
        if self.stopping:
            raise Stopped

    def _train(self):
        began = time.perf_counter()
        try:
            state = self._fit_until_stopped()
            if self.model is not None:
                self.errors = {split: self._errors(split) for split in ("validation", "test")}
        except Exception as error:  # otherwise lost with the thread
            state, self.error = "failed", str(error)
        self.seconds = time.perf_counter() - began
        self.state = state
        self.notify()

    def _fit_until_stopped(self):
        try:
            self._fit()
        except Stopped:
            return "stopped"
        return "finished"

    def _fit(self):
        teachers = {self.run.teacher: self.logits} if self.run.teacher else {}
        job = TrainingJob([self.run], self.dataset, teachers)
        self.model = job.model.models[self.run.name]
        job.model.fit(
            batching.to_tf_dataset(job.batches),
            shuffle=False,  # the batches define their order
            epochs=self.run.recipe.epochs,
            callbacks=[Validation(job), _LiveRunCallback(self, job.batches)],
            verbose=0,
        )

    def _errors(self, name):
        split = getattr(self.dataset, name)
        return metrics.errors(batching.predict_logits(self.model, split.images), split.labels)


class _LiveRunCallback(keras.callbacks.Callback):
    """Sets the order of each epoch, reports progress to a `LiveRun`, and stops on request."""

    def __init__(self, live_run, batches):
        super().__init__()
        self.live_run, self.batches = live_run, batches
        self.steps = len(batches) * live_run.run.recipe.epochs
        self.step, self.last_notice = 0, 0.0

    def on_epoch_begin(self, epoch, logs=None):
        self.batches.set_epoch(epoch)

    def on_train_batch_end(self, batch, logs=None):
        self.live_run.check_stop()
        self.step += 1
        self.live_run.progress = self.step / self.steps
        if time.perf_counter() - self.last_notice > REDRAW:
            self._notify()

    def on_epoch_end(self, epoch, logs=None):
        if not math.isfinite(logs["loss"]):
            raise FloatingPointError(f"the loss is {logs['loss']} after epoch {epoch + 1}")
        accuracy = logs[f"val_{self.live_run.run.name}_accuracy"]
        self.live_run.curve.append(100 * (1 - accuracy))
        self._notify()

    def _notify(self):
        self.last_notice = time.perf_counter()
        self.live_run.notify()
