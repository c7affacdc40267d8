"""Has a script recorded, in a child of its own and a scratch copy of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from grader.evidence import scratch as scratch_
from grader.evidence.rerun import Terms, raised_from
from grader.evidence.sandbox import RECORDER, Child, ChildDiedError
from grader.facts import Place, Raised
from grader.lifting.format import GarbledError, TooLargeError, unpack
from grader.lifting.recording import Recording
from grader.model import Submission

RECORD_CPU_S = 10
"""Most that a recorded run may compute, in seconds of its processor; ordinary scripts take a tenth.

Not the time on the wall: how far the evidence reaches must not depend on who else computes.
"""

Reason: TypeAlias = Literal["died", "timed_out", "raised", "garbled", "too_large"]


@dataclass(frozen=True, slots=True)
class NotRecorded:
    """Why there is no recording; `file` and `line` where that is known."""

    reason: Reason
    file: str = ""
    line: int = 0
    raised: Raised | None = None


def record(
    submission: Submission,
    scripts: Sequence[str],
    terms: Terms,
    place: Place = "folder",
) -> Recording | NotRecorded:
    """Run `scripts` once on listening arrays and return what was heard.

    Parameters
    ----------
    submission : Submission
    scripts : sequence of str
        Names of the scripts to run, in order, in one process.
    terms : Terms
        The tier to run them in, and the time limit for all of them.
    place : {"folder", "root"}
        From where the script was run when it was run unrecorded.
    """
    made = scratch_.build(submission)
    with Child(terms.protection, made.files, terms.timeout_s, RECORDER, RECORD_CPU_S) as child:
        folder, root = child.within(made.folder), child.within(scratch_.ROOT)
        request = {
            "op": "record",
            "folder": folder,
            "root": root,
            "cwd": folder if place == "folder" else root,
            "scripts": list(scripts),
        }
        try:
            answer, arrays = child.ask(request, timeout_s=terms.timeout_s)
        except ChildDiedError as died:
            return NotRecorded("timed_out" if died.death == "timeout" else "died")
        artefacts, _ = scratch_.collect(made.folder, child.read)
    raised = raised_from(answer.get("raised"))
    if raised is not None and "decay.json" not in artefacts:
        return NotRecorded("raised", raised.file, raised.line, raised)
    try:
        return unpack(answer, arrays, Path(folder), artefacts)
    except GarbledError:
        return NotRecorded("garbled")
    except TooLargeError:
        return NotRecorded("too_large")
