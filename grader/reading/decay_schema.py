"""What the canonical form of decay.json still lacks, in terms of the student's own file.

JSON Schema decides; this module turns its violations into findings with timestep, path, spelling.
Only two things are added that a schema can't see, since they are gone once a text is read: a number
without a finite value (NaN, 1e400), and one so small that it reads as zero (1e-400).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from grader.model import KINDS, STEPS, Finding, Kind, Outcome, Problem, Value
from grader.reading.schema import Violation, shown, violations
from grader.reading.shapes import Series
from grader.reading.strictjson import Parsed

CODE = "decay.schema"
FILE = "decay.json"
SHOWN = 6
"""Paths named in one finding; more of the same kind are counted."""

UNWRITABLE = frozenset({"not_finite", "overflow", "huge_integer"})

_LENGTHS = {48: "two_short", 49: "one_short", 51: "one_long", 52: "two_long"}


def judge(
    document: Mapping[str, object], curves: Mapping[Kind, Series], parsed: Parsed
) -> Iterator[Problem]:
    """Yield a Problem under decay.schema for each way in which the canonical form is not met.

    Entries with the same trouble are told together. That a net is missing is left to the reader,
    which knows what else the file holds.
    """
    found = list(_unwritable(curves, parsed))
    told = {finding.path for finding in found}
    for violation in violations("decay", document):
        finding = _translated(violation, curves)
        if finding is not None and finding.path not in told:
            found.append(finding)
    for kind in (*KINDS, None):
        ours = [finding for finding in found if finding.model == kind]
        for name in dict.fromkeys(finding.kind for finding in ours):
            yield Problem(CODE, _together([one for one in ours if one.kind == name]))


def _together(findings: Sequence[Finding]) -> Finding:
    """Return the first of `findings` of one kind, naming the places of all."""
    first = findings[0]
    paths = [finding.path or "" for finding in findings]
    shown_paths = [*paths[:SHOWN], *([f"+{len(paths) - SHOWN}"] if len(paths) > SHOWN else [])]
    also = f" ({', '.join(shown_paths)})" if len(paths) > 1 else ""
    return replace(first, data={**first.data, "n": len(paths), "also": also})


def _unwritable(curves: Mapping[Kind, Series], parsed: Parsed) -> Iterator[Finding]:
    """Find entries whose spelling has no finite value, or no value but zero, in float64."""
    faults = {fault.path: fault for fault in parsed.faults if fault.kind in UNWRITABLE}
    for kind, series in curves.items():
        for t, path in enumerate(series.paths):
            if fault := faults.get(path):
                yield Finding(fault.kind, Outcome.FAIL, fault.data, kind, FILE, path, fault.line, t)
            elif _underflows(series.values[t], path, parsed):
                spot = parsed.spots[path]
                data = {"literal": spot.literal}
                yield Finding("underflow", Outcome.FAIL, data, kind, FILE, path, spot.line, t)


def _underflows(value: object, path: str, parsed: Parsed) -> bool:
    if not isinstance(value, float) or value != 0:
        return False
    mantissa = parsed.spots[path].literal.lower().partition("e")[0]
    return any(digit in "123456789" for digit in mantissa)


def _translated(violation: Violation, curves: Mapping[Kind, Series]) -> Finding | None:
    """Put one violation into the lab's terms; None for a missing net."""
    data = {"value": shown(violation.value)}
    kind = next((kind for kind in KINDS if violation.steps[:1] == (kind,)), None)
    if violation.rule == "required":
        return None
    if kind is None:
        name = "bad_gate" if violation.steps[:1] == ("update_gate",) else "bad_head"
        return Finding(name, data=data, file=FILE, path=violation.path)
    if len(violation.steps) == 1:
        path = curves[kind].path if kind in curves else violation.path
        return replace(_of_list(violation.value, data), model=kind, file=FILE, path=path)
    t = int(violation.steps[1])
    path = curves[kind].paths[t] if kind in curves else violation.path
    return Finding(_of_entry(violation), Outcome.FAIL, data, kind, FILE, path, t=t)


def _of_list(value: object, data: Mapping[str, Value]) -> Finding:
    if not isinstance(value, list):
        return Finding("not_a_list", data=data)
    kind = _LENGTHS.get(len(value), "wrong_length")
    return Finding(kind, data={"length": len(value), "wanted": STEPS})


def _of_entry(violation: Violation) -> str:
    if violation.rule == "exclusiveMinimum":
        return "zero" if violation.value == 0 else "negative"
    names = {str: "text", bool: "boolean", type(None): "null"}
    return names.get(type(violation.value), "not_a_number")
