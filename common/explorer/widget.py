"""Widgets of the notebook: the state of an explorer, and panels that show sections of it."""

import anywidget
import ipywidgets
import traitlets

from common.explorer import bundle

MIN_T, MAX_T = 0.5, 50.0  # ends of the temperature slider


class State(ipywidgets.Widget):
    """State of one explorer, which its panels in the browser share.

    data: JSON of `page_content.content`, UTF-8; worker: text of the script that trains;
    temperature, alpha, index (of a test image): two-way; networks: titles of the networks that
    answer in the kernel; trainings, live: see live_training.LiveTraining.
    """

    data = traitlets.Bytes().tag(sync=True)
    worker = traitlets.Unicode(bundle.javascript(bundle.WORKER)).tag(sync=True)
    temperature = traitlets.Float(4.0, min=MIN_T, max=MAX_T).tag(sync=True)
    alpha = traitlets.Float(0.9, min=0.0, max=1.0).tag(sync=True)
    index = traitlets.Int(0, min=0).tag(sync=True)
    networks = traitlets.List(traitlets.Unicode()).tag(sync=True)
    trainings = traitlets.Dict().tag(sync=True)
    live = traitlets.Dict().tag(sync=True)


class Panel(anywidget.AnyWidget):
    """Some sections of an explorer, drawn by static/widget.js; `summary` where widgets cannot be.

    Args:
        explorer: State.
        sections: names of view.js's sections.
        summary: a line of plain text.
    """

    _esm = bundle.widget()
    css = traitlets.Unicode(bundle.style()).tag(sync=True)
    explorer = traitlets.Instance(State).tag(sync=True, **ipywidgets.widget_serialization)
    sections = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self, explorer, sections, summary):
        super().__init__(explorer=explorer, sections=sections)
        self.summary = summary

    def _repr_mimebundle_(self, **options):
        content, metadata = super()._repr_mimebundle_(**options)
        content["text/plain"] = (
            f"{self.summary} (interactive in JupyterLab: make lab, run all cells)"
        )
        return content, metadata
