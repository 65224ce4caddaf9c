"""Freed memory: large blocks reuse the pages of earlier ones, unless the user chose otherwise."""

import os
import platform
import subprocess
import sys

import pytest

from common.utils import freed_memory

BLOCKS = """
import resource, sys
from common.utils import freed_memory
assert freed_memory.keep()
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        b"x" * 64_000_000
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="these are settings of glibc")
def test_large_blocks_reuse_pages(monkeypatch):
    for name in filter(freed_memory.sets_allocator, [*os.environ]):
        monkeypatch.delenv(name)
    result = subprocess.run(
        [sys.executable, "-c", BLOCKS], capture_output=True, text=True, check=True
    )
    assert int(result.stdout) < 500  # the 20 blocks have 312,500 pages of 4 KB


@pytest.mark.parametrize("name", ["MALLOC_ARENA_MAX", "GLIBC_TUNABLES", "LD_PRELOAD"])
def test_the_users_allocator_is_left_alone(name, monkeypatch):
    monkeypatch.setenv(name, "1")
    monkeypatch.setattr(freed_memory.ctypes, "CDLL", None)  # calling it would raise
    assert freed_memory.keep() is False
