"""HTML of the panels: strings that the browser renders, faster than matplotlib."""

import base64
import html
import io
from pathlib import Path

from PIL import Image

from common.plots.style import COLORS

_VARIABLES = "".join(f"--kd-{role}: {color}; " for role, color in COLORS.items())
STYLE = (
    f".kd {{ {_VARIABLES}}}\n{(Path(__file__).parent / 'style.css').read_text(encoding='utf-8')}"
)


def style():
    """A style element with the panels' CSS."""
    return f"<style>{STYLE}</style>"


def percent(probability):
    """A probability as text: `61.3 %`, `0.02 %`, `< 0.01 %`."""
    if 0 < probability < 1e-4:
        return "&lt; 0.01 %"
    return f"{100 * probability:.{1 if probability >= 0.01 else 2}f} %"


def image(pixels, caption):
    """A figure element of uint8 (h, w, c) pixels."""
    return (
        f'<figure class="kd-image"><img src="{data_uri(pixels)}" alt="{html.escape(caption)}">'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )


def data_uri(pixels):
    """A PNG of uint8 (h, w, c) pixels as a data URI; one channel is inverted: dark on light."""
    displayed = pixels if pixels.shape[-1] == 3 else 255 - pixels[:, :, 0]
    file = io.BytesIO()
    Image.fromarray(displayed).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def soft_targets(title, targets, class_names, role, label=None):
    """A section with the bars of soft targets, their entropy and effective number of classes.

    Args:
        title: heading, such as the model's title and T.
        targets: quantities.SoftTargets.
        class_names: (classes,) strings.
        role: key of `plots.style.COLORS`.
        label: index of the image's class, which is marked; None if it is unknown.
    """
    bars = "".join(_bar(*bar, bar[0] == label) for bar in targets.bars(class_names))
    return (
        f'<section class="kd-answer" style="--kd-role: var(--kd-{role})">'
        f"<h4>{html.escape(title)}</h4>"
        f'<div class="kd-bars" role="list" aria-label="probability of each class">{bars}</div>'
        f"{_facts(targets, len(class_names))}</section>"
    )


def _bar(index, name, probability, is_label):
    marked = ' class="kd-row kd-label" title="the label"' if is_label else ' class="kd-row"'
    return (
        f'<div{marked} role="listitem" data-class="{"rest" if index is None else index}" '
        f'data-probability="{probability:.7f}"><span class="kd-name">{html.escape(name)}</span>'
        f'<span class="kd-track"><span class="kd-bar" style="width: {100 * probability:.2f}%">'
        f'</span></span><span class="kd-value">{percent(probability)}</span></div>'
    )


def _facts(targets, classes):
    return (
        f'<p class="kd-facts"><span>entropy H = <b data-bits="{targets.entropy_bits:.5f}">'
        f"{targets.entropy_bits:.2f} bits</b></span> <span>effective classes 2<sup>H</sup> = "
        f"<b>{targets.effective_classes:.2f}</b> of {classes}</span></p>"
    )


def loss_terms(terms, alpha, student):
    """A section with the two terms of the loss as one divided bar, and a table of both.

    Args:
        terms: quantities.LossTerms.
        alpha: weight of the soft-target loss, in [0, 1].
        student: title of the student.
    """
    hard, soft = (1 - alpha) * terms.hard, alpha * terms.soft
    percentage = 100 * hard / (hard + soft) if hard + soft else 0
    widths = {"baseline": percentage, "distilled": 100 - percentage}
    spans = "".join(
        f'<span style="width: {width:.2f}%; background: var(--kd-{role})"></span>'
        for role, width in widths.items()
    )
    rows = [
        ("hard labels", "baseline", 1 - alpha, terms.hard, hard, terms.hard_gradient),
        ("soft targets", "distilled", alpha, terms.soft, soft, terms.soft_gradient),
    ]
    return (
        f'<section class="kd-terms"><h4>Loss of {html.escape(student)} on this image: '
        f'<b data-loss="{hard + soft:.6f}">{hard + soft:.3f} nats</b></h4>'
        f'<div class="kd-split" role="img" aria-label="{percentage:.0f} % of it from the label">'
        f"{spans}</div>{_terms_table(rows)}</section>"
    )


def _terms_table(rows):
    head = ("", "loss, nats", "weighted, nats", "gradient norm")
    return table(
        head,
        [
            [f'<i class="kd-key" style="background: var(--kd-{role})"></i>{name} × {weight:.2f}']
            + [f"{value:.3f}" for value in values]
            for name, role, weight, *values in rows
        ],
    )


def table(head, rows, classes=()):
    """A table of cells that are HTML; `classes` are the CSS classes of the first rows."""
    classes = [*classes, *[""] * (len(rows) - len(classes))]
    cells = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(
        f'<tr class="{css}">{"".join(f"<td>{cell}</td>" for cell in row)}</tr>'
        for row, css in zip(rows, classes, strict=True)
    )
    return (
        '<div class="kd-scroll"><table class="kd-table">'
        f"<thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def message(text, *, wrong=False):
    """A sentence under the controls that screen readers announce; an alert if `wrong`."""
    kind = (
        'class="kd-message kd-wrong" role="alert"' if wrong else 'class="kd-message" role="status"'
    )
    return f"<p {kind}>{html.escape(text)}</p>"
