"""The gradient: the derivative of the student's own forward pass, which is the lab's model.

Every judgement is a relative error against a tolerance derived from the differences themselves;
there is no absolute escape, so a gradient of zero is wrong at 1e-46 too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from grader import tolerances
from grader.facts import Array, PointFacts, ProbeFacts
from grader.model import KINDS, STEPS, Finding, Kind, Material, Outcome, Term, Value
from grader.offered import SCRIPT, misbehaved, not_offered, unfinished_parts
from grader.recorded import RecordedList

Indices: TypeAlias = npt.NDArray[np.intp]
LOWEST = -307.0  # log10 of what a float holds with all its digits
UNPROBED = frozenset(
    {"ignores_params", "not_finite", "saturated", "diverged"}
)  # reasons with a text of their own


def _probed(material: Material) -> Iterator[tuple[Kind, ProbeFacts]]:
    for kind in KINDS:
        facts = material.probe.get(kind)
        if facts is not None:
            yield kind, facts


def functions(material: Material) -> Iterator[Finding]:
    """Demand that the five functions are offered and keep their agreements."""
    yield from unfinished_parts(material)
    if not material.probe:
        yield Finding("not_loaded", Outcome.NOT_ASSESSED, file=SCRIPT)
        return
    missed = {kind: facts for kind, facts in _probed(material) if facts.status == "no-functions"}
    alike = len(missed) == 2 and missed["rnn"].not_lifted == missed["gru"].not_lifted
    for kind, facts in missed.items():
        if not alike or kind == "rnn":
            yield not_offered(None if alike else kind, facts)
    for kind, facts in _probed(material):
        if facts.level == "lifted":
            yield Finding("lifted", Outcome.NOTE, model=kind, file=SCRIPT)
        for misbehaviour in facts.misbehaviours:
            yield misbehaved(kind, misbehaviour)


def forward(material: Material) -> Iterator[Finding]:
    """Demand that `step` is a tanh RNN, or a GRU, at every state."""
    for kind, facts in _probed(material):
        found = facts.forward
        if found is None or (found.recognised and found.told < 1.0):
            yield Finding("not_examined", Outcome.NOT_ASSESSED, model=kind, file=SCRIPT)
            continue
        data: dict[str, Value] = {
            "residual": found.residual,
            "tolerance": found.tolerance,
            "radius": found.worst_radius,
        }
        if not found.recognised:
            yield Finding(_unrecognised(kind, facts), data=data, model=kind, file=SCRIPT)
        elif not found.roles_found:
            # A step that is not rebuilt can have one Jacobian near its states and another beside.
            yield Finding("reset_not_tested", Outcome.MANUAL, model=kind, file=SCRIPT)
        elif not found.tied and facts.level == "probe":
            yield Finding("not_tied", Outcome.MANUAL, model=kind, file=SCRIPT)


def _unrecognised(kind: Kind, facts: ProbeFacts) -> str:
    """Name what keeps `step` from being the lab's model."""
    found = facts.forward
    if found is not None and found.model.endswith("without reset gate"):
        return "no_reset_gate"
    if found is not None and not found.radii_agree:
        return "two_faced"
    return "not_tanh" if kind == "rnn" else "no_gate"


def loss(material: Material) -> Iterator[Finding]:
    """Demand that `loss` is the cross-entropy of a softmax over logits affine in h_T."""
    for kind, facts in _probed(material):
        found = facts.loss
        if found is None or found.recognised:
            continue
        data: dict[str, Value] = {
            "total": found.total_probability,
            "residual": found.affine_residual,
            "classes": found.classes,
        }
        unknown = found.reason in ("no_classes", "too_many_classes")
        outcome = Outcome.NOT_ASSESSED if unknown else Outcome.FAIL
        yield Finding(found.reason, outcome, data, model=kind, file=SCRIPT)


def head(material: Material) -> Iterator[Finding]:
    """Demand that dh[T] is the derivative of `loss` with respect to h_T."""
    for kind, facts in _probed(material):
        for point in facts.points:
            if point.head_error > point.head_tolerance:
                yield _head_finding(kind, point)
                break


def _head_finding(kind: Kind, point: PointFacts) -> Finding:
    # With the sign turned the error would be the sum's: |−λ − λ| / |λ| = 2, within the tolerance.
    turned = abs(point.head_error - 2.0) <= max(point.head_tolerance, 1e-9)
    data: dict[str, Value] = {
        "error": point.head_error,
        "tolerance": point.head_tolerance,
        "seed": point.seed,
        "length": point.length,
    }
    name = "sign" if turned and point.head_sign < 0 else f"wrong_{point.label}"
    return Finding(name, data=data, model=kind, file=SCRIPT, path="dh[T]", t=point.length)


def _worst(error: Array, tolerance: Array) -> Indices:
    """Return the indices where `error` exceeds `tolerance`, NaN included."""
    with np.errstate(invalid="ignore"):
        return np.flatnonzero(~(error <= tolerance))


def steps(material: Material) -> Iterator[Finding]:
    """Demand of each step back that dh[t-1] = J_tᵀ dh[t]."""
    for kind, facts in _probed(material):
        point = facts.point("declared")
        if point is None:
            continue
        bad = _worst(point.step_error, point.step_tolerance)
        if bad.size:
            # The last wrong step is the first that the backward pass took.
            yield _step_finding(kind, point, bad)


def _step_finding(kind: Kind, point: PointFacts, bad: Indices) -> Finding:
    t = int(bad[-1])
    data: dict[str, Value] = {
        "error": float(point.step_error[t]),
        "tolerance": float(point.step_tolerance[t]),
        "worst": float(np.max(point.step_error)),
        "count": int(bad.size),
        "length": point.length,
        "later": t + 1,
        "seed": point.seed,
        "norm": _power(point.log10_student[t]),
        "next_norm": _power(point.log10_student[t + 1]),
    }
    name = "every_step" if bad.size == point.length else "some_steps"
    return Finding(name, data=data, model=kind, file=SCRIPT, path=f"dh[{t}]", t=t)


def _power(log10: float) -> float | str:
    """Return 10 ** log10, written out where it is below what a float can hold."""
    if log10 > LOWEST or np.isneginf(log10):
        return float(10.0**log10)
    exponent = int(np.floor(log10))
    return f"{10.0 ** (log10 - exponent):.3f}e{exponent:+03d}"


def chain(material: Material) -> Iterator[Finding]:
    """Demand that each dh[t] is the head gradient chained by measured Jacobians."""
    for kind, facts in _probed(material):
        point = facts.point("declared")
        if point is None or point.chain_error is None or point.chain_tolerance is None:
            continue
        bad = _worst(point.chain_error, point.chain_tolerance)
        if not bad.size or point.log10_numeric is None:
            continue
        t = int(bad[-1])
        data: dict[str, Value] = {
            "error": float(point.chain_error[t]),
            "tolerance": float(point.chain_tolerance[t]),
            "analytic": _power(point.log10_student[t]),
            "numeric": _power(point.log10_numeric[t]),
            "amplification": point.amplification,
            "method": Term(f"report.method.{point.method}"),
            "count": int(bad.size),
        }
        yield Finding("wrong", data=data, model=kind, file=SCRIPT, path=f"dh[{t}]", t=t)


def hot(material: Material) -> Iterator[Finding]:
    """Hold the same at other seeds and lengths, and at parameters where every term matters."""
    for kind, facts in _probed(material):
        if facts.not_hot or facts.point("hot") is None:
            known = facts.not_hot if facts.not_hot in UNPROBED else "other"
            reason = Term(f"report.unprobed.{known}")
            yield Finding(
                "not_reached", Outcome.NOT_ASSESSED, {"reason": reason}, model=kind, file=SCRIPT
            )
            continue
        for point in facts.points:
            bad = _worst(point.step_error, point.step_tolerance)
            if point.label != "declared" and bad.size:
                worst = int(np.argmax(point.step_error / point.step_tolerance))
                data: dict[str, Value] = {
                    "error": float(point.step_error[worst]),
                    "tolerance": float(point.step_tolerance[worst]),
                    "count": int(bad.size),
                    "length": point.length,
                    "later": worst + 1,
                    "seed": point.seed,
                }
                path = f"dh[{worst}]"
                yield Finding(point.label, data=data, model=kind, file=SCRIPT, path=path, t=worst)
                break


def _shared(material: Material, kind: Kind) -> RecordedList | None:
    """Return the recorded list of one model beside the norms of its own `bptt`; None if absent."""
    facts, decay = material.probe.get(kind), material.decay
    point = facts.point("declared") if facts is not None else None
    given = decay.curves.get(kind, ()) if decay is not None else ()
    if decay is None or facts is None or point is None or len(given) != STEPS:
        return None
    with np.errstate(under="ignore"):
        own = 10.0**point.log10_student
    return RecordedList(
        given=np.asarray(given),
        rounding=np.asarray(decay.half_unit[kind]),
        relative=tolerances.recorded(facts.dtype, facts.d_hidden, STEPS),
        own=own,
        path=decay.paths[kind],
        d=facts.d_hidden,
        single=facts.dtype == "<f4",
    )


def recorded(material: Material) -> Iterator[Finding]:
    """Demand that the recorded list holds the norms the code computes at the declared seed."""
    for kind, facts in _probed(material):
        list_ = _shared(material, kind)
        if list_ is None or list_.is_(list_.own[:STEPS]) or list_.is_(list_.own[1:]):
            continue
        seed = facts.recorded_seed
        if seed is not None and seed != facts.seed:
            data: dict[str, Value] = {"seed": seed, "declared": facts.seed}
            yield Finding("other_seed", data=data, model=kind, file="decay.json", keeps=0.5)
        else:
            yield _unlike(kind, list_)


def _unlike(kind: Kind, list_: RecordedList) -> Finding:
    """Say in what way a recorded list is not the list of norms."""
    own = list_.own[:STEPS]
    known = {
        "reversed": own[::-1],
        "reversed_shifted": list_.own[:0:-1],
        "squared": own**2,
        "rms": own / np.sqrt(list_.d),
        "logarithms": np.log10(np.maximum(own, 1e-320)),
    }
    for name, values in known.items():
        if list_.is_(values):
            keeps = 0.5 if name.startswith("reversed") else 0.0
            return Finding(name, model=kind, file="decay.json", path=list_.path, keeps=keeps)
    far = np.flatnonzero(~list_.agrees(own))
    t = int(far[-1])
    data: dict[str, Value] = {
        "value": float(list_.given[t]),
        "own": float(own[t]),
        "relative": float(abs(list_.given[t] - own[t]) / own[t]) if own[t] else float("inf"),
        "tolerance": list_.relative,
        "count": int(far.size),
    }
    path = f"{list_.path}[{t}]"
    return Finding("differs", data=data, model=kind, file="decay.json", path=path, t=t)


def indices(material: Material) -> Iterator[Finding]:
    """Demand that the list is g_0 … g_49, in the order of time."""
    for kind, _ in _probed(material):
        list_ = _shared(material, kind)
        if list_ is None or list_.is_(list_.own[:STEPS]):
            continue
        if list_.is_(list_.own[1:]):
            yield Finding("shifted", model=kind, file="decay.json", path=list_.path)
        elif list_.is_(list_.own[STEPS - 1 :: -1]) or list_.is_(list_.own[:0:-1]):
            yield Finding("reversed", model=kind, file="decay.json", path=list_.path)
