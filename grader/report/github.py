"""The report as GitHub's workflow commands: annotations at the lines they are about.

The runner shows at most ten annotations of a type for each step and cuts a message at 4096
characters: the worst come first, and where there are more the tenth says how many. Each line is a
whole command, so that nothing of a submission stands where the runner looks for one.

Source: actions/runner, ActionCommand.cs and ExecutionContext.cs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from grader.clean import github_message, github_property, printable
from grader.model import SEVERITY, WRONG, CheckResult, Finding, Language, Outcome, Report
from grader.report import diagnoses, words
from grader.report.rows import fitted
from grader.texts import Catalogue, catalogue

Level: TypeAlias = Literal["error", "warning", "notice"]
LEVELS: tuple[Level, Level, Level] = ("error", "warning", "notice")
MOST = 10
"""Annotations of one type that the runner shows for a step."""

LONGEST = 4000
"""UTF-16 units of a message; the runner cuts at 4096."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One annotation before it is escaped."""

    level: Level
    title: str
    lines: Sequence[str]
    file: str = ""
    line: int = 0


def render(report: Report, language: Language) -> str:
    """Return one workflow command a line: errors, then warnings, then notices."""
    texts = catalogue(language)
    found = list(everything(report, texts))
    shown = (_limited([one for one in found if one.level == level], texts) for level in LEVELS)
    return "".join(f"{_command(one, texts)}\n" for group in shown for one in group)


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
    return Annotation(_level(result, finding), title, lines, file, line)


def _level(result: CheckResult, finding: Finding) -> Level:
    if finding.outcome is Outcome.GRADER_ERROR:
        return "error"
    if finding.outcome in WRONG:
        return "error" if result.required else "warning"
    return "warning" if finding.outcome is Outcome.NOT_ASSESSED else "notice"


def _path(report: Report, name: str) -> str:
    """Return the path of a graded file from the repository's root, "" for what is not there."""
    names = {file.name.casefold(): file.name for file in report.files}
    known = names.get(name.casefold(), "")
    return f"{report.folder}/{known}" if known and report.folder else known


def _limited(group: Sequence[Annotation], texts: Catalogue) -> Iterable[Annotation]:
    """Return as many as the runner shows; the last says how many are left out."""
    if len(group) <= MOST:
        return group
    left = len(group) - MOST + 1
    more = Annotation(group[0].level, "vangrad", [texts.say("report.row.more", {"count": left})])
    return [*group[: MOST - 1], more]


def _command(one: Annotation, texts: Catalogue) -> str:
    properties = {"file": one.file, "line": str(one.line or ""), "title": one.title}
    given = [f"{name}={github_property(value)}" for name, value in properties.items() if value]
    lines = fitted([printable(line, LONGEST) for line in one.lines], LONGEST, texts, _units)
    message = "%0A".join(github_message(line) for line in lines)
    return f"::{one.level} {','.join(given)}::{message}"


def _units(text: str) -> int:
    """Return the length of a text as the runner counts it."""
    return len(text.encode("utf-16-le")) // 2
