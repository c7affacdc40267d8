"""The pictures of the HTML report: SVG by matplotlib, coloured by the page's own variables.

Text stays text, in the page's font; colours are stand-ins that become CSS variables, so that one
picture serves light, dark and paper. Equal reports give equal bytes.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from grader.ensemble import QUICK, gru_draws, rnn_draws
from grader.model import Series
from grader.setting import Setting

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Numbers: TypeAlias = Sequence[float | None]
Limits: TypeAlias = tuple[float, float]

WIDTH, HEIGHT = 400.0, 270.0
"""Points, and so CSS pixels: labels of 12.5 are 10 on a telephone and 15 on a wide screen."""

BLIND = math.log10(2e-10)
"""Rounding floor of differences of the whole loss: eps·L/h of central differences at h = 1e-5."""

INK, MUTED, GRID, MISTAKE, RNN, GRU = (f"#00000{n}" for n in range(1, 7))
VARIABLES = ("ink", "muted", "grid", "mistake", "rnn", "gru")
CURVE = {"rnn": RNN, "gru": GRU}
QUANTILES = (0.025, 0.25, 0.75, 0.975)
EVERY = 5
"""Points of finite differences are shown at every fifth t: all of them would hide the curve."""

DRAWN = QUICK
"""Networks behind a band."""

RC: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "vangrad",
    "font.size": 12.5,
    "axes.linewidth": 0.8,
    "axes.edgecolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelcolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "text.color": MUTED,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "lines.solid_capstyle": "round",
}
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def fan(one: Series) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], ...] | None:
    """Return quantiles over networks of the same setting, from the recorded g_49 on: (51,) each.

    The head's size is not part of a setting: every network starts where the student's curve does.
    """
    if not one.setting or len(one.recorded) < 50 or one.recorded[49] is None:
        return None
    setting = Setting(**one.setting)  # type: ignore[arg-type]  # the fields it was made of
    draws = rnn_draws(setting, DRAWN) if one.model == "rnn" else gru_draws(setting, DRAWN)
    levels = np.quantile(draws.logs - draws.logs[:, 49:50], QUANTILES, axis=0)
    return tuple(levels + one.recorded[49])


def limits(series: Sequence[Series]) -> Limits:
    """Return common limits of log10 for the curves of both models, bands left aside."""
    known = [
        value
        for one in series
        for values in (one.recorded, one.differences, one.predicted)
        for value in values
        if value is not None
    ]
    low, high = min(known, default=-1.0), max(known, default=0.0)
    pad = 0.06 * max(high - low, 1.0)
    return low - pad, high + pad


def curve(one: Series, bounds: Limits) -> str:
    """Draw the recorded curve, the networks of its setting and the finite differences."""
    colour = CURVE[one.model]

    def draw(axes: Axes) -> None:
        spread = fan(one)
        if spread is not None:
            t = np.arange(51)
            for low, high, alpha in ((0, 3, 0.13), (1, 2, 0.17)):
                axes.fill_between(
                    t, spread[low], spread[high], color=colour, alpha=alpha, linewidth=0
                )
        _line(axes, one.recorded, colour)
        _points(axes, one.differences)
        _orders(axes, bounds)

    return _svg(f"curve-{one.model}", draw)


def mistake(one: Series) -> str:
    """Draw the recorded curve, what the mistake gives, and what is right."""

    def draw(axes: Axes) -> None:
        _line(axes, one.recorded, CURVE[one.model], width=4.5, alpha=0.35)
        _line(axes, one.predicted, MISTAKE, dashes=(4, 2.5))
        _points(axes, one.differences)
        _orders(axes, limits([one]))

    return _svg(f"mistake-{one.model}", draw)


def error(one: Series) -> str:
    """Draw the relative error at each t below, or above, its tolerance."""
    shown = [_log(one.error), _log(one.tolerance)]
    known = [value for values in shown for value in values if value is not None]
    low, high = min(known, default=-16.0), max(known, default=0.0)

    def draw(axes: Axes) -> None:
        _line(axes, shown[1], INK, width=1.4, dashes=(5, 3))
        x, y = _known(shown[0])
        axes.plot(x, y, "o", markersize=3.4, color=CURVE[one.model], markeredgewidth=0)
        _orders(axes, (low - 1.0, high + 1.0), blind=False)

    return _svg(f"error-{one.model}", draw, 210.0)


def gate(one: Series) -> str:
    """Draw how the update gate's values are spread over [0, 1]."""

    def draw(axes: Axes) -> None:
        width = 1.0 / len(one.gate)
        x = (np.arange(len(one.gate)) + 0.5) * width
        axes.bar(x, 100.0 * np.asarray(one.gate), width=0.86 * width, color=GRU, linewidth=0)
        axes.set_xlim(0.0, 1.0)
        axes.set_xticks([0.0, 0.5, 1.0], ["0", "½", "1"])
        axes.set_xlabel("z")
        top = 100.0 * max(*one.gate, 0.01)
        axes.set_ylim(0.0, 1.1 * top)
        step = next((step for step in (5, 10, 20, 25) if top <= 4 * step), 50)
        marks = range(0, int(top) + 1, step)
        axes.set_yticks(marks, [f"{mark} %" for mark in marks])

    return _svg("gate", draw, 180.0)


def _log(values: Numbers) -> list[float | None]:
    """Return log10; an error of exactly zero shows below every other."""
    return [None if v is None else math.log10(v) if v > 0 else -17.0 for v in values]


def _known(values: Numbers) -> tuple[list[int], list[float]]:
    pairs = [(t, value) for t, value in enumerate(values) if value is not None]
    return [t for t, _ in pairs], [value for _, value in pairs]


def _line(
    axes: Axes,
    values: Numbers,
    colour: str,
    *,
    width: float = 2.2,
    alpha: float = 1.0,
    dashes: tuple[float, float] | None = None,
) -> None:
    """Draw values over t; a gap where there is none."""
    y = [math.nan if value is None else value for value in values]
    (line,) = axes.plot(range(len(y)), y, color=colour, linewidth=width, alpha=alpha)
    if dashes is not None:
        line.set_dashes(dashes)


def _points(axes: Axes, values: Numbers) -> None:
    x, y = _known([v if t % EVERY == 0 else None for t, v in enumerate(values)])
    axes.plot(x, y, "o", markersize=5.5, markerfacecolor="none", markeredgecolor=INK, mew=1.2)


def _orders(axes: Axes, bounds: Limits, *, blind: bool = True) -> None:
    """Set both axes: t, and powers of ten at whole steps; shade where the loss shows nothing."""
    low, high = bounds
    axes.set_ylim(low, high)
    axes.set_xlim(-1.0, 51.0)
    axes.set_xticks(range(0, 51, 10))
    axes.set_xlabel("t", labelpad=1.0)
    step = next((s for s in (1, 2, 3, 5, 10, 20, 50, 100) if (high - low) / s <= 6), 200)
    marks = [k for k in range(-400, 401, step) if low <= k <= high]
    axes.set_yticks(marks, [f"10{str(k).translate(SUPERSCRIPTS)}" for k in marks])
    axes.grid(visible=True, axis="y")
    axes.set_axisbelow(True)
    if blind and low < BLIND:
        axes.axhspan(low, min(BLIND, high), color=MUTED, alpha=0.13, linewidth=0)


@contextmanager
def _style() -> Iterator[None]:
    """Draw by our own settings, whatever this machine's are."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(RC)
        yield


def _svg(name: str, draw: Callable[[Axes], None], height: float = HEIGHT) -> str:
    """Return the picture as an SVG element to stand in a page, its ids under `name`."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with _style():
        figure = Figure(figsize=(WIDTH / 72.0, height / 72.0))
        FigureCanvasSVG(figure)
        left, bottom, edge = 46.0 / WIDTH, 37.0 / height, 6.0
        draw(
            figure.add_axes((left, bottom, 1.0 - left - edge / WIDTH, 1.0 - bottom - edge / height))
        )
        stream = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(stream, format="svg", transparent=True, metadata=nothing)
    return _for_page(stream.getvalue(), name)


def _for_page(text: str, name: str) -> str:
    """Return what of an SVG file belongs into a page: no prolog, our colours, fonts and ids."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", text, flags=re.S)
    text = re.sub(r'(<svg )(?:height|width)="[^"]*" ', r"\1", text)
    text = re.sub(r' (?:height|width)="[\d.]+pt"| version="[^"]*"| xmlns(:\w+)?="[^"]*"', "", text)
    text = text.replace("xlink:href", "href")
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", text)
    text = re.sub(r"font-family: [^;\"]*", "font-family: var(--sans)", text)
    text = re.sub(r' transform="rotate\(-0 [^"]*"', "", text)
    text = re.sub(r"(\d\.\d\d)\d+", r"\1", text)
    text = re.sub(r"#00000([1-6])", lambda m: f"var(--{VARIABLES[int(m[1]) - 1]})", text)
    text = re.sub(r"\n\s*", "\n", text)
    return text.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1).strip()
