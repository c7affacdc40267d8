"""The lab's four pitfalls, from what the probe measured, with what their cure would give.

None costs a point: what is wrong because of them is said elsewhere. What a cure gives is drawn with
the reference at the student's own settings, so that the advice is a number and no folklore; what
draws is imported then.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from grader.measured import scale_is
from grader.model import KINDS, STEPS, Finding, Kind, Material, Outcome, Value
from grader.setting import ONE_HOT, setting_of

if TYPE_CHECKING:
    from grader.ensemble import Spread
    from grader.facts import Array, ForwardFacts, ProbeFacts

SCRIPT = "bptt_norm.py"
OPEN = 0.75
"""Mean share of the candidate above which a bias, and not the draw, holds a gate open.

Were each of 32 gates 0 or 1 by the toss of a coin, their mean would be 0.5 with a deviation of
0.09: this is 2.8 of them away.
"""

TORN = 0.2
"""Share of entries at either end of (0, 1) from which a gate is torn apart by large weights.

For pre-activations N(0, s) it takes s = 2.6 (P(|a| > ln 9) = 0.4); the lab's have 0.04 … 0.4.
"""

MOST = 0.5
"""Share of states of which more than every other one is flat, or exactly 0."""

GROWS = 1.02
"""ρ(W_hh) from which a matrix expands, beyond the rounding of an orthogonal one."""

LAB_SCALE = 0.1
"""Standard deviation that the lab draws W_hh with."""

BIAS = -2.0
"""The mildest update-gate bias that leaves the GRU clearly flatter than the lab's RNN."""

LEVEL = 0.01
"""Orders within which neighbours are on one level: the lab's RNN loses 0.1 and more a step."""

FEWEST, LEAST_ORDERS = 5, 2.0
"""Entries that make a plateau, and the total decay of a list that may have none."""

SMALLEST = {"<f4": float(np.finfo(np.float32).tiny), "<f8": float(np.finfo(np.float64).tiny)}


def gates(material: Material) -> Iterator[Finding]:
    """Say where the update gate is held open or torn, and what a bias of -2 would give."""
    facts = material.probe.get("gru")
    found = facts.forward if facts is not None else None
    lost = _lost(facts) if facts is not None else None
    if found is None or lost is None or not math.isfinite(found.gate_high + found.gate_low):
        return
    torn = min(found.gate_high, found.gate_low) > TORN
    if not torn and not found.gate_mean > OPEN:
        return
    from grader.ensemble import at_lab_radius, gru_spread, in_their_form
    from grader.oracle import predicted_gru

    setting = setting_of(material)
    if torn:  # large weights of gates and inputs: a bias alone does not move them
        setting = replace(at_lab_radius(setting), inputs=ONE_HOT)
    share = min(found.gate_mean, 1.0 - 1e-9)  # read off Jacobians, it may leave (0, 1)
    data: dict[str, Value] = {
        "z": found.gate_mean,
        "std": found.gate_std,
        "high_share": round(100.0 * found.gate_high),
        "low_share": round(100.0 * found.gate_low),
        "predicted": STEPS * float(predicted_gru(share)),
        "lost": lost,
        "scale": setting.scale,
        **in_their_form(material, BIAS),
        **_then(gru_spread(replace(setting, bias=BIAS))),
    }
    name = "torn" if torn else "open"
    yield Finding(name, Outcome.NOTE, data, model="gru", file=SCRIPT)


def states(material: Material) -> Iterator[Finding]:
    """Say where tanh is saturated, or no state ever leaves 0, and what smaller weights would do."""
    for kind, facts, found in _measured(material):
        name = _fate(kind, facts, found)
        if not name:
            continue
        from grader.ensemble import at_lab_radius, gru_spread, rnn_spread

        setting = replace(at_lab_radius(setting_of(material)), inputs=ONE_HOT)
        drawn = rnn_spread(setting) if kind == "rnn" else gru_spread(replace(setting, bias=BIAS))
        data: dict[str, Value] = {
            "share": round(100.0 * found.saturated),
            "dead": round(100.0 * found.dead),
            "slope": found.tanh_slope,
            "scale": setting.scale,
            "bias": BIAS,
            **_then(drawn),
        }
        yield Finding(name, Outcome.NOTE, data, model=kind, file=SCRIPT)


def _fate(kind: Kind, facts: ProbeFacts, found: ForwardFacts) -> str:
    """Name what became of the states: the finding's kind, "" where they are alive."""
    point = facts.point("declared")
    if found.dead > MOST:
        return "dead"
    if not found.saturated > MOST:
        return ""
    gone = point is not None and bool(np.isneginf(point.log10_student[:STEPS]).all())
    if gone:
        return "all_zero"
    return "saturated" if kind == "rnn" else ""  # 1 - h² is no slope of a GRU's step


def growth(material: Material) -> Iterator[Finding]:
    """Say where ρ(W_hh) > 1, whether a variance was taken for a deviation, and what 0.9 gives."""
    for kind, facts, found in _measured(material):
        lost = _lost(facts)
        if kind != "rnn" or not found.spectral_radius > GROWS or lost is None:
            continue
        from grader.ensemble import at_lab_radius, rnn_spread

        setting = setting_of(material)
        if found.saturated > MOST:  # what saturates tanh is no size of inputs to go on with
            setting = replace(setting, inputs=ONE_HOT)
        data: dict[str, Value] = {
            "rho": found.spectral_radius,
            "std": found.weight_std,
            "change": -lost,
            "alone": STEPS * math.log10(found.spectral_radius),
        }
        scales = (_declared_scale(material), LAB_SCALE)
        meant = [s for s in scales if s and scale_is(s, found, facts.d_hidden) == "variance"]
        if meant:
            drawn = rnn_spread(replace(setting, scale=meant[0], scheme="normal"))
            data |= {"scale": meant[0], **_then(drawn)}
            yield Finding("variance", Outcome.NOTE, data, model=kind, file=SCRIPT)
            continue
        setting = at_lab_radius(setting)
        turned = rnn_spread(replace(setting, scale=0.9, scheme="orthogonal"))
        data |= {"scale": setting.scale, "rotated": turned.mean, **_then(rnn_spread(setting))}
        yield Finding("radius", Outcome.NOTE, data, model=kind, file=SCRIPT)


def precision(material: Material) -> Iterator[Finding]:
    """Say where norms leave the range of their dtype, or end on a floor that is not theirs."""
    for kind in KINDS:
        facts = material.probe.get(kind)
        point = facts.point("declared") if facts is not None else None
        true = point.log10_numeric if point is not None else None
        if true is not None and not np.isfinite(true[0]):
            continue  # exactly zero in any dtype: tanh is saturated
        if facts is not None and true is not None:
            yield from _range(kind, facts.dtype, true)
        yield from _floor(material, kind, true)


def _range(kind: Kind, dtype: str, true: Array) -> Iterator[Finding]:
    tiny = SMALLEST.get(dtype, SMALLEST["<f8"])
    count = int(np.sum(true[:STEPS] < math.log10(tiny)))
    if count:
        data: dict[str, Value] = {"count": count, "exponent": round(float(true[0])), "tiny": tiny}
        name = "float32" if dtype == "<f4" else "float64"
        yield Finding(name, Outcome.NOTE, data, model=kind, file=SCRIPT)


def _floor(material: Material, kind: Kind, true: Array | None) -> Iterator[Finding]:
    """Find a list that begins on one level and decays from there on.

    What g_0 would be is what was measured, else what the slope of the entries a hundred times
    above the level says.
    """
    norms = material.decay.curves.get(kind, ()) if material.decay is not None else ()
    if len(norms) != STEPS or not all(0 < g < math.inf for g in norms):
        return
    marks = any(math.isclose(norms[0], tiny, rel_tol=1e-6) for tiny in SMALLEST.values())
    logs = np.log10(np.asarray(norms, dtype=np.float64))
    off = np.flatnonzero(np.abs(logs - logs[0]) > LEVEL)
    if marks or logs[-1] - logs[0] < LEAST_ORDERS or off[0] < FEWEST:
        return
    above = np.flatnonzero(logs > logs[0] + 2.0)
    if true is None and len(above) < FEWEST:
        return
    g0 = float(true[0]) if true is not None else float(np.polyfit(above, logs[above], 1)[1])
    if g0 > logs[0] - LEVEL:
        return  # the level is the gradient's own
    data: dict[str, Value] = {"level": norms[0], "count": int(off[0]), "exponent": round(g0)}
    yield Finding("floor", Outcome.NOTE, data, model=kind, file="decay.json")


def _measured(material: Material) -> Iterator[tuple[Kind, ProbeFacts, ForwardFacts]]:
    for kind in KINDS:
        facts = material.probe.get(kind)
        if facts is not None and facts.forward is not None:
            yield kind, facts, facts.forward


def _lost(facts: ProbeFacts) -> float | None:
    """Return log10(g_49 / g_0) as `bptt` gave it, None where one of them has no logarithm."""
    point = facts.point("declared")
    if point is None or not np.isfinite(point.log10_student[[0, STEPS - 1]]).all():
        return None
    return float(point.log10_student[STEPS - 1] - point.log10_student[0])


def _then(drawn: Spread) -> dict[str, Value]:
    return {"then": drawn.mean, "low": drawn.low, "high": drawn.high}


def _declared_scale(material: Material) -> float | None:
    config = material.manifest.document.get("config") if material.manifest is not None else None
    scale = config.get("init_scale_W_hh") if isinstance(config, dict) else None
    usable = isinstance(scale, int | float) and not isinstance(scale, bool) and 0 < scale < 1
    return float(scale) if usable and scale is not None else None
