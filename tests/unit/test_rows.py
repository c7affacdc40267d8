"""Rows of a report for platforms that list tests: status, reason, and what is cut."""

import pytest

from grader.model import CheckResult, Finding, Outcome
from grader.report.rows import fitted, largest, rows
from grader.texts import catalogue
from tests.toys import report

EN = catalogue("en")
NOTE = Finding("from_root", Outcome.NOTE, file="bptt_norm.py")
RAISED = Finding(
    "raised", Outcome.STUDENT_ERROR, {"type": "E", "text": "no", "module": ""}, file="a.py", line=3
)


def one(outcome, *findings, **more):
    row = CheckResult("rerun.runs", outcome, 1, 3, required=True, findings=findings, **more)
    (found,) = rows(report(row), EN)
    return found


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.PASS, "passed"),
        (Outcome.MANUAL, "passed"),
        (Outcome.PARTIAL, "failed"),
        (Outcome.FAIL, "failed"),
        (Outcome.STUDENT_ERROR, "failed"),
        (Outcome.SKIPPED, "skipped"),
        (Outcome.NOT_ASSESSED, "skipped"),
        (Outcome.GRADER_ERROR, "error"),
    ],
)
def test_status_follows_the_outcome(outcome, status):
    assert one(outcome).status == status


def test_heaviest_finding_comes_first():
    row = one(Outcome.STUDENT_ERROR, NOTE, RAISED)
    assert row.file == "a.py"
    assert row.first.startswith("✗ a.py:3")
    assert [line[0] for line in row.lines if line[0] != "→"] == ["✗", "i"]


def test_prerequisite_that_failed_is_named():
    row = one(Outcome.SKIPPED, skipped_because=("gradient.steps", "gradient.head"))
    assert row.because == "not run: gradient.steps, gradient.head failed first"
    assert row.lines == (row.because,)


def test_model_that_was_not_looked_at_is_named():
    row = one(Outcome.SKIPPED, skipped_because=("gradient.steps",), skipped_models=("gru",))
    assert row.because.startswith("GRU: not run")


@pytest.mark.parametrize("limit", range(130, 400, 7))
def test_lines_are_kept_as_far_as_there_is_room(limit):
    lines = [f"{n} " + "x" * 60 for n in range(8)]
    shown = fitted(lines, limit, EN)
    assert sum(len(line) + 1 for line in shown) <= limit
    *kept, last = shown
    assert last.startswith("… ")
    whole = [line for line in kept if line in lines]
    assert whole == lines[: len(whole)]
    assert int(last.split()[1]) == len(lines) - len(whole)


def test_lines_that_fit_are_left_alone():
    assert fitted(["a", "b"], 4, EN) == ["a", "b"]


def test_first_line_is_cut_where_it_alone_is_too_long():
    shown = fitted(["é" * 500], 400, EN, lambda line: len(line.encode()))
    assert shown[0].startswith("éé")
    assert shown[0].endswith("…")
    assert shown[1].startswith("… 1 more")


@pytest.mark.parametrize("limit", [10, 11, 57, 100])
def test_largest_text_that_fits_is_built(limit):
    assert largest(limit, lambda n: "é" * min(n, 40)) == "é" * min(limit // 2, 40)
