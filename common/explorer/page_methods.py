"""Methods of distillation that train in the page, with their published settings."""

import inspect

from common.experiments import method_grids
from common.losses import LOSSES

METHODS = ("kd", "dkd", "nkd", "ttm", "wttm", "dist", "ls")  # those of static/losses.js


def methods():
    """{name: dict} of `METHODS`, as training_section.js reads them.

    title, summary: for readers; temperature, hard, soft, options: the published settings, hard and
    soft the weights of the cross-entropy with the labels and of the method's loss.
    """
    return {name: _method(name) for name in METHODS}


def _method(name):
    grid, loss = method_grids.GRIDS[name], LOSSES[name]
    hard, soft = grid.published.weights
    summary = (inspect.getmodule(loss).__doc__ or "").partition("\n")[0]
    return {
        "title": grid.title,
        "summary": summary.replace("`ttm`", "TTM").replace("`", ""),
        "temperature": grid.published.temperature,
        "hard": hard,
        "soft": soft,
        "options": _defaults(loss) | grid.published.options,
    }


def _defaults(loss):
    """{name: number} of the options of a method."""
    parameters = inspect.signature(loss).parameters.values()
    return {one.name: one.default for one in parameters if one.kind is one.KEYWORD_ONLY}
