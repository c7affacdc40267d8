"""Whether `step` is tanh(W h + a(token)), with one W and one a for all it is asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from grader import oracle
from grader.evidence.differences import Differentiator, together
from grader.evidence.points import Place
from grader.evidence.surroundings import ask_around, distance
from grader.facts import Array, ForwardFacts
from grader.tolerances import roundoff_of

CENTRES = 6
"""States at which Jacobians are measured: each unit is read where it is least saturated."""

LEAST_SLOPE = 1e-6
"""tanh′ below which float64 no longer tells what a saturated unit adds up."""

PASSES = 0.02
"""tanh′ from which on a unit passes gradient that matters: there the rebuilt form must tell."""

APART = 1e-9
"""Difference of two states that still shows in what W makes of it: a hundred roundings."""

TELLS = 1e-2
"""Largest slack of an output that still tells: tanh itself goes from −1 to 1."""


@dataclass(frozen=True, slots=True)
class _Rebuilt:
    """W (d, d) with a bound of its errors; a (n, d), one row a token, with a bound; which tell."""

    W: Array
    W_error: Array
    a: Array
    a_error: Array
    told: npt.NDArray[np.bool_]
    eps: float

    def slack(self, which: npt.NDArray[np.intp], points: Array) -> Array:
        """Return how far an output may be from the rebuilt one, (n, d)."""
        sums = np.abs(points) @ np.abs(self.W).T + np.abs(self.a[which]) + 1.0
        return np.asarray(
            np.abs(points) @ self.W_error.T + self.a_error[which] + 8.0 * self.eps * sums
        )


def examine_rnn(
    forward: Differentiator, place: Place, states: Array, rng: np.random.Generator
) -> ForwardFacts:
    """Rebuild tanh(W h + a(token)) from Jacobians and compare it with `step` anywhere.

    No state is trusted more than another: W is read where the trajectory is least saturated, a at
    the least saturated of all answers, and every answer given so far is held to both.

    Parameters
    ----------
    place : Place
        Parameters and the tokens the submission itself produced.
    states : ndarray, shape (T+1, d)
        A trajectory there.
    """
    known = list(dict.fromkeys(place.tokens))
    zero = np.zeros((len(known), states.shape[1]))
    forward.steps(place.handle, known, zero)
    ask_around(forward, place.handle, known, states, rng)
    W, W_error = _recurrent(forward, place, states)
    tokens, points, seen = together(forward.asked[place.handle])
    eps = roundoff_of(seen)
    if np.abs(seen).max() > 1.0 + 8.0 * eps:
        return ForwardFacts(residual=float(np.abs(seen).max()), tolerance=1.0)
    which = np.array([known.index(token) for token in tokens])
    rebuilt = _inputs(W, W_error, which, points, seen)
    slack = rebuilt.slack(which, points)
    ours = oracle.rnn_from_preactivation(np.nan_to_num(W), rebuilt.a[which], points)
    counted = rebuilt.told[which] & (slack <= TELLS)
    excess = np.where(counted, np.abs(seen - ours) / slack, 0.0)
    worst = np.unravel_index(int(np.argmax(excess)), excess.shape)
    return ForwardFacts(
        recognised=bool(excess.max() <= 1.0),
        model="tanh(W h + a)",
        residual=float(np.abs(seen - ours)[worst]),
        tolerance=float(slack[worst]),
        roles_found=True,
        worst_radius=distance(points[worst[0]], states),
        told=_told(rebuilt, place, known, states),
        tied=_tied(place.tokens, states),
    )


def _recurrent(forward: Differentiator, place: Place, states: Array) -> tuple[Array, Array]:
    """Return W, (d, d), and a bound of its errors; rows of NaN where every state is saturated."""
    slope = 1.0 - states[1:] ** 2
    centres = _centres(slope)
    asked = [place.tokens[t] for t in centres]
    parts = forward.jacobians(place.handle, asked, states[centres])
    best, unit = np.argmax(slope[centres], axis=0), np.arange(states.shape[1])
    row = slope[centres][best, unit]
    row = np.where(row > LEAST_SLOPE, row, np.nan)[:, None]
    return parts.value[best, :, unit] / row, parts.error[best, :, unit] / row


def _centres(slope: Array) -> list[int]:
    """Choose steps, from tanh′ of shape (T, d), that between them show every unit best."""
    chosen: list[int] = []
    best = np.zeros(slope.shape[1])
    for _ in range(min(CENTRES, len(slope))):
        gain = np.maximum(slope - best, 0.0).sum(axis=1)
        chosen.append(int(np.argmax(gain)))
        best = np.maximum(best, slope[chosen[-1]])
    return sorted(set(chosen))


def _inputs(
    W: Array, W_error: Array, which: npt.NDArray[np.intp], points: Array, seen: Array
) -> _Rebuilt:
    """Read a(token) off the least saturated answer of each token and unit."""
    eps, unit = roundoff_of(seen), np.arange(seen.shape[1])
    a = np.zeros((int(which.max()) + 1, seen.shape[1]))
    a_error, told = np.full_like(a, np.inf), np.zeros(a.shape, dtype=bool)
    known = np.isfinite(W).all(axis=1)
    W_safe, W_error_safe = np.nan_to_num(W), np.nan_to_num(W_error)
    for token in np.unique(which):
        rows = np.flatnonzero(which == token)
        best = rows[np.argmin(np.abs(seen[rows]), axis=0)]
        value, at = seen[best, unit], points[best]
        slope = 1.0 - value**2
        told[token] = known & (slope > LEAST_SLOPE)
        before = np.arctanh(np.where(told[token], value, 0.0))
        a[token] = before - np.einsum("ij,ij->i", W_safe, at)
        sums = np.einsum("ij,ij->i", np.abs(W_safe), np.abs(at)) + np.abs(before) + 1.0
        a_error[token] = np.einsum("ij,ij->i", W_error_safe, np.abs(at))
        a_error[token] += 8.0 * eps * sums / np.maximum(slope, LEAST_SLOPE)
    return _Rebuilt(W_safe, W_error_safe, a, a_error, told, eps)


def _told(rebuilt: _Rebuilt, place: Place, known: Sequence[int], states: Array) -> float:
    """Return the share of what passes gradient along the trajectory that the rebuilt form tells."""
    which = np.array([known.index(token) for token in place.tokens])
    tells = rebuilt.told[which] & (rebuilt.slack(which, states[:-1]) <= TELLS)
    matters = 1.0 - states[1:] ** 2 > PASSES
    return float(tells[matters].mean()) if matters.any() else 1.0


def _tied(tokens: Sequence[int], states: Array) -> bool:
    """Say whether the states before each token fix W.

    M h + b(token) gives the same states as W h + a(token) wherever M − W vanishes on every
    difference of states before one token: so these must span the whole space.
    """
    asked = np.asarray(tokens)
    apart = np.concatenate(
        [
            states[:-1][asked == token] - states[:-1][asked == token].mean(axis=0)
            for token in np.unique(asked)
        ]
    )
    return bool(np.linalg.matrix_rank(apart, tol=APART) == states.shape[1])
