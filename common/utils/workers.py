"""Local workers: an executor of processes on this machine, each with its share of the threads.

Imports nothing that starts a thread pool, so that a worker can set its number of threads before
it imports TensorFlow or JAX.
"""

import contextlib
import multiprocessing
import os
import pickle
import queue
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

from common.utils.checks import require_at_least

EXIT_SECONDS = 10  # that an idle worker has to end by itself
ATTEMPTS = 10  # calls of a function whose worker dies each time
_THREADS = "TF_NUM_INTRAOP_THREADS"
_CLOSED = (EOFError, ConnectionError)  # the other end of a pipe is gone


def cores():
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def thread_limit():
    """Number of threads that this worker process is limited to; None for other processes."""
    return int(os.environ[_THREADS]) if _THREADS in os.environ else None


class LocalWorkers:
    """Executor of processes, a context manager; leaving it ends them at once.

    A function whose worker is killed is called again in a new worker, so it must be idempotent.

    Args:
        workers: number of processes; each starts when it is needed.
        threads: number of threads of each worker; by default cores / workers.

    Raises:
        ValueError: workers not a whole number of at least 1.
    """

    def __init__(self, workers, threads=None):
        require_at_least("workers", workers, 1)
        self.workers, self.threads = workers, threads or max(1, cores() // workers)
        self._callers, self._idle = ThreadPoolExecutor(workers), queue.SimpleQueue()
        self._lock, self._started, self._stopped = threading.Lock(), [], False
        for _ in range(workers):
            self._idle.put(None)

    def submit(self, function, *arguments):
        """concurrent.futures.Future of `function(*arguments)`, both picklable."""
        return self._callers.submit(self._call, function, arguments)

    def running(self):
        """List of the multiprocessing.Process that were started and have not ended."""
        processes = [worker.process for worker in self._started]
        return [process for process in processes if process.is_alive()]

    def __enter__(self):
        return self

    def __exit__(self, error, *_):
        with self._lock:
            self._stopped = True
            for worker in self._started:
                worker.end(at_once=error is not None)
        self._callers.shutdown(cancel_futures=True)

    def _call(self, function, arguments):
        worker = self._idle.get()
        try:
            for _ in range(ATTEMPTS):
                with contextlib.suppress(_WorkerDiedError):
                    worker = worker or self._start()
                    return worker.call(function, arguments)
                worker = None
            raise ChildProcessError(
                f"a worker died {ATTEMPTS} times in the same training, perhaps for lack of memory: "
                "try fewer workers, or none"
            )
        finally:
            self._idle.put(worker)

    def _start(self):
        with self._lock:
            if self._stopped:
                raise KeyboardInterrupt
            self._started.append(_Worker(self.threads))
            return self._started[-1]


class _WorkerDiedError(Exception):
    """A worker's process ended before it returned a result."""


class _Worker:
    """A process that calls functions one after the other."""

    def __init__(self, threads):
        context = multiprocessing.get_context("spawn")  # a fork would share TensorFlow's threads
        self._connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, threads), daemon=True)
        self.process.start()
        theirs.close()  # so that the end of the process is the end of the pipe

    def call(self, function, arguments):
        """The function's result, or the exception it raised."""
        try:
            self._connection.send((function, arguments))
            result, error = self._connection.recv()
        except _CLOSED:
            raise _WorkerDiedError from None
        if error:
            raise error
        return result

    def end(self, at_once):
        """End the process: kill it, or, if it is idle, let it leave its loop first."""
        if not at_once:
            self._connection.close()
            self.process.join(EXIT_SECONDS)
        self.process.kill()
        self.process.join(EXIT_SECONDS)


def _serve(connection, threads):
    """Call the functions that the connection sends, until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which ends this
    threading.Thread(target=_end_with_parent, daemon=True).start()
    limit_threads(threads)
    with contextlib.suppress(*_CLOSED):
        while True:
            connection.send_bytes(_answer(connection.recv_bytes()))


def _answer(message):
    """Pickled (result, None) or (None, exception) of a pickled (function, arguments)."""
    try:
        function, arguments = _read(message)
        return pickle.dumps((function(*arguments), None))
    except Exception as error:
        return pickle.dumps((None, picklable(error)))


def _read(message):
    """What a pickled message holds; ValueError if this process cannot import its parts."""
    try:
        return pickle.loads(message)
    except ImportError as error:
        raise ValueError(
            f"a worker process cannot import a module ({error}): install it, or name its folder in "
            "PYTHONPATH"
        ) from None
    except AttributeError as error:
        raise ValueError(
            f"a worker process cannot import a function or class ({error}): move it from the "
            "notebook or script into a module"
        ) from None


def _end_with_parent():
    multiprocessing.parent_process().join()
    os._exit(1)


def limit_threads(threads):
    """Set the variables that TensorFlow, XLA and NumPy read when they are imported."""
    names = (_THREADS, "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
    os.environ.update(dict.fromkeys((*names, "OPENBLAS_NUM_THREADS"), str(threads)))
    flags = f"--xla_cpu_multi_thread_eigen={str(threads > 1).lower()}"
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flags}".strip()


def picklable(error):
    """The error, or a RuntimeError with its message if it cannot be sent to another process."""
    try:
        return pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
