"""Split of logits into the label's class and the others: what DKD and NKD are made of."""

from common.backend import ops

_EXCLUDED = -1e30  # finite, unlike -inf: 0 · log 0 stays 0, at every temperature


def label_mask(method, logits, labels):
    """(batch, classes) booleans, True at each row's label.

    Args:
        method: name of the method that needs the labels, for the message.
        logits: (batch, classes) floats.
        labels: (batch,) integers in [0, classes).

    Raises:
        ValueError: no labels.
    """
    if labels is None:
        raise ValueError(
            f'the method "{method}" needs the label of every image: choose "kd" for unlabeled ones'
        )
    labels = ops.cast(ops.reshape(labels, (-1,)), "int32")
    return ops.equal(labels[:, None], ops.arange(logits.shape[-1])[None, :])


def non_target_logits(logits, mask):
    """Logits whose softmax is that over the classes other than the label, 0 at the label.

    Args:
        logits: (batch, classes) floats.
        mask: as in `label_mask`.

    Returns:
        (batch, classes) float32.
    """
    return ops.where(mask, _EXCLUDED, ops.cast(logits, "float32"))


def binary_logits(logits, mask, temperature):
    """Two logits a row: at T their softmax is the label's probability at T and the rest's.

    With m the largest of the C - 1 other logits, T · log Σ exp(z / T) over them is
    m + T · log1p(mean expm1((z - m) / T)) + T · log(C - 1). The last term is the same for student
    and teacher; kept apart, it does not cost the digits of the others at high T.

    Args:
        logits, mask: as in `non_target_logits`.
        temperature: T > 0.

    Returns:
        (batch, 2) float32: the label's class, then all others as one.
    """
    logits = ops.cast(logits, "float32")
    others = non_target_logits(logits, mask)
    largest = ops.stop_gradient(ops.max(others, axis=-1, keepdims=True))  # its gradient cancels
    scaled = ops.where(mask, 0.0, (others - largest) / temperature)
    count = logits.shape[-1] - 1
    log_mean = ops.log1p(ops.sum(ops.expm1(scaled), axis=-1) / count)
    target = ops.sum(ops.where(mask, logits, 0.0), axis=-1)
    first = target - largest[:, 0] - temperature * log_mean
    second = temperature * ops.log(ops.cast(count, "float32"))
    return ops.stack([first, ops.zeros_like(first) + second], axis=-1)
