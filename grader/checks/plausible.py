"""What files alone let ask: do the curves look like draws of the declared settings.

A net that was differentiated here needs no such question. Of the others, a value outside 99.9 % of
the draws, or a list that no draw resembles, is a question to the student and never a verdict: what
a manifest leaves open (inputs, gate bias) widens what is expected.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from grader.ensemble import (
    FEW,
    QUICK,
    Draws,
    Spread,
    amid,
    excess,
    gru_draws,
    rnn_draws,
    spread,
)
from grader.facts import Array
from grader.model import KINDS, STEPS, Finding, Kind, Material, Outcome, Term, Value
from grader.setting import Setting, setting_of

FILE = "decay.json"
RADIUS = "results_summary.rnn_spectral_radius_W_hh"
WIDEST_INPUT = math.sqrt(32.0)
"""W x over σ for an embedding N(0, 1) of 32 numbers, the largest of the usual inputs.

The smallest is an embedding N(0, σ) of 16: 4σ. One-hot tokens give 1.
"""

ROUGH_STRAIGHT, ROUGH_SMOOTH = 1e-3, 1e-4
"""Bends, as parts of the total decay, above which nothing needs to be drawn.

Of 1,000 RNNs at the lab's settings the straightest had 1.1e-3 around a line and 8.8e-4 around a
cubic; where draws are straighter still, they decide.
"""

STRAIGHTER = 10.0
"""How many times less a list must bend than the least bent of the draws.

With n draws, P(s < s_min / 10) = 10^-k / n for a lower tail of index k. Between the 1 % and 0.1 %
quantiles of 1,000 draws at σ = 0.02 … 0.2, both options, biases −4 … 4, k was 1.6 or more, so that
at most 1 in 10,000 is asked for nothing (n = 256).
"""

EVEN = 0.2
"""Evenness below which a residual is nothing like white noise, of which 99 in 100 have more."""

CHANCE = 1e-4
"""Largest share of honest pairs of curves that may look as much like noise as this one."""

FLAT_ORDERS = 0.02
"""Total decay below which a curve is too flat to have a shape: a gate all but shut."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the declared settings may mean: the same draw with the least and the largest inputs."""

    least: Setting
    most: Setting


def settings(material: Material) -> Iterator[Finding]:
    """Compare decay and spectral radius with 99.9 % of the draws of the declared settings."""
    setting = setting_of(material)
    logs = _logs(material, "rnn")
    if logs is not None:
        readings = _readings(setting)
        orders = float(logs[-1] - logs[0])
        if not any(_holds(reading, orders) for reading in readings):
            yield _ask_orders(setting, orders, _between(readings[0]))
        else:
            yield from _radius(material, setting, readings, orders)
    yield from _gate(material, setting)


def _logs(material: Material, kind: Kind) -> Array | None:
    """Return log10 of a curve that was only read: None where it was differentiated, or is none."""
    facts = material.probe.get(kind)
    norms = material.decay.curves.get(kind, ()) if material.decay is not None else ()
    differentiated = facts is not None and facts.status == "probed"
    if differentiated or len(norms) != STEPS or not all(0 < g < math.inf for g in norms):
        return None
    logs = np.log10(np.asarray(norms, dtype=np.float64))
    # Entries at the end of the range mark underflow, and have no shape.
    return logs if logs.min() > math.log10(2.3e-308) else None


def _reading(setting: Setting) -> Reading:
    sigma = setting.scale if setting.scheme == "normal" else 0.1
    least = replace(setting, inputs=max(4.0 * sigma**2, 1e-3))
    return Reading(least, replace(setting, inputs=sigma * WIDEST_INPUT))


def _readings(setting: Setting) -> list[Reading]:
    """Return the ways to read a declared scale: a deviation, or what multiplies a rotation."""
    found = [_reading(setting)]
    # From 1.2 on, N(0, σ) would explode; the lab's own way out is an orthogonal matrix.
    if 0.5 <= setting.scale <= 1.1 and setting.scale * math.sqrt(setting.width) > 1.2:
        found.append(_reading(replace(setting, scheme="orthogonal")))
    return found


def _rnn_draws(readings: list[Reading], seeds: int) -> list[Draws]:
    return [rnn_draws(one, seeds) for r in readings for one in (r.least, r.most)]


def _holds(reading: Reading, orders: float) -> bool:
    few = [draws.orders for draws in _rnn_draws([reading], FEW)]
    return amid(few, orders) or _between(reading).holds(orders)


def _between(reading: Reading) -> Spread:
    low, high = (spread(draws.orders) for draws in _rnn_draws([reading], QUICK))
    return replace(low, low=min(low.low, high.low), high=max(low.high, high.high))


def _ask_orders(setting: Setting, orders: float, band: Spread) -> Finding:
    scale = setting.scale
    other = {
        "variance": replace(setting, scale=math.sqrt(scale)),
        "half_width": replace(setting, scale=scale / math.sqrt(3.0)),
    }
    fits = next((name for name, one in other.items() if _holds(_reading(one), orders)), "inputs")
    if orders < 0 and band.holds(-orders):
        fits = "reversed"
    data: dict[str, Value] = {
        "orders": orders,
        "low": band.low,
        "high": band.high,
        "scale": scale,
        "width": setting.width,
        "fits": Term(f"report.fits.{fits}"),
    }
    return Finding("orders", Outcome.MANUAL, data, model="rnn", file=FILE)


def _radius(
    material: Material, setting: Setting, readings: list[Reading], orders: float
) -> Iterator[Finding]:
    """Compare ρ(W_hh) as quoted with the draws, and with the decay beside it."""
    rho = _quoted_radius(material)
    if rho is None:
        return
    least = readings[0].least
    data: dict[str, Value] = {"rho": rho, "orders": orders}
    rotated = any(abs(rho / one.least.scale - 1.0) <= 0.02 for one in readings[1:])
    usual = rotated or amid([rnn_draws(least, FEW).trait], rho)
    if not usual and not (radii := spread(rnn_draws(least).trait)).holds(rho, slack=0.02 * rho):
        data |= {"low": radii.low, "high": radii.high}
        yield Finding("radius", Outcome.MANUAL, data, file="manifest.json", path=RADIUS)
        return
    if abs(rho / (setting.scale * math.sqrt(setting.width)) - 1.0) <= 0.02:
        return  # σ√d: an estimate, which the decay of this one draw need not follow
    predicted = -(STEPS - 1) * math.log10(rho)
    if amid([excess(draws) for draws in _rnn_draws(readings, FEW)], orders - predicted):
        return
    usual_excess = [spread(excess(draws)) for draws in _rnn_draws(readings, QUICK)]
    low, high = min(e.low for e in usual_excess), max(e.high for e in usual_excess)
    # 2 % of ρ, as much as the quoted value may be off, are 0.43 orders in 49 steps.
    if not low - 0.43 <= orders - predicted <= high + 0.43:
        data |= {"low": predicted + low, "high": predicted + high}
        yield Finding("radius_and_decay", Outcome.MANUAL, data, file="manifest.json", path=RADIUS)


def _quoted_radius(material: Material) -> float | None:
    document = material.manifest.document if material.manifest is not None else {}
    results = document.get("results_summary")
    rho = results.get("rnn_spectral_radius_W_hh") if isinstance(results, dict) else None
    usable = isinstance(rho, int | float) and not isinstance(rho, bool) and 0.0 < rho < math.inf
    return float(rho) if usable and rho is not None else None


def _gate(material: Material, setting: Setting) -> Iterator[Finding]:
    """Compare the GRU's decay with draws of the mean update gate that decay.json quotes."""
    logs = _logs(material, "gru")
    mean = material.decay.update_gate.get("mean") if material.decay is not None else None
    if logs is None or mean is None or not 1e-3 <= mean <= 1.0 - 1e-3:
        return
    orders = float(logs[-1] - logs[0])
    # Whether z weighs the candidate or the old state, the file does not say: the nearer one is it.
    share = min((mean, 1.0 - mean), key=lambda z: abs(-STEPS * math.log10(1.0 - z) - orders))
    bias = round(4.0 * math.log(share / (1.0 - share))) / 4.0
    if orders > 0 and amid([draws.orders for draws in _gru_draws(setting, bias, FEW)], orders):
        return  # of a gradient that grows, seven eighths are no wider a bound
    expected = [spread(draws.orders) for draws in _gru_draws(setting, bias)]
    low, high = min(e.low for e in expected), max(e.high for e in expected)
    # The bias is drawn to a quarter, which moves the decay by an eighth of itself at most.
    if not 0.875 * low - FLAT_ORDERS <= orders <= 1.125 * high + FLAT_ORDERS:
        data: dict[str, Value] = {"mean": mean, "orders": orders, "low": low, "high": high}
        yield Finding("gate_and_decay", Outcome.MANUAL, data, model="gru", file=FILE)


def _gru_draws(setting: Setting, bias: float, seeds: int = QUICK) -> list[Draws]:
    reading = _reading(replace(setting, bias=bias))
    return [gru_draws(one, seeds) for one in (reading.least, reading.most)]


def texture(material: Material) -> Iterator[Finding]:
    """Ask about lists that no draw resembles: twice the same, straight, a formula, noise."""
    logs = {kind: found for kind in KINDS if (found := _logs(material, kind)) is not None}
    setting = setting_of(material)
    if setting.width < 4:
        return  # products of very small matrices can be as straight as a ruler
    if len(logs) == 2 and np.ptp(logs["rnn"] - logs["gru"]) <= 1e-6:
        yield Finding("identical", Outcome.MANUAL, file=FILE)
        return
    bent = [finding for kind in logs for finding in _bends(setting, kind, logs[kind])]
    yield from bent
    if len(logs) == 2 and not bent:
        yield from _noise(material, setting, logs)


def _bends(setting: Setting, kind: Kind, logs: Array) -> Iterator[Finding]:
    """Ask about a curve that is ten times less bent than the least bent draw."""
    orders = float(logs[-1] - logs[0])
    if abs(orders) < FLAT_ORDERS:
        return
    rough = {1: ROUGH_STRAIGHT, 3: ROUGH_SMOOTH}
    for degree, name in ((1, "straight"), (3, "formula")):
        bend = float(_bend(logs[None], degree)[0])
        if bend >= rough[degree]:
            continue
        least = min(float(_bend(d.logs, degree).min()) for d in _alike(setting, kind, orders))
        if bend * STRAIGHTER < least:
            data: dict[str, Value] = {"bend": bend, "least": least, "orders": orders}
            yield Finding(name, Outcome.MANUAL, data, model=kind, file=FILE)
            return


def _alike(setting: Setting, kind: Kind, orders: float) -> list[Draws]:
    """Return draws to compare a curve with: for a GRU, of the gate bias that its decay shows."""
    if kind == "rnn":
        return _rnn_draws(_readings(setting), QUICK)
    # Beside -log10(1 - z) a step the other paths carry a quarter: 2.2 orders where z says 2.8.
    share = 1.0 - 10.0 ** (-max(orders, FLAT_ORDERS) / 0.8 / STEPS)
    share = min(share, 0.98)
    return _gru_draws(setting, round(math.log(share / (1.0 - share))))


def _bend(logs: Array, degree: int) -> Array:
    """Return the rms of log10 g_t around its best polynomial, over the total decay, (n,)."""
    residual = _residual(logs, degree)
    total = np.abs(logs[:, STEPS - 1] - logs[:, 0])
    return np.asarray(residual.std(axis=1) / np.maximum(total, 1e-300))


def _residual(logs: Array, degree: int) -> Array:
    basis = np.linalg.qr(np.vander(np.linspace(-1.0, 1.0, STEPS), degree + 1))[0]
    y = logs[:, :STEPS]
    return np.asarray(y - (y @ basis) @ basis.T)


def _evenness(logs: Array) -> Array:
    """Return how evenly the residual around a line is spread over frequencies and over time, (n,).

    Each is a geometric over an arithmetic mean, of the periodogram and of the energies of ten
    blocks of five steps; their product is about 0.5 for white noise. Products of Jacobians give
    slow waves, steady oscillations or a start that dies out: uneven in one of the two.
    """
    residual = _residual(logs, 1)
    power = np.abs(np.fft.rfft(residual, axis=1)[:, 1:]) ** 2
    energy = (residual.reshape(len(logs), 10, 5) ** 2).sum(axis=2)
    return np.asarray(_flatness(power) * _flatness(energy))


def _flatness(values: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(np.exp(np.log(values).mean(axis=1)) / values.mean(axis=1))


def _noise(material: Material, setting: Setting, logs: dict[Kind, Array]) -> Iterator[Finding]:
    """Ask about two curves that are lines with noise on them.

    The two nets are drawn apart, so that the chance that both look like noise is a product.
    """
    even = {kind: float(_evenness(y[None])[0]) for kind, y in logs.items()}
    if min(even.values()) < EVEN or any(_is_rounding(material, kind, logs[kind]) for kind in KINDS):
        return
    chance = 1.0
    for kind in KINDS:
        orders = float(logs[kind][-1] - logs[kind][0])
        above = [_evenness(d.logs) >= even[kind] for d in _alike(setting, kind, orders)]
        chance *= max((1.0 + one.sum()) / (1.0 + len(one)) for one in above)
    if chance <= CHANCE:
        odds = round(1.0 / chance)
        data: dict[str, Value] = {"rnn": even["rnn"], "gru": even["gru"], "odds": odds}
        yield Finding("noise", Outcome.MANUAL, data, file=FILE)


def _is_rounding(material: Material, kind: Kind, logs: Array) -> bool:
    """Say whether the digits written explain what is left around a line: that is white too."""
    if material.decay is None:
        return False
    half = np.asarray(material.decay.half_unit[kind]) / 10.0**logs
    rounding = math.log10(math.e) * math.sqrt(float(np.mean(half**2)) / 3.0)
    return float(_residual(logs[None], 1).std()) < 3.0 * rounding
