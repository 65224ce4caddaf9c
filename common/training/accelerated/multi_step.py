"""Several training steps as one computation under JAX, where Keras sends them one by one.

A small student's step takes a GPU less time than the host needs to send it.
"""

import functools

import numpy as np

from common.backend import keras

MAX_STEPS = 64  # steps at once: beyond, nothing is left to gain and the progress line stands still
MIN_STEPS = 8


def choose_steps_per_dispatch(steps):
    """How many of an epoch's `steps` to send at once.

    A divisor, so that nothing is left over, for which a second computation would be compiled.
    """
    divisors = [n for n in range(MIN_STEPS, MAX_STEPS + 1) if steps % n == 0]
    return max(divisors, default=min(steps, MAX_STEPS // 2))


class MultiStepModel(keras.Model):
    """A model whose `steps_per_execution` training steps are one computation on every backend.

    Fit it on a PyDataset of batches of equal shapes. Under JAX callbacks count dispatches in place
    of batches. Eager, or with jit_compile off, it trains as Keras does.

    `together` is the number of steps in a dispatch.
    """

    def compile(self, *arguments, **options):
        super().compile(*arguments, **options)
        self.steps_per_dispatch = self.steps_per_execution
        self._in_blocks = (
            keras.config.backend() == "jax" and self.jit_compile and not self.run_eagerly
        )
        if self._in_blocks:  # each is one batch to Keras
            self.steps_per_execution = 1

    def fit(self, x=None, *arguments, **options):
        data = StackedBatches(x, self.steps_per_dispatch) if self._in_blocks else x
        return super().fit(data, *arguments, **options)

    def train_on_batch(self, x, *arguments, **options):
        if self._in_blocks:  # of one
            x = keras.tree.map_structure(lambda array: np.asarray(array)[None], x)
        return super().train_on_batch(x, *arguments, **options)

    def make_train_function(self, force=False):
        if not self._in_blocks:
            super().make_train_function(force)
        elif force or self.train_function is None:
            self.train_function = train_function(self.train_step)


class StackedBatches(keras.utils.PyDataset):
    """Batches, `together` of them as one: each array that is sent to a GPU takes its time.

    Args:
        batches: keras.utils.PyDataset of batches of equal shapes.
        together: whole number above 0; the last block has what is left over.

    Yields:
        what a batch is, its arrays (together, ...).
    """

    def __init__(self, batches, together):
        super().__init__()
        self.batches, self.steps_per_dispatch = batches, together

    def __len__(self):
        return -(-len(self.batches) // self.steps_per_dispatch)

    def __getitem__(self, index):
        first = index * self.steps_per_dispatch
        last = min(first + self.steps_per_dispatch, len(self.batches))
        each = [self.batches[place] for place in range(first, last)]
        return keras.tree.map_structure(lambda *same: np.stack(same), *each)


def train_function(step):
    """What Keras's JAX trainer calls for each dispatch: (state, iterator) -> (logs, state).

    Args:
        step: (state, batch) -> (logs, state), such as a model's `train_step`.

    Returns:
        The function, for an iterator of `Blocks`. Its logs are the last step's; StopIteration
        where no block is left. The next block is made while the device computes.
    """
    together = compiled(step)
    source, ahead = None, None  # what was taken from which iterator before it was asked for

    def dispatch(state, iterator):
        nonlocal source, ahead
        block = ahead if iterator is source else next(iterator)
        if block is None:
            raise StopIteration
        logs, state = together(state, block)
        # Keras waits for the logs next: a GPU would be idle while this is made
        source, ahead = iterator, next(iterator, None)
        return logs, state

    return dispatch


def compiled(step):
    """One step after another for each batch of a block, as one computation compiled by JAX.

    (state, block) -> (logs of the last step, state), for `step` as of `train_function`.
    """
    import jax

    alone = jax.jit(step)  # traced once, whatever the lengths of the blocks

    @functools.partial(jax.jit, donate_argnums=0)
    def together(state, block):
        logs, _ = jax.eval_shape(alone, state, jax.tree.map(lambda same: same[0], block))
        none = jax.tree.map(lambda log: jax.numpy.zeros(log.shape, log.dtype), logs)
        # A scan, for its number of steps is known: else a GPU would ask the host after each. Logs
        # are carried, for each that is stacked would be one more kernel in every step.
        last, _ = jax.lax.scan(
            lambda seen, batch: (alone(seen[1], batch), None), (none, state), block
        )
        return last

    return together
