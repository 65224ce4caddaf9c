"""Downloads with a progress bar, complete or not at all; a quick check that a host answers."""

import hashlib
import http.client
import threading
import urllib.request

from common.utils import files, resources
from common.utils.progress_bar import progress_bar


class UnavailableError(ConnectionError):
    """A data set is not prepared and its host does not answer."""


def answers(url, seconds=5):
    """Whether `url` answers a HEAD request within `seconds`, name look-up included."""
    responses = []

    def request_head():
        request = urllib.request.Request(url, method="HEAD")
        try:
            with urllib.request.urlopen(request, timeout=seconds):
                responses.append(True)
        except (OSError, http.client.HTTPException):
            pass

    thread = threading.Thread(target=request_head, daemon=True)
    thread.start()
    thread.join(seconds)
    return bool(responses)


def download(url, path, sha256, chunk_size=1 << 20):
    """Download `url` to `path` with a progress bar; nothing is left on failure.

    Args:
        url: address of the file.
        path: pathlib.Path.
        sha256: hexadecimal SHA-256 that the file must have.
        chunk_size: bytes that are read at a time.

    Raises:
        OSError: the response is not a file, ends early, does not fit on the disk or has another
            SHA-256.
    """
    hashed = hashlib.sha256()
    with (
        urllib.request.urlopen(url, timeout=30) as response,
        files.atomic_write(path) as temporary,
    ):
        size = int(response.headers["Content-Length"] or 0)
        resources.require_disk(path.parent, size, f"the bytes of {path.name}")
        with (
            progress_bar(size, path.name, "B", unit_scale=True) as bar,
            open(temporary, "wb") as file,
        ):
            while chunk := response.read(chunk_size):
                file.write(chunk)
                hashed.update(chunk)
                bar.update(len(chunk))
        received = temporary.stat().st_size
        if received < size:
            raise ConnectionError(f"only {received} of {size} bytes received")
        if hashed.hexdigest() != sha256:
            raise OSError(f"its SHA-256 is {hashed.hexdigest()}, expected {sha256}")
