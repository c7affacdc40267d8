"""The brief report: what is to be seen to, at its place, and nothing else."""

import io
import re
import sys

from grader.delivery import Delivery, deliver
from grader.grading import Options, grade
from grader.isolated import Isolation
from grader.model import CheckResult, Finding, Outcome
from grader.report import render
from grader.rubric import load_rubric
from grader.texts import catalogue
from tests.graded import graded
from tests.toys import report

PLACE = re.compile(r"([\w./-]+):(\d+): [a-z]+\.[a-z_]+ — ")


def of(finding, scope="full"):
    row = CheckResult("plot.annotation", finding.outcome, 0, 5, required=True, findings=(finding,))
    return render("brief", report(row, scope=scope), "en").splitlines()[1:]


def test_finding_stands_at_its_line():
    found = graded("orders")
    places = PLACE.findall(render("brief", found, "en"))
    assert places
    for file, line in places:
        assert file.rpartition("/")[2] in {graded_file.name for graded_file in found.files}
        assert int(line) > 0


def test_what_was_not_run_is_a_task_of_a_full_grade_only():
    missing = Finding("not_seen", Outcome.NOT_ASSESSED, file="decay.png")
    assert of(missing)
    assert of(missing, scope="files") == []


def test_right_submission_takes_one_line():
    assert len(render("brief", graded("right"), "en").splitlines()) == 1


def test_nothing_but_questions_is_left_out():
    whole = grade("experiments/14-vanishing-grad", Options(run=False))
    short = grade("experiments/14-vanishing-grad", Options(run=False, manual=False))
    left_out = {a.code for a, b in zip(whole.checks, short.checks, strict=True) if a != b}
    assert left_out == {code for code, row in load_rubric().rows.items() if row.manual}
    assert (short.verdict, short.exit_status) == (whole.verdict, whole.exit_status)


def test_weak_isolation_is_said_under_the_verdict():
    weak = Isolation("E", ("session",), ("network",), warnings=("unsafe",))
    lines = render("brief", report(isolation=weak), "en").splitlines()
    assert lines[1:] == [catalogue("en").say("isolation.warning.unsafe")]


def test_pipe_without_arrows_gets_marks_that_it_has(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", stream)
    deliver(graded("orders"), [Delivery("brief")], catalogue("en"), "auto")
    written = stream.buffer.getvalue().decode("cp1252")
    assert "  > " in written
    assert "\\u" not in written
