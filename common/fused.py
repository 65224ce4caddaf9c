"""Several training steps as one computation under JAX, where Keras sends them one by one.

A small student's step takes a GPU less time than the host needs to send it.
"""

import functools
import itertools

from common.backend import keras

MOST = 64  # steps at once: beyond, nothing is left to gain and the progress line stands still
LEAST = 8


def length(steps):
    """How many of an epoch's `steps` to send at once.

    A divisor, so that nothing is left over, for which a second computation would be compiled.
    """
    divisors = [n for n in range(LEAST, MOST + 1) if steps % n == 0]
    return max(divisors, default=min(steps, MOST // 2))


class Fused(keras.Model):
    """A model whose `steps_per_execution` training steps are one computation on every backend.

    Fit it on batches of equal shapes. Eager, or with jit_compile off, it trains as Keras does.
    """

    def make_train_function(self, force=False):
        if keras.config.backend() != "jax" or self.run_eagerly or not self.jit_compile:
            super().make_train_function(force)
        elif force or self.train_function is None:
            self.train_function = train_function(self.train_step, self.steps_per_execution)


def train_function(step, most):
    """What Keras's JAX trainer calls for each dispatch: (state, iterator) -> (logs, state).

    Args:
        step: (state, batch) -> (logs, state), such as a model's `train_step`.
        most: how many batches to take from the iterator at once; where fewer are left, each
            has a dispatch of its own. The next are taken while the device computes.

    Returns:
        The function. Its logs are the last step's; StopIteration where no batch is left.
    """
    alone, together = compiled(step)
    source, ahead = None, []  # what was taken from which iterator before it was asked for

    def dispatch(state, iterator):
        nonlocal source, ahead
        batches = ahead if iterator is source else list(itertools.islice(iterator, most))
        if len(batches) == most:
            logs, state = together(state, batches)
        else:
            for batch in batches or [next(iterator)]:
                logs, state = alone(state, batch)
        # Keras waits for the logs next: a GPU would be idle while these are made
        source, ahead = iterator, list(itertools.islice(iterator, most))
        return logs, state

    return dispatch


def compiled(step):
    """(alone, together): one step, and one after another for each of a list of batches.

    Both are compiled by JAX: (state, batch) or (state, batches) -> (logs of the last step, state).
    """
    import jax

    alone = jax.jit(step, donate_argnums=0)

    @functools.partial(jax.jit, donate_argnums=0)
    def together(state, batches):
        stacked = jax.tree.map(lambda *same: jax.numpy.stack(same), *batches)
        logs, _ = jax.eval_shape(alone, state, batches[0])
        none = jax.tree.map(lambda log: jax.numpy.zeros(log.shape, log.dtype), logs)
        # A scan, for its number of steps is known: else a GPU would ask the host after each. Logs
        # are carried, for each that is stacked would be one more kernel in every step.
        last, _ = jax.lax.scan(
            lambda seen, batch: (alone(seen[1], batch), None), (none, state), stacked
        )
        return last

    return alone, together
