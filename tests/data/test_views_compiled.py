"""Views cut out inside a compiled step: the same pixels as NumPy's, on every backend there is.

python -m tests.data.test_views_compiled    # one line a set, for the backend of KERAS_BACKEND
"""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from common.backend import keras
from common.data import views
from tests.support import helpers


def compiled(function):
    if keras.config.backend() == "jax":
        import jax

        return jax.jit(function)
    import tensorflow as tf

    return tf.function(function, jit_compile=True)


def check(view_set, images):
    """Every view, bit for bit, of images looked up where they lie."""
    view = np.arange(view_set.count, dtype="int32")
    rows = (view * 5 % len(images)).astype("int32")
    pixels = keras.ops.convert_to_numpy(compiled(view_set.gather)(images, rows, view))
    assert pixels.dtype == images.dtype
    np.testing.assert_array_equal(pixels, view_set.apply(images[rows], view))


def check_all():
    rng = np.random.default_rng(0)
    for view_set in views.VIEWS.values():
        for channels in (1, 3):
            images = rng.integers(256, size=(7, 20, 24, channels)).astype("uint8")
            check(view_set, images)
            check(view_set, rng.normal(size=images.shape).astype("float32"))
        print(f"{view_set.name}: {view_set.count} views")


def test_the_compiled_step_sees_the_same_pixels(capsys):
    check_all()
    assert len(capsys.readouterr().out.splitlines()) == len(views.VIEWS)


def test_jax_sees_the_same_pixels():
    if importlib.util.find_spec("jax") is None:
        pytest.skip("JAX is not installed: pip install -e '.[jax]'")
    environment = os.environ | helpers.JAX
    command = [sys.executable, "-m", "tests.data.test_views_compiled"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == len(views.VIEWS)


if __name__ == "__main__":
    check_all()
