"""Quoted orders of decay: which honest definition a number follows, or which known slip it is.

All numbers are orders of magnitude per ten steps unless a name says otherwise. A quoted number
agrees with a true one within the rounding of its own digits, that of the recorded norms, and a
share of the value taken from the rubric.

Source: the lab, block D ("orders of magnitude per 10 steps") and block E.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

FORMULAS: Mapping[str, str] = {
    "a": "10·log₁₀(g_49/g_0)/49",
    "b": "log₁₀(g_49/g_0)/5",
    "c": "log₁₀(g_50/g_0)/5",
    "d": "10·Σ(t − t̄)·log₁₀ g_t / Σ(t − t̄)²",
    "e": "Σ log₁₀(g_{t+10}/g_t) / n, t = 0, 10, 20, …",
}

ROUNDING_WEIGHT = 0.601
"""Largest change of a definition when log₁₀ of every recorded norm changes by at most 1.

(d) has the largest: 10·Σ|t − t̄| / Σ(t − t̄)² = 10 · 625 / 10412.5 = 0.6002 over t = 0 … 49; (e)
telescopes to 2/4, (a) has 20/49, (b) and (c) have 2/5.
"""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A number as quoted, and half a unit of its last digit."""

    value: float
    half_unit: float

    def scaled(self, factor: float) -> Quoted:
        """Return this number in another unit."""
        return Quoted(self.value * factor, self.half_unit * factor)


@dataclass(frozen=True, slots=True)
class Truth:
    """Orders per ten steps by definition, the rounding they carry, and the share allowed beside."""

    orders: Mapping[str, float]
    rounding: float
    relative: float

    def definition(self, quoted: Quoted) -> str:
        """Return the letter of the closest definition `quoted` agrees with, "" for none."""
        distance = {letter: abs(quoted.value - true) for letter, true in self.orders.items()}
        letter = min(distance, key=lambda one: distance[one])
        allowed = quoted.half_unit + self.rounding + self.relative * abs(self.orders[letter])
        return letter if distance[letter] <= allowed else ""

    def slip(self, quoted: Quoted) -> str:
        """Return the name of the known slip that explains `quoted`, "" for none."""
        for name, read in _slips(quoted):
            if self.definition(read) or self.definition(read.scaled(-1.0)):
                return name
        return ""


def log10_rounding(norms: tuple[float, ...], half_units: tuple[float, ...]) -> float:
    """Return how far rounding of the norms, shape (50,), can move any definition."""
    worst = max(half / norm for norm, half in zip(norms, half_units, strict=True))
    return ROUNDING_WEIGHT * worst / math.log(10.0)


def _slips(quoted: Quoted) -> Iterator[tuple[str, Quoted]]:
    yield "natural_logarithm", quoted.scaled(1.0 / math.log(10.0))
    yield "total", quoted.scaled(1.0 / 5.0)
    yield "per_step", quoted.scaled(10.0)
    if quoted.value > 0:
        # d log₁₀ v = dv / (v ln 10)
        ratio = Quoted(math.log10(quoted.value), quoted.half_unit / quoted.value / math.log(10.0))
        yield "ratio", ratio
        yield "ratio", ratio.scaled(1.0 / 5.0)
