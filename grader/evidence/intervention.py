"""What a GRU shows of its parameters when they are set to small coded values.

With all parameters 0 a GRU halves its state, for z = r = 1/2 and the candidate is 0. Near there the
step is linear in the parameters, and each role shows in its own way:

    h' = h/2 ± (c0 - h)∘δz/4 + (1 - c0²)∘(δc + h∘δr/4)/2,    c0 = tanh(U_c h/2)

with δz, δr, δc the changes of the pre-activations. With U_c = 0 what the candidate adds and U_z are
even in h, what the update gate adds and U_c odd; once U_c is known it is set to the identity and
the reset gate shows as well. Input matrices show once the embedding is set to a unit vector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from grader.evidence.layouts import (
    Index,
    Layout,
    Match,
    UnrecognisedError,
    Vectors,
    addends,
    draw_code,
    interpolate,
    match,
)
from grader.facts import Array

Observe: TypeAlias = Callable[[Mapping[str, Array], list[int], Array], Array]
"""(arrays, n tokens, states (n, d)) → outputs (n, d): the student's step with these arrays."""

EPSILON = 4e-6
"""Size of a coded change, over the root of the number n of codes in one pre-activation.

Codes are below 1 and of random sign, so at five deviations ε|p| < 2e-5. The central difference then
errs by (ε|p|)²|p|/3 < 2e-8 for n up to 1000 (even orders cancel, products of two parameters among
them), and by the rounding of an output below 2, 2e-16/ε, times at most 10 for what is read from it:
2e-8 for n = 1000, 1e-9 for n = 1.
"""

RESET_SLOPE = 0.125 / np.cosh(0.5) ** 2
"""Derivative of h' by the reset gate's pre-activation at h = 1 with U_c = 1."""

MOST_EMBEDDINGS = 8
"""Arrays tried as the embedding, two observations each."""

# Rows of a response: one token at 0, ±1 and ±(1 + e_j), j = 0, 1, 2; then another at 0, ±1.
ZERO, PLUS, MINUS = [0, 9], [1, 10], [2, 11]
PLUS_UNIT, MINUS_UNIT = [3, 4, 5], [6, 7, 8]


class Search:
    """A walk through the interventions that collects what it recognises.

    Parameters
    ----------
    layout : Layout
        Names and shapes of the parameter arrays.
    d : int
        Size of the hidden state, at least 3.
    tokens : sequence of int
        Token ids that the step accepts; the least and the greatest are used.
    observe : callable
        Evaluates the step.
    rng : Generator
        Source of the codes.
    """

    def __init__(
        self,
        layout: Layout,
        d: int,
        tokens: Sequence[int],
        observe: Observe,
        rng: np.random.Generator,
    ) -> None:
        self.sign = 0.0  # of z's weight on the candidate
        self.has_reset = True
        self.recurrent: dict[str, Vectors] = {}
        self.inputs: dict[str, Vectors] = {}
        self.terms: dict[str, list[Vectors]] = {"z": [], "r": [], "c": [], "inside": []}
        self.embedding: Vectors | None = None
        self._layout, self._d, self._observe, self._rng = layout, d, observe, rng
        self.low, self.high = min(tokens), max(tokens)
        self._units = np.arange(d)
        self._zeros = np.zeros(layout.size)
        self._free = np.ones(layout.size, dtype=bool)
        # Biases, of up to two sets in one array, are coded apart: only among so few entries can
        # the two parts of a sum be told. Matrices are larger for any d > 6.
        self._few = np.zeros(layout.size, dtype=bool)
        for start, end in layout.spans.values():
            self._few[start:end] = end - start <= min(6 * d, d * d - 1)
        units, one = np.eye(3, d) + 1, np.ones((1, d))
        self._states = np.vstack([0 * one, one, -one, units, -units, 0 * one, one, -one])
        self._tokens = [self.low] * 9 + [self.high] * 3

    def run(self) -> None:
        """Find all roles.

        Raises
        ------
        UnrecognisedError
            Where the step does not answer as a GRU.
        """
        at_zero = self._observe(self._layout.split(self._zeros), self._tokens, self._states.copy())
        if not np.allclose(at_zero, self._states / 2, rtol=0, atol=1e-12):
            raise UnrecognisedError
        self._find_update_and_candidate()
        if self.has_reset:
            self._find_reset()
        self._find_input()

    def _respond(self, code: Array, base: Array, summed: int = 1) -> Array:
        """Return the derivative of the outputs, shape (12, d), along a code from a base point.

        `summed` is the number of codes that meet in one pre-activation.
        """
        epsilon = EPSILON / np.sqrt(summed)
        ahead, behind = (
            self._observe(self._layout.split(values), self._tokens, self._states.copy())
            for values in (base + epsilon * code, base - epsilon * code)
        )
        response = (ahead - behind) / (2 * epsilon)
        if not np.isfinite(response).all():
            raise UnrecognisedError
        return np.asarray(response)

    def _codings(self, base: Array, *, few: bool) -> Iterator[tuple[Array, Array]]:
        """Yield codes of entries not yet explained and the responses to them."""
        members = self._free & (self._few == few)
        if members.any():
            for _ in range(2 if few else 1):
                code = draw_code(self._rng, members)
                yield code, self._respond(code, base, 1 if few else self._d)

    def _find_update_and_candidate(self) -> None:
        for code, seen in self._codings(self._zeros, few=False):
            odd, even = _odd(seen, PLUS_UNIT, MINUS_UNIT), _even(seen, PLUS_UNIT, MINUS_UNIT)
            U_c, reset_weight = self._matrix(2 * (odd - _odd(seen, [1], [2])), code)
            U_z, self.sign = self._matrix(-4 * (even - _even(seen, [1], [2])), code)
            if reset_weight < 0 or abs(self.sign) < 1:
                raise UnrecognisedError
            self.has_reset = reset_weight < 1
            self.recurrent = {"z": U_z, "c": U_c}
            through_state = 0.5 * reset_weight * U_c.at(code, self._units).sum(axis=0)
            beside = _odd(seen, PLUS, MINUS) - through_state
            self._explain("c", [2 * seen[ZERO]], [code])
            self._explain("z", [-4 * self.sign * beside], [code])
        if not self.recurrent:
            raise UnrecognisedError
        pairs = list(self._codings(self._zeros, few=True))
        codes = [code for code, _ in pairs]
        self._explain("c", [2 * seen[ZERO] for _, seen in pairs], codes)
        self._explain("z", [-4 * self.sign * _odd(seen, PLUS, MINUS) for _, seen in pairs], codes)

    def _find_reset(self) -> None:
        base = self._identity()
        for code, seen in self._codings(base, few=False):
            U_r, weight = self._matrix((seen[PLUS_UNIT] - seen[1]) / RESET_SLOPE, code)
            if weight != 1:
                raise UnrecognisedError
            self.recurrent["r"] = U_r
            beside = seen[PLUS] / RESET_SLOPE - U_r.at(code, self._units).sum(axis=0)
            self._explain("r", [beside], [code])
        if "r" not in self.recurrent:
            raise UnrecognisedError
        pairs = list(self._codings(base, few=True))
        read = [seen[PLUS] / RESET_SLOPE for _, seen in pairs]
        self._explain("r", read, [code for code, _ in pairs])

    def _identity(self) -> Array:
        """Return a base point where U_c is the identity and all else 0."""
        base = self._zeros.copy()
        base[np.diagonal(self.recurrent["c"].index(self._units))] = 1
        return base

    def _find_input(self) -> None:
        direct = [any(v.stride.any() for v in self.terms[gate]) for gate in self.recurrent]
        if all(direct):
            return
        if not any(direct):
            for span, embedding in islice(self._embeddings(), MOST_EMBEDDINGS):
                if self._reads(span, embedding):
                    return
        raise UnrecognisedError

    def _embeddings(self) -> Iterator[tuple[slice, Vectors]]:
        """Yield rows, then columns, of the unexplained matrices that have one for each token."""
        for by_rows in (True, False):
            for name, (start, end) in self._layout.spans.items():
                shape = self._layout.shapes[name]
                if len(shape) != 2 or not self._free[start:end].all():
                    continue
                count, size = shape if by_rows else shape[::-1]
                if count > self.high:
                    along, across = (1, size) if by_rows else (count, 1)
                    base = start + along * np.arange(size)
                    yield slice(start, end), Vectors(base, np.full(size, across))

    def _reads(self, span: slice, embedding: Vectors) -> bool:
        """Say whether this is the embedding, and if so explain it and the input matrices."""
        members = self._free.copy()
        members[span] = False
        size = len(embedding.base)
        bases = np.zeros((min(size, 2), self._layout.size))
        for k, base in enumerate(bases):
            base[embedding.index(np.array([self.low, self.high]))[:, k]] = 1
        found = self._input_matrices(
            bases,
            size,
            members,
            lambda seen: {"c": 2 * seen[0], "z": -4 * self.sign * _odd(seen, PLUS, MINUS)[0]},
        )
        if found is None:
            return False
        self.inputs, self.embedding = found, embedding
        if self.has_reset:
            for vectors in found.values():
                members[vectors.index(np.arange(size))] = False
            found = self._input_matrices(
                bases + self._identity(), size, members, lambda seen: {"r": seen[1] / RESET_SLOPE}
            )
            if found is None:
                raise UnrecognisedError
            self.inputs |= found
        return True

    def _input_matrices(
        self,
        bases: Array,
        size: int,
        members: npt.NDArray[np.bool_],
        read: Callable[[Array], dict[str, Array]],
    ) -> dict[str, Vectors] | None:
        """Return each gate's matrix from its first columns, which the base points single out."""
        columns: list[dict[str, Match]] = []
        for base in bases:
            code = draw_code(self._rng, members)
            matches = {g: match(v, code) for g, v in read(self._respond(code, base)).items()}
            found = {g: m for g, m in matches.items() if m is not None and m.weight == 1}
            if len(found) < len(matches):
                return None
            columns.append(found)
        zero = np.zeros(self._d, dtype=np.intp)
        matrices = {
            gate: interpolate((zero, columns[0][gate].index), (zero + 1, columns[-1][gate].index))
            for gate in columns[0]
        }
        for matrix in matrices.values():
            self._inside(matrix, np.arange(size))
        return matrices

    def _matrix(self, columns: Array, code: Array) -> tuple[Vectors, float]:
        """Return a recurrent matrix and its weight from columns 0, 1, 2, shape (3, d).

        The diagonal is not read: there h_i itself, which multiplies the gate, changes as well.
        """
        rows = self._units
        low, high = np.where(rows == 0, 1, 0), np.where(rows <= 1, 2, 1)
        first, second = match(columns[low, rows], code), match(columns[high, rows], code)
        if first is None or second is None or first.weight != second.weight:
            raise UnrecognisedError
        vectors = interpolate((low, first.index), (high, second.index))
        self._free[self._inside(vectors, self._units)] = False
        return vectors, first.weight

    def _inside(self, vectors: Vectors, numbers: Index) -> Index:
        """Return positions, shape (n, m), none of them beyond the entries."""
        index = vectors.index(numbers)
        if index.min() < 0 or index.max() >= self._layout.size:
            raise UnrecognisedError
        return index

    def _explain(self, gate: str, measured: Sequence[Array], codes: Sequence[Array]) -> None:
        """Assign what a gate adds for the two tokens, shape (2, d) under each coding."""
        low, high = (addends([values[k] for values in measured], codes) for k in (0, 1))
        if [found.weight for found in low] != [found.weight for found in high]:
            raise UnrecognisedError
        for one, other in zip(low, high, strict=True):
            inside = gate == "c" and self.has_reset and one.weight == 0.5
            if one.weight != 1 and not inside:
                raise UnrecognisedError
            here, there = np.full((2, self._d), [[self.low], [self.high]], dtype=np.intp)
            vectors = interpolate((here, one.index), (there, other.index))
            self.terms["inside" if inside else gate].append(vectors)
            self._free[self._inside(vectors, np.arange(self.low, self.high + 1))] = False


def _odd(seen: Array, plus: list[int], minus: list[int]) -> Array:
    return np.asarray((seen[plus] - seen[minus]) / 2)


def _even(seen: Array, plus: list[int], minus: list[int]) -> Array:
    return np.asarray((seen[plus] + seen[minus]) / 2)
