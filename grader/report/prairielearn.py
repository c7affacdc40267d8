"""The report as PrairieLearn's `results/results.json`, at most 1 MiB.

What has no score (files alone were read, or the grader failed) cannot be graded there: PrairieLearn
then charges no attempt.

Source: PrairieLearn's documentation of external graders.
"""

from __future__ import annotations

from typing import Any

from grader.model import Language, Report
from grader.report import words
from grader.report.rows import Row, as_json, fitted, joined, largest, overview, rows
from grader.report.text import render as render_text
from grader.texts import Catalogue, catalogue

LARGEST = 1_000_000
"""Bytes; PrairieLearn drops what is more than 1 MiB (1 048 576)."""


def render(report: Report, language: Language) -> str:
    """Return the JSON document."""
    texts = catalogue(language)
    if report.points is None:
        return _ungraded(report, texts)
    score, headline = report.points / 100, words.headline(report, texts)
    shown, listed = overview(report, texts), rows(report, texts)

    def build(limit: int) -> str:
        document = {
            "gradable": True,
            "score": score,
            "message": headline,
            "output": joined(fitted(shown, limit, texts)),
            "tests": [_test(row, limit, texts) for row in listed],
        }
        return as_json(document)

    return largest(LARGEST, build)


def _ungraded(report: Report, texts: Catalogue) -> str:
    """Return a document without a score, with all that was found in one text."""
    headline = words.headline(report, texts)
    shown = render_text(report, texts.language).splitlines()

    def build(limit: int) -> str:
        output = joined(fitted(shown, limit, texts))
        document = {"gradable": False, "format_errors": [headline], "message": headline}
        return as_json({**document, "output": output})

    return largest(LARGEST, build)


def _test(row: Row, limit: int, texts: Catalogue) -> dict[str, Any]:
    return {
        "name": row.code,
        "description": row.title,
        "points": row.points,
        "max_points": row.max_points,
        "message": row.because,
        "output": joined(fitted(row.lines, limit, texts)),
    }
