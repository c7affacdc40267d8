"""What the numbers of a write-up may be: those of decay.json, of the manifest and of the run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from grader.model import KINDS, STEPS, Kind, Material
from grader.orders import orders_of_decay
from grader.prose.claims import Claim
from grader.prose.cues import RADIUS_WORD
from grader.prose.scope import THEORY

RELATIVE = 0.01
"""Beside the rounding of the digits given: numbers carried over from unrounded ones."""

TOTAL_SLACK = 0.1
"""Orders; contract, section 4."""

HEAD_ORDERS = 1.0
"""log10(g_50/g_49) where g_50 is not given: one backward step loses less than this."""

RADIUS_RELATIVE = 0.02
ESTIMATE_RELATIVE = 0.15
"""The circular law's σ√d is off by that much at d = 32; ‖W‖₂ by 70 %."""

SINGLE = 0.1
OTHER_STEPS_RELATIVE = 0.1
"""A curve's rate over five or twenty steps differs from that over ten by its bend."""


@dataclass(frozen=True, slots=True)
class Truth:
    """The values a number may have, one of which it must agree with; all positive.

    `slack` is absolute: what the choice of the last gradient leaves open, or the contract allows.
    """

    values: tuple[float, ...]
    slack: float = 0.0


NOTHING = Truth(())


@dataclass(frozen=True, slots=True)
class Truths:
    """By quantity; `signed` is log10(g_49/g_0), negative where the gradient grows."""

    known: dict[str, Truth]
    signed: float


def truths(material: Material, kind: Kind) -> Truths | None:
    """Return what the quantities of one net really are; None where its curve has no logarithm.

    Parameters
    ----------
    material : Material
    kind : {"rnn", "gru"}
    """
    decay = material.decay
    curve = decay.curves.get(kind, ()) if decay else ()
    if decay is None or len(curve) != STEPS or not all(math.isfinite(g) and g > 0 for g in curve):
        return None
    logs = [math.log10(g) for g in curve]
    last = decay.last.get(kind)
    head = math.log10(last) if last and last > 0 and math.isfinite(last) else None
    total = logs[-1] - logs[0]
    rates = tuple(map(abs, orders_of_decay(logs, head).values()))
    known = {
        "per_ten": Truth(rates, HEAD_ORDERS / 5 if head is None else 0.0),
        "total": _total(total, None if head is None else head - logs[0]),
        "g_0": Truth((curve[0],)),
    }
    known["orders"] = Truth((*known["total"].values, *rates), known["total"].slack)
    radius = _radii(material) if kind == "rnn" else ()
    if radius:
        known["radius"] = Truth(radius)
    return Truths(known, total)


def _total(total: float, beyond: float | None) -> Truth:
    if beyond is None:
        return Truth((abs(total), abs(total + HEAD_ORDERS / 2)), TOTAL_SLACK + HEAD_ORDERS / 2)
    return Truth((abs(total), abs(beyond), abs(total + beyond) / 2), TOTAL_SLACK)


def _radii(material: Material) -> tuple[float, ...]:
    """Return ρ(W_hh) as measured and as declared: either will do here."""
    found = []
    probe = material.probe.get("rnn")
    if probe is not None and probe.forward is not None:
        found.append(probe.forward.spectral_radius)
    summary = material.manifest.document.get("results_summary") if material.manifest else None
    declared = summary.get("rnn_spectral_radius_W_hh") if isinstance(summary, dict) else None
    if isinstance(declared, int | float) and not isinstance(declared, bool):
        found.append(float(declared))
    return tuple(value for value in found if math.isfinite(value) and value > 0)


def circular_law(material: Material) -> float | None:
    """Return σ√d as declared, the estimate of ρ(W_hh) for independent weights."""
    config = material.manifest.document.get("config") if material.manifest else None
    if not isinstance(config, dict):
        return None
    scale, width = config.get("init_scale_W_hh"), config.get("d_hidden")
    numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (scale, width))
    return float(scale) * math.sqrt(width) if numeric and width > 0 else None  # type: ignore[arg-type, operator]


def expected_radii(material: Material) -> list[float]:
    """Return what a text may give for ρ(W_hh), or derive a theory from: known or estimated."""
    return [*_radii(material), *filter(None, [circular_law(material)])]


def agrees(claim: Claim, known: Truths, estimate: float | None) -> bool:
    """Say whether a claim agrees with one of the values it may have.

    Parameters
    ----------
    claim : Claim
    known : Truths
        Of the claim's net.
    estimate : float or None
        From `circular_law`.
    """
    truth = known.known[claim.told.quantity]
    values: list[float] = list(truth.values)
    relative = RADIUS_RELATIVE if claim.told.quantity == "radius" else RELATIVE
    if claim.told.quantity == "radius" and claim.told.estimate:
        relative = ESTIMATE_RELATIVE
        values += [] if estimate is None else [estimate]
    if claim.told.quantity == "g_0" and (claim.number.power or claim.rough):
        return any(
            abs(math.log10(r) - math.log10(v)) <= 1.0 for v in values for r in _readings(claim) if r
        )
    scale = claim.told.steps / 10.0 if claim.told.quantity == "per_ten" else 1.0
    if scale not in {1.0, 0.1}:
        relative += OTHER_STEPS_RELATIVE + 0.5 / claim.told.steps
    # "About 2" may stand for 1.4 as well as for 2.6: a whole unit of the last digit.
    rounding = claim.number.half_unit * (2 if claim.rough else 1)
    if scale < 1.0 and claim.number.readings == (1.0,):
        rounding = SINGLE  # "an order every four steps": the digit that was rounded is the four
    slack = rounding + truth.slack * scale
    return any(_near(claim, value * scale, slack + relative * value * scale) for value in values)


def _readings(claim: Claim) -> Iterator[float]:
    upper = claim.number.upper
    yield from map(abs, claim.number.readings)
    if upper is not None:
        yield abs(upper)


def _near(claim: Claim, value: float, slack: float) -> bool:
    low, high = min(_readings(claim)), max(_readings(claim))
    if claim.bound == "at_least":
        return value >= low - slack
    if claim.bound == "at_most":
        return value <= high + slack
    if claim.number.upper is not None:
        return low - slack <= value <= high + slack
    return any(abs(reading - value) <= slack for reading in _readings(claim))


def is_theory(material: Material, claim: Claim) -> bool:
    """Say whether a number is what ρ gives, in a sentence that speaks of ρ or of a theory."""
    text = claim.sentence.text
    if not (RADIUS_WORD.search(text) or THEORY.search(text)):
        return False
    lengths = (1.0, 10.0, 49.0, 50.0)
    given = [abs(math.log10(rho)) * n for rho in expected_radii(material) for n in lengths]
    near = claim.number.half_unit
    return any(abs(abs(claim.value) - value) <= near + RELATIVE * value for value in given)


def meanings(material: Material, both: Mapping[Kind, Truths], claim: Claim) -> list[float]:
    """Return what else a claim's number may be: the other net's, a difference, or a theory's.

    Parameters
    ----------
    material : Material
    both : mapping of Truths
        Of the nets whose curves have logarithms.
    claim : Claim
    """
    quantity = claim.told.quantity
    values = [v for known in both.values() for v in known.known.get(quantity, NOTHING).values]
    if len(both) == len(KINDS) and quantity in {"per_ten", "total"}:
        values.append(abs(values[0] - both["gru"].known[quantity].values[0]))
    rhos = expected_radii(material)
    if quantity in {"per_ten", "total", "orders"}:
        lengths = {"per_ten": (10.0,), "total": (49.0, 50.0)}.get(quantity, (10.0, 49.0, 50.0))
        values += [abs(math.log10(rho)) * n for rho in rhos for n in lengths]
    scale = claim.told.steps / 10.0 if quantity == "per_ten" else 1.0
    return [value * scale for value in values]
