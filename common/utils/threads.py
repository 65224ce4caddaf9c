"""Threads for work that lets go of the interpreter's lock, such as Pillow's decoding of images."""

from concurrent.futures import ThreadPoolExecutor

from common.utils.workers import cores

_BLOCK = 25  # items a thread takes at once: handing over each one costs a tenth of a small decode


def map_in_threads(function, items):
    """Yields function(item) of each item, in order, computed by as many threads as cores.

    Args:
        function: callable that several threads may call at once.
        items: sequence.

    Raises:
        what `function` raises; items that no thread has begun are then left out.
    """
    blocks = [items[start : start + _BLOCK] for start in range(0, len(items), _BLOCK)]
    with ThreadPoolExecutor(cores()) as executor:
        for results in executor.map(lambda block: [function(item) for item in block], blocks):
            yield from results
