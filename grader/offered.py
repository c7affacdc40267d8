"""What a script offers to be asked, in findings: functions missing, unfinished, or misbehaving."""

from __future__ import annotations

from collections.abc import Iterator

from grader.facts import Misbehaviour, NotLifted, ProbeFacts
from grader.model import Finding, Kind, Material, Outcome, Term, Value
from grader.scripts.scan import read_all
from grader.scripts.unfinished import unfinished

SCRIPT = "bptt_norm.py"
MOST_PARTS = 20
MILD = frozenset({"mutates_input", "ignores_params", "ignores_tokens", "ignores_seed"})
"""Misbehaviours after which the gradient can still be verified where the student's values lie."""


def unfinished_parts(material: Material) -> Iterator[Finding]:
    """List what the scripts' author left for later."""
    parts: list[str] = []
    for name, script in sorted(read_all(material.submission.scripts)[0].items()):
        parts += [f"{name}:{part.line} {part.said}".rstrip() for part in unfinished(script)]
    if parts:
        yield Finding("unfinished", Outcome.NOTE, {"parts": parts[:MOST_PARTS]}, file=SCRIPT)


def not_offered(kind: Kind | None, facts: ProbeFacts) -> Finding:
    """Say which functions are missing, and why the script could not be verified without them."""
    missing, why = list(facts.missing_functions), facts.not_lifted or NotLifted("not_tried")
    data: dict[str, Value] = {
        "names": missing,
        "reason": Term(f"report.not_lifted.{why.reason}"),
        "what": why.what or "-",
    }
    return Finding(
        "none_offered" if len(missing) == 5 else "some_missing",
        Outcome.NOT_ASSESSED,
        data,
        model=kind,
        file=why.file or SCRIPT,
        line=why.line or None,
    )


def misbehaved(kind: Kind, misbehaviour: Misbehaviour) -> Finding:
    """Say what a function did that it may not do."""
    data: dict[str, Value] = {"function": misbehaviour.function, **misbehaviour.data}
    mild = misbehaviour.name in MILD
    raised = misbehaviour.raised
    if raised is not None and raised.refused not in ("", "disk"):
        file, line = raised.file or SCRIPT, raised.line or None
        return Finding("refused", Outcome.NOT_ASSESSED, data, kind, file=file, line=line)
    died = misbehaviour.name in ("raised", "died", "timed_out")
    heavy = Outcome.STUDENT_ERROR if died else Outcome.FAIL
    to_do = raised is not None and raised.type == "NotImplementedError"
    if to_do:
        said = str(data.get("text", ""))
        data = {"function": misbehaviour.function, "text": said.partition(": ")[2] or said or "-"}
    return Finding(
        "to_do" if to_do else misbehaviour.name,
        Outcome.PARTIAL if mild else heavy,
        data,
        model=kind,
        file=(raised.file if raised is not None else "") or SCRIPT,
        line=(raised.line if raised is not None else 0) or None,
        keeps=0.5 if mild else 0.0,
    )
