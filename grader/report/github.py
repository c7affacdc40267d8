"""The report as GitHub's workflow commands: annotations at the lines they are about.

The runner shows at most ten annotations of a type for each step and cuts a message at 4096
characters: the worst come first, and where there are more the tenth says how many. Each line is a
whole command, so that nothing of a submission stands where the runner looks for one.

Source: actions/runner, ActionCommand.cs and ExecutionContext.cs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from grader.clean import github_message, github_property, printable
from grader.model import Language, Report
from grader.report.annotations import LEVELS, Annotation, everything
from grader.report.rows import fitted
from grader.texts import Catalogue, catalogue

MOST = 10
"""Annotations of one type that the runner shows for a step."""

LONGEST = 4000
"""UTF-16 units of a message; the runner cuts at 4096."""


def render(report: Report, language: Language) -> str:
    """Return one workflow command a line: errors, then warnings, then notices."""
    texts = catalogue(language)
    found = list(everything(report, texts))
    shown = (_limited([one for one in found if one.level == level], texts) for level in LEVELS)
    return "".join(f"{_command(one, texts)}\n" for group in shown for one in group)


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
