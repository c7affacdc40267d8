"""Three questions to put to a student, from their own curves, with what right answers contain.

No question is asked about a number that is wrong: where the code was probed, the curves are those
that finite differences of its own forward pass give, and a radius that is only declared has to be
one that such a curve can have. Answers about other settings are drawn with the reference.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from grader.ensemble import (
    Spread,
    advised,
    gru_draws,
    in_their_form,
    rnn_draws,
    rnn_excess,
    spread,
)
from grader.model import KINDS, STEPS, Finding, Kind, Material, Outcome, Value
from grader.oracle import least_squares_slope, predicted_gru
from grader.setting import Setting, setting_of

ASKED = 3
SEEDS = 64
"""Draws behind an answer: a mean to an eighth of the spread."""

SAME = 0.02
"""Orders by which a recorded norm may miss the measured one: 5 %, more than float32 leaves."""

APART = 0.5
"""Orders from which one net is the steeper to the eye; the lab's first stop condition."""

OPEN, SHUT = 0.0, -4.0
"""Update-gate biases to ask about, in h = (1-z)·h' + z·h̃: z = 1/2, and z = 0.018."""

NEARLY_SHUT = 0.05
"""Mean z below which the question is what an open gate would do."""

BESIDE = 1.0
"""Orders beyond the spread of the draws within which a setting still describes a net."""

RETURNED = 0.4
"""Least share of what the additive path alone would cost that a GRU loses: the rest flows back
through candidate and gates (0.7 at z = 1/2 and the lab's weights)."""

TAME = 0.9
"""What the lab's "Pitfalls" multiply an orthogonal matrix by."""

LOST_IN_ROUNDING = 8.0
"""Orders from which a term disappears in an FP32 sum beside another: its epsilon is 1.2e-7."""


@dataclass(frozen=True, slots=True)
class Curve:
    """log10 of g_0 … g_49 of one net; `recorded` says whether decay.json holds it."""

    logs: tuple[float, ...]
    recorded: bool

    @property
    def total(self) -> float:
        """log10(g_49 / g_0)."""
        return self.logs[-1] - self.logs[0]

    @property
    def slope(self) -> float:
        """Least-squares slope in orders per step."""
        return float(least_squares_slope(np.array(self.logs)))


def curves_of(material: Material) -> dict[Kind, Curve]:
    """Return the curve of each net to ask about: as measured, where it was, else as recorded.

    Parameters
    ----------
    material : Material

    Returns
    -------
    dict of Curve
        Nets whose list has no fifty logarithms left out.
    """
    curves: dict[Kind, Curve] = {}
    for kind in KINDS:
        norms = material.decay.curves.get(kind, ()) if material.decay else ()
        logs = tuple(math.log10(g) for g in norms if g > 0 and math.isfinite(g))
        if not len(logs) == len(norms) == STEPS:
            continue
        facts = material.probe.get(kind)
        point = facts.point("declared") if facts is not None else None
        true = point.log10_numeric if point is not None else None
        if true is not None and len(true) == STEPS + 1 and bool(np.all(np.isfinite(true[:STEPS]))):
            held = bool(np.allclose(true[:STEPS], logs, rtol=0, atol=SAME))
            curves[kind] = Curve(tuple(map(float, true[:STEPS])), held)
        else:
            curves[kind] = Curve(logs, recorded=True)
    return curves


def asked(material: Material) -> Iterator[Finding]:
    """Yield the questions, the fittest first, at most three.

    Parameters
    ----------
    material : Material
    """
    curves = curves_of(material)
    yield from islice(_all(material, curves), ASKED)


def _all(material: Material, curves: Mapping[Kind, Curve]) -> Iterator[Finding]:
    setting = setting_of(material)
    yield from _difference(material, curves, setting)
    rnn, gru = curves.get("rnn"), curves.get("gru")
    if rnn is not None:
        yield from _radius(material, rnn, setting)
    if gru is not None:
        yield from _bias(material, gru, setting)
    if rnn is not None:
        yield from _scale(rnn, setting)
        yield from _first_token(rnn)
        yield from _longer(rnn)
        yield from _orthogonal(rnn, setting)


def _question(kind: str, data: Mapping[str, Value]) -> Finding:
    return Finding(kind, Outcome.MANUAL, dict(data))


def _difference(
    material: Material, curves: Mapping[Kind, Curve], setting: Setting
) -> Iterator[Finding]:
    """Ask for the reason of what the two curves show: what the lab wants, or not."""
    if len(curves) < len(KINDS):
        return
    rnn, gru = curves["rnn"], curves["gru"]
    data: dict[str, Value] = {"rnn_total": rnn.total, "gru_total": gru.total}
    if rnn.slope <= 0:
        yield from _growing(material, data | {"grown": -rnn.total})
    elif rnn.slope > gru.slope and rnn.total - gru.total >= APART:
        both = rnn.recorded and gru.recorded
        yield _question("why_steeper" if both else "why_steeper_measured", data)
    else:
        found = advised(setting, rnn.total, 1.0, 1.5)
        if found is not None:
            orders = {"then": found.orders.mean, "low": found.orders.low, "high": found.orders.high}
            yield _question("why_as_steep", data | in_their_form(material, found.bias) | orders)


def _growing(material: Material, data: Mapping[str, Value]) -> Iterator[Finding]:
    rho = _measured_radius(material)
    if rho > 1.0:
        yield _question("why_grows", {**data, "rho": rho})


def _measured_radius(material: Material) -> float:
    facts = material.probe.get("rnn")
    return facts.forward.spectral_radius if facts is not None and facts.forward else math.nan


def _radius_of(material: Material, rnn: Curve, setting: Setting) -> float:
    """Return ρ(W_hh) as measured; as declared where no probe tells and the curve can have it."""
    measured = _measured_radius(material)
    if math.isfinite(measured):
        return measured
    summary = material.manifest.document.get("results_summary") if material.manifest else None
    declared = summary.get("rnn_spectral_radius_W_hh") if isinstance(summary, dict) else None
    if not isinstance(declared, int | float) or isinstance(declared, bool) or not 0 < declared < 1:
        return math.nan
    excess = rnn.total + (STEPS - 1) * math.log10(declared)
    return float(declared) if rnn_excess(setting, SEEDS).holds(excess) else math.nan


def _radius(material: Material, rnn: Curve, setting: Setting) -> Iterator[Finding]:
    """Ask why the line falls by about log10 ρ a step, and not by just that."""
    rho = _radius_of(material, rnn, setting)
    if not 0 < rho < 1 or rnn.slope <= 0:
        return
    excess = rnn.total + (STEPS - 1) * math.log10(rho)
    usual = rnn_excess(setting, SEEDS)
    yield _question(
        "slope_and_radius",
        {
            "rho": rho,
            "log_rho": math.log10(rho),
            "fall": rnn.slope,
            "excess": excess,
            "low": usual.low,
            "high": usual.high,
        },
    )


def gate_of(material: Material, gru: Curve) -> float:
    """Return the mean share of the candidate; NaN if unknown.

    What is only declared may be the weight of the old state, or of another run: it counts where the
    additive path it leaves open explains the curve.
    """
    facts = material.probe.get("gru")
    gate = facts.forward.gate_mean if facts is not None and facts.forward is not None else math.nan
    if math.isfinite(gate) or material.decay is None:
        return gate if 0.0 < gate < 1.0 else math.nan
    declared = material.decay.update_gate.get("mean", math.nan)
    alone = (STEPS - 1) * float(predicted_gru(declared)) if 0.0 < declared < 1.0 else math.nan
    return declared if RETURNED * alone <= gru.total <= 1.5 * alone + 0.5 else math.nan


def _bias(material: Material, gru: Curve, setting: Setting) -> Iterator[Finding]:
    """Ask what another bias of the update gate would do to the blue line."""
    gate = gate_of(material, gru)
    alone = (STEPS - 1) * float(predicted_gru(gate))
    known = math.isfinite(gate)
    target = OPEN if known and gate < NEARLY_SHUT else SHUT
    if not known and gru.total < 1.0:
        target = OPEN
    then = spread(gru_draws(replace(setting, bias=target), SEEDS).orders)
    data: dict[str, Value] = {
        **in_their_form(material, target),
        "gru_total": gru.total,
        "z_then": 1.0 / (1.0 + math.exp(-target)),
        **_range(then),
    }
    name = "open_gate" if target == OPEN else "shut_gate"
    if known:
        yield _question(f"{name}_from", {**data, "z": gate, "alone": alone})
    else:
        yield _question(name, data)


def _range(orders: Spread) -> dict[str, Value]:
    return {"then": orders.mean, "low": orders.low, "high": orders.high}


def _scale(rnn: Curve, setting: Setting) -> Iterator[Finding]:
    """Ask what half the weights would do to the red line, where the setting describes it."""
    now = spread(rnn_draws(setting, SEEDS).orders)
    if not now.holds(rnn.total, BESIDE):
        return
    half = spread(rnn_draws(replace(setting, scale=setting.scale / 2.0), SEEDS).orders)
    own = rnn.total + (STEPS - 1) * math.log10(2.0)
    data = {"scale": setting.scale, "half": setting.scale / 2.0, "own": own, "rnn_total": rnn.total}
    yield _question("half_scale", {**data, **_range(half)})


def _first_token(rnn: Curve) -> Iterator[Finding]:
    """Ask what becomes of the first token's share in a sum of FP32."""
    if rnn.total >= LOST_IN_ROUNDING:
        data = {"g_0": 10.0 ** rnn.logs[0], "g_49": 10.0 ** rnn.logs[-1], "orders": rnn.total}
        yield _question("first_token", data)


def _longer(rnn: Curve) -> Iterator[Finding]:
    """Ask where the line goes in a sequence twice as long."""
    if rnn.slope > 0:
        beyond = rnn.logs[0] - STEPS * rnn.slope
        if beyond > -300.0:
            data = {"rnn_total": rnn.total, "fall": rnn.slope, "then": 10.0**beyond}
            yield _question("twice_as_long", data)


def _orthogonal(rnn: Curve, setting: Setting) -> Iterator[Finding]:
    """Ask of a gradient that grows what the lab's orthogonal matrix would do."""
    if rnn.slope <= 0:
        tame = replace(setting, scheme="orthogonal", scale=TAME)
        orders = spread(rnn_draws(tame, SEEDS).orders)
        alone = -(STEPS - 1) * math.log10(TAME)
        data = {"grown": -rnn.total, "factor": TAME, "alone": alone}
        yield _question("orthogonal", {**data, **_range(orders)})
