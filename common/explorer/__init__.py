"""Explorer: interactive panels on temperature, loss, training and drawn digits.

    view = Explorer(study)
    view.soft_targets  # each attribute is a panel: the last line of a cell
    view.loss
    view.training
    view.drawn_digit

`page_content` is the data, static/ the JavaScript that draws and computes: in the widgets, whose
kernel adds what needs Keras, and in the page that `python -m common.explorer.page` writes and that
needs no kernel. `bundle` puts the JavaScript into one file.

May import every package but `benchmark`.
"""

from common.explorer.explorer import Explorer

__all__ = ["Explorer"]
