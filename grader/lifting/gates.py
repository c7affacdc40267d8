"""The gates of a lifted GRU, by what they do: h_t = h' + w ∘ (c − h'), and how w and c arise.

No name, no layout and no way of writing it down matters: every vector that a step computes is a
candidate, and what holds at random states is what the step is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from grader.facts import Array
from grader.lifting.recording import Ids
from grader.lifting.replay import Replay
from grader.quiet import quiet

Reset: TypeAlias = Literal["before", "after", "none"]

FITS = 1e-9
"""Residual of a fit of pre-activations of size 1 to 10.

Their own error is that of artanh and logit, 1e-16 / (1 − c²), below 1e-11 for the units told, times
the condition of a fit to three random states per unknown, below 30; what does not fit misses by
1e-3 and more.
"""

FAR = 16.0
"""States this far out bring pre-activations of 0.1 · √32 · 16 = 9: both signs at any bias."""

MOST_CHUNKS = 6
TOLD = 1e-5
"""1 − |c| below which a unit's pre-activation is not told from its saturated value."""


@dataclass(frozen=True, slots=True)
class Where:
    """A vector of a step: the output of its n-th operation, and which chunk of d entries."""

    operation: int
    chunk: int


@dataclass(frozen=True, slots=True)
class Gates:
    """Where a step computes its update gate, reset gate and candidate; `keeps`: z weighs h'."""

    z: Where
    r: Where | None
    c: Where
    keeps: bool
    reset: Reset


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """The matrices of one set of parameters, (d, d) each, and what they leave: the largest misfit.

    `added` are the parts that h' does not touch, (d,) each, of "z", "r", "c" and "inside".
    """

    matrices: dict[str, Array]
    added: dict[str, Array]
    misfit: float


class StepVectors:
    """All vectors that one step computes, at any states."""

    def __init__(self, replay: Replay, before: Ids, after: Ids) -> None:
        self.d = before.size
        numbers = replay.needed(after, before)
        self.ids: dict[Where, Ids] = {}
        for position, number in enumerate(numbers):
            out = replay.operations[number].out.reshape(-1)
            if out.size % self.d == 0 and out.size <= MOST_CHUNKS * self.d:
                for chunk, ids in enumerate(out.reshape(-1, self.d)):
                    self.ids[Where(position, chunk)] = ids
        self._replay, self._before, self._after = replay, before, after

    def at(self, states: Array, wanted: Sequence[Where] | None = None) -> dict[Where, Array]:
        """Return vectors at n states, (n, d) each."""
        names = list(self.ids if wanted is None else wanted)
        ids = np.concatenate([self.ids[name] for name in names])
        values = self._replay.between([self._before], ids)(states).reshape(len(states), -1, self.d)
        return {name: values[:, k] for k, name in enumerate(names)}

    def next(self, states: Array) -> Array:
        """Return the next states, (n, d)."""
        return np.asarray(self._replay.between([self._before], self._after)(states))


def find_gates(vectors: StepVectors, rng: np.random.Generator) -> Gates | None:
    """Find the gates of one step; None where it is no GRU that is written with them."""
    d = vectors.d
    states = rng.uniform(-1.0, 1.0, (3 * d + 8, d))
    found, after = vectors.at(states), vectors.next(states)
    for z, c, keeps in _mixes(found, states, after):
        w = found[z]
        if not _mixes_far_out(vectors, (z, c, keeps), FAR * states):
            continue
        if _linear(_logit(w), states) is None:
            continue
        for r, reset in _resets(found, states, c, skip=z):
            return Gates(z, r, c, keeps, reset)
    return None


def _mixes(
    found: dict[Where, Array], states: Array, after: Array
) -> Iterator[tuple[Where, Where, bool]]:
    """Yield what mixes old state and candidate, the most primitive first."""
    inside = [name for name, v in found.items() if v.min() > 0 and v.max() < 1]
    bounded = [name for name, v in found.items() if np.abs(v).max() <= 1 and v.min() < 0]
    for z in inside:
        for c in bounded:
            for keeps in (False, True):
                w = 1.0 - found[z] if keeps else found[z]
                if np.abs(states + w * (found[c] - states) - after).max() <= 1e-12:
                    yield z, c, keeps


def _mixes_far_out(vectors: StepVectors, mix: tuple[Where, Where, bool], states: Array) -> bool:
    """Say whether a mix holds where pre-activations change their signs too.

    A sigmoid written in two branches is, near the origin, either of them.
    """
    z, c, keeps = mix
    found, after = vectors.at(states, [z, c]), vectors.next(states)
    w = 1.0 - found[z] if keeps else found[z]
    return bool(np.abs(states + w * (found[c] - states) - after).max() <= 1e-12 * FAR)


def _resets(
    found: dict[Where, Array], states: Array, c: Where, skip: Where
) -> Iterator[tuple[Where | None, Reset]]:
    """Yield the reset gates with which the candidate's pre-activation is what a GRU's is."""
    a = _artanh(found[c])
    if _linear(a, states) is not None:
        yield None, "none"
        return
    gates = [
        name
        for name, v in found.items()
        if name != skip and v.min() > 0 and v.max() < 1 and _linear(_logit(v), states) is not None
    ]
    for r in gates:
        if _linear(a, found[r] * states) is not None:
            yield r, "before"
    for r in gates:
        if _after(a, found[r], states) is not None:
            yield r, "after"


def fit(vectors: StepVectors, gates: Gates, rng: np.random.Generator) -> Cell | None:
    """Read the matrices at the parameters of `vectors`; None where the formula does not hold."""
    d = vectors.d
    states = rng.uniform(-1.0, 1.0, (3 * d + 8, d))
    wanted = [where for where in (gates.z, gates.r, gates.c) if where is not None]
    found = vectors.at(states, wanted)
    parts = {"z": _linear(_logit(found[gates.z]), states)}
    a = _artanh(found[gates.c])
    inside = None
    if gates.r is None:
        parts["c"] = _linear(a, states)
    else:
        r = found[gates.r]
        parts["r"] = _linear(_logit(r), states)
        if gates.reset == "before":
            parts["c"] = _linear(a, r * states)
        else:
            fitted = _after(a, r, states)
            parts["c"] = None if fitted is None else (fitted[0], fitted[1], fitted[3])
            inside = None if fitted is None else fitted[2]
    known = {name: part for name, part in parts.items() if part is not None}
    if len(known) < len(parts):
        return None
    added = {name: part[1] for name, part in known.items()}
    if inside is not None:
        added["inside"] = inside
    misfit = max(part[2] for part in known.values())
    return Cell({name: part[0] for name, part in known.items()}, added, misfit)


def misfit(vectors: StepVectors, gates: Gates, cell: Cell, states: Array) -> float:
    """Return how far a step is from the GRU with these matrices, at n states, in pre-activations.

    What the input adds is another in every step, but in one step the same at every state.
    """
    wanted = [where for where in (gates.z, gates.r, gates.c) if where is not None]
    found, after = vectors.at(states, wanted), vectors.next(states)
    z, c = found[gates.z], found[gates.c]
    r = np.ones_like(z) if gates.r is None else found[gates.r]
    w = 1.0 - z if gates.keeps else z
    U, misfits = cell.matrices, [np.abs(states + w * (c - states) - after)]
    if gates.reset == "after":
        candidate = _artanh(c) - r * (states @ U["c"].T + cell.added["inside"])
    else:
        candidate = _artanh(c) - (r * states) @ U["c"].T
    left = [_logit(z) - states @ U["z"].T, candidate]
    if gates.r is not None:
        left.append(_logit(r) - states @ U["r"].T)
    with quiet():  # a unit that is saturated at every state
        misfits += [np.nan_to_num(np.nanmax(part, 0) - np.nanmin(part, 0)) for part in left]
    return float(max(part.max() for part in misfits))


def _logit(z: Array) -> Array:
    return np.asarray(np.log(z) - np.log1p(-z))


def _artanh(c: Array) -> Array:
    """Return the pre-activations, NaN where saturation hides them."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(1.0 - np.abs(c) > TOLD, np.arctanh(c), np.nan)


def _linear(a: Array, x: Array) -> tuple[Array, Array, float] | None:
    """Fit a = x Uᵀ + b, (n, d) each; return U, b and the misfit, or None where it does not fit."""
    design = np.column_stack((x, np.ones(len(x))))
    if np.isnan(a).any():
        return _by_rows(a, [design] * a.shape[1])
    solved = np.linalg.lstsq(design, a, rcond=None)[0]
    misfit = float(np.abs(design @ solved - a).max())
    if not misfit <= FITS * max(1.0, float(np.abs(a).max())):
        return None
    return np.asarray(solved[:-1].T), np.asarray(solved[-1]), misfit


def _by_rows(a: Array, designs: Sequence[Array]) -> tuple[Array, Array, float] | None:
    """Fit each unit by itself, to the states at which its pre-activation is told."""
    rows, worst = [], 0.0
    for unit, design in enumerate(designs):
        told = ~np.isnan(a[:, unit])
        if told.sum() < design.shape[1] + 8:
            return None
        solved = np.linalg.lstsq(design[told], a[told, unit], rcond=None)[0]
        misfit = float(np.abs(design[told] @ solved - a[told, unit]).max())
        if not misfit <= FITS * max(1.0, float(np.abs(a[told, unit]).max())):
            return None
        rows.append(solved)
        worst = max(worst, misfit)
    fitted = np.array(rows)
    return fitted[:, :-1], fitted[:, -1], worst


def _after(a: Array, r: Array, x: Array) -> tuple[Array, Array, Array, float] | None:
    """Fit a = b + r ∘ (x Uᵀ + e); return U, b, e and the misfit, or None."""
    ones = np.ones((len(x), 1))
    designs = [np.column_stack((r[:, i : i + 1] * x, r[:, i], ones)) for i in range(a.shape[1])]
    found = _by_rows(a, designs)
    if found is None:
        return None
    return found[0][:, :-1], found[1], found[0][:, -1], found[2]
