"""Line chart as an SVG string, for curves that are redrawn many times a second."""

import dataclasses
import html

import numpy as np

WIDTH, HEIGHT = 440, 240
LEFT, RIGHT, TOP, BOTTOM = 48, 20, 24, 40


@dataclasses.dataclass(frozen=True)
class Axis:
    """A scale from `low` to `high`, logarithmic if `log`, with its label and ticks."""

    label: str
    low: float
    high: float
    ticks: tuple
    log: bool = False

    def position(self, values):
        """(n,) positions of `values`, clipped: 0 at `low`, 1 at `high`."""
        scale = np.log if self.log else np.asarray
        values = np.clip(np.asarray(values, float), self.low, self.high)
        return (scale(values) - scale(self.low)) / (scale(self.high) - scale(self.low))


def log_axis(label, values):
    """A logarithmic axis over positive `values`: full decades, at most six."""
    high = np.ceil(np.log10(max(np.max(values), 1e-6)))
    low = np.clip(np.floor(np.log10(max(np.min(values), 1e-9))), high - 6, high - 1)
    ticks = tuple(float(10.0**decade) for decade in np.arange(low, high + 1))
    return Axis(label, ticks[0], ticks[-1], ticks, log=True)


def linear_axis(label, high, *, integer=False):
    """An axis from 0 to the next round number above `high`; integer ticks if `integer`."""
    step = 10.0 ** np.floor(np.log10(max(high, 1e-6)))
    step *= next(m for m in (0.2, 0.25, 0.5, 1, 2) if 5 * m * step >= high)
    step = max(1, round(step)) if integer else step
    ticks = np.arange(np.ceil(high / step) + 1) * step
    return Axis(label, 0.0, float(ticks[-1]), tuple(ticks.tolist()))


@dataclasses.dataclass(frozen=True)
class Curve:
    """A curve: (n,) x and y, a CSS color, a label for the legend; dashed, with dots."""

    label: str
    color: str
    x: np.ndarray
    y: np.ndarray
    dashed: bool = False
    dots: bool = False


def svg(curves, x_axis, y_axis, marked=None):
    """SVG text of `curves` on two axes, with a dot on each curve at x = `marked`, if given."""
    parts = [_grid(x_axis, y_axis), _legend(curves)]
    for curve in curves:
        x, y = _x(x_axis.position(curve.x)), _y(y_axis.position(curve.y))
        parts.append(_line(curve, x, y))
        if curve.dots:
            parts += [_dot(*point, curve.color, 3) for point in zip(x, y, strict=True)]
        elif marked is not None:
            height = np.interp(np.log(marked), np.log(curve.x), _y(y_axis.position(curve.y)))
            parts.append(_dot(_x(x_axis.position(marked)), height, curve.color, 5))
    return (
        f'<svg class="kd-chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{html.escape(y_axis.label)} against {html.escape(x_axis.label)}">'
        f"{''.join(parts)}</svg>"
    )


def _x(position):
    return LEFT + position * (WIDTH - LEFT - RIGHT)


def _y(position):
    return HEIGHT - BOTTOM - position * (HEIGHT - TOP - BOTTOM)


def _line(curve, x, y):
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    dash = ' stroke-dasharray="5 4"' if curve.dashed else ""
    return f'<polyline points="{points}" style="stroke: {curve.color}"{dash}/>'


def _dot(x, y, color, radius):
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" style="fill: {color}"/>'


def _grid(x_axis, y_axis):
    parts = []
    for tick in y_axis.ticks:
        y = _y(float(y_axis.position(tick)))
        parts.append(f'<line class="kd-grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="{LEFT - 5}" y="{y + 4}" text-anchor="end">{tick:g}</text>')
    for tick in x_axis.ticks:
        x = _x(float(x_axis.position(tick)))
        parts.append(
            f'<text x="{x}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{tick:g}</text>'
        )
    parts.append(
        f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 6}" text-anchor="middle">'
        f"{html.escape(x_axis.label)}</text>"
    )
    parts.append(f'<text x="4" y="12">{html.escape(y_axis.label)}</text>')
    return "".join(parts)


def _legend(curves):
    """The curves' labels, each after a sample of its line, right of the vertical axis's label."""
    parts, x = [], WIDTH - RIGHT
    for curve in reversed(curves):
        parts.append(f'<text x="{x}" y="12" text-anchor="end">{html.escape(curve.label)}</text>')
        x -= 6.6 * len(curve.label) + 26
        parts.append(_line(curve, np.array([x, x + 18]), np.array([8, 8])))
        x -= 12
    return "".join(parts)
