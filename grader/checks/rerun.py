"""The fresh runs: the script runs, makes what was handed in, and makes the same twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from grader.facts import Array, Raised, ScriptRun
from grader.model import (
    KINDS,
    STEPS,
    Decay,
    Finding,
    Kind,
    LoadedFile,
    Material,
    Outcome,
    Value,
)
from grader.reading.normalise import read_decay
from grader.tolerances import recorded

SCRIPT = "bptt_norm.py"


def runs(material: Material) -> Iterator[Finding]:
    """Demand that the script comes to its end and writes both artefacts."""
    if material.fault is not None:
        raise material.fault  # told as the grader's own, and everything else is still checked
    if material.run is None:
        yield Finding("not_run", Outcome.NOT_ASSESSED, file=SCRIPT)
        return
    run = material.run.first
    if run.death:
        yield _death(material, run)
        return
    for name in ("decay.json", "decay.png"):
        if name not in run.artefacts:
            yield Finding("not_written", data={"name": name}, file=SCRIPT, keeps=0.5)
    if run.place == "root" and "decay.json" in run.artefacts:
        yield Finding("from_root", Outcome.NOTE, file=SCRIPT)
    for name, place in run.misplaced.items():
        yield Finding("misplaced", Outcome.NOTE, {"name": name, "place": place}, file=SCRIPT)


def _death(material: Material, run: ScriptRun) -> Finding:
    """Say how the script ended; an absent sibling lab is no fault of the script."""
    seconds = material.run.timeout_s if material.run is not None else 0.0
    raised = run.raised
    if raised is None:
        data: dict[str, Value] = {"seconds": seconds, "status": run.exit_status or 0}
        return Finding(run.death, Outcome.STUDENT_ERROR, data, file=SCRIPT)
    file, line = raised.file or SCRIPT, raised.line or None
    data = {"type": raised.type, "text": raised.message, "module": raised.missing_module}
    if raised.missing_module and _reaches_for_siblings(material):
        return Finding("sibling_missing", Outcome.NOT_ASSESSED, data, file=file, line=line)
    if raised.refused:
        return _refused(raised, data, file, line)
    name = "not_installed" if raised.missing_module else run.death
    return Finding(name, Outcome.STUDENT_ERROR, data, file=file, line=line)


def _refused(raised: Raised, data: dict[str, Value], file: str, line: int | None) -> Finding:
    """Say what graded runs do not have: nothing is wrong with a script that would like it."""
    if raised.refused == "disk":
        return Finding("too_much_written", Outcome.STUDENT_ERROR, data, file=file, line=line)
    return Finding(f"needs_{raised.refused}", Outcome.NOT_ASSESSED, data, file=file, line=line)


def _reaches_for_siblings(material: Material) -> bool:
    """Say whether a script extends its import path, as one does to import another lab."""
    return any(b"sys.path" in script.data for script in material.submission.scripts.values())


def _written(run: ScriptRun | None) -> Decay | None:
    """Read what a run wrote, by the rules for what is handed in."""
    data = run.artefacts.get("decay.json") if run is not None else None
    if data is None:
        return None
    try:
        return read_decay(LoadedFile("decay.json", data, hashlib.sha256(data).hexdigest()))[0]
    except UnicodeDecodeError:
        return None


def _first_difference(
    material: Material, ours: Decay, theirs: Decay, kind: Kind
) -> dict[str, Value] | None:
    """Return where two decay.json first differ by more than rounding, and by how much."""
    if kind not in ours.curves or kind not in theirs.curves:
        return None if kind not in ours.curves and kind not in theirs.curves else {"t": 0}
    a, b = np.asarray(ours.curves[kind]), np.asarray(theirs.curves[kind])
    if a.shape != b.shape:
        return {"t": min(a.size, b.size)}
    allowed = _relative(material, kind) * np.abs(b) + _rounding(ours, theirs, kind)
    with np.errstate(invalid="ignore"):
        far = np.flatnonzero(~(np.abs(a - b) <= allowed))
    if not far.size:
        return None
    t = int(far[0])
    relative = abs(a[t] - b[t]) / abs(b[t]) if b[t] else float("inf")
    numbers: dict[str, Value] = {"one": float(a[t]), "other": float(b[t])}
    return {"t": t, **numbers, "relative": float(relative)}


def _rounding(ours: Decay, theirs: Decay, kind: Kind) -> Array:
    """Return what the digits written allow: a rounding of ours, and one of theirs if as coarse.

    Of code that writes fewer digits than were handed in, the digits handed in did not come. Nor is
    an exact zero, which Python writes as 0.0, known to a tenth only.
    """
    a = np.where(np.asarray(ours.curves[kind]) == 0, 0.0, ours.half_unit[kind])
    return np.asarray(a + np.minimum(a, theirs.half_unit[kind]))


def _relative(material: Material, kind: Kind) -> float:
    """Return the relative deviation that the dtype of the student's own arithmetic allows."""
    facts = material.probe.get(kind)
    dtype = facts.dtype if facts is not None else "<f8"
    width = facts.d_hidden if facts is not None else 0
    allowed = recorded(dtype, max(width, 1), STEPS)
    return max(allowed, material.thresholds["reproduce_relative"])


def reproduces(material: Material) -> Iterator[Finding]:
    """Demand that what the script writes agrees with the decay.json handed in."""
    committed, run = material.decay, material.run
    fresh = _written(run.first if run is not None else None)
    if committed is None or run is None:
        return
    if fresh is None:
        yield Finding("nothing_fresh", file="decay.json")
        return
    again = _written(run.second)
    for kind in KINDS:
        difference = _first_difference(material, committed, fresh, kind)
        if difference is not None and again is not None:
            difference = _first_difference(material, committed, again, kind) and difference
        if difference is not None:
            yield _differs("differs", difference, committed, kind)


def _differs(name: str, difference: dict[str, Value], decay: Decay, kind: Kind) -> Finding:
    t = difference.pop("t")
    path = f"{decay.paths.get(kind, kind)}[{t}]"
    if not difference:
        return Finding(f"{name}_in_shape", data={"t": t}, model=kind, file="decay.json", path=path)
    return Finding(
        name,
        data={**difference, "t": t},
        model=kind,
        file="decay.json",
        path=path,
        t=t if isinstance(t, int) else None,
    )


def deterministic(material: Material) -> Iterator[Finding]:
    """Demand that two fresh runs write the same numbers."""
    run = material.run
    if run is None:
        return
    first, second = _written(run.first), _written(run.second)
    if first is None or second is None:
        return
    for kind in KINDS:
        difference = _first_difference(material, first, second, kind)
        if difference is not None:
            yield _differs("changes", difference, first, kind)
