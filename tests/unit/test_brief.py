"""The brief report: what is to be seen to, at its place, and nothing else."""

import re

import pytest

from grader.clean import terminal
from grader.grading import Options, grade
from grader.model import WRONG, CheckResult, Finding, Outcome
from grader.report import render, words
from grader.rubric import load_rubric
from grader.texts import LANGUAGES, catalogue
from tests.graded import NAMES, graded
from tests.toys import report

PLACE = re.compile(r"([\w./-]+):(\d+): [a-z]+\.[a-z_]+ — ")
UNPRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b-\u200f]")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_all_that_is_wrong_is_told_and_nothing_else(name, language):
    found, texts = graded(name), catalogue(language)
    written = render("brief", found, language)
    assert written.splitlines()[0] == terminal(words.headline(found, texts))
    assert not UNPRINTABLE.search(written)
    for row in found.checks:
        for finding in row.findings:
            message = terminal(words.say(texts, row.code, finding).words.message)
            if finding.outcome in WRONG or finding.outcome is Outcome.GRADER_ERROR:
                assert message in written
            if finding.outcome in (Outcome.NOTE, Outcome.MANUAL):
                assert message not in written


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
