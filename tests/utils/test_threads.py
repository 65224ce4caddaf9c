"""map_in_threads against the built-in map."""

import threading

import pytest

from common.utils.threads import map_in_threads


def test_results_are_those_of_map_in_order():
    items = list(range(101))
    assert list(map_in_threads(str, items)) == list(map(str, items))
    assert list(map_in_threads(str, [])) == []


def test_items_are_computed_in_other_threads():
    threads = set(map_in_threads(lambda _: threading.get_ident(), range(200)))
    assert threads and threading.get_ident() not in threads


def test_the_first_error_is_raised():
    def reciprocal(item):
        return 1 / item

    with pytest.raises(ZeroDivisionError):
        list(map_in_threads(reciprocal, [2, 1, 0]))
