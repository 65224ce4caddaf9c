"""Options of the command `distill` for the objective: method, weights, controls."""

import argparse

from common.distillation import LADDER, Distillation, with_controls
from common.utils.checks import require_fraction, require_positive


def add_objective(distill):
    """Add the options for method, weights and controls to the command `distill`."""
    method = "kd (default), dkd, dist, ls, nkd, ttm, wttm or label_smoothing: see common.losses"
    distill.add_argument("--method", default="kd", metavar="M", help=method)
    weight = "weight of the method's loss, 1 - alpha that of the labels; default: 0.9"
    distill.add_argument("--alpha", type=float, help=weight)
    for kind, which in (("hard", "hard-label loss"), ("soft", "method's loss")):
        text = f"weight of the {which}, in place of alpha; default: 1"
        distill.add_argument(f"--{kind}-weight", type=float, metavar="W", help=text)
    option = "option of the method, such as beta=8 of dkd; may be repeated"
    distill.add_argument(
        "--option", type=_number_option, action="append", default=[], metavar="NAME=X", help=option
    )
    control = (
        f"controls, any of {', '.join(LADDER)}; default: shuffled, unless the method has no teacher"
    )
    distill.add_argument("--control", nargs="+", metavar="NAME", help=control)


def distillation_settings(options):
    """Keyword arguments of `experiments.distill`, after the options of `distill` were checked.

    Without a weight, alpha is 0.9; with one, the other is 1.

    Raises:
        ValueError: a control or method is unknown, a number is out of range, or the weight of the
            method's loss is 0.
    """
    alpha, weights = options.alpha, (options.hard_weight, options.soft_weight)
    if alpha is None and weights == (None, None):
        alpha = 0.9
    if alpha is not None:
        require_fraction("alpha", alpha)
        require_positive("alpha", alpha)  # 0 is the baseline, which is trained in any case
    if options.soft_weight is not None:
        require_positive("soft_weight", options.soft_weight)
    settings = {"alpha": alpha, "method": options.method, "options": dict(options.option)}
    settings |= dict(zip(("hard_weight", "soft_weight"), weights, strict=True))
    control = options.control or True
    # both raise ValueError
    with_controls([Distillation(each, **settings) for each in options.temperature], control)
    _require_method(options.method, settings["options"])
    return settings | {"control": control}


def _require_method(method, options):
    if method == "kd" and not options:
        return  # the default needs no Keras, whose import takes seconds
    from common.losses import require_method

    require_method(method, options)


def _number_option(text):
    """(name, number) of NAME=X."""
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=NUMBER, such as beta=8") from None
