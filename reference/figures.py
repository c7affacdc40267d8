"""The pictures: gradient norms over time, and decay over settings. Needs Matplotlib."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from reference.arrays import Array
from reference.files import replacing

RED, BLUE = "tab:red", "tab:blue"


def draw_decay(path: Path, rnn: Array, gru: Array, orders: tuple[float, float]) -> None:
    """Draw the lab's picture.

    Parameters
    ----------
    path : Path
        The PNG to write, atomically.
    rnn, gru : ndarray, shape (T+1,)
        log10 of g_0 … g_T; the head gradient is left out.
    orders : tuple of float
        N and M of the annotation.
    """
    T = len(rnn) - 1
    figure = Figure(figsize=(8, 5), dpi=130, layout="constrained")
    axes = figure.subplots()
    axes.plot(np.arange(T), rnn[:-1], color=RED, lw=2, label="vanilla RNN")
    axes.plot(np.arange(T), gru[:-1], color=BLUE, lw=2, label="GRU")
    # Logarithms on a linear axis: norms below 1e-308 have no place on a logarithmic one.
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"$10^{{{y:g}}}$"))
    axes.set(xlabel="time step t", ylabel=r"gradient norm $g_t = \|\partial L/\partial h_t\|_2$")
    axes.set_title(
        f"vanilla RNN gradient decays by {orders[0]:.1f} orders of magnitude over {T} steps;\n"
        f"GRU decays by {orders[1]:.1f}",
        fontsize=11,
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    _save(figure, path)


def draw_sweep(
    path: Path, scales: Sequence[float], curves: Mapping[str, tuple[Array, Array]]
) -> None:
    """Draw decay over initialisation scales, the RNN in red and GRUs in blues.

    Parameters
    ----------
    path : Path
        The PNG to write, atomically.
    scales : sequence of float
        Initialisation scales, the horizontal axis.
    curves : mapping of str to (ndarray, ndarray)
        Label to mean and standard deviation over seeds of log10(g_T/g_0), shape (len(scales),)
        each; the first is the vanilla RNN.
    """
    figure = Figure(figsize=(9, 5.5), dpi=130, layout="constrained")
    axes = figure.subplots()
    blues = iter(np.linspace(0, 1, max(len(curves) - 1, 1)))
    for number, (label, (mean, spread)) in enumerate(curves.items()):
        color = RED if number == 0 else _shade(next(blues))
        axes.plot(scales, mean, "o-", color=color, lw=2, ms=4, label=label)
        axes.fill_between(scales, mean - spread, mean + spread, color=color, alpha=0.15, lw=0)
    axes.axhline(0, color="0.4", lw=0.8)
    axes.set_xscale("log")
    axes.set_xticks(list(scales), [f"{scale:g}" for scale in scales])
    axes.minorticks_off()
    axes.set(
        xlabel="initialisation scale",
        ylabel=r"orders of magnitude lost, $\log_{10}(g_T/g_0)$",
        title="How much gradient is lost between the last state and the first (mean ± sd)",
    )
    axes.grid(alpha=0.3)
    axes.legend()
    _save(figure, path)


def _shade(fraction: float) -> tuple[float, float, float]:
    """Return a blue, dark at 0 and light at 1."""
    dark, light = np.array([0.03, 0.19, 0.42]), np.array([0.45, 0.72, 0.95])
    r, g, b = (dark + fraction * (light - dark)).tolist()
    return r, g, b


def _save(figure: Figure, path: Path) -> None:
    FigureCanvasAgg(figure)
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png")
