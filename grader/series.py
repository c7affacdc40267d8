"""The numbers behind a report's pictures: rounded, of fixed length, without NaN or Infinity."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from grader.model import KINDS, STEPS, Kind, Material, Series
from grader.setting import setting_of

if TYPE_CHECKING:
    from grader.facts import ForwardFacts, ProbeFacts

PLACES = 4
"""Decimals of a logarithm: 1e-4 of an order of magnitude is less than any picture shows."""

DIGITS = 3
"""Significant digits of an error, which moves in the next one from machine to machine."""

ONE_GATE = 0.15
"""Deviation of the update gate below which one bias stands for all units: at the lab's settings
sums spread by 0.04 … 0.4, and σ' ≤ 1/4."""


def series_of(material: Material) -> tuple[Series, ...]:
    """Return the curves, errors and shares of both models, t = 0 … T."""
    return tuple(_of_model(kind, material) for kind in KINDS)


def _of_model(kind: Kind, material: Material) -> Series:
    facts = material.probe.get(kind)
    made = Series(
        kind,
        recorded=_recorded(kind, material),
        setting=_setting(kind, material, facts.forward if facts is not None else None),
    )
    return made if facts is None else _with_probe(made, facts)


def _with_probe(made: Series, facts: ProbeFacts) -> Series:
    point = facts.point("declared")
    if facts.forward is not None:
        shares = tuple(round(share, PLACES) for share in facts.forward.gate_shares)
        made = replace(made, gate=shares)
    if point is None or point.chain_error is None or point.chain_tolerance is None:
        return made
    numeric = point.log10_numeric if point.log10_numeric is not None else ()
    return replace(
        made,
        differences=_logs(numeric),
        error=_short(point.chain_error),
        tolerance=_short(point.chain_tolerance),
        predicted=next((_logs(one.predicted) for one in facts.diagnoses if one.predicted), ()),
    )


def _recorded(kind: Kind, material: Material) -> tuple[float | None, ...]:
    """Return log10 of g_0 … g_49, and of g_50 where it is given."""
    decay = material.decay
    norms = decay.curves.get(kind, ()) if decay is not None else ()
    if decay is None or len(norms) != STEPS:
        return ()
    last = (decay.last[kind],) if kind in decay.last else ()
    return _logs([math.log10(g) if 0 < g < math.inf else math.nan for g in (*norms, *last)])


def _setting(
    kind: Kind, material: Material, forward: ForwardFacts | None
) -> dict[str, str | int | float]:
    """Return the setting of the networks to compare with; of a GRU only where its bias is known.

    The mean gate of a GRU whose sums are small is the sigmoid of its bias.
    """
    setting = setting_of(material)
    if kind == "gru":
        mean = forward.gate_mean if forward is not None else math.nan
        # False for NaN.
        if not (0.0 < mean < 1.0 and forward is not None and forward.gate_std < ONE_GATE):
            return {}
        setting = replace(setting, bias=math.log(mean / (1.0 - mean)))
    return {
        name: float(f"{value:.{PLACES}g}") if isinstance(value, float) else value
        for name, value in asdict(setting).items()
    }


def _logs(values: Iterable[float]) -> tuple[float | None, ...]:
    return tuple(round(float(v), PLACES) if math.isfinite(v) else None for v in values)


def _short(values: Iterable[float]) -> tuple[float | None, ...]:
    return tuple(float(f"{v:.{DIGITS}g}") if math.isfinite(v) else None for v in values)
