"""`step`, `loss` and `bptt` of a script that offers none: its recording, replayed in the parent.

A token is the number of a step, 0 … T-1, whose input the recording holds; parameters are the drawn
elements that the steps read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from grader.evidence.calls import Calls, MisbehaviourError
from grader.facts import Array, Misbehaviour
from grader.lifting.inputs import by_class, token_ids
from grader.lifting.parameters import Parameters, read_between
from grader.lifting.passes import ForwardPass
from grader.lifting.recording import Ids
from grader.lifting.replay import NoWayError, Program, Replay
from grader.lifting.timing import jacobian
from grader.model import Kind

SMALLEST = float(np.finfo(np.float64).tiny)
DECLARED = "declared"

WORST_CONDITION = 1e7
"""Condition of J_T up to which dL/dh_T may be solved for from dL/dh_{T-1}: 1e-9 is left."""


class LiftedCalls(Calls):
    """Answers for one model out of one recording.

    Parameters
    ----------
    replay : Replay
    found : ForwardPass
    target : int
        Index of the class whose −log p the script differentiates.
    vectors : sequence of T+1 arrays of ids, or None
        dL/dh_0 … dL/dh_T as the script computes them. The first or the last may be missing: then
        it is what the step back makes of its neighbour, and shows nothing of its own.
    """

    def __init__(
        self,
        kind: Kind,
        replay: Replay,
        found: ForwardPass,
        target: int,
        vectors: Sequence[Ids | None],
    ) -> None:
        self.kind = kind
        self.mutated = False
        self.found = found
        self.target = target
        self.vectors = vectors
        self.places: dict[str, tuple[str, int]] = {}
        """File and line where "head", "steps" and "recorded" numbers were computed."""
        tables = read_between(replay, found.states[0], found.probabilities)
        self.parameters = Parameters(replay, tables)
        self._replays = {DECLARED: replay}
        self._programs: dict[tuple[str, int], Program] = {}

    def replay(self, handle: str) -> Replay:
        """Return the recording at the parameters called `handle`."""
        return self._replays[handle]

    def sequence(self, seed: int, length: int) -> tuple[list[int], int]:  # noqa: ARG002 - as asked of a child
        """Return the numbers of the steps, and the target."""
        return list(range(self.found.length)), self.target

    def diverged(self, handle: str) -> bool:
        """Say whether the script would have gone another way at these parameters."""
        return self._replays[handle].diverged

    def token_ids(self, tokens: Sequence[int]) -> tuple[int, ...]:
        """Return the tokens that some steps read; nothing where the recording does not tell."""
        read = token_ids(self._replays[DECLARED], self.found)
        return tuple(read[step] for step in tokens) if read else ()

    def embeddings(self, handle: str, arrays: Mapping[str, Array]) -> list[Array]:  # noqa: ARG002 - as of functions
        """Return the matrices with a row for each class, as they were drawn or scaled."""
        replay = self._replays[handle]
        return [replay.values[ids] for ids in by_class(replay, self.found)]

    def params(self, handle: str, seed: int) -> dict[str, Array]:  # noqa: ARG002 - as asked of a child
        """Return the parameters as recorded."""
        self._replays[handle] = self._replays[DECLARED]
        return self.parameters.of(self._replays[DECLARED].values)

    def put(self, handle: str, source: str, arrays: Mapping[str, Array]) -> None:
        """Replay the recording with other parameters and keep it as `handle`."""
        base = self._replays[source]
        changed = {**self.parameters.of(base.values), **arrays}
        same = all(
            np.array_equal(a, b)
            for a, b in zip(changed.values(), self.parameters.of(base.values).values(), strict=True)
        )
        ids = self.parameters.ids
        self._replays[handle] = base if same else base.at(ids, self.parameters.flat(changed))
        self._programs = {key: p for key, p in self._programs.items() if key[0] != handle}

    def initial(self, handle: str, d: int) -> Array:  # noqa: ARG002 - as asked of a child
        """Return h_0, shape (d,)."""
        return self._replays[handle].values[self.found.states[0]]

    def unroll(self, handle: str, tokens: Sequence[int], start: Array) -> Array:
        """Return the states along the steps, shape (T+1, d)."""
        states = [start]
        for token in tokens:
            states.append(self._program(handle, token)(states[-1][None])[0])
        return self._checked(np.array(states), (len(tokens) + 1, start.size), "step")

    def steps(self, handle: str, tokens: Sequence[int], states: Array) -> Array:
        """Return the next state at every pair of step and state, shape (n, d)."""
        asked = np.asarray(tokens)
        out = np.empty_like(states)
        for token in np.unique(asked):
            rows = np.flatnonzero(asked == token)
            out[rows] = self._program(handle, int(token))(states[rows])
        return self._checked(out, states.shape, "step", np.iscomplexobj(states))

    def losses(self, handle: str, states: Array, targets: Sequence[int]) -> Array:
        """Return −log p of each target after each last state, shape (n,)."""
        p = self._program(handle, -1)(states)
        chosen = np.asarray(targets)
        if chosen.max() >= p.shape[1]:
            raise MisbehaviourError(Misbehaviour("raised", "loss", {"type": "", "text": ""}))
        picked = p[np.arange(len(states)), chosen]
        return self._checked(-np.log(np.maximum(picked, SMALLEST)), (len(states),), "loss")

    def bptt(self, handle: str, tokens: Sequence[int], target: int, d: int | None = None) -> Array:  # noqa: ARG002 - as asked of a child
        """Return dh, shape (T+1, d), as the script computes it at these parameters."""
        values = self._replays[handle].values
        rows = [np.empty(0) if ids is None else values[ids] for ids in self.vectors]
        if self.vectors[0] is None:
            rows[0] = self._jacobian(handle, 1).T @ rows[1]
        if self.vectors[-1] is None:
            rows[-1] = self._head(handle, rows[-2])
        dh = np.array(rows)
        return self._checked(dh, (self.found.length + 1, self.found.states[0].size), "bptt")

    def head_is_told(self) -> bool:
        """Say whether dL/dh_T is recorded, or follows from the vector before it."""
        if self.vectors[-1] is not None:
            return True
        return bool(np.linalg.cond(self._jacobian(DECLARED, self.found.length)) <= WORST_CONDITION)

    def _head(self, handle: str, before: Array) -> Array:
        """Return the dL/dh_T that the step back makes dL/dh_{T-1} of."""
        J = self._jacobian(handle, self.found.length)
        if not np.linalg.cond(J) <= WORST_CONDITION:
            raise MisbehaviourError(Misbehaviour("lost", "bptt"))
        return np.asarray(np.linalg.solve(J.T, before))

    def _jacobian(self, handle: str, t: int) -> Array:
        try:
            return jacobian(self._replays[handle], self.found, t)
        except NoWayError as error:
            raise MisbehaviourError(Misbehaviour("lost", "step")) from error

    def _program(self, handle: str, token: int) -> Program:
        """Return what step number `token` computes; −1 is the softmax of the last state."""
        key = handle, token
        if key not in self._programs:
            states = self.found.states
            source = states[token]
            wanted = self.found.probabilities if token < 0 else states[token + 1]
            try:
                self._programs[key] = self._replays[handle].between([source], wanted)
            except NoWayError as error:
                data: dict[str, str | float] = {"type": error.what, "text": str(error)}
                raise MisbehaviourError(Misbehaviour("lost", "step", data)) from error
        return self._programs[key]
