"""The report as Gradescope's `results/results.json`.

Gradescope knows only "passed" and "failed", so that what was not looked at has failed, with the
reason. Every text is plain: nothing of a submission becomes HTML or Markdown. Where the grader
gives no score the file holds none, and Gradescope says that grading failed.

Source: Gradescope's autograder specifications.
"""

from __future__ import annotations

from typing import Any

from grader.model import Language, Report
from grader.report.rows import Row, as_json, fitted, joined, largest, overview, rows
from grader.texts import Catalogue, catalogue
from grader.version import __version__

LARGEST = 1_000_000
"""Bytes; Gradescope names no limit, and pages of more are of no use to anyone."""


def render(report: Report, language: Language) -> str:
    """Return the JSON document."""
    texts = catalogue(language)
    shown, listed = overview(report, texts), rows(report, texts)

    def build(limit: int) -> str:
        tests = [_test(number, row, limit, texts) for number, row in enumerate(listed, 1)]
        output = joined(fitted(shown, limit, texts))
        return as_json(_document(report, output, tests))

    return largest(LARGEST, build)


def _document(report: Report, output: str, tests: list[dict[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {
        "output": output,
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
        "extra_data": {
            "verdict": report.verdict.value,
            "exit_status": report.exit_status,
            "grader_version": __version__,
            "rubric_sha256": report.rubric_sha256,
        },
    }
    if report.points is None:
        return document
    scored = [
        {**test, "score": result.points, "max_score": result.max_points}
        for test, result in zip(tests, report.checks, strict=True)
    ]
    return {"score": report.points, **document, "tests": scored}


def _test(number: int, row: Row, limit: int, texts: Catalogue) -> dict[str, Any]:
    return {
        "number": str(number),
        "name": row.name,
        "status": "passed" if row.status == "passed" else "failed",
        "output": joined(fitted(row.lines, limit, texts)),
        "output_format": "text",
        "tags": [row.code.partition(".")[0]],
        "visibility": "visible",
    }
