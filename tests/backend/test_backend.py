"""TensorFlow's advice about retracing is not logged, its other warnings are."""

import logging

from common import backend


def test_only_the_advice_about_retracing_is_dropped(caplog):
    assert backend.keras.config.backend()
    logger = logging.getLogger("tensorflow")
    logger.warning("5 out of the last 5 calls to %s triggered tf.function retracing.", "f")
    logger.warning("something else")
    assert [record.getMessage() for record in caplog.records] == ["something else"]
