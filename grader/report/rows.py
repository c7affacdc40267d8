"""One row a check, in words: what every platform that lists tests shows of a report."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal, TypeAlias

from grader.clean import printable, terminal
from grader.model import SEVERITY, WRONG, CheckResult, Outcome, Report
from grader.report import words
from grader.report.text import MARKS, fold
from grader.report.text import lines as paragraphs
from grader.texts import MODEL_NAMES, Catalogue

Status: TypeAlias = Literal["passed", "failed", "skipped", "error"]
WIDTH = 100
LISTED = frozenset({"checks", "findings", "people", "notes", "curves"})
"""Sections of the text report that rows say themselves, and the drawing."""


@dataclass(frozen=True, slots=True)
class Row:
    """A check with all that was found, heaviest first.

    `lines` are sentences fit for a log, `because` says why it was not looked at ("" where it was),
    `file` is where the heaviest finding is.
    """

    code: str
    title: str
    status: Status
    points: int
    max_points: int
    because: str
    lines: tuple[str, ...]
    file: str

    @property
    def name(self) -> str:
        """Code and title."""
        return f"{self.code} — {self.title}"

    @property
    def first(self) -> str:
        """The one sentence to show where there is room for one."""
        return next(iter(self.lines), self.title)


def rows(report: Report, texts: Catalogue) -> list[Row]:
    """Return a row for every check, in the rubric's order."""
    return [_row(result, texts) for result in report.checks]


def overview(report: Report, texts: Catalogue) -> list[str]:
    """Return what a report says beside its rows: verdict, diagnoses, stop conditions, evidence."""
    folded = (fold(line, WIDTH) for line in paragraphs(report, texts.language, without=LISTED))
    return [line.rstrip() for line in "\n".join(folded).strip().splitlines()]


def _row(result: CheckResult, texts: Catalogue) -> Row:
    because = _because(result, texts)
    heaviest = sorted(result.findings, key=lambda finding: -SEVERITY.index(finding.outcome))
    lines = [because] if because else []
    for finding in heaviest:
        said = words.say(texts, result.code, finding).words
        lines.append(terminal(f"{MARKS[finding.outcome]} {said.message}"))
        if said.next_step:
            lines.append(terminal(f"→ {said.next_step}"))
    return Row(
        code=result.code,
        title=str(texts.entry(f"check.{result.code}.title")),
        status=_status(result.outcome),
        points=result.points,
        max_points=result.max_points,
        because=because,
        lines=tuple(lines),
        file=next((printable(finding.file) for finding in heaviest if finding.file), ""),
    )


def _status(outcome: Outcome) -> Status:
    if outcome is Outcome.GRADER_ERROR:
        return "error"
    if outcome in WRONG:
        return "failed"
    if outcome in (Outcome.SKIPPED, Outcome.NOT_ASSESSED):
        return "skipped"
    return "passed"


def _because(result: CheckResult, texts: Catalogue) -> str:
    """Say what kept a check, or one model's part of it, from being looked at."""
    if result.skipped_because:
        data = {"codes": list(result.skipped_because)}
        said = texts.say("report.row.not_run", data)
        if len(result.skipped_models) == 1:
            return f"{MODEL_NAMES[result.skipped_models[0]]}: {said}"
        return said
    return texts.say("report.row.not_assessed") if result.outcome is Outcome.NOT_ASSESSED else ""


def fitted(
    lines: Sequence[str], limit: int, texts: Catalogue, measure: Callable[[str], int] = len
) -> list[str]:
    """Return the lines as far as `limit` goes, and say how many are left out.

    Parameters
    ----------
    limit : int
        What all lines together may measure, one more each for the line's end.
    measure : callable
        The length of a line in the platform's unit.
    """
    sizes = [measure(line) + 1 for line in lines]
    if sum(sizes) <= limit:
        return list(lines)
    room = limit - measure(texts.say("report.row.cut", {"count": len(lines)})) - 1
    kept = sum(used <= room for used in accumulate(sizes))
    shown = list(lines[:kept]) or [_beginning(lines[0], room, measure)]
    return [*shown, texts.say("report.row.cut", {"count": len(lines) - kept})]


def _beginning(line: str, room: int, measure: Callable[[str], int]) -> str:
    """Return as much of the first line as there is room for; what is left out counts as a line."""
    size = bisect_right(range(len(line)), room - 2, key=lambda n: measure(line[:n] + "…"))
    return line[: max(size - 1, 0)] + "…"


def largest(limit: int, build: Callable[[int], str]) -> str:
    """Return `build(n)` for the largest n up to `limit` whose UTF-8 bytes are at most `limit`.

    Parameters
    ----------
    build : callable
        Renders a document in which no text is longer than n; longer for larger n.
    """
    whole = build(limit)
    if len(whole.encode()) <= limit:
        return whole
    at = bisect_right(range(limit), limit, key=lambda n: len(build(n).encode()))
    return build(max(at - 1, 0))


def as_json(document: object) -> str:
    """Return a document as JSON of one line a member, without NaN or Infinity."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def joined(lines: Iterable[str]) -> str:
    """Return lines as one text."""
    return "\n".join(lines)
