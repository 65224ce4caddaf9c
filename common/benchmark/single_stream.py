"""Latency of exported files by MLPerf's single-stream rule, throughput and peak memory.

One query, one image, follows another; the result is the 90th percentile over at least 1,024
queries and 60 seconds (Reddi et al. 2020, arXiv:1911.02549, table III and section III-D). Files
take turns in short blocks, so that a slowdown of the machine affects all alike.
"""

import contextlib
import multiprocessing
import sys
import time
from pathlib import Path

import numpy as np

from common import export
from common.benchmark import memory
from common.utils.progress_bar import progress_bar

QUERIES, SECONDS = 1_024, 60.0  # of each file, at least
BLOCK, WARM_UP = 32, 8  # queries of a turn; untimed ones before each turn
BATCH, BATCHES = 32, 30  # images of a batch of the throughput; timed batches of each file
_MEGABYTE = 2**20


def measure(paths, images, *, threads=1, queries=QUERIES, seconds=SECONDS):
    """Latency, throughput and memory of exported files.

    Args:
        paths: {name: path of an exported file}.
        images: (n, h, w, c), n at least `BATCH`, used in turn.
        threads: of the runtime.
        queries, seconds: least number of timed queries of each file, and their least duration.

    Returns:
        {name: {"milliseconds_p50", "milliseconds_p90", "queries", "seconds", "images_per_second"
        at batch 32, median, "peak_megabytes" that loading and running the file adds to a process,
        None where the system does not report it}}.
    """
    files = {name: export.load(path, threads=threads) for name, path in paths.items()}
    latencies = _alternate(files, images, queries, seconds)
    rates = _throughput(files, images)
    megabytes = {name: added_memory(path, images[:1], threads) for name, path in paths.items()}
    return {
        name: {
            "milliseconds_p50": _rounded(1e3 * np.median(values)),
            "milliseconds_p90": _rounded(1e3 * np.percentile(values, 90)),
            "queries": len(values),
            "seconds": round(float(values.sum()), 1),
            "images_per_second": round(rates[name]),
            "peak_megabytes": megabytes[name],
        }
        for name, values in latencies.items()
    }


def _alternate(files, images, queries, seconds):
    """{name: (queries,) seconds of each query}; the files take turns of `BLOCK` queries."""
    times, spent = {name: [] for name in files}, dict.fromkeys(files, 0.0)
    with progress_bar(100 * len(files), "timing each in turn", "%", stream=sys.stderr) as bar:
        while unfinished := [
            name for name in files if len(times[name]) < queries or spent[name] < seconds
        ]:
            for name in unfinished:
                block = _block(files[name], images, len(times[name]))
                times[name] += block
                spent[name] += sum(block)
            done = sum(_share(len(times[n]) / queries, spent[n], seconds) for n in files)
            bar.update(int(100 * done) - bar.n)
    return {name: np.array(values) for name, values in times.items()}


def _share(queries, spent, seconds):
    """Fraction of a file's timing that is done, in [0, 1], from that of its least queries."""
    return min(1.0, queries, spent / seconds if seconds else 1.0)


def _block(run, images, first):
    """Seconds of each of `BLOCK` queries, after the warm-up."""
    singles = [images[(first + k) % len(images)][None] for k in range(BLOCK)]
    for image in singles[:WARM_UP]:
        run(image)
    seconds = []
    for image in singles:
        start = time.perf_counter()
        run(image)
        seconds.append(time.perf_counter() - start)
    return seconds


def _throughput(files, images):
    """{name: images per second at batch `BATCH`, the median of alternated batches}."""
    batch, seconds = images[:BATCH], {name: [] for name in files}
    for turn in range(BATCHES + 2):
        for name, run in files.items():
            start = time.perf_counter()
            run(batch)
            if turn >= 2:  # the first ones prepare the runtime
                seconds[name].append(time.perf_counter() - start)
    return {name: BATCH / float(np.median(values)) for name, values in seconds.items()}


def added_memory(path, image, threads=1):
    """Megabytes by which loading a file and running it once raises a new process's peak.

    None where the system has no resettable peak, that is, outside Linux.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send_peak, args=(sender, str(path), image, threads))
    process.start()
    sender.close()
    try:
        return receiver.recv()
    except EOFError:
        return None
    finally:
        process.join()


def _send_peak(sender, path, image, threads):
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # resets the peak
        before, peak = memory.resident("VmRSS"), memory.resident("VmHWM")
        if peak and peak < 1.05 * before:  # else it was not reset
            export.load(path, threads=threads)(image)
            sender.send(round((memory.resident("VmHWM") - before) / _MEGABYTE, 1))
    sender.close()


def _rounded(milliseconds):
    return float(f"{milliseconds:.4g}")
