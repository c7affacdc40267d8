"""The report as the `result` of a step that GitHub Classroom's reporter reads: JSON in base64.

The reporter adds up the scores of the tests and sets them against `max_score`; without a score that
is 0, and it reports no points. It reads the result from an environment variable, whose length is
bounded, and prints names to the job's log.

Source: classroom-resources/autograding-grading-reporter, `ConsoleResults` and `NotifyClassroom`.
"""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from grader.model import Language, Report, Verdict
from grader.report.rows import Row, Status, fitted, joined, largest, overview, rows
from grader.texts import Catalogue, catalogue

LARGEST = 95_000
"""Bytes in base64; a variable of more than 128 KiB cannot be passed on."""

STATUS: dict[Status, str] = {
    "passed": "pass",
    "failed": "fail",
    "skipped": "fail",
    "error": "error",
}


def render(report: Report, language: Language) -> str:
    """Return one line of base64."""
    texts = catalogue(language)
    shown, listed = overview(report, texts), rows(report, texts)
    scored = report.points is not None
    wrong = "error" if report.verdict is Verdict.GRADER_ERROR else "fail"

    def build(limit: int) -> str:
        document = {
            "version": 1,
            "status": wrong if report.exit_status else "pass",
            "max_score": 100 if scored else 0,
            "output": joined(fitted(shown, limit, texts)),
            "tests": [_test(row, limit, texts, scored=scored) for row in listed],
        }
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return b64encode(text.encode()).decode() + "\n"

    return largest(LARGEST, build)


def _test(row: Row, limit: int, texts: Catalogue, *, scored: bool) -> dict[str, Any]:
    return {
        "name": row.name,
        "status": STATUS[row.status],
        "score": row.points if scored else 0,
        "message": joined(fitted(row.lines, limit, texts)),
        "test_code": "",
        "filename": row.file,
        "line_no": 0,
        "duration": 0,
    }
