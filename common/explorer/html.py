"""The panels' HTML: strings made of numbers, drawn by the browser in place of matplotlib."""

import base64
import html
import io
from pathlib import Path

from PIL import Image

from common.plots.style import COLORS

_VARIABLES = "".join(f"--kd-{role}: {color}; " for role, color in COLORS.items())
STYLE = f".kd {{ {_VARIABLES}}}\n{(Path(__file__).parent / 'style.css').read_text()}"


def style():
    return f"<style>{STYLE}</style>"


def percent(probability):
    """Such as `61.3 %`, `0.02 %`, `< 0.01 %`."""
    if 0 < probability < 1e-4:
        return "&lt; 0.01 %"
    return f"{100 * probability:.{1 if probability >= 0.01 else 2}f} %"


def image(pixels, caption):
    """A figure of uint8 (h, w, c) pixels."""
    return (
        f'<figure class="kd-image"><img src="{data_uri(pixels)}" alt="{html.escape(caption)}">'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )


def data_uri(pixels):
    """A PNG of uint8 (h, w, c) pixels as text, dark on light where there is one channel."""
    shown = pixels if pixels.shape[-1] == 3 else 255 - pixels[:, :, 0]
    file = io.BytesIO()
    Image.fromarray(shown).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def answer(title, found, class_names, role, label=None):
    """Bars of an `Answer` and what they amount to.

    Args:
        title: who answers.
        found: answers.Answer.
        class_names: (classes,) strings.
        role: key of drawing.COLORS.
        label: index of the image's class, marked; None if it is unknown.
    """
    bars = "".join(_bar(*bar, bar[0] == label) for bar in found.bars(class_names))
    return (
        f'<section class="kd-answer" style="--kd-role: var(--kd-{role})">'
        f"<h4>{html.escape(title)}</h4>"
        f'<div class="kd-bars" role="list" aria-label="probability of each class">{bars}</div>'
        f"{_facts(found, len(class_names))}</section>"
    )


def _bar(index, name, probability, is_label):
    marked = ' class="kd-row kd-label" title="the label"' if is_label else ' class="kd-row"'
    return (
        f'<div{marked} role="listitem" data-class="{"rest" if index is None else index}" '
        f'data-probability="{probability:.7f}"><span class="kd-name">{html.escape(name)}</span>'
        f'<span class="kd-track"><span class="kd-bar" style="width: {100 * probability:.2f}%">'
        f'</span></span><span class="kd-value">{percent(probability)}</span></div>'
    )


def _facts(found, classes):
    return (
        f'<p class="kd-facts"><span>entropy H = <b data-bits="{found.bits:.5f}">{found.bits:.2f} '
        f"bits</b></span> <span>effective classes 2<sup>H</sup> = "
        f"<b>{found.effective_classes:.2f}</b> of {classes}</span></p>"
    )


def loss_terms(terms, alpha, student):
    """The two terms of the loss as one divided bar, and their gradients, in a table.

    Args:
        terms: answers.Terms.
        alpha: weight of the soft-target loss, in [0, 1].
        student: its name.
    """
    hard, soft = (1 - alpha) * terms.hard, alpha * terms.soft
    share = 100 * hard / (hard + soft) if hard + soft else 0
    rows = [
        ("hard labels", "baseline", 1 - alpha, terms.hard, hard, terms.hard_gradient),
        ("soft targets", "distilled", alpha, terms.soft, soft, terms.soft_gradient),
    ]
    return (
        f'<section class="kd-terms"><h4>Loss of {html.escape(student)} on this image: '
        f'<b data-loss="{hard + soft:.6f}">{hard + soft:.3f} nats</b></h4>'
        f'<div class="kd-split" role="img" aria-label="{share:.0f} % of it from the label">'
        f'<span style="width: {share:.2f}%; background: var(--kd-baseline)"></span>'
        f'<span style="width: {100 - share:.2f}%; background: var(--kd-distilled)"></span></div>'
        f"{_terms_table(rows)}</section>"
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
    """A table of cells that are HTML already; `classes` are the rows' own."""
    classes = [*classes, *[""] * (len(rows) - len(classes))]
    cells = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(
        f'<tr class="{own}">{"".join(f"<td>{cell}</td>" for cell in row)}</tr>'
        for row, own in zip(rows, classes, strict=True)
    )
    return (
        '<div class="kd-scroll"><table class="kd-table">'
        f"<thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def message(text, *, wrong=False):
    """One sentence under the controls; announced by screen readers, an alert if `wrong`."""
    kind = (
        'class="kd-message kd-wrong" role="alert"' if wrong else 'class="kd-message" role="status"'
    )
    return f"<p {kind}>{html.escape(text)}</p>"
