"""The report as one HTML file: no network, no script, read as well on paper as on a telephone.

Every string is escaped by jinja2's autoescape; only the style sheet and the pictures, which hold
nothing of a submission, are put in as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import TYPE_CHECKING, Any

from grader.clean import printable
from grader.model import CheckResult, Language, Outcome, Report, Series
from grader.report import diagnoses, numbers, pictures, words
from grader.report.text import MARKS, WRONG_OUTCOMES
from grader.texts import MODEL_NAMES, Catalogue, catalogue
from grader.version import __version__

if TYPE_CHECKING:
    from markupsafe import Markup

TONES = {
    Outcome.PASS: "good",
    Outcome.PARTIAL: "fair",
    Outcome.FAIL: "bad",
    Outcome.STUDENT_ERROR: "bad",
    Outcome.GRADER_ERROR: "odd",
    Outcome.MANUAL: "ask",
}
HEADLINE_TONES = {
    "passed": "good",
    "files_consistent": "good",
    "gradient_verified": "fair",
    "not_verified": "fair",
    "grader_error": "odd",
}
UNSEEN = frozenset({Outcome.SKIPPED, Outcome.NOT_ASSESSED})


def render(report: Report, language: Language) -> str:
    """Return the report as one self-contained HTML document."""
    import jinja2

    texts = catalogue(language)
    environment = jinja2.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["prose"] = _prose
    environment.globals["say"] = texts.say
    environment.globals["say_title"] = lambda code: str(texts.entry(f"check.{code}.title"))
    page = environment.from_string(_resource("report.html.j2"))
    return page.render(_context(report, texts))


def _resource(name: str) -> str:
    return (resources.files(__package__) / "templates" / name).read_text(encoding="utf-8")


def _prose(text: str) -> Markup:
    """Escape a sentence and set what stands in backticks as code."""
    from markupsafe import Markup, escape

    # The text is escaped before: all that is added is <code>.
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704


def _context(report: Report, texts: Catalogue) -> dict[str, Any]:
    """Return everything the template shows, in the order it shows it."""
    from markupsafe import Markup

    return {
        "language": texts.language,
        "style": Markup(_resource("report.css")),  # noqa: S704 - our own file
        "version": __version__,
        "name": printable(report.name) or ".",
        "tone": HEADLINE_TONES.get(report.headline, "bad"),
        "verdict": texts.say(f"page.verdict.{report.headline}"),
        "lead": texts.say(f"page.lead.{report.headline}", report.headline_data),
        "points": report.points,
        "open": report.not_assessed if report.points is not None else 0,
        "models": list(_models(report, texts)),
        "stops": [_stop(stop.number, stop.outcome, texts) for stop in report.stop_conditions],
        "diagnoses": [_diagnosis(one, report, texts) for one in diagnoses.told(report, texts)],
        "fixes": words.fix_first(report, texts),
        "checks": [_check(result, texts) for result in report.checks],
        "passes": sum(result.outcome is Outcome.PASS for result in report.checks),
        "manual": list(words.findings(report, texts, Outcome.MANUAL)),
        "plots": list(_plots(report, texts)),
        "notes": list(words.findings(report, texts, Outcome.NOTE)),
        "questions": [words.say(texts, "stop.explain", f).words for f in report.questions],
        "measured": list(words.measured(report, texts)),
        "environment": list(_environment(report, texts)),
        "files": [(printable(f.name), len(f.data), f.sha256) for f in report.files],
        **_figures(report, texts),
    }


def _models(report: Report, texts: Catalogue) -> Iterator[dict[str, Any]]:
    for item, (_, limits) in zip(report.evidence, words.evidence(report, texts), strict=True):
        label = "verified" if item.verified else "not_verified"
        yield {
            "model": MODEL_NAMES[item.model],
            "kind": item.model,
            "verified": item.verified,
            "label": texts.say(f"report.label.{label}"),
            "level": texts.say(f"report.level.{item.level}"),
            "reason": texts.say(f"report.reason.{item.reason}"),
            "limits": limits,
        }


def _mark(outcome: Outcome, texts: Catalogue) -> dict[str, str]:
    return {
        "sign": MARKS[outcome],
        "tone": TONES.get(outcome, "none"),
        "outcome": texts.say(f"report.outcome.{outcome}"),
    }


def _stop(number: int, outcome: Outcome, texts: Catalogue) -> dict[str, Any]:
    return {
        **_mark(outcome, texts),
        "text": texts.say(f"report.stop.{number}"),
        "unseen": outcome in UNSEEN,
    }


def _diagnosis(one: diagnoses.Told, report: Report, texts: Catalogue) -> dict[str, Any]:
    from grader.report import figures

    shown = [
        {
            "svg": _own(figures.mistake(series)),
            "title": texts.say("page.figure.mistake", {"model": MODEL_NAMES[series.model]}),
            "words": numbers.mistake_words(series, texts),
            "kind": series.model,
        }
        for series in report.series
        if series.model in one.models and series.predicted
    ]
    return {"title": one.title, "proof": one.proof, "parts": one.parts, "figures": shown}


def _check(result: CheckResult, texts: Catalogue) -> dict[str, Any]:
    entry = texts.entry(f"check.{result.code}")
    wrong = result.outcome in WRONG_OUTCOMES
    unseen = result.outcome in UNSEEN
    asked = [f for f in result.findings if result.code != "stop.explain"]
    because = list(result.skipped_because)
    return {
        **_mark(result.outcome, texts),
        "code": result.code,
        "title": str(entry["title"]),
        "points": result.points,
        "most": result.max_points,
        "required": result.required,
        "unseen": unseen,
        "because": texts.say("page.label.skipped", {"codes": because}) if because else "",
        "wrong": wrong and not unseen,
        "findings": [
            {**_mark(f.outcome, texts), "words": words.say(texts, result.code, f).words}
            for f in asked
        ],
        "fault": result.outcome is Outcome.GRADER_ERROR,
        "wants": str(entry["wants"]).strip(),
        "fix": str(entry["fix"]).strip() if wrong else "",
    }


def _plots(report: Report, texts: Catalogue) -> Iterator[dict[str, str]]:
    """Yield the pictures that a person is asked to compare."""
    if not any(
        finding.outcome is Outcome.MANUAL and result.code.startswith("plot.")
        for result in report.checks
        for finding in result.findings
    ):
        return
    handed_in = next((f.data for f in report.files if f.name.casefold() == "decay.png"), b"")
    for name, data in (("committed", handed_in), ("fresh", report.fresh_plot)):
        uri = pictures.data_uri(data)
        if uri:
            yield {"uri": uri, "title": texts.say(f"page.label.{name}")}


def _figures(report: Report, texts: Catalogue) -> dict[str, Any]:
    """Return curves, errors and the update gate, each with what it shows in words and numbers."""
    from grader.report import figures

    drawn = [one for one in report.series if one.recorded or one.differences]
    bounds = figures.limits(drawn)
    curves = [
        {
            "kind": one.model,
            "svg": _own(figures.curve(one, bounds)),
            "title": texts.say("page.figure.curve", {"model": MODEL_NAMES[one.model]}),
            "words": numbers.curve_words(one, texts),
            "band": bool(figures.fan(one)),
            "differences": bool(one.differences),
            "model": MODEL_NAMES[one.model],
            "table": numbers.table(one, texts),
        }
        for one in drawn
        if one.recorded
    ]
    errors = [
        {
            "kind": one.model,
            "svg": _own(figures.error(one)),
            "title": texts.say("page.figure.error", {"model": MODEL_NAMES[one.model]}),
            "words": numbers.error_words(one, texts),
        }
        for one in drawn
        if any(value is not None for value in one.error)
    ]
    gates = [_gate(one, report, texts) for one in report.series if one.gate]
    return {
        "curves": curves,
        "errors": errors,
        "gates": [gate for gate in gates if gate is not None],
        "blind": bounds[0] < figures.BLIND,
        "drawn": figures.DRAWN,
    }


def _gate(one: Series, report: Report, texts: Catalogue) -> dict[str, Any] | None:
    from grader.report import figures

    said = list(numbers.gate_words(one, report, texts))
    if not said:
        return None
    return {
        "kind": one.model,
        "svg": _own(figures.gate(one)),
        "title": texts.say("page.figure.gate"),
        "words": " ".join(said),
        "table": numbers.gate_table(one, texts),
    }


def _own(svg: str) -> Markup:
    """Mark a picture of ours as what needs no escaping: it holds numbers only."""
    from markupsafe import Markup

    return Markup(svg)  # noqa: S704


def _environment(report: Report, texts: Catalogue) -> Iterator[tuple[str, str]]:
    values: Mapping[str, str] = {
        "grader": f"vangrad {__version__}",
        "rubric": report.rubric_sha256,
        **report.environment,
    }
    for name, value in values.items():
        yield texts.say(f"page.environment.{name}"), value
    yield texts.say("report.section.isolation"), words.isolation(report, texts)
