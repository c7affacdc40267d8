"""What the search for an explanation hands around."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from grader.facts import Array

MOST_CANDIDATES = 4
"""How many equally simple explanations are told; more than that tell a reader nothing."""


@dataclass(frozen=True, slots=True)
class Match:
    """Mistakes that reproduce what was given, the numbers found in them, and how exactly."""

    names: tuple[str, ...]
    deviation: float = 0.0
    values: Mapping[str, float] = field(default_factory=dict)

    def joined(self, other: Match) -> Match:
        """Return both together."""
        return Match(
            self.names + other.names,
            max(self.deviation, other.deviation),
            {**self.values, **other.values},
        )


RIGHT = Match(())


@dataclass(frozen=True, slots=True)
class Compared:
    """How far predicted rows are from given ones: whether all agree, and the largest deviation."""

    agree: bool
    deviation: float


def compared(difference: Array, size: Array, allowed: Array) -> Compared:
    """Hold the size of each difference to what is allowed; deviations are relative to `size`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(difference == 0, 0.0, difference / size)
        # False for NaN; what is infinite agrees with nothing.
        agree = bool(np.all((difference <= allowed) & np.isfinite(difference)))
    worst = float(np.max(relative)) if relative.size else 0.0
    return Compared(agree, worst if np.isfinite(worst) else np.inf)
