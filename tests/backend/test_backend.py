"""TensorFlow as this project starts it: what it logs, and with which kernels it computes."""

import logging
import os
import platform

import pytest

from common import backend


def test_only_the_advice_about_retracing_is_dropped(caplog):
    assert backend.keras.config.backend()
    logger = logging.getLogger("tensorflow")
    logger.warning("5 out of the last 5 calls to %s triggered tf.function retracing.", "f")
    logger.warning("something else")
    assert [record.getMessage() for record in caplog.records] == ["something else"]


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64") or os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "0",
    reason="oneDNN is left as TensorFlow or the user set it",
)
def test_tensorflow_computes_with_onednn_on_any_x86():
    from tensorflow.python.util import _pywrap_util_port

    assert _pywrap_util_port.IsMklEnabled()
