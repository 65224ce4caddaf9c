"""Freed memory stays with the process, for its next tensors: settings of glibc's allocator."""

import ctypes
import os
import platform

# Parameters of mallopt(3) and their values: up to 2 GB of free memory stay at the end of the heap,
# no block is mapped apart from it, and all threads share one heap, since only the first can grow.
# Free memory below a block that is still in use stays too, however large it is.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -2, -4, -8
_SETTINGS = {_M_TRIM_THRESHOLD: 2**31 - 1, _M_TOP_PAD: 2**28, _M_MMAP_MAX: 0, _M_ARENA_MAX: 1}


def keep():
    """Let glibc keep the memory that is freed from now on, instead of returning it to the kernel.

    TensorFlow allocates and frees every activation of every step. By default the kernel maps and
    clears new pages for each large one: on two cores of an AMD EPYC in a virtual machine that took
    more than half of the time of a ShuffleNet's predictions (114 instead of 277 images/s).

    Returns:
        bool: False, with nothing changed, without glibc, or if the environment sets its allocator
        (MALLOC_..., GLIBC_TUNABLES, LD_PRELOAD).
    """
    if any(map(sets_allocator, os.environ)) or platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return all(mallopt(parameter, value) for parameter, value in _SETTINGS.items())


def sets_allocator(name):
    """Whether the environment variable `name` sets or replaces glibc's allocator."""
    return name.startswith("MALLOC_") or name in ("GLIBC_TUNABLES", "LD_PRELOAD")
