"""Derivatives of a stranger's `step` and `loss`, by finite differences of their answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grader import oracle
from grader.evidence.calls import Calls, MisbehaviourError
from grader.facts import Array
from grader.tolerances import SAFETY, roundoff_of

LADDER_DIRECTIONS = 2
"""Random directions along which the radius is chosen before the full Jacobians are asked for."""

LADDER_STATES = 8
"""States of a trajectory at which the radius is sought."""

DIRECTIONS = 4
"""Random directions along which derivatives are compared: an error hides from none of them."""


@dataclass(frozen=True, slots=True)
class Derivatives:
    """∂step·v for m directions at each of T points: `value` (T, m, d); `error` bounds it alike."""

    value: Array
    error: Array
    method: str


@dataclass(frozen=True, slots=True)
class Head:
    """dL/dh_T, shape (d,), a bound of its error, and the probability exp(−L) of the target."""

    value: Array
    error: Array
    probability: float


class Differentiator:
    """Differentiates one model's functions in one child; points are asked about in random order."""

    def __init__(self, calls: Calls, rng: np.random.Generator) -> None:
        self.calls = calls
        self._rng = rng
        # A GRU computes 1 − z, which cancels near z = 1 and leaves an error of the size of 1.
        self._cancelling = 1.0 if calls.kind == "gru" else 0.0

    def steps(self, handle: str, tokens: Sequence[int], states: Array) -> Array:
        """Return `step` at each pair of token and state, shape (n, d); asked in random order."""
        order = self._rng.permutation(len(tokens))
        shuffled = self.calls.steps(handle, [tokens[i] for i in order], states[order])
        values = np.empty_like(shuffled)
        values[order] = shuffled
        return values

    def _values(self, handle: str, tokens: Sequence[int], points: Array) -> Array:
        """Evaluate `step` at points of shape (T, …, d); token t belongs to the points of row t."""
        rows = points.reshape(len(tokens), -1, points.shape[-1])
        repeated = np.repeat(np.asarray(tokens), rows.shape[1]).tolist()
        flat = self.steps(handle, repeated, rows.reshape(-1, points.shape[-1]))
        return flat.reshape(points.shape)

    def along(
        self, handle: str, tokens: Sequence[int], states: Array, directions: Array
    ) -> Derivatives:
        """Differentiate `step` with respect to the state, along given directions.

        Parameters
        ----------
        handle : str
            Name of the parameters in the child.
        tokens : sequence of int, length T
        states : ndarray, shape (T, d)
            h_{t-1} for t = 1 … T.
        directions : ndarray, shape (m, d) or (T, m, d)
        """
        radius, eps = self._radius(handle, tokens, states)
        # The radius is meant for unit vectors; longer ones would leave its range.
        length = np.linalg.norm(directions, axis=-1, keepdims=True)
        points = oracle.central_points(states, directions / length, radius)
        value, error = oracle.richardson(
            self._values(handle, tokens, points), radius, eps=eps, cancelling=self._cancelling
        )
        return Derivatives(length * value, SAFETY * length * error, "richardson")

    def _radius(self, handle: str, tokens: Sequence[int], states: Array) -> tuple[Array, float]:
        """Choose a radius per state, shape (T,), and find the roundoff of what `step` returns.

        The best radius changes slowly along a trajectory: it is sought at a few states, and every
        other one takes the nearest's. The error estimates do not rely on its being the best.
        """
        T = len(tokens)
        some = np.unique(np.linspace(0, T - 1, min(T, LADDER_STATES)).round().astype(int))
        points = oracle.ladder_points(states[some], self._some_directions(states.shape[1]))
        values = self._values(handle, [tokens[t] for t in some], points)
        eps = roundoff_of(values)
        radius = oracle.choose_radius(values, eps=eps, cancelling=self._cancelling)
        nearest = np.argmin(np.abs(np.arange(T)[:, None] - some), axis=1)
        return radius[nearest], eps

    def _some_directions(self, d: int) -> Array:
        directions = self._rng.standard_normal((LADDER_DIRECTIONS, d))
        return np.asarray(directions / np.linalg.norm(directions, axis=1, keepdims=True))

    def jacobians(self, handle: str, tokens: Sequence[int], states: Array) -> Derivatives:
        """Return ∂h_t/∂h_{t-1}: `value[t-1, j, i]` = ∂h_t[i]/∂h_{t-1}[j], shape (T, d, d).

        Complex steps where these pass through the student's code and agree, at the same points and
        along random directions, with Richardson extrapolation: a cast or `.real` inside `step`
        makes them silently wrong. Otherwise Richardson extrapolation along every unit vector. The
        bound is that of the differences in either case: it also covers the student's own 1 − h²,
        whose cancellation near saturation is no error of theirs.
        """
        T, d = states.shape
        exact = self._complex(handle, tokens, states)
        if exact is not None:
            v = self._rng.standard_normal((T, DIRECTIONS, d))
            along = self.along(handle, tokens, states, v)
            if np.all(np.abs(np.einsum("tmj,tji->tmi", v, exact) - along.value) <= along.error):
                # For v of standard normals E ‖Ev‖² = ‖E‖_F²: the mean square bounds the matrix.
                size = np.sqrt(np.mean(np.sum(along.error**2, axis=2), axis=1))
                error = np.broadcast_to(size[:, None, None] / d, exact.shape)
                return Derivatives(exact, error, "complex_step")
        return self.along(handle, tokens, states, np.eye(d))

    def _complex(self, handle: str, tokens: Sequence[int], states: Array) -> Array | None:
        points = oracle.complex_points(states, np.eye(states.shape[1]))
        try:
            values = self._values(handle, tokens, points)
        except MisbehaviourError:
            return None
        return oracle.complex_derivative(values)

    def head(self, handle: str, last: Array, target: int) -> Head:
        """Return dL/dh_T by differences of `loss` at h_T = `last`, shape (d,)."""
        ladder = oracle.ladder_points(last[None], self._some_directions(last.size))
        tried = self._losses(handle, ladder, target)
        eps = roundoff_of(tried)
        radius = oracle.choose_radius(tried, eps=eps)
        points = oracle.central_points(last[None], np.eye(last.size), radius)
        value, error = oracle.richardson(self._losses(handle, points, target), radius, eps=eps)
        here = self._losses(handle, last[None, None, None], target)
        return Head(value[0, :, 0], SAFETY * error[0, :, 0], float(np.exp(-here.min())))

    def _losses(self, handle: str, points: Array, target: int) -> Array:
        """Evaluate `loss` at points of shape (1, …, d); the result's last axis has length 1."""
        flat = points.reshape(-1, points.shape[-1])
        order = self._rng.permutation(len(flat))
        values = np.empty(len(flat))
        values[order] = self.calls.losses(handle, flat[order], [target] * len(flat))
        return values.reshape(*points.shape[:-1], 1)
