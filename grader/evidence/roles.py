"""The roles of a stranger's GRU parameters, found by intervention, and its forward pass rebuilt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from grader.evidence.intervention import Observe, Search
from grader.evidence.layouts import (
    MOST_ARRAYS,
    MOST_ENTRIES,
    Index,
    Layout,
    UnrecognisedError,
    Vectors,
)
from grader.facts import Array

Convention: TypeAlias = Literal["(1-z)h+zc", "zh+(1-z)c"]
Reset: TypeAlias = Literal["before", "after", "none"]

AGREEMENT = 1e-9
"""Largest deviation of a rebuilt output from the observed one.

Two orders of summation differ by at most n · 1e-16 · Σ|w h|: 1e-11 for n = 300 terms that add up to
300. A real defect with enlarged parameters changes an output by 1e-6 and more.
"""

CHECK_POINTS = 48


@dataclass(frozen=True, slots=True, eq=False)
class GruRoles:
    """Which entries of the arrays are what in a GRU.

    Parameters
    ----------
    convention, reset
        The form of the step; ``reset="none"`` is a unit whose candidate sees the whole state.
    names : mapping
        The arrays behind each gate "z", "r", "c" and behind the input vector, "x".
    layout : Layout
        The arrays it was found for.
    recurrent, inputs : mappings of Vectors
        The columns of each gate's matrices (d, d) and (d, e), numbered by j.
    terms : mapping of tuples of Vectors
        What each gate adds, numbered by token; "inside" stands within r∘(U_c h + …).
    embedding : Vectors or None
        The input vectors x, shape (e,), numbered by token; None where the terms read the token.
    """

    convention: Convention
    reset: Reset
    names: Mapping[str, tuple[str, ...]]
    layout: Layout
    recurrent: Mapping[str, Vectors]
    inputs: Mapping[str, Vectors]
    terms: Mapping[str, tuple[Vectors, ...]]
    embedding: Vectors | None

    def gates(
        self, arrays: Mapping[str, Array], tokens: Sequence[int], states: Array
    ) -> tuple[Array, Array, Array]:
        """Compute update gate, reset gate and candidate.

        Parameters
        ----------
        arrays : mapping of ndarray, float64
            Parameters, of the names and shapes the roles were found for.
        tokens : sequence of n int
            Token of each state.
        states : ndarray, shape (n, d), float64
            Previous states.

        Returns
        -------
        tuple of three ndarrays, shape (n, d), float64
            z, r (ones where there is no reset gate) and the candidate.

        Raises
        ------
        ValueError
            For arrays of other names or shapes.

        Source
        ------
        Cho et al. 2014 (arXiv:1406.1078), eqs. 5-8, and for reset "after" cuDNN's variant.
        """
        flat, ids = self.layout.flatten(arrays), np.asarray(tokens, dtype=np.intp)
        units = np.arange(states.shape[1])
        U = {gate: vectors.at(flat, units) for gate, vectors in self.recurrent.items()}
        a = {gate: self._added(gate, flat, ids) for gate in self.recurrent}
        z = _sigmoid(a["z"] + states @ U["z"])
        if self.reset == "none":
            return z, np.ones_like(states), np.tanh(a["c"] + states @ U["c"])
        r = _sigmoid(a["r"] + states @ U["r"])
        if self.reset == "before":
            return z, r, np.tanh(a["c"] + (r * states) @ U["c"])
        return z, r, np.tanh(a["c"] + r * self.inside(flat, ids, states))

    def inside(self, flat: Array, ids: Index, states: Array) -> Array:
        """Return U_c h + b, shape (n, d), which the reset gate multiplies after the product.

        `flat` are the arrays by `layout.flatten`, `ids` and `states` as for `gates`.
        """
        U = self.recurrent["c"].at(flat, np.arange(states.shape[1]))
        return np.asarray(states @ U + self._added("inside", flat, ids))

    def predict(self, arrays: Mapping[str, Array], tokens: Sequence[int], states: Array) -> Array:
        """Return the next states, shape (n, d), float64; arguments and errors as for `gates`."""
        z, _, c = self.gates(arrays, tokens, states)
        if self.convention == "(1-z)h+zc":
            return np.asarray((1 - z) * states + z * c)
        return np.asarray(z * states + (1 - z) * c)

    def _added(self, gate: str, flat: Array, ids: Index) -> Array:
        """Return W x and the biases, shape (n, d), or (n, 1) zeros where there are none."""
        total = np.zeros((len(ids), 1))
        for vectors in self.terms[gate]:
            total = total + vectors.at(flat, ids)
        if self.embedding is None or gate not in self.inputs:
            return total
        x = self.embedding.at(flat, ids)
        return np.asarray(total + x @ self.inputs[gate].at(flat, np.arange(x.shape[1])))


def find_gru(
    arrays: Mapping[str, Array],
    d: int,
    tokens: Sequence[int],
    observe: Observe,
    rng: np.random.Generator,
) -> GruRoles | None:
    """Find the roles of a GRU's parameters and prove them on the arrays given.

    Found are matrices in any orientation, split, stacked or fused, also with the input's; an
    embedding or a row or column per token; none, one or two biases. Mostly 14 to 28 observations.

    Parameters
    ----------
    arrays : mapping of ndarray, float64
        Parameters large enough that each of them matters.
    d : int
        Size of the hidden state.
    tokens : sequence of int
        Token ids that the step accepts.
    observe : callable
        Evaluates the step with given arrays; what it raises passes through.
    rng : Generator
        Source of the codes and of the points of the proof.

    Returns
    -------
    GruRoles or None
        Roles whose prediction equals the step within `AGREEMENT` at random tokens and states up to
        2 in each component; None where the step is no such GRU, ignores its token, scales its input
        vector, shares parameters between gates, or d < 3.
    """
    layout = Layout({name: np.shape(array) for name, array in arrays.items()})
    askable = d >= 3 and len(tokens) > 0 and min(tokens) >= 0
    if not askable or len(arrays) > MOST_ARRAYS or not 2 <= layout.size <= MOST_ENTRIES:
        return None
    search = Search(layout, d, tokens, observe, rng)
    try:
        search.run()
    except UnrecognisedError:
        return None
    some = [int(token) for token in rng.choice(np.asarray(tokens), CHECK_POINTS)]
    states = rng.uniform(-2, 2, (CHECK_POINTS, d)) * rng.uniform(0, 1, (CHECK_POINTS, 1)) ** 0.5
    seen = observe(arrays, some, states.copy())
    for roles in _readings(layout, search):
        if bool(np.all(np.abs(roles.predict(arrays, some, states) - seen) <= AGREEMENT)):
            return roles
    return None


def _readings(layout: Layout, search: Search) -> Iterator[GruRoles]:
    """Yield the forms that answer alike while U_c is a multiple of the identity."""
    resets: tuple[Reset, ...] = ("none",)
    if search.has_reset:
        resets = ("after",) if search.terms["inside"] else ("before", "after")
    for reset in resets:
        yield GruRoles(
            convention="(1-z)h+zc" if search.sign > 0 else "zh+(1-z)c",
            reset=reset,
            names=_names(layout, search),
            layout=layout,
            recurrent=search.recurrent,
            inputs=search.inputs,
            terms={gate: tuple(vectors) for gate, vectors in search.terms.items()},
            embedding=search.embedding,
        )


def _names(layout: Layout, search: Search) -> dict[str, tuple[str, ...]]:
    """Return the arrays behind each gate and the input vector."""
    positions: dict[str, list[Index]] = {}
    for gate, recurrent in search.recurrent.items():
        terms = search.terms[gate] + (search.terms["inside"] if gate == "c" else [])
        positions[gate] = [recurrent.base, *(v.base + search.low * v.stride for v in terms)]
    for gate, matrix in search.inputs.items():
        positions[gate].append(matrix.base)
    if search.embedding is not None:
        positions["x"] = [search.embedding.base]
    return {role: layout.owners(np.concatenate(index)) for role, index in positions.items()}


def _sigmoid(a: Array) -> Array:
    """Return 1 / (1 + exp(-a)); as a tanh it can't overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * a)))
