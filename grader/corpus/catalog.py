"""Every mistake in the arithmetic that the styles can plant, and what it must make fail.

Each has one cause. The codes are those of the check that looks at that cause first; further checks
may fail with it, since a wrong gradient also has wrong norms.
"""

from __future__ import annotations

from dataclasses import dataclass

STEPS = frozenset({"gradient.steps"})
HEAD = frozenset({"gradient.head"})
RECORDED = frozenset({"gradient.recorded"})


@dataclass(frozen=True)
class Mistake:
    """What was done, which checks must notice, and what remains of the gradient."""

    description: str
    codes: frozenset[str]
    verdict: str | None = "not_passed"


def _steps(description: str) -> Mistake:
    return Mistake(description, STEPS)


def _recorded(description: str) -> Mistake:
    return Mistake(description, RECORDED)


RNN = {
    "rnn-w-not-transposed": _steps("the recurrence is pulled back with W instead of its transpose"),
    "rnn-tanh-missing": _steps("the derivative of tanh is left out"),
    "rnn-tanh-previous": _steps("the derivative of tanh is taken at h[t-1] instead of h[t]"),
    "rnn-tanh-plus": _steps("1 + h^2 instead of 1 - h^2"),
    "rnn-tanh-of-h": _steps("1 - tanh(h)^2 although h is already a tanh"),
    "rnn-stored-dz": _steps("the list holds dL/dz (before the tanh) instead of dL/dh"),
    "rnn-dz-for-dh": _steps("the slope is taken of the old state, behind the matrix"),
    "rnn-not-carried": _steps("the gradient is not carried on: exact zeros before the last step"),
    "rnn-truncated": _steps("truncated BPTT: the gradient is cut ten steps back"),
    "loss-every-step": _steps("a loss at every step instead of the last one only"),
}
HEADS = {
    "head-ones": Mistake("the backward pass is seeded with ones", HEAD),
    "head-no-onehot": Mistake("the softmax without subtracting the one-hot target", HEAD),
    "head-sign": Mistake("y - p instead of p - y: right norms, wrong sign", HEAD),
}
GRU = {
    "gru-only-direct": _steps("only the direct path (1 - z) * dh"),
    "gru-no-direct": _steps("the direct path is forgotten"),
    "gru-reset-ignored": _steps("the backward pass treats the reset gate as constant one"),
    "gru-reset-not-applied": _steps("the candidate's gradient is not multiplied by r"),
    "gru-hprev-for-r": _steps("the candidate's gradient is multiplied by h_prev instead of r"),
    "gru-z-swapped": _steps("z and 1 - z change places, in the backward pass only"),
    "gru-z-prime-missing": _steps("the update gate's sigmoid derivative is left out"),
    "gru-r-prime-missing": _steps("the reset gate's sigmoid derivative is left out"),
    "gru-candidate-prime-missing": _steps("the candidate's tanh derivative is left out"),
    "gru-overwritten": _steps("dh[t-1] is assigned by the last path instead of accumulated"),
    "gru-r-path-missing": _steps("the path through the reset gate is forgotten"),
    "gru-z-path-missing": _steps("the path through the update gate is forgotten"),
    "gru-r-path-missing-closed": _steps(
        "the path through the reset gate is forgotten, at gate bias -4: 3e-6 of the gradient"
    ),
    "gru-w-not-transposed": _steps("the candidate's matrix is not transposed"),
}
RECORDS = {
    "norm-squared": _recorded("the squared norm is recorded"),
    "norm-l1": _recorded("the sum of absolute values is recorded"),
    "norm-max": _recorded("the largest absolute component is recorded"),
    "norm-mean": _recorded("the mean absolute component is recorded"),
    "norm-rms": _recorded("the root mean square is recorded"),
    "weight-gradient": _recorded("the per-step norm of dL/dW_hh is recorded for the RNN"),
    "list-reversed": Mistake(
        "the list runs from the last step to the first, and nothing says so",
        frozenset({"gradient.indices"}),
    ),
    "list-off-by-one": Mistake(
        "the list is g_1 ... g_50: the gradient keeps its points, the index check does not, "
        "and whether that blocks is left to the rubric",
        frozenset({"gradient.indices"}),
        verdict=None,
    ),
}
MISTAKES = RNN | HEADS | GRU | RECORDS
OTHER_NAMES = {
    "rnn-not-carried": "bptt-not-carried",
    "rnn-truncated": "bptt-truncated",
    "loss-every-step": "head-every-step",
    "gru-r-path-missing-closed": "gru-r-path-missing",
    "norm-squared": "record-squared",
    "norm-l1": "record-l1",
    "norm-max": "record-max",
    "norm-mean": "record-mean-abs",
    "norm-rms": "record-rms",
    "weight-gradient": "record-weight",
    "list-reversed": "record-reversed",
    "list-off-by-one": "record-shifted",
}


def diagnosed_as(name: str) -> str:
    """Return under what name a diagnosis should know a planted mistake."""
    return OTHER_NAMES.get(name, name)
