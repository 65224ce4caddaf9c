"""A distillation of one's own, in a thread, so that the sliders keep answering."""

import math
import threading
import time

from common import metrics
from common.backend import batching, keras
from common.training.job import TrainingJob

REDRAW = 0.25  # seconds between two notices of a running training


class Stopped(Exception):
    """Raised inside a fit to end it at once."""


class LiveRun:
    """One student's training on a teacher's cached logits; nothing is written to disk.

    The same batches, views and initial weights as `training.run` gives: a trial with a
    committed run's settings ends with that run's weights.

    Args:
        run: runs.Run of a student.
        dataset: data.Dataset.
        logits: teachers.Logits of the run's teacher; None for labels alone.
        title: the student's name in tables.
        notify: called without arguments, in the training's thread, when something changed.

    Attributes:
        state: "waiting", "running", "finished", "stopped" or "failed"; error: one sentence.
        curve: list of validation errors, %, one a finished epoch.
        progress: share of the training that is done, in [0, 1].
        model: the student, once built.
        errors: {"validation": count, "test": count}, read once, after the last epoch.
    """

    def __init__(self, run, dataset, logits, title, notify=lambda: None):
        self.run, self.dataset, self.logits = run, dataset, logits
        self.title, self.notify = title, notify
        self.state, self.error, self.model = "waiting", "", None
        self.curve, self.progress, self.errors, self.seconds = [], 0.0, {}, 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._train, daemon=True, name=run.name)

    def start(self):
        self.state = "running"
        self._thread.start()

    def stop(self):
        """End the training at its next batch; `state` becomes "stopped"."""
        self._stop.set()

    @property
    def stopping(self):
        return self._stop.is_set()

    def join(self, timeout=None):
        """Wait for the thread; whether it has ended."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def check_stop(self):
        """Raise `Stopped` once `stop` was called."""
        if self.stopping:
            raise Stopped

    def _train(self):
        began = time.perf_counter()
        try:
            self._fit()
            state = "finished"
        except Stopped:
            state = "stopped"
        except Exception as error:  # a thread's exception would reach nobody
            state, self.error = "failed", str(error)
        if state != "failed" and self.model is not None:
            self.errors = {split: self._errors(split) for split in ("validation", "test")}
        self.seconds = time.perf_counter() - began
        self.state = state
        self.notify()

    def _fit(self):
        given = {self.run.teacher: self.logits} if self.run.teacher else {}
        group = TrainingJob([self.run], self.dataset, given)
        self.model = group.model.models[self.run.name]
        group.model.fit(
            batching.to_tf_dataset(group.batches),
            shuffle=False,  # the batches own their order
            epochs=self.run.recipe.epochs,
            validation_data=group.validation_data(),
            callbacks=[_LiveRunCallback(self, group.batches)],
            verbose=0,
        )

    def _errors(self, split):
        part = getattr(self.dataset, split)
        return metrics.errors(batching.predict_logits(self.model, part.images), part.labels)


class _LiveRunCallback(keras.callbacks.Callback):
    """Sets each epoch's order, tells the trial how far it is, and ends it when it is stopped."""

    def __init__(self, trial, data):
        super().__init__()
        self.trial, self.data, self.steps, self.teacher_logits = trial, data, 0, 0.0

    def on_epoch_begin(self, epoch, logs=None):
        self.data.set_epoch(epoch)

    def on_train_batch_end(self, batch, logs=None):
        self.trial.check_stop()
        self.steps += 1
        self.trial.progress = self.steps / (len(self.data) * self.trial.run.recipe.epochs)
        if time.perf_counter() - self.teacher_logits > REDRAW:
            self._tell()

    def on_test_batch_end(self, batch, logs=None):
        self.trial.check_stop()

    def on_epoch_end(self, epoch, logs=None):
        if not math.isfinite(logs["loss"]):
            raise FloatingPointError(f"the loss is {logs['loss']} after epoch {epoch + 1}")
        self.trial.curve.append(100 * (1 - logs[f"val_{self.trial.run.name}_accuracy"]))
        self._tell()

    def _tell(self):
        self.teacher_logits = time.perf_counter()
        self.trial.notify()
