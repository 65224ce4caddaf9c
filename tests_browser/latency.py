"""Milliseconds from a key on the temperature slider to the redrawn bars, in a real browser.

`python -m tests_browser.latency` runs the third notebook in JupyterLab and prints the median.
"""

import tempfile
from pathlib import Path

import numpy as np

from tests_browser import lab

MOVES = 100
PAUSE = 100  # milliseconds between two checks whether the bars were redrawn

# From the key's event to the first frame that can show the new bars.
_WATCH = """(panel) => {
  const latencies = window.kdLatencies = [];
  window.kdWatch?.abort();
  window.kdWatch = new AbortController();
  panel.addEventListener('keydown', () => {
    const pressed = performance.now();
    requestAnimationFrame(() => latencies.push(performance.now() - pressed));
  }, {capture: true, signal: window.kdWatch.signal});
}"""


def measure(notebook, moves=MOVES):
    """(moves,) milliseconds from each press of an arrow key to the bars' next frame."""
    page, panel = notebook.page, notebook.panel(0)
    panel.evaluate(_WATCH)
    panel.locator("#temperature").focus()
    for move in range(moves):
        page.keyboard.press("ArrowRight" if move // 20 % 2 == 0 else "ArrowLeft")
        redrawn = "(move) => window.kdLatencies.length > move"
        page.wait_for_function(redrawn, arg=move, polling=PAUSE)
    return np.array(page.evaluate("window.kdLatencies"))


def summary(latencies, when):
    """Median and 5 to 95 % of latencies, (n,) milliseconds, as a sentence."""
    low, middle, high = np.percentile(latencies, [5, 50, 95])
    return (
        f"slider to redraw, {when}: median {middle:.0f} ms, "
        f"5 to 95 % of {len(latencies)} moves {low:.0f} to {high:.0f} ms"
    )


def main():
    with (
        tempfile.TemporaryDirectory() as folder,
        lab.browser() as chromium,
        lab.opened(chromium, Path(folder)) as notebook,
    ):
        for index in range(len(notebook.cells())):
            notebook.run_cell(index)
        print(summary(measure(notebook), "kernel idle"))
        training = notebook.panel(2).locator("#kernel-training")
        training.get_by_label("epochs of Keras").fill("1000")
        training.get_by_role("button", name="Train in kernel").click()
        notebook.page.wait_for_timeout(5000)
        print(summary(measure(notebook), "while training"))
        training.get_by_role("button", name="Stop").click()


if __name__ == "__main__":
    main()
