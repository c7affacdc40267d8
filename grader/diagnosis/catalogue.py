"""Every single mistake known, by name: what it changes, and with which others it can meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from grader.diagnosis.backward import SLOPE_NAMES, Choices
from grader.diagnosis.heads import HEADS
from grader.diagnosis.records import ORDERS, RECORDS
from grader.model import KINDS, Kind

Part: TypeAlias = Literal[
    "step", "add", "carry", "store", "head", "scale", "record", "order", "trim"
]


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake.

    `part` is what of the computation it changes; `variants` hold the choices that people make of
    it, one of which is enough; `group` names the texts it shares with its like.
    """

    name: str
    part: Part
    group: str
    kinds: tuple[Kind, ...] = KINDS
    variants: tuple[Choices, ...] = ({},)


def _rnn(group: str, name: str, *variants: Choices) -> Mistake:
    return Mistake(f"rnn-{name}", "step", group, ("rnn",), variants)


def _gru(group: str, name: str, *variants: Choices) -> Mistake:
    return Mistake(f"gru-{name}", "step", group, ("gru",), variants)


def _off(*paths: str) -> dict[str, str]:
    return dict.fromkeys(paths, "off")


RNN_STEP = (
    _rnn(
        "rnn-matrix",
        "w-not-transposed",
        {"matrix": "transposed"},
        {"matrix": "transposed", "order": "after"},  # the whole Jacobian, not transposed
    ),
    _rnn("rnn-slope", "tanh-missing", {"slope": "none"}),
    _rnn(
        "rnn-slope",
        "tanh-previous",
        {"slope": "previous"},
        {"slope": "previous-wrapped"},  # index −1 is the last state where h_0 is not stored
    ),
    _rnn("rnn-slope", "tanh-of-last-state", {"slope": "last"}),
    _rnn("rnn-slope", "tanh-plus", {"slope": "plus"}),
    _rnn("rnn-slope", "tanh-of-h", {"slope": "tanh-of-h"}),
    _rnn("rnn-slope", "tanh-not-squared", {"slope": "not-squared"}),
    _rnn("rnn-slope", "tanh-sigmoid", {"slope": "sigmoid"}),
    _rnn("rnn-slope", "tanh-twice", {"slope": "twice"}),
    _rnn("rnn-order", "tanh-after", {"order": "after"}),
    _rnn("rnn-order", "dz-for-dh", {"order": "after", "slope": "previous"}),
    _rnn("rnn-slope", "tanh-next", {"slope": "next"}),
    _rnn("rnn-slope", "tanh-of-preactivation", {"slope": "preactivation"}),
    _rnn("rnn-slope", "tanh-square-outside", {"slope": "square-outside"}),
    _rnn("rnn-slope", "tanh-root", {"slope": "sech-once"}),
    _rnn("rnn-slope", "tanh-square-only", {"slope": "square-only"}),
    _rnn("rnn-slope", "tanh-relu", {"slope": "relu"}),
    _rnn("rnn-slope", "tanh-itself", {"slope": "tanh-itself"}),
    _rnn("rnn-matrix", "w-missing", {"matrix": "missing"}),
    _rnn("rnn-matrix", "w-twice", {"matrix": "twice"}),
    _rnn("rnn-order", "accumulated", {"direct": "added"}),
    _rnn("rnn-slope", "time-mirrored", {"time": "mirrored"}),
    _rnn("rnn-matrix", "w-of-input", {"matrix": "input"}, {"matrix": "input-transposed"}),
)
RNN_FORMULA = {
    **_off("direct", "update", "reset_path"),
    "take": "one",
    "reset": "one",
    "c_slope": "new",
}
EXCHANGED = {"U_z": "exchanged", "U_r": "exchanged"}
GRU_STEP = (
    _gru("gru-paths", "only-direct", _off("candidate", "update", "reset_path")),
    _gru("gru-paths", "no-direct", _off("direct")),
    _gru("gru-paths", "z-path-missing", _off("update")),
    _gru("gru-paths", "r-path-missing", _off("reset_path")),
    _gru("gru-paths", "candidate-path-missing", _off("candidate")),
    _gru("gru-paths", "gates-constant", _off("update", "reset_path")),
    _gru("gru-paths", "candidate-detached", _off("candidate", "reset_path")),
    _gru("gru-reset", "reset-ignored", {"reset": "one", **_off("reset_path")}),
    _gru("gru-reset", "reset-not-applied", {"reset": "one"}),
    _gru("gru-reset", "hprev-for-r", {"reset": "old"}),
    _gru("gru-reset", "z-for-r", {"reset": "update"}),
    _gru("gru-reset", "r-complement", {"reset": "complement"}),
    _gru("gru-reset", "reset-form", {"form": "other"}),
    _gru("gru-weights", "z-swapped", {"keep": "swapped", "take": "swapped"}),
    _gru("gru-weights", "z-swapped-direct", {"keep": "swapped"}),
    _gru("gru-weights", "z-swapped-candidate", {"take": "swapped"}),
    _gru("gru-weights", "direct-unweighted", {"keep": "one"}),
    _gru("gru-weights", "candidate-unweighted", {"take": "one"}),
    _gru("gru-paths", "direct-twice", {"keep": "twice"}),
    _gru("gru-paths", "accumulated", {"keep": "accumulated"}),
    _gru(
        "gru-paths",
        "overwritten",
        _off("direct", "candidate"),
        _off("direct", "candidate", "update"),
        _off("direct", "candidate", "reset_path"),
        _off("direct", "update"),
        _off("direct", "reset_path"),
    ),
    _gru("gru-paths", "only-candidate", _off("direct", "update", "reset_path")),
    _gru("gru-paths", "rnn-formula", RNN_FORMULA),
    _gru("gru-update", "z-sign", {"difference": "negated"}),
    _gru("gru-update", "z-candidate-only", {"difference": "candidate-only"}),
    _gru("gru-update", "z-old-only", {"difference": "old-only"}),
    _gru("gru-update", "z-new-state", {"difference": "new"}),
    _gru("gru-update", "z-sum", {"difference": "sum"}),
    _gru("gru-update", "z-difference-missing", {"difference": "one"}),
    _gru("gru-reset-path", "r-new-state", {"r_state": "new"}),
    _gru("gru-reset-path", "r-state-missing", {"r_state": "one"}),
    _gru("gru-reset-path", "r-candidate", {"r_state": "candidate"}),
    _gru("gru-reset-path", "r-state-reset", {"r_state": "times-reset"}),
    _gru("gru-reset-path", "r-state-other-form", {"r_state": "other-form"}),
    _gru("gru-transpose", "w-not-transposed", {"U_c": "transposed"}),
    _gru("gru-transpose", "uz-not-transposed", {"U_z": "transposed"}),
    _gru("gru-transpose", "ur-not-transposed", {"U_r": "transposed"}),
    _gru(
        "gru-transpose",
        "uz-ur-exchanged",
        EXCHANGED,
        {**EXCHANGED, "z_slope": "exchanged", "r_slope": "exchanged"},  # stacked before the slope
    ),
    _gru(
        "gru-transpose",
        "none-transposed",
        {"U_c": "transposed", "U_z": "transposed", "U_r": "transposed"},
        {"jacobian": "not-transposed"},
    ),
    _gru("gru-time", "gates-previous", {"gates": "previous"}),
    _gru("gru-time", "gates-next", {"gates": "next"}),
    _gru("gru-time", "old-state-last", {"old": "last"}),
    _gru("gru-time", "values-of-last-step", {"time": "last"}),
    _gru("gru-time", "time-mirrored", {"time": "mirrored"}),
    _gru("gru-candidate", "candidate-prime-missing", {"c_slope": "none"}),
    _gru("gru-candidate", "candidate-prime-of-state", {"c_slope": "new"}),
    _gru("gru-candidate", "candidate-prime-previous", {"c_slope": "old"}),
    _gru("gru-candidate", "candidate-prime-plus", {"c_slope": "plus"}),
    _gru("gru-candidate", "candidate-prime-of-tanh", {"c_slope": "of-tanh"}),
    _gru("gru-candidate", "candidate-prime-sigmoid", {"c_slope": "sigmoid"}),
    _gru("gru-candidate", "candidate-prime-not-squared", {"c_slope": "not-squared"}),
    _gru("gru-candidate", "candidate-prime-of-preactivation", {"c_slope": "of-preactivation"}),
    _gru("gru-candidate", "candidate-prime-twice", {"c_slope": "twice"}),
)
PRIMES = {
    "none": "missing",
    "gate-only": "gate-only",
    "complement-only": "complement-only",
    "twice": "twice",
    "tanh": "tanh",
    "of-sigmoid": "of-sigmoid",
    "plus": "plus",
    "square-only": "square-only",
    "of-preactivation": "of-preactivation",
}
GRU_PRIMES = (
    *(
        _gru("gru-sigmoid", f"{gate}-prime-{PRIMES[name]}", {f"{gate}_slope": name})
        for gate in "zr"
        for name in SLOPE_NAMES[1:]
    ),
    *(
        _gru("gru-sigmoid", f"gate-primes-{PRIMES[name]}", {"z_slope": name, "r_slope": name})
        for name in ("none", "tanh", "of-sigmoid", "of-preactivation")
    ),
    _gru(
        "gru-sigmoid", "primes-missing", {"z_slope": "none", "r_slope": "none", "c_slope": "none"}
    ),
)
EVERY_STEP: tuple[Choices, ...] = ({"own": "no"}, {"own": "yes"}, {"own": "before"})
"""Whether h_0 has a loss of its own; "before": what is kept of h_t is without its own loss, which
joins it on the way back."""

ADD = (
    Mistake("head-every-step", "add", "loss", variants=EVERY_STEP),
    Mistake("head-next-token", "add", "loss", variants=EVERY_STEP),
)
CARRY = tuple(
    Mistake(f"bptt-{name}", "carry", "carry")
    for name in (
        "not-carried",
        "truncated",
        "from-head",
        "clipped-norm",
        "clipped-value",
        "normalised",
        "scaled",
    )
)
STORE = (
    Mistake("rnn-stored-dz", "store", "rnn-order", ("rnn",)),
    *(
        Mistake(f"bptt-{name}", "store", "index")
        for name in ("shifted", "late", "reversed", "head-not-stored")
    ),
)
SCALE = tuple(
    Mistake(f"head-{name}", "scale", "head")
    for name in ("sign", "divided-by-length", "divided-by-classes", "scaled")
)
HEAD = (
    *(Mistake(f"head-{name}", "head", "head") for name in HEADS if name != "right"),
    Mistake("head-other-target", "head", "head"),
)
RECORD = tuple(Mistake(f"record-{name}", "record", "record") for name in RECORDS)
ORDER = tuple(Mistake(f"record-{name}", "order", "index") for name in ORDERS if name != "right")
TRIM = tuple(
    Mistake(f"record-{name}", "trim", "record")
    for name in ("scaled", "floor-added", "floored", "rounded", "sign")
)
ALL = (
    *RNN_STEP, *GRU_STEP, *GRU_PRIMES, *ADD, *CARRY, *STORE, *HEAD, *SCALE, *RECORD, *ORDER, *TRIM,
)  # fmt: skip
BY_NAME: Mapping[str, Mistake] = {mistake.name: mistake for mistake in ALL}


def of_kind(kind: Kind, *parts: Part) -> Iterator[Mistake]:
    """Yield the mistakes of these parts that can be made in a model, most common first."""
    return (m for m in ALL if kind in m.kinds and m.part in parts)


def merged(first: Choices, second: Choices) -> Choices | None:
    """Return the choices of two mistakes together; None where they fill one slot twice."""
    if first.keys() & second.keys():
        return None
    return {**first, **second}
