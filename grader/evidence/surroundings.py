"""States near a trajectory and far from it, at which `step` is asked about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grader.evidence.differences import Differentiator
from grader.facts import Array

RADII = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Distances from the trajectory and from zero at which `step` meets its rebuilt form."""

PER_RADIUS = 4


def _cloud(states: Array, per_radius: int, rng: np.random.Generator) -> Array:
    """Return states (n, d) at every radius around the trajectory and zero."""
    points = []
    for radius in RADII:
        for _ in range(per_radius):
            centre = states[rng.integers(len(states))] if rng.random() < 0.5 else 0.0
            points.append(centre + radius * rng.uniform(-1.0, 1.0, states.shape[1]))
    return np.array(points)


def ask_around(
    forward: Differentiator,
    handle: str,
    known: Sequence[int],
    states: Array,
    rng: np.random.Generator,
) -> None:
    """Ask for `step` at every radius around the trajectory and zero, and at every token.

    Parameters
    ----------
    handle : str
        Parameters in the child.
    known : sequence of int
        Tokens the submission itself produced.
    states : ndarray, shape (T+1, d)
        The trajectory.
    """
    points = _cloud(states, max(PER_RADIUS, -(-len(known) // len(RADII))), rng)
    asked = [known[i % len(known)] for i in rng.permutation(len(points))]
    forward.steps(handle, asked, points)


def distance(point: Array, states: Array) -> float:
    """Return how far a state is from the nearest of a trajectory, (T+1, d), by one coordinate."""
    return float(np.min(np.max(np.abs(states - point), axis=1)))
