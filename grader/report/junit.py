"""The report as JUnit XML of the xunit2 family, as pytest writes it: for any CI that reads it.

A check is a test case; one more, the first, is the verdict, so that the file fails exactly where
the command does. What could not be looked at is skipped, a fault of the grader is an error.

Source: junit-10.xsd of Jenkins' xUnit plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.clean import xml
from grader.model import Language, Report, Verdict
from grader.report import words
from grader.report.rows import Row, Status, joined, overview, rows
from grader.texts import Catalogue, catalogue

if TYPE_CHECKING:
    from junitparser.xunit2 import TestCase

SUITE = "vangrad"
DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'


def render(report: Report, language: Language) -> str:
    """Return an XML document; it holds no times, for the same files give the same bytes."""
    from junitparser.xunit2 import JUnitXml, TestSuite

    texts = catalogue(language)
    suite = TestSuite(SUITE)
    for row in (_verdict(report, texts), *rows(report, texts)):
        suite.add_testcase(_case(row))
    document = JUnitXml(SUITE)
    document.add_testsuite(suite)
    document.update_statistics()
    written: bytes = document.tostring()
    return f"{DECLARATION}{written.decode()}\n"


def _verdict(report: Report, texts: Catalogue) -> Row:
    """Return a row that passes where the command's exit status is 0."""
    wrong: Status = "error" if report.verdict is Verdict.GRADER_ERROR else "failed"
    return Row(
        code="verdict",
        title=texts.say("report.row.verdict"),
        status=wrong if report.exit_status else "passed",
        points=report.points or 0,
        max_points=0 if report.points is None else 100,
        because="",
        lines=(words.headline(report, texts), *overview(report, texts)[1:]),
        file="",
    )


def _case(row: Row) -> TestCase:
    from junitparser import Error, Failure, Skipped
    from junitparser.xunit2 import TestCase

    # Readers that add up times need a number; how long it took is no part of a report.
    case = TestCase(xml(row.name), f"{SUITE}.{row.code.partition('.')[0]}", 0)
    kinds = {"failed": Failure, "error": Error, "skipped": Skipped}
    text = joined(xml(line) for line in row.lines)
    if row.status in kinds:
        result = kinds[row.status](xml(row.first), row.status)
        result.text = text
        case.result = [result]
    elif text:
        case.system_out = text
    return case
