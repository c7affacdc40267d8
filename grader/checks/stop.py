"""The lab's own stop conditions on the curves, and the questions it ends with."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from grader.model import STEPS, Finding, Kind, Material, Outcome, Value
from grader.oracle import failing_share, least_squares_slope, orders_of_decay, predicted_gru

FILE = "decay.json"
EASY_SHARE = 0.12
"""Share of the candidate at a bias of −2 and small weights: 2.8 orders in fifty steps."""

SATURATED = 0.9999
"""Largest share of the candidate that four digits tell from 1: a bias of about 9."""


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
        slope[kind] = float(least_squares_slope(np.array(logs)))
        total[kind] = logs[-1] - logs[0]
        per_ten[kind] = orders_of_decay(logs)["a"]
    return Shape(slope, total, per_ten) if len(total) == 2 else None


def separated(material: Material) -> Iterator[Finding]:
    """Demand that the RNN is steeper, and the curves half an order apart at t = 0."""
    shape = shape_of(material)
    if shape is None:
        yield Finding("no_curves", Outcome.NOT_ASSESSED, file=FILE)
        return
    data = _numbers(shape) | {"wanted": material.thresholds["separation_orders"]}
    steeper = shape.slope["rnn"] > shape.slope["gru"]
    if steeper and shape.separation >= material.thresholds["separation_orders"]:
        return
    if shape.slope["rnn"] <= 0:
        yield Finding("grows", data=data, model="rnn", file=FILE)
        return
    gate = _gate(material)
    if gate is None:
        yield Finding("too_close" if steeper else "gru_steeper", data=data, file=FILE)
        return
    data |= _advice(material, shape, gate)
    yield Finding("gate_too_open", data=data, file=FILE)


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


def _advice(material: Material, shape: Shape, gate: float) -> dict[str, Value]:
    """Return which bias would separate the curves, its effect, and how often the settings fail.

    The additive path of a gate with share z loses −log10(1 − z) orders a step. Half the orders
    that the RNN loses, measured and by ρ(W_hh), leave room on both sides; a share below 0.12 needs
    no more.
    """
    rho_orders = _predicted_rnn(material)
    orders = max(min(shape.total["rnn"], rho_orders) / 2.0, 1.0)
    wanted = min(1.0 - 10.0 ** (-orders / STEPS), EASY_SHARE)
    return {
        "z": gate,
        "orders_by_z": STEPS * float(predicted_gru(gate)),
        "shift": round(_logit(wanted) - _logit(gate), 1),
        "z_then": wanted,
        "orders_then": STEPS * float(predicted_gru(wanted)),
        "rnn_orders": rho_orders,
        "share": _failing(material, gate),
    }


def _logit(share: float) -> float:
    clipped = min(max(share, 1e-6), 1.0 - 1e-6)
    return math.log(clipped / (1.0 - clipped))


def _predicted_rnn(material: Material) -> float:
    """Return the orders that ρ(W_hh) predicts over fifty steps; at least one."""
    facts = material.probe.get("rnn")
    rho = facts.forward.spectral_radius if facts is not None and facts.forward is not None else 0.0
    if not rho > 0:
        shape = shape_of(material)
        return shape.total["rnn"] if shape is not None else 1.0
    return max(-STEPS * math.log10(rho), 1.0)


def _failing(material: Material, gate: float) -> int:
    """Return how many of 100 seeds miss the condition at the declared settings and this gate."""
    settings = material.manifest.document.get("config") if material.manifest is not None else None
    declared = settings if isinstance(settings, dict) else {}
    scale, width = declared.get("init_scale_W_hh"), declared.get("d_hidden")
    return round(
        100.0
        * failing_share(
            scale=float(scale) if isinstance(scale, float) and 0.0 < scale < 2.0 else 0.1,
            width=width if type(width) is int and 2 <= width <= 64 else 32,
            bias=round(4.0 * _logit(gate)) / 4.0,
            apart=material.thresholds["separation_orders"],
        )
    )


def margin(material: Material) -> Iterator[Finding]:
    """Demand an order or more between them, and 1.5 times the orders of the GRU."""
    shape = shape_of(material)
    if shape is None:
        return
    data = _numbers(shape)
    limits = material.thresholds
    if shape.separation < limits["margin_orders"]:
        data["wanted"] = limits["margin_orders"]
        yield Finding("narrow", Outcome.PARTIAL, data, file=FILE, keeps=1.0 / 3.0)
    elif shape.total["rnn"] < limits["margin_ratio"] * shape.total["gru"]:
        data["wanted"] = limits["margin_ratio"]
        yield Finding("ratio", Outcome.PARTIAL, data, file=FILE, keeps=2.0 / 3.0)


def explain(material: Material) -> Iterator[Finding]:
    """Put questions to this student, from their own numbers, with what answers contain."""
    shape = shape_of(material)
    if shape is None:
        return
    yield Finding("why_steeper", Outcome.MANUAL, _numbers(shape))
    yield from _radius_question(material, shape)
    gate = _gate(material)
    if gate is not None:
        smaller = 1.0 / (1.0 + math.exp(4.0))
        data: dict[str, Value] = {
            "z": gate,
            "now": STEPS * float(predicted_gru(gate)),
            "gru_total": shape.total["gru"],
            "then": STEPS * float(predicted_gru(smaller)),
        }
        yield Finding("other_bias", Outcome.MANUAL, data)


def _radius_question(material: Material, shape: Shape) -> Iterator[Finding]:
    facts = material.probe.get("rnn")
    if facts is None or facts.forward is None or not facts.forward.spectral_radius > 0:
        return
    rho = facts.forward.spectral_radius
    data: dict[str, Value] = {
        "rho": rho,
        "log_rho": math.log10(rho),
        "rnn_slope": shape.slope["rnn"],
    }
    yield Finding("slope_and_radius", Outcome.MANUAL, data)
