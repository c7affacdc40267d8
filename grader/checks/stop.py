"""The lab's own stop conditions on the curves, and the questions it ends with.

Draws are made for advice only, and what makes them is imported then: most submissions need none.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

from grader.model import KINDS, STEPS, Finding, Kind, Material, Outcome, Term, Value
from grader.orders import orders_of_decay
from grader.setting import setting_of

FILE = "decay.json"
SATURATED = 0.9999
"""Largest share of the candidate that four digits tell from 1: a bias of about 9."""

MARK = sys.float_info.min * (1.0 + 1e-6)
"""What the lab puts in the place of a zero, and its rounding in print."""

RULE = 0.9
"""Share of seeds that miss the condition from which it is no longer called the draw."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Two curves in a few numbers; orders are log10, slopes are orders per step."""

    slope: dict[Kind, float]
    total: dict[Kind, float]
    per_ten: dict[Kind, float]

    @property
    def separation(self) -> float:
        """Orders between the curves at t = 0, each divided by its own last recorded value."""
        return self.total["rnn"] - self.total["gru"]


def shape_of(material: Material) -> Shape | None:
    """Return the shape of the recorded curves, None where one of them has no logarithm."""
    if material.decay is None:
        return None
    slope: dict[Kind, float] = {}
    total: dict[Kind, float] = {}
    per_ten: dict[Kind, float] = {}
    for kind, norms in material.decay.curves.items():
        if len(norms) < 12 or not all(norm > 0 and math.isfinite(norm) for norm in norms):
            return None
        logs = [math.log10(norm) for norm in norms]
        orders = orders_of_decay(logs)
        slope[kind] = orders["d"] / 10.0
        total[kind] = logs[-1] - logs[0]
        per_ten[kind] = orders["a"]
    return Shape(slope, total, per_ten) if len(total) == 2 else None


def separated(material: Material) -> Iterator[Finding]:
    """Demand that the RNN is steeper, and the curves half an order apart at t = 0."""
    shape = shape_of(material)
    if shape is None or material.decay is None:
        yield Finding("no_curves", Outcome.NOT_ASSESSED, file=FILE)
        return
    gone = [kind for kind in KINDS if max(material.decay.curves[kind]) <= MARK]
    if gone:
        yield Finding("vanished", data={"value": MARK}, model=gone[0], file=FILE)
        return
    data = _numbers(shape) | {"wanted": material.thresholds["separation_orders"]}
    steeper = shape.slope["rnn"] > shape.slope["gru"]
    if steeper and shape.separation >= material.thresholds["separation_orders"]:
        return
    if shape.slope["rnn"] <= 0:
        yield _growing(material, data)
        return
    advice = _advice(material, shape)
    gate = _gate(material)
    if not advice:
        yield Finding("rnn_too_flat", data=data | _usual(material), model="rnn", file=FILE)
    elif gate is None:
        name = "too_close" if steeper else "gru_steeper"
        yield Finding(name, data=data | advice, file=FILE)
    else:
        tails = _tails(material)
        name = "gate_measured" if tails else "gate_too_open"
        data |= advice | _draws(material, gate) | tails
        yield Finding(name, data=data, file=FILE)


def _growing(material: Material, data: dict[str, Value]) -> Finding:
    """Say that the gradient grows; by ρ(W_hh), where that was measured and is above 1."""
    facts = material.probe.get("rnn")
    found = facts.forward if facts is not None else None
    if found is None or not found.spectral_radius > 1.0:
        return Finding("grows", data=data, model="rnn", file=FILE)
    data |= {"rho": found.spectral_radius, "std": found.weight_std, **_usual(material)}
    return Finding("expands", data=data, model="rnn", file=FILE)


def _numbers(shape: Shape) -> dict[str, Value]:
    return {
        "rnn_slope": shape.slope["rnn"],
        "gru_slope": shape.slope["gru"],
        "rnn_total": shape.total["rnn"],
        "gru_total": shape.total["gru"],
        "separation": shape.separation,
    }


def _gate(material: Material) -> float | None:
    """Return the mean share of the candidate, measured by the probe or as declared."""
    facts = material.probe.get("gru")
    gate = facts.forward.gate_mean if facts is not None and facts.forward is not None else math.nan
    if not math.isfinite(gate) and material.decay is not None:
        gate = material.decay.update_gate.get("mean", math.nan)
    if not math.isfinite(gate):
        return None
    # Read off Jacobians, the share of a saturated gate may leave (0, 1), and 1 has no logarithm.
    return min(max(gate, 1.0 - SATURATED), SATURATED)


def _advice(material: Material, shape: Shape) -> dict[str, Value]:
    """Return which bias separates the curves and what the GRU then loses; nothing if none does.

    The RNN keeps what it loses, whatever the gate: only the GRU is drawn anew.
    """
    from grader.ensemble import advised, in_their_form

    apart, ratio = material.thresholds["margin_orders"], material.thresholds["margin_ratio"]
    found = advised(setting_of(material), shape.total["rnn"], apart, ratio)
    if found is None:
        return {}
    return {
        **in_their_form(material, found.bias),
        "orders_then": found.orders.mean,
        "low": found.orders.low,
        "high": found.orders.high,
    }


def _draws(material: Material, gate: float) -> dict[str, Value]:
    """Return what the gate explains, and how many of 100 seeds miss the condition with it."""
    from grader.ensemble import failing_share
    from grader.oracle import predicted_gru

    settings = replace(setting_of(material), bias=round(4.0 * _logit(gate)) / 4.0)
    share = failing_share(settings, material.thresholds["separation_orders"])
    return {
        "z": gate,
        "orders_by_z": STEPS * float(predicted_gru(gate)),
        "share": round(100.0 * share),
        "luck": Term(f"report.luck.{'setting' if share > RULE else 'draw'}"),
    }


def _tails(material: Material) -> dict[str, Value]:
    """Return how the candidate's share is spread over steps and units; nothing if not measured."""
    facts = material.probe.get("gru")
    found = facts.forward if facts is not None else None
    if found is None or not math.isfinite(found.gate_high + found.gate_low + found.gate_std):
        return {}
    high, low = round(100.0 * found.gate_high), round(100.0 * found.gate_low)
    return {"std": found.gate_std, "high_share": high, "low_share": low}


def _logit(share: float) -> float:
    return math.log(share / (1.0 - share))


def _usual(material: Material) -> dict[str, Value]:
    """Return what an RNN of this size loses with weights of ρ(W_hh) = 0.57, the lab's own."""
    from grader.ensemble import at_lab_radius, rnn_spread

    setting = at_lab_radius(setting_of(material))
    orders = rnn_spread(setting)
    return {"scale": setting.scale, "usual": orders.mean, "low": orders.low, "high": orders.high}


def margin(material: Material) -> Iterator[Finding]:
    """Demand an order or more between them, and 1.5 times the orders of the GRU."""
    shape = shape_of(material)
    if shape is None:
        return
    data = _numbers(shape)
    limits = material.thresholds
    if shape.separation < limits["margin_orders"]:
        data["wanted"] = limits["margin_orders"]
        yield _short("narrow", material, shape, data, keeps=1.0 / 3.0)
    elif shape.total["rnn"] < limits["margin_ratio"] * shape.total["gru"]:
        data["wanted"] = limits["margin_ratio"]
        yield _short("ratio", material, shape, data, keeps=2.0 / 3.0)


def _short(
    name: str, material: Material, shape: Shape, data: dict[str, Value], keeps: float
) -> Finding:
    """Return a partial finding with the bias that would make it whole, if one would."""
    advice = _advice(material, shape)
    if not advice:
        name, advice = "rnn_too_flat", _usual(material)
    return Finding(name, Outcome.PARTIAL, data | advice, file=FILE, keeps=keeps)


def explain(material: Material) -> Iterator[Finding]:
    """Put questions to this student, from their own numbers, with what answers contain."""
    from grader.spoken import asked

    yield from asked(material)
