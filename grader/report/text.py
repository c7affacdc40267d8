"""The report for a terminal: the same lines plain or coloured, folded to the width there is."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from grader.clean import terminal
from grader.model import (
    CheckResult,
    Language,
    Outcome,
    Report,
    StopCondition,
    Verdict,
)
from grader.report import diagnoses, words
from grader.report.chart import chart
from grader.texts import MODEL_NAMES, Catalogue, catalogue
from grader.version import __version__

NARROWEST, WIDEST = 40, 110
MARKS = {
    Outcome.PASS: "✓",
    Outcome.PARTIAL: "◐",
    Outcome.FAIL: "✗",
    Outcome.STUDENT_ERROR: "✗",
    Outcome.GRADER_ERROR: "!",
    Outcome.SKIPPED: "-",
    Outcome.NOT_ASSESSED: "·",
    Outcome.MANUAL: "?",
    Outcome.NOTE: "i",
}
ASCII_MARKS = str.maketrans({"✓": "+", "◐": "~", "✗": "x", "·": ".", "→": ">", "—": "-", "»": ">"})
STYLES = {
    Outcome.PASS: "green",
    Outcome.PARTIAL: "yellow",
    Outcome.FAIL: "red",
    Outcome.STUDENT_ERROR: "red",
    Outcome.GRADER_ERROR: "magenta",
    Outcome.MANUAL: "cyan",
}
VERDICT_STYLES = {
    Verdict.PASSED: "bold white on dark_green",
    Verdict.FILES_CONSISTENT: "bold white on dark_green",
    Verdict.NOT_PASSED: "bold white on dark_red",
    Verdict.FILES_INCONSISTENT: "bold white on dark_red",
    Verdict.NOT_VERIFIED: "bold black on yellow",
    Verdict.GRADER_ERROR: "bold white on purple4",
}
WRONG_OUTCOMES = (
    Outcome.GRADER_ERROR,
    Outcome.FAIL,
    Outcome.STUDENT_ERROR,
    Outcome.PARTIAL,
    Outcome.NOT_ASSESSED,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph: `first` stands before it, further lines hang by `hang` columns."""

    text: str
    first: str = ""
    hang: int = 0
    style: str = ""
    spans: tuple[tuple[int, int, str], ...] = ()


def render(
    report: Report, language: Language, width: int = 100, *, ascii_only: bool = False
) -> str:
    """Return the report as plain text, folded to `width` columns.

    `ascii_only` is for outputs that cannot show marks and dots: letters keep their accents.
    """
    folded = (fold(line, width) for line in lines(report, language, width, ascii_only=ascii_only))
    text = "\n".join(folded).rstrip() + "\n"
    return text.translate(ASCII_MARKS) if ascii_only else text


def shows_marks(encoding: str | None) -> bool:
    """Say whether an encoding holds the marks and the dots of the report."""
    try:
        "✓◐⣿│".encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def fold(line: Line, width: int) -> str:
    """Fold one paragraph to `width` columns (at least 40, at most 110); nothing in it is obeyed."""
    columns = min(max(width, NARROWEST), WIDEST)
    text = terminal(line.text)
    if len(line.first) + len(text) <= columns:
        return line.first + text
    return textwrap.fill(
        text,
        columns,
        initial_indent=line.first,
        subsequent_indent=" " * min(line.hang, columns // 3),
        break_on_hyphens=False,
    )


def show(report: Report, language: Language, stream: IO[str], *, colour: bool | None) -> None:
    """Write the report to a terminal, in colours where it has them.

    `colour` None asks the terminal; an encoding that cannot hold the marks gets ASCII ones.
    """
    from rich.console import Console
    from rich.text import Text

    forced = {None: None, True: True, False: False}[colour]
    console = Console(file=stream, force_terminal=forced, no_color=colour is False, highlight=False)
    ascii_only = not shows_marks(console.encoding)
    with console.capture() as shown:
        for line in lines(report, language, console.width, ascii_only=ascii_only):
            text = fold(line, console.width)
            if ascii_only:
                text = (
                    text.translate(ASCII_MARKS)
                    .encode(console.encoding, "replace")
                    .decode(console.encoding)
                )
            styled = Text(text, style=line.style)
            for start, end, style in line.spans:
                styled.stylize(style, start, end)
            console.print(styled, soft_wrap=True)
    # Written here: on a closed pipe rich would end the process with a status of its own.
    stream.write(shown.get())
    stream.flush()


def lines(
    report: Report,
    language: Language,
    width: int = 100,
    *,
    ascii_only: bool = False,
    without: Collection[str] = (),
) -> Iterator[Line]:
    """Yield the report's paragraphs: verdict, stop conditions, what to fix, checks, evidence.

    `without` names sections to leave out.
    """
    texts = catalogue(language)
    yield Line(f" {words.headline(report, texts)} ", style=VERDICT_STYLES[report.verdict])
    for name in report.isolation.warnings:
        yield Line(f" {texts.say(f'isolation.warning.{name}')} ", style="bold white on dark_red")
    yield Line("")
    for pair, _ in words.evidence(report, texts):
        yield Line(pair, hang=5)
    drawn = chart(report, width, ascii_only=ascii_only)
    sections: Mapping[str, Iterable[Line]] = {
        "diagnosis": _diagnoses(report, texts),
        "stop": (_stop(stop, texts) for stop in report.stop_conditions),
        "fix": _fixes(report, texts),
        "curves": (Line(row.text, spans=row.spans) for row in drawn),
        "checks": _checks(report, texts),
        "findings": _findings(report, texts),
        "people": _manual(report, texts),
        "notes": _notes(report, texts),
        "questions": _questions(report, texts),
        "measured": (Line(text, "  ", 4) for text in words.measured(report, texts)),
        "evidence": _evidence(report, texts),
    }
    for name, body in sections.items():
        if name not in without:
            yield from _section(texts, name, body)
    yield Line("")
    yield Line(texts.say("report.label.teach"), style="dim")


def _section(texts: Catalogue, name: str, body: Iterable[Line]) -> Iterator[Line]:
    """Yield a heading and its lines; nothing where there are none."""
    found = list(body)
    if found:
        yield Line("")
        yield Line(texts.say(f"report.section.{name}"), style="bold")
        yield from found


def _diagnoses(report: Report, texts: Catalogue) -> Iterator[Line]:
    for one in diagnoses.told(report, texts):
        yield Line(one.title, "  » ", 4, "bold yellow")
        yield Line(one.proof, "    ", 4)
        for part in one.parts:
            if part.heading:
                yield Line(part.heading, "    ", 6, "bold")
            for label, sentence in part.sentences:
                yield Line(f"{label}: {sentence}", "      ", 8)


def _stop(stop: StopCondition, texts: Catalogue) -> Line:
    mark = MARKS[stop.outcome]
    text = texts.say(f"report.stop.{stop.number}")
    if stop.outcome in (Outcome.SKIPPED, Outcome.NOT_ASSESSED):
        text += f" ({texts.say(f'report.outcome.{stop.outcome}')})"
    return Line(text, f"  {mark} {stop.number}. ", 7, STYLES.get(stop.outcome, ""))


def _fixes(report: Report, texts: Catalogue) -> Iterator[Line]:
    for number, said in enumerate(words.fix_first(report, texts), 1):
        yield Line(f"{said.code} — {said.words.message}", f"  {number}. ", 5)
        if said.words.next_step:
            yield Line(said.words.next_step, "     → ", 7, "cyan")


def _checks(report: Report, texts: Catalogue) -> Iterator[Line]:
    for result in report.checks:
        yield _check(result, texts)


def _check(result: CheckResult, texts: Catalogue) -> Line:
    title = str(texts.entry(f"check.{result.code}.title"))
    points = f"{result.points:>2}/{result.max_points:<2}" if result.max_points else "     "
    text = f"{result.code:<23} {title}"
    if result.outcome in (Outcome.SKIPPED, Outcome.NOT_ASSESSED):
        because = ", ".join(result.skipped_because)
        reason = texts.say("report.label.skipped", {"codes": because}) if because else ""
        if reason and len(result.skipped_models) == 1:
            reason = f"{MODEL_NAMES[result.skipped_models[0]]}: {reason}"
        text += f" ({reason or texts.say(f'report.outcome.{result.outcome}')})"
    style = STYLES.get(result.outcome, "dim")
    return Line(text, f"  {MARKS[result.outcome]} {points} ", 34, style)


def _findings(report: Report, texts: Catalogue) -> Iterator[Line]:
    for said in words.findings(report, texts, *WRONG_OUTCOMES):
        outcome = said.finding.outcome
        yield Line(
            f"{said.code} — {said.words.message}",
            f"  {MARKS[outcome]} ",
            4,
            STYLES.get(outcome, ""),
        )
        if said.words.next_step:
            yield Line(said.words.next_step, "    → ", 6)
        if outcome is Outcome.GRADER_ERROR:
            yield Line(texts.say("report.label.grader_fault", {"version": __version__}), "    ", 4)


def _manual(report: Report, texts: Catalogue) -> Iterator[Line]:
    for said in words.findings(report, texts, Outcome.MANUAL):
        yield Line(f"{said.code} — {said.words.message}", "  ? ", 4, STYLES[Outcome.MANUAL])
        if said.words.next_step:
            yield Line(said.words.next_step, "    → ", 6)


def _notes(report: Report, texts: Catalogue) -> Iterator[Line]:
    for said in words.findings(report, texts, Outcome.NOTE):
        yield Line(f"{said.code} — {said.words.message}", "  i ", 4)


def _questions(report: Report, texts: Catalogue) -> Iterator[Line]:
    for number, finding in enumerate(report.questions, 1):
        said = words.say(texts, "stop.explain", finding).words
        yield Line(said.found, f"  {number}. ", 5)
        yield Line(f"{texts.say('report.label.answer')}: {said.expected}", "     ", 5, "dim")


def _evidence(report: Report, texts: Catalogue) -> Iterator[Line]:
    for item, (_, limits) in zip(report.evidence, words.evidence(report, texts), strict=True):
        name = item.model.upper()
        yield Line(f"{name}: {texts.say('report.label.cannot_show')} {limits}", "  ", 4)
    yield Line(words.isolation(report, texts), "  ", 4)
