"""A lifted model probed as one with functions is, as far as a recording of one run reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from grader.evidence.differences import Differentiator
from grader.evidence.lifted_calls import LiftedCalls
from grader.evidence.prober import Notes, Prober
from grader.evidence.roles import GruRoles, find_gru
from grader.evidence.seeds import Plan
from grader.facts import Array, ProbeFacts
from grader.lifting.parameters import Parameters, read_between
from grader.lifting.replay import NoWayError


class LiftedRoles:
    """The roles in every step of a lifted GRU: those of one step, its tables replaced by others'.

    The interface is that of `GruRoles`; a token is the number of a step.
    """

    def __init__(self, roles: GruRoles, calls: LiftedCalls, steps: Sequence[Parameters]) -> None:
        self._roles, self._calls, self._steps = roles, calls, steps
        self.convention, self.reset = roles.convention, roles.reset

    def _each(
        self, arrays: Mapping[str, Array], tokens: Sequence[int]
    ) -> list[tuple[Array, dict[str, Array]]]:
        """Return, for each step asked about, where it is and its parameters."""
        values = self._calls.replay("declared").values.copy()
        values[self._calls.parameters.ids] = self._calls.parameters.flat(arrays)
        asked = np.asarray(tokens)
        return [
            (np.flatnonzero(asked == step), self._steps[step].of(values))
            for step in np.unique(asked)
        ]

    def gates(
        self, arrays: Mapping[str, Array], tokens: Sequence[int], states: Array
    ) -> tuple[Array, Array, Array]:
        """Return update gate, reset gate and candidate, each (n, d), as `GruRoles.gates` does."""
        z, r, c = np.empty_like(states), np.empty_like(states), np.empty_like(states)
        for rows, own in self._each(arrays, tokens):
            found = self._roles.gates(own, [0] * len(rows), states[rows])
            z[rows], r[rows], c[rows] = found
        return z, r, c

    def predict(self, arrays: Mapping[str, Array], tokens: Sequence[int], states: Array) -> Array:
        """Return the next states, (n, d), as `GruRoles.predict` does."""
        out = np.empty_like(states)
        for rows, own in self._each(arrays, tokens):
            out[rows] = self._roles.predict(own, [0] * len(rows), states[rows])
        return out


def find_lifted_roles(
    calls: LiftedCalls, handle: str, rng: np.random.Generator
) -> LiftedRoles | None:
    """Find the roles at one step by intervention; None where they or the steps are unalike."""
    replay, states = calls.replay(handle), calls.found.states
    steps = [
        Parameters(replay, read_between(replay, before, after))
        for before, after in zip(states[:-1], states[1:], strict=True)
    ]
    shapes = [[table.shape for table in step.tables.values()] for step in steps]
    if any(shape != shapes[0] for shape in shapes) or not shapes[0]:
        return None
    first = steps[0]
    try:
        program = replay.between([states[0], first.ids], states[1])
    except NoWayError:
        return None

    def observe(changed: Mapping[str, Array], asked: list[int], at: Array) -> Array:
        row = first.flat(changed)
        given = np.concatenate((at, np.broadcast_to(row, (len(asked), row.size))), axis=1)
        return program(given)

    arrays = first.of(replay.values)
    roles = find_gru(arrays, states[0].size, [0], observe, rng)
    return None if roles is None else LiftedRoles(roles, calls, steps)


class LiftedProber(Prober):
    """Probes one model out of a recording; it has one sequence and no other seeds."""

    def __init__(
        self, calls: LiftedCalls, plan: Plan, rng: np.random.Generator, *, single: bool
    ) -> None:
        self.kind = calls.kind
        self.plan = plan
        self.rng = rng
        self.optional = frozenset({"initial_state"})
        self.calls = calls
        self.gradient = calls
        self.forward = Differentiator(calls, rng)
        self.notes = Notes()
        self.arrays = {}
        self.floor = 0.0
        self.roles = None
        self._single = single

    def run(self) -> ProbeFacts:
        """Measure everything that a recording can show."""
        facts = super().run()
        return replace(facts, level="lifted", dtype="<f4" if self._single else facts.dtype)

    def _check_purity(self, *_: object) -> None:
        """Ask nothing twice: a recording answers the same each time."""

    def _elsewhere(self, tokens: Sequence[int], target: int, dh: Array) -> None:
        self._hot(tokens, target, dh)

    def _sizes(self) -> list[int]:
        return [self.calls.found.probabilities.size]

    def _sample(self, known: Sequence[int]) -> list[int]:
        return list(known)

    def _find_roles(self, hot: Mapping[str, Array], known: Sequence[int]) -> GruRoles | None:  # noqa: ARG002 - as asked of a child
        return find_lifted_roles(self.calls, "hot", self.rng)  # type: ignore[return-value]
