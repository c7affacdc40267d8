"""How sure a count of wrong verdicts makes us."""

from __future__ import annotations

import math
from collections.abc import Callable

CONFIDENCE = 0.95


def clopper_pearson(hits: int, trials: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the exact two-sided confidence interval of a share.

    Parameters
    ----------
    hits, trials : int
        `hits` of `trials` independent ones; no trials leave everything open.
    confidence : float
        Probability with which the interval holds the true share, at least.

    Returns
    -------
    tuple of float
        Ends of the interval.

    Raises
    ------
    ValueError
        If `hits` is not between 0 and `trials`.

    Source
    ------
    Clopper, Pearson 1934, Biometrika 26.
    """
    if not 0 <= hits <= trials:
        raise ValueError(f"{hits} of {trials}")
    tail = (1.0 - confidence) / 2.0
    low = 0.0 if hits == 0 else _solve(lambda p: 1.0 - _at_most(hits - 1, trials, p), tail)
    high = 1.0 if hits == trials else 1.0 - _solve(lambda q: _at_most(hits, trials, 1.0 - q), tail)
    return low, high


def _at_most(hits: int, trials: int, p: float) -> float:
    """Return P(X <= hits) of a binomial distribution."""
    if p <= 0.0:
        return 1.0
    if p >= 1.0:
        return 1.0 if hits >= trials else 0.0
    logs = (
        math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
        + k * math.log(p) + (trials - k) * math.log1p(-p)
        for k in range(hits + 1)
    )  # fmt: skip
    return math.fsum(map(math.exp, logs))


def _solve(rising: Callable[[float], float], wanted: float) -> float:
    """Return where a rising function of a share reaches `wanted`, by bisection to roundoff."""
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2.0
        if rising(middle) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0
