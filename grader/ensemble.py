"""What a declared configuration should look like over many seeds: bands, shares, predictions.

Everything is drawn with the reference and remembered per setting: a class pays for one only once.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from grader.facts import Array
from grader.model import Material, Term, Value
from grader.oracle import draw_gru_decay, draw_rnn_decay, least_squares_slope
from grader.setting import Setting

__all__ = [
    "FEW",
    "Advised",
    "Bands",
    "Draws",
    "Spread",
    "advised",
    "amid",
    "at_lab_radius",
    "bands",
    "excess",
    "failing_share",
    "gru_draws",
    "gru_spread",
    "in_their_form",
    "rnn_draws",
    "rnn_excess",
    "rnn_spread",
    "usable",
]

SEEDS = 1000
"""Draws behind a picture's bands: the 0.05 % level is the fifth smallest of ten thousand numbers,
and still the smallest but one of a thousand."""

QUICK = 256
"""Draws behind a sentence: a mean to 6 % of the spread, the spread itself to 4.4 %."""

FEW = 32
"""Draws to look at first: 15 of 16 honest values lie between the outermost of so many."""

LEVELS = (0.0005, 0.025, 0.25, 0.5, 0.75, 0.975, 0.9995)
"""Quantiles of the bands; the outermost two hold 99.9 %."""

NORMAL_999 = 3.2905
"""Half-width of 99.9 % of a normal distribution, in deviations."""

BIASES = (-2.0, -3.0, -4.0, -6.0)
"""Update-gate biases to advise, the mildest first: -1 would leave a GRU that loses 5 orders.

Jozefowicz, Zaremba, Sutskever 2015, section 2.1 (the LSTM's forget gate).
"""

LAB_RADIUS = 0.1 * math.sqrt(32.0)
"""σ√d at the lab's settings: the radius of the circular law."""

WIDEST = 64
"""Largest hidden size that is drawn as it is.

Decay is ruled by σ√d, and its spread over seeds shrinks as d grows (circular law). A wider net is
drawn with 64 units and the same σ√d: its bands are too wide, never too narrow.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Gradient norms of one net over many seeds.

    Parameters
    ----------
    logs : ndarray, shape (n, 51)
        log10 of g_0 … g_50.
    trait : ndarray, shape (n,)
        ρ(W_hh) of an RNN, mean update gate of a GRU in h = (1-z)·h' + z·h̃.
    """

    logs: Array
    trait: Array

    @property
    def orders(self) -> Array:
        """log10(g_49 / g_0), shape (n,)."""
        return np.asarray(self.logs[:, 49] - self.logs[:, 0])

    @property
    def slope(self) -> Array:
        """Least-squares slope over t = 0 … 49 in orders per step, shape (n,)."""
        return least_squares_slope(self.logs[:, :50])


@dataclass(frozen=True, slots=True)
class Spread:
    """A number over the draws: its mean, its deviation and the ends of 99.9 %."""

    mean: float
    std: float
    low: float
    high: float

    def holds(self, value: float, slack: float = 0.0) -> bool:
        """Say whether `value` lies within the 99.9 %, or at most `slack` beside them."""
        return self.low - slack <= value <= self.high + slack


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """Quantiles over 1,000 seeds at `levels`, the first axis of every array.

    Parameters
    ----------
    rnn, gru : ndarray, shape (levels, 51)
        log10 of g_0 … g_50; the last column is the head gradient.
    rnn_slope, gru_slope, rnn_orders, gru_orders, rho, gate : ndarray, shape (levels,)
        Slopes in orders per step, log10(g_49/g_0), ρ(W_hh), mean update gate.
    """

    levels: tuple[float, ...]
    rnn: Array
    gru: Array
    rnn_slope: Array
    gru_slope: Array
    rnn_orders: Array
    gru_orders: Array
    rho: Array
    gate: Array


def usable(setting: Setting) -> Setting:
    """Return the setting that is drawn for `setting`: at most 64 units, at the same σ√d."""
    if setting.width <= WIDEST:
        return setting
    scale = setting.scale
    if setting.scheme == "normal":
        scale *= math.sqrt(setting.width / WIDEST)
    return replace(setting, width=WIDEST, scale=scale)


@functools.lru_cache(maxsize=64)
def rnn_draws(setting: Setting, seeds: int = QUICK) -> Draws:
    """Return vanilla RNNs over seeds 0 … seeds - 1."""
    return Draws(*draw_rnn_decay(usable(setting), seeds))


@functools.lru_cache(maxsize=64)
def gru_draws(setting: Setting, seeds: int = QUICK) -> Draws:
    """Return GRUs over seeds 0 … seeds - 1."""
    return Draws(*draw_gru_decay(usable(setting), seeds))


@functools.lru_cache(maxsize=8)
def bands(setting: Setting) -> Bands:
    """Return the quantiles of both nets over 1,000 seeds; half a second at d = 32."""
    rnn, gru = rnn_draws(setting, SEEDS), gru_draws(setting, SEEDS)

    def over_seeds(values: Array) -> Array:
        return np.asarray(np.quantile(values, LEVELS, axis=0))

    return Bands(
        levels=LEVELS,
        rnn=over_seeds(rnn.logs),
        gru=over_seeds(gru.logs),
        rnn_slope=over_seeds(rnn.slope),
        gru_slope=over_seeds(gru.slope),
        rnn_orders=over_seeds(rnn.orders),
        gru_orders=over_seeds(gru.orders),
        rho=over_seeds(rnn.trait),
        gate=over_seeds(gru.trait),
    )


def spread(values: Array) -> Spread:
    """Summarise a number over the draws.

    The ends are those of a normal distribution, its deviation enlarged by two standard errors of
    itself, or the outermost draws where these lie further out: no tail is left to the normal alone.
    """
    mean, std = float(values.mean()), float(values.std(ddof=1))
    reach = NORMAL_999 * std * (1.0 + 2.0 / math.sqrt(2.0 * len(values)))
    low, high = float(values.min()), float(values.max())
    return Spread(mean, std, min(mean - reach, low), max(mean + reach, high))


def rnn_spread(setting: Setting) -> Spread:
    """Return log10(g_49 / g_0) of the vanilla RNN over the draws."""
    return spread(rnn_draws(setting).orders)


def gru_spread(setting: Setting) -> Spread:
    """Return log10(g_49 / g_0) of the GRU over the draws."""
    return spread(gru_draws(setting).orders)


def excess(draws: Draws) -> Array:
    """Return what RNNs lose beyond 49 times -log10 ρ(W_hh): tanh' < 1, and the first steps."""
    return np.asarray(draws.orders + 49.0 * np.log10(draws.trait))


def rnn_excess(setting: Setting, seeds: int = QUICK) -> Spread:
    """Return what the RNN loses beyond 49 times -log10 ρ(W_hh) over the draws."""
    return spread(excess(rnn_draws(setting, seeds)))


def amid(values: Sequence[Array], value: float) -> bool:
    """Say whether some draws lie on either side of `value`.

    The ends that `spread` gives lie no nearer than the outermost draws: a value amid the first few
    is then within the ends of all, and these need not be drawn.
    """
    return bool(min(v.min() for v in values) <= value <= max(v.max() for v in values))


def failing_share(setting: Setting, apart: float) -> float:
    """Return the share of seeds whose curves miss the lab's first stop condition.

    Parameters
    ----------
    apart : float
        Least distance of the normalised curves at t = 0, in orders of magnitude.
    """
    rnn, gru = rnn_draws(setting), gru_draws(setting)
    met = (rnn.slope > gru.slope) & (rnn.orders - gru.orders >= apart)
    return float(np.mean(~met))


@dataclass(frozen=True, slots=True)
class Advised:
    """An update-gate bias in h = (1-z)·h' + z·h̃, and what the GRU then loses over the draws."""

    bias: float
    orders: Spread


def advised(setting: Setting, rnn_orders: float, apart: float, ratio: float) -> Advised | None:
    """Return the mildest bias with which the GRU falls clearly short of what this RNN loses.

    Parameters
    ----------
    setting : Setting
        Of the submission; its own bias is not used.
    rnn_orders : float
        log10(g_49 / g_0) of the submission's RNN, which a gate bias does not move.
    apart, ratio : float
        Least difference and least ratio of the two nets' orders.

    Returns
    -------
    Advised or None
        None where no bias suffices: the RNN itself loses too little.
    """
    for bias in BIASES:
        orders = gru_spread(replace(setting, bias=bias))
        if rnn_orders - orders.high >= apart and rnn_orders >= ratio * orders.high:
            return Advised(bias, orders)
    return None


def in_their_form(material: Material, bias: float) -> dict[str, Value]:
    """Return `bias` for the student's own form of the step; for the usual one if unknown."""
    facts = material.probe.get("gru")
    form = facts.forward.gate_form if facts is not None and facts.forward is not None else ""
    if form.startswith("z"):
        return {"bias": -bias, "form": Term("report.form.previous")}
    return {"bias": bias, "form": Term(f"report.form.{'candidate' if form else 'unknown'}")}


def at_lab_radius(setting: Setting) -> Setting:
    """Return the setting with independent weights of σ√d as at the lab's, whatever its width."""
    return replace(setting, scale=LAB_RADIUS / math.sqrt(setting.width), scheme="normal")
