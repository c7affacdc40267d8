"""Has a script recorded, in a child of its own and a scratch copy of its own."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from grader.evidence import scratch as scratch_
from grader.evidence.rerun import raised_from
from grader.evidence.sandbox import RECORDER, Child, ChildDiedError
from grader.facts import Place, Raised
from grader.lifting.format import GarbledError, TooLargeError, unpack
from grader.lifting.recording import Recording
from grader.model import Submission

RECORD_TIMEOUT_S = 10.0
"""Longest time for a recorded run; ordinary scripts take a tenth of a second."""

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
    timeout_s: float = RECORD_TIMEOUT_S,
    place: Place = "folder",
) -> Recording | NotRecorded:
    """Run `scripts` once on listening arrays and return what was heard.

    Parameters
    ----------
    submission : Submission
    scripts : sequence of str
        Names of the scripts to run, in order, in one process.
    timeout_s : float
        Time limit in seconds, at most `RECORD_TIMEOUT_S`.
    place : {"folder", "root"}
        From where the script was run when it was run unrecorded.
    """
    limit_s = min(timeout_s, RECORD_TIMEOUT_S)
    with contextlib.ExitStack() as stack:
        home = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="vangrad-", ignore_cleanup_errors=True)
            )
        ).resolve()
        made = scratch_.build(submission, home)
        child = stack.enter_context(Child(home, limit_s, RECORDER))
        request = {
            "op": "record",
            "folder": str(made.folder),
            "root": str(made.root),
            "cwd": str(made.folder if place == "folder" else made.root),
            "scripts": list(scripts),
        }
        try:
            answer, arrays = child.ask(request, timeout_s=limit_s)
        except ChildDiedError as died:
            return NotRecorded("timed_out" if died.death == "timeout" else "died")
        artefacts, _ = scratch_.collect(made)
        raised = raised_from(answer.get("raised"))
        if raised is not None and "decay.json" not in artefacts:
            return NotRecorded("raised", raised.file, raised.line, raised)
        try:
            return unpack(answer, arrays, made.folder, artefacts)
        except GarbledError:
            return NotRecorded("garbled")
        except TooLargeError:
            return NotRecorded("too_large")
