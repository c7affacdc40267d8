"""The report for a pull request or the summary of a step: GitHub-flavoured Markdown.

Every line is escaped whole, so that nothing a submission wrote is markup, a mention or a link.
"""

from __future__ import annotations

from collections.abc import Iterator

from grader.clean import markdown as clean
from grader.model import CheckResult, Language, Outcome, Report
from grader.report import diagnoses, numbers, words
from grader.report.text import MARKS, WRONG_OUTCOMES
from grader.texts import MODEL_NAMES, Catalogue, catalogue
from grader.version import __version__

MOST_CHARACTERS = 60_000
"""A comment of GitHub's holds 65,536 characters, and four bytes of a character may count as one."""

SIGNS = {
    Outcome.PASS: "✅",
    Outcome.NOTE: "✅",
    Outcome.PARTIAL: "🟡",
    Outcome.FAIL: "❌",
    Outcome.STUDENT_ERROR: "❌",
    Outcome.GRADER_ERROR: "⚠️",
    Outcome.MANUAL: "👤",
    Outcome.SKIPPED: "⏭️",
    Outcome.NOT_ASSESSED: "⏭️",
}
HEADLINE_SIGNS = {
    "passed": "✅",
    "files_consistent": "✅",
    "gradient_verified": "🟡",
    "not_verified": "🟡",
    "grader_error": "⚠️",
}


def render(report: Report, language: Language) -> str:
    """Return the report as Markdown of at most `MOST_CHARACTERS` characters."""
    texts = catalogue(language)
    blocks = list(_blocks(report, texts))
    cut = f"*{clean(texts.say('page.label.cut'))}*\n"
    whole: list[str] = []
    room = MOST_CHARACTERS - len(cut) - 1
    for block in blocks:
        room -= len(block) + 1
        if room < 0:
            whole.append(cut)
            break
        whole.append(block)
    return "\n".join(whole)


def _blocks(report: Report, texts: Catalogue) -> Iterator[str]:
    """Yield the report part by part; each can be left out with all that follow it."""
    yield _head(report, texts)
    yield from _diagnoses(report, texts)
    yield from _fixes(report, texts)
    yield _folded(texts.say("report.section.checks"), _checks(report, texts))
    found = (_finding(said) for said in words.findings(report, texts, *WRONG_OUTCOMES))
    yield _folded(texts.say("report.section.findings"), "".join(found))
    people = (_finding(said) for said in words.findings(report, texts, Outcome.MANUAL))
    yield _folded(texts.say("report.section.people"), "".join(people))
    notes = words.findings(report, texts, Outcome.NOTE)
    yield _folded(
        texts.say("report.section.notes"),
        "".join(f"- {clean(said.words.message)}\n" for said in notes),
    )
    yield _folded(texts.say("report.section.questions"), _questions(report, texts))
    measured = "".join(f"- {clean(text)}\n" for text in words.measured(report, texts))
    yield _folded(texts.say("report.section.measured"), measured)
    for one in report.series:
        if one.recorded:
            title = texts.say("page.label.table", {"model": MODEL_NAMES[one.model]})
            yield _folded(title, _table(*numbers.table(one, texts)))
    yield _folded(texts.say("report.section.evidence"), _evidence(report, texts))
    yield f"<sub>vangrad {__version__} · {clean(texts.say('report.label.teach'))}</sub>\n"


def _head(report: Report, texts: Catalogue) -> str:
    sign = HEADLINE_SIGNS.get(report.headline, "❌")
    verdict = clean(texts.say(f"page.verdict.{report.headline}"))
    score = "" if report.points is None else f" · {report.points}/100"
    lead = clean(texts.say(f"page.lead.{report.headline}", report.headline_data))
    lines = [f"## {sign} {verdict}{score}", "", f"**{clean(report.name or '.')}** — {lead}", ""]
    lines += [f"- {clean(said)}" for said, _ in words.evidence(report, texts)]
    if report.stop_conditions:
        lines += ["", f"**{clean(texts.say('report.section.stop'))}**", ""]
        lines += [
            f"{stop.number}. {SIGNS[stop.outcome]} {clean(texts.say(f'report.stop.{stop.number}'))}"
            for stop in report.stop_conditions
        ]
    return "\n".join(lines) + "\n"


def _diagnoses(report: Report, texts: Catalogue) -> Iterator[str]:
    for one in diagnoses.told(report, texts):
        title = f"{texts.say('report.section.diagnosis')} · {one.title}"
        lines = [f"### {clean(title)}", "", clean(one.proof), ""]
        for part in one.parts:
            lines += [f"#### {clean(part.heading)}", ""] if part.heading else []
            lines += [f"- **{clean(label)}:** {clean(text)}" for label, text in part.sentences]
            lines.append("")
        yield "\n".join(lines)


def _fixes(report: Report, texts: Catalogue) -> Iterator[str]:
    fixes = words.fix_first(report, texts)
    if not fixes:
        yield f"{clean(texts.say('page.label.all_passed'))}\n"
        return
    yield f"### {clean(texts.say('report.section.fix'))}\n"
    yield "".join(f"{number}. {_said(said, 3)}" for number, said in enumerate(fixes, 1))


def _finding(said: words.Said) -> str:
    return f"- {SIGNS[said.finding.outcome]} {_said(said, 2)}"


def _said(said: words.Said, indent: int) -> str:
    """Return a finding as the text of a list item whose lines hang by `indent`."""
    first = f"**{clean(said.code)}** — {clean(said.words.message)}\n"
    if not said.words.next_step:
        return first
    return f"{first}{' ' * indent}<br>→ {clean(said.words.next_step)}\n"


def _checks(report: Report, texts: Catalogue) -> str:
    head = [texts.say(f"page.column.{name}") for name in ("outcome", "check", "points")]
    return _table(head, [_check(result, texts) for result in report.checks], words_in=2)


def _check(result: CheckResult, texts: Catalogue) -> list[str]:
    title = str(texts.entry(f"check.{result.code}.title"))
    outcome = texts.say(f"report.outcome.{result.outcome}")
    because = ""
    if result.skipped_because:
        because = f"; {texts.say('page.label.skipped', {'codes': list(result.skipped_because)})}"
    points = f"{result.points}/{result.max_points}" if result.max_points else numbers.ABSENT
    return [f"{MARKS[result.outcome]} {outcome}", f"{title} ({result.code}){because}", points]


def _questions(report: Report, texts: Catalogue) -> str:
    said = [words.say(texts, "stop.explain", finding).words for finding in report.questions]
    answer = clean(texts.say("report.label.answer"))
    return "".join(
        f"{number}. {clean(one.found)}\n   <br>*{answer}:* {clean(one.expected)}\n"
        for number, one in enumerate(said, 1)
    )


def _evidence(report: Report, texts: Catalogue) -> str:
    lines = [
        f"- {clean(said)}. {clean(texts.say('report.label.cannot_show'))} {clean(limits)}"
        for said, limits in words.evidence(report, texts)
    ]
    lines.append(f"- {clean(words.isolation(report, texts))}")
    return "\n".join(lines) + "\n"


def _table(head: list[str], rows: list[list[str]], words_in: int = 1) -> str:
    """Return a table whose every cell is escaped; after `words_in` columns come numbers."""
    rule = "|" + "---|" * words_in + "--:|" * (len(head) - words_in)
    lines = ["| " + " | ".join(map(clean, cells)) + " |" for cells in (head, *rows)]
    return "\n".join((lines[0], rule, *lines[1:], ""))


def _folded(title: str, body: str) -> str:
    """Return a part that is folded away; nothing where it is empty."""
    if not body:
        return ""
    return f"<details>\n<summary>{clean(title)}</summary>\n\n{body}\n</details>\n"
