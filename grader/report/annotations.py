"""What a report has to say as messages at the lines they are about, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from grader.model import SEVERITY, WRONG, CheckResult, Finding, Outcome, Report
from grader.report import diagnoses, words
from grader.texts import Catalogue

Level: TypeAlias = Literal["error", "warning", "notice"]
LEVELS: tuple[Level, Level, Level] = ("error", "warning", "notice")


@dataclass(frozen=True, slots=True)
class Annotation:
    """One message; "error" and "warning" are to be seen to, `file` is told from the root."""

    level: Level
    title: str
    lines: Sequence[str]
    file: str = ""
    line: int = 0


def everything(report: Report, texts: Catalogue) -> Iterator[Annotation]:
    """Yield all there is to say, the worst first: verdict, diagnoses, findings."""
    headline = words.headline(report, texts)
    yield Annotation("error" if report.exit_status else "notice", "vangrad", [headline])
    for one in diagnoses.told(report, texts):
        told = [one.proof]
        for part in one.parts:
            told += [part.heading] if part.heading else []
            told += [f"{label}: {sentence}" for label, sentence in part.sentences]
        line = one.diagnosis.line
        file = _path(report, one.diagnosis.file) if line else ""
        yield Annotation("error", one.title, told, file, line)
    for result, finding in _ranked(report):
        yield _of_finding(report, result, finding, texts)


def _ranked(report: Report) -> list[tuple[CheckResult, Finding]]:
    """Return all findings: those of required checks first, then the heavier, then the dearer."""
    found = [(result, finding) for result in report.checks for finding in result.findings]
    return sorted(
        found,
        key=lambda pair: (
            not pair[0].required,
            -SEVERITY.index(pair[1].outcome),
            pair[0].points - pair[0].max_points,
        ),
    )


def _of_finding(
    report: Report, result: CheckResult, finding: Finding, texts: Catalogue
) -> Annotation:
    said = words.say(texts, result.code, finding).words
    title = f"{result.code} — {texts.entry(f'check.{result.code}.title')}"
    lines = [said.message, *([f"→ {said.next_step}"] if said.next_step else [])]
    file = _path(report, finding.file or "")
    line = (finding.line or 0) if file else 0
    return Annotation(_level(report, result, finding), title, lines, file, line)


def _level(report: Report, result: CheckResult, finding: Finding) -> Level:
    if finding.outcome is Outcome.GRADER_ERROR:
        return "error"
    if finding.outcome in WRONG:
        return "error" if result.required else "warning"
    # Where nothing was run, what only a run can show is no task for anyone.
    open_task = finding.outcome is Outcome.NOT_ASSESSED and report.scope == "full"
    return "warning" if open_task else "notice"


def _path(report: Report, name: str) -> str:
    """Return the path of a graded file from the repository's root, "" for what is not there."""
    names = {file.name.casefold(): file.name for file in report.files}
    known = names.get(name.casefold(), "")
    return f"{report.folder}/{known}" if known and report.folder else known
