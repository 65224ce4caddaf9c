"""Files from the network: whole or not at all, and no long wait for a host that is silent."""

import http.client
import threading
import urllib.request

from common.utils import files, resources
from common.utils.progress_bar import progress_bar


class UnavailableError(ConnectionError):
    """Neither prepared data nor an answering host."""


def answers(url, seconds=5):
    """True if `url` answers within `seconds`, name look-up included."""
    answer = []

    def ask():
        request = urllib.request.Request(url, method="HEAD")
        try:
            with urllib.request.urlopen(request, timeout=seconds):
                answer.append(True)
        except (OSError, http.client.HTTPException):
            pass

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return bool(answer)


def download(url, path, chunk=1 << 20):
    """Get `url` to `path`, whole or not at all, with progress.

    Raises:
        OSError: an answer that is no file, ends early or does not fit on the disk.
    """
    with urllib.request.urlopen(url, timeout=30) as answer, files.atomic_write(path) as temporary:
        size = int(answer.headers["Content-Length"] or 0)
        resources.require_disk(path.parent, size, f"the bytes of {path.name}")
        with (
            progress_bar(size, path.name, "B", unit_scale=True) as line,
            open(temporary, "wb") as file,
        ):
            while part := answer.read(chunk):
                file.write(part)
                line.update(len(part))
        if temporary.stat().st_size < size:
            raise ConnectionError(f"{temporary.stat().st_size} of {size} bytes came")
