"""The report for Autolab: the text, and on the last line the score as JSON.

Autolab reads the last line of standard output and puts quotes around every `word:` in it before it
is parsed, so that no string there may hold a colon. A problem without a score is null: the feedback
is kept, and no score is made up.

Source: Autolab, AssessmentAutogradeHelper, `saveAutograde` and `parseAutoresult`.
"""

from __future__ import annotations

import json

from grader.model import Language, Report
from grader.report.rows import fitted, joined
from grader.report.text import render as render_text
from grader.texts import catalogue

PROBLEM = "Correctness"
"""The problem of the assessment that gets the points, as in Autolab's own examples."""

LARGEST = 500_000
"""Bytes; Tango keeps about one million of a job's output and cuts in the middle."""


def render(report: Report, language: Language) -> str:
    """Return the text report followed by the line that Autolab reads."""
    lines = render_text(report, language).splitlines()
    shown = fitted(lines, LARGEST, catalogue(language), lambda line: len(line.encode()))
    scores = {"scores": {PROBLEM: report.points}}
    return f"{joined(shown)}\n{json.dumps(scores, allow_nan=False)}\n"
