"""TensorFlow and JAX give the same logits from the same seed, that is the same weights."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from common import models
from common.backend import keras
from tests.support import helpers

NETS = {
    "mlp": {},
    "cnn": {},
    "cnn_ensemble": {"mean": "probabilities", "temperature": 4.0},
    "vgg8": {},
    "resnet8": {},
    "resnet164": {"units": 2},
    "wrn_16_1": {},
    "mobilenet_v2": {},
    "shufflenet": {"groups": 4},
    "shufflenet_tiny": {},
    "shuffle_v1": {},
    "shuffle_v2": {},
}

IN_JAX = """
import sys
import jax
import numpy as np
from common import models
from common.backend import keras
# JAX compiles each shape's draw for seconds; the nets draw their kernels again, in NumPy
keras.initializers.GlorotUniform.__call__ = lambda self, shape, dtype=None: np.zeros(shape, dtype)
pixels, target, nets = np.load(sys.argv[1]), sys.argv[2], eval(sys.argv[3])
logits = {}
for name, options in nets:
    model = models.build(name, (32, 32, 3), 100, **options)
    logits[name] = np.asarray(jax.jit(lambda x: model(x))(pixels))
np.savez(target, **logits)
"""


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype("float32")


@pytest.fixture(scope="module")
def logits_in_jax(pixels, tmp_path_factory):
    if importlib.util.find_spec("jax") is None:
        pytest.skip("JAX is not installed: pip install -e '.[jax]'")
    if keras.config.backend() != "tensorflow":
        pytest.skip("the tests themselves do not run on TensorFlow")
    folder = tmp_path_factory.mktemp("jax")
    files = folder / "images.npy", folder / "logits.npz"
    np.save(files[0], pixels)
    subprocess.run(
        [sys.executable, "-c", IN_JAX, *files, repr(list(NETS.items()))],
        check=True,
        env=os.environ | helpers.JAX,
    )
    return np.load(files[1])


@pytest.mark.slow
@pytest.mark.parametrize("name", NETS)
def test_jax_gives_the_logits_of_tensorflow(name, logits_in_jax, pixels):
    """To 1e-4 of the greatest logit: an untrained deep net's are far from 1."""
    expected = np.asarray(models.build(name, (32, 32, 3), 100, **NETS[name])(pixels))
    tolerance = 1e-4 * np.abs(expected).max()
    np.testing.assert_allclose(logits_in_jax[name], expected, rtol=0, atol=tolerance)
