"""One line for a whole training: how far, how long still, how good so far."""

from common.backend import keras
from common.bars import bar


class Progress(keras.callbacks.Callback):
    """Shows a fit's epochs and steps, time left, and the range of validation accuracies."""

    def __init__(self, title, first_epoch, epochs, steps):
        super().__init__()
        self.line = bar(epochs * steps, title, "steps", done=first_epoch * steps)
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
