"""Derivatives of a stranger's `step` and `loss`, by finite differences of their answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from grader import oracle
from grader.evidence.calls import Calls, MisbehaviourError
from grader.facts import Array
from grader.tolerances import FLOOR_SAFETY, SAFETY, roundoff_of

LADDER_DIRECTIONS = 2
"""Random directions along which the radius is chosen before the full Jacobians are asked for."""

LOSS_CANCELS = 1.0
"""log p near p = 1 rounds by eps of 1, however small the loss itself is."""

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


@dataclass(frozen=True, slots=True)
class Asked:
    """What a child was asked and answered: n tokens (or targets), states (n, d), values."""

    tokens: npt.NDArray[np.int64]
    states: Array
    values: Array


class Differentiator:
    """Differentiates one model's functions in one child; points are asked about in random order."""

    def __init__(self, calls: Calls, rng: np.random.Generator) -> None:
        self.calls = calls
        self.asked: dict[str, list[Asked]] = defaultdict(list)
        self.asked_losses: dict[str, list[Asked]] = defaultdict(list)
        self._rng = rng
        # A GRU computes 1 − z, which cancels near z = 1 and leaves an error of the size of 1.
        self._cancelling = 1.0 if calls.kind == "gru" else 0.0

    def steps(self, handle: str, tokens: Sequence[int], states: Array) -> Array:
        """Return `step` at each pair of token and state, shape (n, d); asked in random order."""
        order = self._rng.permutation(len(tokens))
        shuffled = self.calls.steps(handle, [tokens[i] for i in order], states[order])
        values = np.empty_like(shuffled)
        values[order] = shuffled
        if not np.iscomplexobj(states):
            self.asked[handle].append(Asked(np.array(tokens), states, values))
        return values

    def unroll(self, handle: str, tokens: Sequence[int], start: Array) -> Array:
        """Return h_0 … h_T, shape (T+1, d); each of these answers counts as asked about."""
        states = self.calls.unroll(handle, tokens, start)
        self.asked[handle].append(Asked(np.array(tokens), states[:-1], states[1:]))
        return states

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
        values = self._values(handle, tokens, points)
        value, error = _bounded(values, radius, eps, self._cancelling)
        return Derivatives(length * value, length * error, "richardson")

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
        # In a random basis no point differs from a known state in one coordinate alone.
        Q = np.linalg.qr(self._rng.standard_normal((d, d)))[0]
        exact = self._complex(handle, tokens, states, Q)
        if exact is not None:
            v = self._rng.standard_normal((T, DIRECTIONS, d))
            along = self.along(handle, tokens, states, v)
            if np.all(np.abs(np.einsum("tmj,tji->tmi", v, exact) - along.value) <= along.error):
                # For v of standard normals E ‖Ev‖² = ‖E‖_F²: the mean square bounds the matrix.
                size = np.sqrt(np.mean(np.sum(along.error**2, axis=2), axis=1))
                error = np.broadcast_to(size[:, None, None] / d, exact.shape)
                return Derivatives(exact, error, "complex_step")
        turned = self.along(handle, tokens, states, Q)
        error = np.sqrt(np.einsum("mj,tmi->tji", Q**2, turned.error**2))
        return Derivatives(np.einsum("mj,tmi->tji", Q, turned.value), error, "richardson")

    def _complex(self, handle: str, tokens: Sequence[int], states: Array, Q: Array) -> Array | None:
        points = oracle.complex_points(states, Q)
        try:
            values = self._values(handle, tokens, points)
        except MisbehaviourError:
            return None
        return np.asarray(np.einsum("mj,tmi->tji", Q, oracle.complex_derivative(values)))

    def head(self, handle: str, last: Array, target: int) -> Head:
        """Return dL/dh_T by differences of `loss` at h_T = `last`, shape (d,)."""
        ladder = oracle.ladder_points(last[None], self._some_directions(last.size))
        tried = self._losses(handle, ladder, target)
        eps = roundoff_of(tried)
        radius = oracle.choose_radius(tried, eps=eps, cancelling=LOSS_CANCELS)
        Q = np.linalg.qr(self._rng.standard_normal((last.size, last.size)))[0]
        points = oracle.central_points(last[None], Q, radius)
        values = self._losses(handle, points, target)
        value, error = _bounded(values, radius, eps, LOSS_CANCELS)
        here = self._losses(handle, last[None, None, None], target)
        bound = np.sqrt((Q**2).T @ error[0, :, 0] ** 2)
        return Head(Q.T @ value[0, :, 0], bound, float(np.exp(-here.min())))

    def _losses(self, handle: str, points: Array, target: int) -> Array:
        """Evaluate `loss` at points of shape (1, …, d); the result's last axis has length 1."""
        flat = points.reshape(-1, points.shape[-1])
        order = self._rng.permutation(len(flat))
        values = np.empty(len(flat))
        targets = np.full(len(flat), target)
        values[order] = self.calls.losses(handle, flat[order], targets.tolist())
        self.asked_losses[handle].append(Asked(targets, flat, values))
        return values.reshape(*points.shape[:-1], 1)


def _bounded(values: Array, radius: Array, eps: float, cancelling: float) -> tuple[Array, Array]:
    """Extrapolate and bound the error: each of its two parts by its own safety factor."""
    floor = eps * FLOOR_SAFETY / SAFETY
    value, error = oracle.richardson(values, radius, eps=floor, cancelling=cancelling)
    return value, SAFETY * error


def together(asked: Sequence[Asked]) -> tuple[list[int], Array, Array]:
    """Return all that was asked at one set of parameters: tokens, states (n, d), values (n, d)."""
    tokens = np.concatenate([part.tokens for part in asked]).tolist()
    states = np.concatenate([part.states for part in asked])
    return tokens, states, np.concatenate([part.values for part in asked])
