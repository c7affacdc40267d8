"""From the vectors dL/dh_t to the list of decay.json: the norm, and what is recorded instead."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import numpy as np

from grader.diagnosis.backward import back
from grader.diagnosis.walk import Steps
from grader.facts import Array, Scene

Record = Callable[[Array, Scene], Array]


def norms(vectors: Array) -> Array:
    """Return ‖v‖₂ of each row, shape (n,); squares are kept from underflowing."""
    largest = np.max(np.abs(vectors), axis=1, keepdims=True)
    safe = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)
    return np.asarray(np.linalg.norm(vectors / safe, axis=1) * safe[:, 0])


def preactivation_gradient(vectors: Array, scene: Scene) -> Array:
    """Return dL/dz_t = (1 − h_t²) ∘ dL/dh_t of the RNN, shape (T+1, d); row 0 belongs to none."""
    return np.asarray(vectors * (1.0 - scene.states**2))


def candidate_gradient(vectors: Array, scene: Scene) -> Array:
    """Return the gradient before the candidate's tanh, of steps 1 … T, shape (T, d)."""
    if scene.kind == "rnn":
        return preactivation_gradient(vectors, scene)[1:]
    z, c = scene.gates["z"], scene.gates["c"]
    take = 1.0 - z if scene.keeps else z
    return np.asarray(vectors[1:] * take * (1.0 - c**2))


def _of_steps(per_step: Array) -> Array:
    """Return a value per step 1 … T as a list of T+1 that a program keeps from index 0 on."""
    return np.append(per_step, np.nan)


def _weight(v: Array, s: Scene) -> Array:
    dz = candidate_gradient(v, s)
    seen = s.states[:-1]
    if s.kind == "gru" and not s.reset_after:
        seen = s.gates["r"] * seen
    return _of_steps(norms(dz) * norms(seen))


def _input(v: Array, s: Scene) -> Array:
    W = s.input_weights.get("h" if s.kind == "rnn" else "c")
    if W is None:
        return np.full(len(v), np.nan)
    return _of_steps(norms(candidate_gradient(v, s) @ W))


def _input_weight(v: Array, s: Scene) -> Array:
    if s.inputs is None:
        return np.full(len(v), np.nan)
    return _of_steps(norms(candidate_gradient(v, s)) * norms(s.inputs))


def _accumulated_weight(v: Array, s: Scene) -> Array:
    """Return ‖dL/dW_hh‖ as it grows while the sum runs from T back to t."""
    dz, seen = candidate_gradient(v, s), s.states[:-1]
    sums = np.cumsum(np.einsum("ti,tj->tij", dz, seen)[::-1], axis=0)[::-1]
    return _of_steps(np.linalg.norm(sums, axis=(1, 2)))


@functools.lru_cache(maxsize=8)
def _jacobians(scene: Scene) -> tuple[Array, Array]:
    """Return ∂h_T/∂h_t for t = 0 … T, and ∂h_{t+1}/∂h_t for t = 0 … T−1: (T+1, d, d), (T, d, d)."""
    d = scene.states.shape[1]
    whole, single = [np.eye(d)], []
    for t in range(len(scene.states) - 1, 0, -1):
        steps = Steps(scene, np.full(d, t))
        whole.append(back(steps, whole[-1]))
        single.append(back(steps, np.eye(d)))
    return np.array(whole[::-1]), np.array(single[::-1])


def _log(v: Array, base: float) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(norms(v)) / np.log(base))


def _ratios(v: Array) -> Array:
    g = norms(v)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.append(g[:-1] / g[1:], np.nan)


RECORDS: Mapping[str, Record] = {
    "squared": lambda v, _: norms(v) ** 2,
    "half-squared": lambda v, _: 0.5 * norms(v) ** 2,
    "l1": lambda v, _: np.abs(v).sum(axis=1),
    "max": lambda v, _: np.abs(v).max(axis=1),
    "mean-abs": lambda v, _: np.abs(v).mean(axis=1),
    "rms": lambda v, _: norms(v) / np.sqrt(v.shape[1]),
    "mean-square": lambda v, _: norms(v) ** 2 / v.shape[1],
    "root": lambda v, _: np.sqrt(norms(v)),
    "sum": lambda v, _: v.sum(axis=1),
    "abs-sum": lambda v, _: np.abs(v.sum(axis=1)),
    "mean": lambda v, _: v.mean(axis=1),
    "std": lambda v, _: v.std(axis=1),
    "first-component-abs": lambda v, _: np.abs(v[:, 0]),
    "log10": lambda v, _: _log(v, 10.0),
    "ln": lambda v, _: _log(v, np.e),
    "log1p": lambda v, _: np.log1p(norms(v)),
    "by-first": lambda v, _: norms(v) / norms(v)[0],
    "by-last": lambda v, _: norms(v) / norms(v)[-1],
    "by-last-recorded": lambda v, _: norms(v) / norms(v)[-2],
    "cumulative": lambda v, _: np.cumsum(norms(v)),
    "cumulative-back": lambda v, _: np.cumsum(norms(v)[::-1])[::-1],
    "cumulative-vectors": lambda v, _: norms(np.cumsum(v[::-1], axis=0)[::-1]),
    "ratio": lambda v, _: _ratios(v),
    "inverse": lambda v, _: 1.0 / norms(v),
    "dz": lambda v, s: norms(preactivation_gradient(v, s)),
    "dz-of-step": lambda v, s: _of_steps(norms(candidate_gradient(v, s))),
    "weight": _weight,
    "accumulated-weight": _accumulated_weight,
    "input": _input,
    "input-weight": _input_weight,
    "times-state": lambda v, s: norms(v * s.states),
    "states": lambda _, s: norms(s.states),
    "jacobian": lambda _, s: np.linalg.norm(_jacobians(s)[0], 2, axis=(1, 2)),
    "jacobian-frobenius": lambda _, s: np.linalg.norm(_jacobians(s)[0], axis=(1, 2)),
    "step-jacobian": lambda _, s: _of_steps(np.linalg.norm(_jacobians(s)[1], 2, axis=(1, 2))),
}
"""By name, what is recorded in place of ‖dL/dh_t‖₂: T+1 values, NaN where the scene can't tell."""

ORDERS: Mapping[str, Callable[[Array], Array]] = {
    "right": lambda g: g[:-1],
    "shifted": lambda g: g[1:],
    "reversed": lambda g: g[-2::-1],
    "reversed-shifted": lambda g: g[:0:-1],
    "late": lambda g: np.append(g[0], g[:-2]),
}
"""By name, which T of the values g_0 … g_T are recorded, and in what order."""


def record(name: str, vectors: Array, scene: Scene) -> Array:
    """Return T+1 values recorded under the kind `name`; "right" for the norms."""
    with np.errstate(all="ignore"):  # what overflows or is undefined explains nothing
        return norms(vectors) if name == "right" else RECORDS[name](vectors, scene)


def steps_of(scene: Scene) -> Steps:
    """Return all steps of a scene, t = 1 … T."""
    return Steps(scene, np.arange(1, len(scene.states)))
