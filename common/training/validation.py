"""Validation during training: one pass predicts; losses and accuracies follow from its logits."""

from common.backend import batching, keras
from common.training.batches import validation_batches


def validation_epochs(epochs, dataset):
    """Epochs after which a training validates: every k-th and the last.

    k = max(1, validation images // training images), so that validation takes no more time than
    training.

    Args:
        epochs: number of epochs.
        dataset: data.Dataset.

    Returns:
        list of int, from 1 on.
    """
    every = max(1, len(dataset.validation) // len(dataset.train))
    return [epoch for epoch in range(1, epochs + 1) if epoch % every == 0 or epoch == epochs]


class Validation(keras.callbacks.Callback):
    """Callback that adds the measures on validation images to the logs of `validation_epochs`.

    It must come first, so that other callbacks see these measures. Keras's own validation would
    return no logits, and the record of a training needs those of the last epoch.

    Args:
        job: TrainingJob.

    Attributes:
        logits: {name in the model: (n, classes)} of the last validation; None before.
    """

    def __init__(self, job):
        super().__init__()
        self.job, self.logits = job, None
        self.batches = validation_batches(job.dataset.validation, job.validation_targets())
        self.epochs = validation_epochs(job.recipe.epochs, job.dataset)

    def on_epoch_end(self, epoch, logs=None):
        """Predict; add `val_loss` and each student's `val_<name>_loss` and `_accuracy`."""
        if epoch + 1 in self.epochs:
            self.logits = batching.predict_logits(
                self.job.model, self.job.dataset.validation.images
            )
            values = _measures(self.job.model, self.batches, self.logits)
            logs.update({f"val_{name}": value for name, value in values.items()})


def _measures(model, batches, logits):
    """{metric: float} as `model.evaluate` returns them, from logits that `model` predicted."""
    model.reset_metrics()
    total = count = 0
    for index in range(len(batches)):
        images, targets = batches[index]
        rows = slice(count, count + len(images))
        predicted = {name: values[rows] for name, values in logits.items()}
        loss = model.compute_loss(images, targets, predicted, training=False)
        total, count = total + len(images) * float(loss), rows.stop
    values = {name: float(value) for name, value in model.get_metrics_result().items()}
    model.reset_metrics()  # those of the training follow
    return values | {"loss": total / count}
