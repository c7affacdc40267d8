"""Orders of magnitude of decay per ten steps, by every honest definition, without NumPy.

What reads files and prose needs nothing more, and starts in half the time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def orders_of_decay(
    log10_norms: Sequence[float], log10_last: float | None = None
) -> dict[str, float]:
    """Return the orders of magnitude lost per ten steps, by every honest definition.

    Parameters
    ----------
    log10_norms : sequence of float, length T
        log10 of g_0 … g_{T-1}; T at least 11.
    log10_last : float, optional
        log10 of the head gradient g_T; without it definition "c" is left out.

    Returns
    -------
    dict of str to float
        "a" 10·N/(T-1), "b" 10·N/T, "c" to the head gradient, "d" least squares, "e" the mean of
        the ten-step differences (with g_T at the end it is "c"); N = log10(g_{T-1}/g_0).
    """
    steps = len(log10_norms)
    total = log10_norms[-1] - log10_norms[0]
    tenth = log10_norms[::10]
    orders = {"a": 10 * total / (steps - 1), "b": 10 * total / steps}
    if log10_last is not None:
        orders["c"] = 10 * (log10_last - log10_norms[0]) / steps
    orders["d"] = 10 * _slope(log10_norms)
    orders["e"] = (tenth[-1] - tenth[0]) / (len(tenth) - 1)
    return orders


def _slope(values: Sequence[float]) -> float:
    """Return the slope of the least-squares line through values at 0, 1, 2 and so on."""
    middle = (len(values) - 1) / 2
    spread = math.fsum((t - middle) ** 2 for t in range(len(values)))
    return math.fsum((t - middle) * value for t, value in enumerate(values)) / spread
