"""One browser for all tests, and one notebook and kernel, which each test continues with."""

import pytest

from tests_browser import lab


@pytest.fixture(scope="session")
def chromium():
    with lab.browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def notebook(chromium, tmp_path_factory):
    with lab.opened(chromium, tmp_path_factory.mktemp("lab")) as opened:
        yield opened
