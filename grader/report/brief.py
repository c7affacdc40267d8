"""The report of a compiler: the verdict, and what is to be seen to, each at its file and line.

For hooks, editors and logs: nothing that is right, and nothing that only a person can judge.
"""

from __future__ import annotations

from collections.abc import Iterator

from grader.clean import terminal
from grader.model import Language, Report
from grader.report.annotations import Annotation, everything
from grader.texts import Catalogue, catalogue


def render(report: Report, language: Language) -> str:
    """Return the verdict, then `file:line: code — title` and what was found, the worst first."""
    texts = catalogue(language)
    return "".join(f"{terminal(line)}\n" for line in _lines(report, texts))


def _lines(report: Report, texts: Catalogue) -> Iterator[str]:
    verdict, *found = everything(report, texts)
    yield from verdict.lines
    for name in report.isolation.warnings:
        yield texts.say(f"isolation.warning.{name}")
    for one in found:
        if one.level != "notice":
            yield f"{_place(one)}{one.title}"
            yield from (f"  {line}" for line in one.lines)


def _place(one: Annotation) -> str:
    """Return the place as compilers write it, which editors and terminals make a link of."""
    line = f"{one.line}: " if one.line else " "
    return f"{one.file}:{line}" if one.file else ""
