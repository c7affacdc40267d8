"""The five functions of one model, called in a child, each answer held to the function's agreement.

Anything that is not as agreed becomes a `MisbehaviourError` that carries a `Misbehaviour`: which
function, what came back, what the student's own last line was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from grader.evidence.rerun import raised_from
from grader.evidence.sandbox import Answer, Child, ChildDiedError
from grader.facts import Array, Misbehaviour
from grader.model import Kind

MAX_BATCH_BYTES = 16 << 20
"""Largest payload of one request; more points are asked about in several requests."""

WIDTH_LIMIT = 4096
"""Largest hidden size whose Jacobians are asked for at all."""


class MisbehaviourError(Exception):
    """A function broke its agreement."""

    def __init__(self, misbehaviour: Misbehaviour) -> None:
        super().__init__(misbehaviour.name)
        self.misbehaviour = misbehaviour


def _broken(name: str, function: str, **data: str | float) -> MisbehaviourError:
    return MisbehaviourError(Misbehaviour(name, function, data))


def _shape(values: Array) -> str:
    return f"({', '.join(map(str, values.shape))}{',' if values.ndim == 1 else ''})"


class Calls:
    """Calls the functions for one `kind`; `mutated` remembers whether `step` changed its input."""

    def __init__(self, child: Child, kind: Kind, timeout_s: float) -> None:
        self.kind = kind
        self.mutated = False
        self._child = child
        self._timeout_s = timeout_s

    def _ask(
        self, op: str, function: str, arrays: Mapping[str, Array] | None = None, **header: object
    ) -> Answer:
        request = {"op": op, "kind": self.kind, **header}
        try:
            answer, out = self._child.ask(request, arrays, timeout_s=self._timeout_s)
        except ChildDiedError as died:
            name = "timed_out" if died.death == "timeout" else "died"
            raise _broken(name, function, seconds=self._timeout_s) from None
        raised = raised_from(answer.get("raised"))
        if raised is not None:
            data = {"type": raised.type, "text": raised.message}
            raise MisbehaviourError(Misbehaviour("raised", function, data, raised))
        return answer, out

    def sequence(self, seed: int, length: int) -> tuple[list[int], int]:
        """Return `length` token ids and the target id."""
        answer, _ = self._ask("sequence", "make_sequence", seed=seed, length=length)
        tokens, target = answer.get("tokens"), answer.get("target")
        if not isinstance(tokens, list) or not isinstance(target, int):
            raise _broken("garbled", "make_sequence")
        if len(tokens) != length:
            raise _broken("wrong_length", "make_sequence", found=len(tokens), wanted=length)
        return [int(token) for token in tokens], target

    def token_ids(self, tokens: Sequence[int]) -> tuple[int, ...]:
        """Return the token ids behind what `sequence` gave: the same."""
        return tuple(tokens)

    def embeddings(self, handle: str, arrays: Mapping[str, Array]) -> list[Array]:  # noqa: ARG002 - a recording looks there
        """Return the matrices with a row for each token, as far as may be: all parameters."""
        matrices = [array for array in arrays.values() if array.ndim == 2]
        return [turned for matrix in matrices for turned in (matrix, matrix.T)]

    def params(self, handle: str, seed: int) -> dict[str, Array]:
        """Make the parameters, keep them in the child as `handle`, return their float arrays."""
        answer, arrays = self._ask("params", "init_params", handle=handle, seed=seed)
        if answer.get("type") != "dict":
            raise _broken("not_a_dict", "init_params", found=str(answer.get("type"))[:100])
        if answer.get("too_large"):
            raise _broken("too_large", "init_params")
        if not arrays:
            entries: Any = answer.get("entries")
            rows = entries if isinstance(entries, list) else []
            found = ", ".join(": ".join(map(str, row)) for row in rows[:5] if isinstance(row, list))
            raise _broken("no_arrays", "init_params", found=found or "{}")
        return arrays

    def put(self, handle: str, source: str, arrays: Mapping[str, Array]) -> None:
        """Keep `source` with `arrays` (float64) in place of its own as `handle`."""
        self._ask("put", "init_params", arrays, handle=handle, source=source)

    def initial(self, handle: str, d: int) -> Array:
        """Return h_0, shape (d,), from `initial_state`."""
        _, out = self._ask("initial", "initial_state", handle=handle)
        state = out["state"]
        if state.size != d or np.iscomplexobj(state) or not np.isfinite(state).all():
            raise _broken("wrong_shape", "initial_state", found=_shape(state), wanted=f"({d},)")
        return np.asarray(state.reshape(d), dtype=np.float64)

    def unroll(self, handle: str, tokens: Sequence[int], start: Array) -> Array:
        """Return h_0 … h_T, shape (T+1, d), by repeated calls of `step`."""
        _, out = self._ask("unroll", "step", {"start": start}, handle=handle, tokens=list(tokens))
        states = out["states"]
        return self._checked(states, (len(tokens) + 1, start.size), "step")

    def steps(self, handle: str, tokens: Sequence[int], states: Array) -> Array:
        """Return `step` at every pair of token and state, shape (n, d).

        A complex `states` is passed on as it is; an answer that then is not complex is an error of
        kind "not_complex", which only tells that complex steps do not pass through.
        """
        per_row = states.shape[1] * states.itemsize
        batch = max(1, MAX_BATCH_BYTES // per_row)
        parts = []
        for start in range(0, len(tokens), batch):
            rows = np.ascontiguousarray(states[start : start + batch])
            _, out = self._ask(
                "steps",
                "step",
                {"states": rows},
                handle=handle,
                tokens=list(tokens[start : start + batch]),
                complex=np.iscomplexobj(rows),
            )
            self.mutated |= not np.array_equal(out["states"], rows, equal_nan=True)
            parts.append(self._checked(out["values"], rows.shape, "step", np.iscomplexobj(rows)))
        return np.concatenate(parts)

    def losses(self, handle: str, states: Array, targets: Sequence[int]) -> Array:
        """Return `loss` at every pair of last state and target, shape (n,)."""
        _, out = self._ask(
            "losses", "loss", {"states": states}, handle=handle, targets=list(targets)
        )
        values = out["values"]
        if values.shape != (len(targets),):
            raise _broken("not_scalar", "loss", found=_shape(values[0]))
        return self._checked(values, (len(targets),), "loss")

    def bptt(self, handle: str, tokens: Sequence[int], target: int, d: int | None = None) -> Array:
        """Return dh, shape (T+1, d)."""
        _, out = self._ask("bptt", "bptt", handle=handle, tokens=list(tokens), target=target)
        dh, rows = out["dh"], len(tokens) + 1
        if dh.ndim == 2 and dh.shape[0] == rows - 1:
            raise _broken("one_row_short", "bptt", found=_shape(dh), wanted=rows)
        if dh.ndim != 2 or dh.shape[0] != rows or not 0 < dh.shape[1] <= WIDTH_LIMIT:
            raise _broken("wrong_shape", "bptt", found=_shape(dh), wanted=f"({rows}, d)")
        shape = (rows, d or dh.shape[1])
        return self._checked(dh, shape, "bptt")

    def counted(self, handle: str, tokens: Sequence[int], target: int, d: int) -> int:
        """Return how many different states one function of the script gives while `bptt` runs."""
        answer, _ = self._ask(
            "counted", "bptt", handle=handle, tokens=list(tokens), target=target, d=d
        )
        states = answer.get("states")
        return states if isinstance(states, int) else 0

    def gates(self, handle: str, tokens: Sequence[int], states: Array) -> Array:
        """Return z_t at every pair of token and state, shape (n, d)."""
        _, out = self._ask(
            "gates", "update_gate", {"states": states}, handle=handle, tokens=list(tokens)
        )
        return self._checked(out["values"], states.shape, "update_gate")

    @staticmethod
    def _checked(
        values: Array,
        shape: tuple[int, ...],
        function: str,
        is_complex: bool = False,  # noqa: FBT001, FBT002
    ) -> Array:
        if values.shape != shape:
            wanted = f"({', '.join(map(str, shape))})"
            raise _broken("wrong_shape", function, found=_shape(values), wanted=wanted)
        if np.iscomplexobj(values) != is_complex:
            raise _broken("not_complex" if is_complex else "complex", function)
        bad = ~np.isfinite(values)
        if bad.any():
            raise _broken("not_finite", function, row=int(np.argwhere(bad)[0][0]))
        return values
