"""Ray executor: an executor whose processes may be on other machines and share no files.

Like `workers`, this imports nothing that starts a thread pool.
"""

import logging
import os
import pickle
import platform
import socket
from concurrent.futures import Future

from common.utils import versions
from common.utils.messages import first_line
from common.utils.workers import ATTEMPTS, cores, limit_threads, picklable

LOCAL = "local"  # address of a Ray that starts and ends with its executor
ANSWER_SECONDS = 4  # to connect, and again to the first answer
TRIES = 5  # of Ray to join a cluster, one per second
_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))


class RayExecutor:
    """Executor of Ray tasks, a context manager; leaving it cancels what is not finished.

    On a cluster with GPUs each task has one GPU; otherwise each has one core and one thread. A
    function whose process or node dies is called again, so it must be idempotent.

    Args:
        address: HOST:PORT of a cluster that this machine is a node of; "auto" for the one that
            was started on this machine; LOCAL.
        shared_dir: folder that all nodes see under this path; None if there is none.
        data_dir: folder of the data sets on each node; None for the node's default.
        slots: number of tasks that a LOCAL Ray runs at once; default the cores of this machine.
        threads: number of threads of each task; by default 1, or the share of a GPU.

    Attributes:
        workers: number of tasks that run at once.
        shares_files: False; tasks get their data by name and return what they have written.

    Raises:
        ValueError: Ray is not installed or does not start; an address does not answer, or another
            version of Python or Ray runs there.
    """

    shares_files = False

    def __init__(self, address=LOCAL, shared_dir=None, data_dir=None, slots=None, threads=None):
        self.shared_dir, self.data_dir = shared_dir, data_dir
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        # a future default of Ray, which otherwise prints a warning about it
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        if address != LOCAL:
            os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", str(TRIES))  # also without Redis
        self._ray = _import_ray()
        self._connect(address, slots)
        resources = self._ray.cluster_resources()
        gpus, processors = int(resources.get("GPU", 0)), int(resources.get("CPU", 1))
        self.workers = gpus or max(1, processors)
        threads = threads or (max(1, processors // gpus) if gpus else 1)
        options = {"num_cpus": 1, "num_gpus": int(gpus > 0), "max_retries": ATTEMPTS}
        call = self._ray.remote(**options)(_call)
        # a local Ray runs the files of this process
        software = None if address == LOCAL else versions.software()
        self._submit = lambda *sent: call.remote(threads, software, *sent)
        self._unfinished = {}  # {future: ObjectRef}

    def submit(self, function, *arguments):
        """concurrent.futures.Future of `function(*arguments)`, all picklable or of `put`."""
        # nested in a list, references are not resolved before the threads are limited
        dumps = self._ray.cloudpickle.dumps  # which takes classes of a script too
        sent = [
            argument if isinstance(argument, self._ray.ObjectRef) else dumps(argument)
            for argument in arguments
        ]
        future, reference = Future(), self._submit(dumps(function), sent)
        self._unfinished[future] = reference
        reference.future().add_done_callback(lambda done: self._settle(future, done))
        return future

    def put(self, value):
        """Reference to a value, sent once to each node that needs it; an argument of `submit`."""
        return self._ray.put(value)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for future, reference in list(self._unfinished.items()):
            self._ray.cancel(reference, force=True)
            future.cancel()
        self._ray.shutdown()

    def _connect(self, address, slots):
        options = {"logging_level": logging.ERROR, "log_to_driver": False}
        if address == LOCAL:
            options |= {"num_cpus": slots or cores(), "include_dashboard": False}
            # an address of the network may be behind a firewall
            options |= {"_node_ip_address": "127.0.0.1"}
        else:
            _require_answer(address)
        for again in (address == LOCAL, False):
            try:
                self._ray.init(address=address, **options)
                break
            except Exception as error:  # Ray has no class for processes that start too slowly
                self._ray.shutdown()
                if again and "timed out" in str(error):  # after Ray's 30 s, on a busy machine
                    continue
                what = "start a local Ray" if address == LOCAL else f"use Ray at {address}"
                raise ValueError(f"cannot {what}: {' '.join(str(error).split())}") from None

    def _settle(self, future, done):
        """Set the result of `future` from Ray's own."""
        self._unfinished.pop(future, None)
        if not future.set_running_or_notify_cancel():
            return
        try:
            result, error = done.result()
        except Exception as lost:
            sentence = f"Ray gave up a task, which it starts again up to {ATTEMPTS} times: "
            result, error = None, ChildProcessError(sentence + first_line(lost))
        if error:
            future.set_exception(error)
        else:
            future.set_result(result)


def _call(threads, software, function, arguments):
    """(result, None) or (None, exception) of a pickled function, in a process of a node."""
    import ray

    try:
        _require_software(software)
        limit_threads(threads)
        values = [
            ray.get(sent) if isinstance(sent, ray.ObjectRef) else pickle.loads(sent)
            for sent in arguments
        ]
        return pickle.loads(function)(*values), None
    except Exception as error:
        return None, picklable(error)


def _require_software(expected):
    """Raise ValueError, naming the node, if its versions are not the `expected` text; None: any."""
    if expected and (ours := versions.software()) != expected:
        raise ValueError(
            f"node {platform.node()} has {ours}, but the driver has {expected}: install the same "
            "versions on both"
        )


def _import_ray():
    try:
        import ray
    except ModuleNotFoundError:
        raise ValueError("Ray is not installed: pip install -e '.[ray]'") from None
    return ray


def _require_answer(address):
    """Raise ValueError unless a gRPC server, as Ray's is, answers at `address` within seconds.

    Ray itself would try for minutes.
    """
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal()):
        raise ValueError(f"the address of Ray must be HOST:PORT or auto, got {address!r}")
    try:
        with socket.create_connection((host, int(port)), ANSWER_SECONDS) as connection:
            connection.sendall(_HELLO)
            answer = connection.recv(9)
    except (OSError, OverflowError) as error:
        raise ValueError(f"no Ray answers at {address} ({error}): is it running?") from None
    if answer[3:4] != b"\4":  # an HTTP/2 server begins with its settings
        raise ValueError(f"{address} is another kind of server than Ray's: give the port of Ray")
