"""One notebook and kernel for all tests: each continues where the previous one stopped."""

import pytest

from tests_browser import lab


@pytest.fixture(scope="session")
def notebook(tmp_path_factory):
    with lab.opened(tmp_path_factory.mktemp("lab")) as opened:
        yield opened
