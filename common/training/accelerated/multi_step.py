"""Multi-step training under JAX: several training steps compiled into one computation.

A GPU often computes a small student's step faster than the host can dispatch it, and Keras's JAX
trainer dispatches every step separately.
"""

import functools

import numpy as np

from common.backend import keras

MAX_STEPS = 64  # per dispatch: more steps gain nothing and freeze the progress bar
MIN_STEPS = 8


def choose_steps_per_dispatch(steps):
    """Number of steps per dispatch for an epoch of `steps` steps.

    A divisor if possible: a smaller last dispatch would be compiled separately.
    """
    divisors = [n for n in range(MIN_STEPS, MAX_STEPS + 1) if steps % n == 0]
    return max(divisors, default=min(steps, MAX_STEPS // 2))


class MultiStepModel(keras.Model):
    """A model whose `steps_per_execution` training steps are one computation on every backend.

    Fit it on a PyDataset of batches of equal shapes. Under JAX, callbacks count dispatches, not
    batches. Eagerly, or with jit_compile off, it trains as Keras does.

    Attributes:
        steps_per_dispatch: the `steps_per_execution` that it was compiled with.
    """

    def compile(self, *arguments, **options):
        """Keras's `compile`."""
        super().compile(*arguments, **options)
        self.steps_per_dispatch = self.steps_per_execution
        self._stacks_batches = (
            keras.config.backend() == "jax" and self.jit_compile and not self.run_eagerly
        )
        if self._stacks_batches:  # a stack is one batch to Keras
            self.steps_per_execution = 1

    def fit(self, x=None, *arguments, **options):
        """Keras's `fit`; x is a PyDataset of batches of equal shapes."""
        data = StackedBatches(x, self.steps_per_dispatch) if self._stacks_batches else x
        return super().fit(data, *arguments, **options)

    def train_on_batch(self, x, *arguments, **options):
        """Keras's `train_on_batch`, a single step."""
        if self._stacks_batches:
            x = keras.tree.map_structure(lambda array: np.asarray(array)[None], x)
        return super().train_on_batch(x, *arguments, **options)

    def make_train_function(self, force=False):
        """Keras's `make_train_function`, of several steps under JAX."""
        if not self._stacks_batches:
            super().make_train_function(force)
        elif force or self.train_function is None:
            self.train_function = train_function(self.train_step)


class StackedBatches(keras.utils.PyDataset):
    """Batches stacked `steps_per_dispatch` at a time, since every transfer to a GPU takes time.

    Args:
        batches: keras.utils.PyDataset of batches of equal shapes.
        steps_per_dispatch: whole number above 0; the last stack has the batches that are left.

    Yields:
        the structure of a batch, its arrays (steps_per_dispatch, ...).
    """

    def __init__(self, batches, steps_per_dispatch):
        super().__init__()
        self.batches, self.steps_per_dispatch = batches, steps_per_dispatch

    def __len__(self):
        return -(-len(self.batches) // self.steps_per_dispatch)

    def __getitem__(self, index):
        first = index * self.steps_per_dispatch
        last = min(first + self.steps_per_dispatch, len(self.batches))
        batches = [self.batches[number] for number in range(first, last)]
        return keras.tree.map_structure(lambda *arrays: np.stack(arrays), *batches)


def train_function(step):
    """The function that Keras's JAX trainer calls per dispatch: (state, iterator) -> (logs, state).

    Args:
        step: (state, batch) -> (logs, state), such as a model's `train_step`.

    Returns:
        The function, for an iterator of `StackedBatches`. It returns the last step's logs, and
        raises StopIteration if no stack is left. It prepares the next stack while the device
        computes.
    """
    run_steps = compiled(step)
    source, prefetched = None, None  # the iterator, and the stack already taken from it

    def dispatch(state, iterator):
        nonlocal source, prefetched
        stack = prefetched if iterator is source else next(iterator)
        if stack is None:
            raise StopIteration
        logs, state = run_steps(state, stack)
        # Keras waits for the logs next: prepared later, the next stack would keep the GPU idle
        source, prefetched = iterator, next(iterator, None)
        return logs, state

    return dispatch


def compiled(step):
    """JAX-compiled function (state, stack) -> (last logs, state): one step per batch of a stack.

    Args:
        step: as in `train_function`.
    """
    import jax

    single = jax.jit(step)  # traced once, for stacks of any length

    @functools.partial(jax.jit, donate_argnums=0)
    def run_steps(state, stack):
        logs, _ = jax.eval_shape(single, state, jax.tree.map(lambda array: array[0], stack))
        zeros = jax.tree.map(lambda log: jax.numpy.zeros(log.shape, log.dtype), logs)
        # A scan, whose number of steps is known: a while loop would ask the host after each.
        # Logs are carried: stacking them would take one more kernel each in every step.
        last, _ = jax.lax.scan(
            lambda carry, batch: (single(carry[1], batch), None), (zeros, state), stack
        )
        return last

    return run_steps
