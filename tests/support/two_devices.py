"""Training on two virtual CPU devices against one device, under JAX, in a separate process.

KERAS_BACKEND=jax XLA_FLAGS=--xla_force_host_platform_device_count=2 \\
    python -m tests.support.two_devices DATA_DIR OUTPUT_DIR

It fails if weights without batch normalization differ by more than 1e-5, or losses with it by
more than 1e-3.
"""

import contextlib
import sys

import numpy as np

from common import data, training
from common.cli import data_parallel as data_parallel_option
from common.runs import Recipe, Run, records
from common.training import data_parallel
from tests.support.helpers import weights

RECIPE = Recipe(epochs=2, batch_size=20, optimizer="sgd", learning_rate=0.05, weight_decay=1e-3)


def trained(run, few, folder):
    """(record, {name: array} of the weights) of a run."""
    (record,) = training.run([run], few, output_dir=folder)
    return record, weights(records.weights_path(folder, run))


def compare(few, folder):
    """Assert that a network with and one without batch normalization train as on one device."""
    few_options = {"limit": few.limit}
    plain = Run("mnist", "mlp", RECIPE, options={"width": 16}, **few_options)
    normalized = Run("mnist", "cnn", RECIPE, options={"width": 0.1}, **few_options)
    alone = [trained(run, few, f"{folder}/alone") for run in (plain, normalized)]
    with data_parallel.distributed(RECIPE.batch_size):
        both = [trained(run, few, f"{folder}/both") for run in (plain, normalized)]
    for name, array in alone[0][1].items():
        np.testing.assert_allclose(both[0][1][name], array, atol=1e-5, rtol=0, err_msg=name)
    for kind in ("loss", "val_loss"):
        losses = [pair[1][0]["curve"][kind] for pair in (alone, both)]
        np.testing.assert_allclose(*losses, rtol=1e-3, err_msg=kind)
    assert both[0][0]["devices"] == 2 and "devices" not in alone[0][0]


if __name__ == "__main__":
    small = data.load("mnist", data_dir=sys.argv[1], limit=90)
    compare(small, sys.argv[2])
    with contextlib.ExitStack() as contexts:
        tiny = Run("mnist", "mlp", RECIPE, options={"width": 16}, limit=small.limit)
        data_parallel_option.start(tiny, small, contexts)
        assert data_parallel.is_active()
    assert not data_parallel.is_active()
