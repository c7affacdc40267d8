"""The grader over the whole corpus: no right submission refused, no wrong one passed.

By default what files alone decide is graded from files, hands and mistakes planted by rule are left
to `python -m grader selfcheck`, which grades each once, and of the others some are graded in full,
chosen by the hash of their names. `pytest -m slow` grades every case in full.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from grader import corpus
from grader.corpus import right_documents
from grader.corpus.catalog import diagnosed_as
from grader.corpus.judging import failing, judge
from grader.corpus.model import Case
from grader.corpus.styles import PLANTS
from grader.grading import Options, grade
from grader.model import Report
from grader.selfcheck.trials import trials

Written = Callable[[Case], Path]
TIMEOUT_S = 60.0
ENDLESS_S = 8.0
"""For scripts that are to be ended: nothing is judged that a busy machine could be late for."""

FILE_FAMILIES = ("files.", "decay.", "manifest.", "constraints.", "plot.", "readme.", "stop.")
NEEDS_RUN = {
    "manifest.radius",
    "manifest.config",
    "constraints.same_inputs",
    "plot.fresh",
    "plot.annotation",
}


def decided_by_files(case: Case) -> bool:
    """Say whether what a case is wrong in can be seen without running anything."""
    if case.expect.verdict is None and "plot.curves" in case.expect.any_of:
        return False  # what pixels leave open, the figure of a run may tell
    codes = case.expect.codes | case.expect.any_of
    return bool(codes) and all(c.startswith(FILE_FAMILIES) and c not in NEEDS_RUN for c in codes)


def is_planted(case: Case) -> bool:
    """Say whether the selfcheck plants this mistake, in this hand or in another."""
    return case.name.removeprefix(f"{case.style}-") in PLANTS.get(case.style, ())


def names_its_mistakes(case: Case, report: Report) -> None:
    """Demand a diagnosis of every mistake planted, and of no other."""
    wanted = set(corpus.mistakes_in(case))
    told = {name for d in report.diagnoses for names in d.candidates[:1] for name in names}
    if wanted or case.name.startswith("hand-"):
        assert told == wanted


def named(cases: list[Case]) -> list[object]:
    """Return the cases as parameters, each under its own name."""
    return [pytest.param(case, id=case.name) for case in cases]


EXTREME_RIGHT, EXTREME_WRONG = corpus.extreme()
RIGHT, WRONG_CASES = corpus.right() + EXTREME_RIGHT, corpus.wrong() + EXTREME_WRONG
DOCUMENTS = {case.name for case in right_documents.cases()}
SCRIPTS = [case for case in RIGHT if case.name not in DOCUMENTS]
SAMPLE = [case for case in WRONG_CASES if not is_planted(case)]


def some(cases: list[Case], one_in: int) -> list[Case]:
    """Return about one in so many cases, the same ones every time."""
    return [c for c in cases if hashlib.sha256(c.name.encode()).digest()[0] % one_in == 0]


def test_planted_mistakes_are_all_graded_by_the_quick_selfcheck():
    left_out = {c.name.removeprefix(f"{c.style}-") for c in WRONG_CASES if is_planted(c)}
    graded = {name for trial in trials("quick", 1) for name in trial.names}
    assert {diagnosed_as(name) for name in left_out} <= graded


def options(case: Case) -> Options:
    ends = "rerun.runs" not in case.expect.codes
    return Options(timeout_s=TIMEOUT_S if ends else ENDLESS_S)


def is_not_refused(case: Case, tmp_path: Path) -> None:
    report = grade(case.write(tmp_path), options(case))
    assert judge(case, report).faults == ()
    assert report.diagnoses == ()


@pytest.mark.parametrize("case", named(some(SCRIPTS, 48)))
def test_right_submission_is_not_refused(case: Case, tmp_path: Path):
    is_not_refused(case, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("case", named(RIGHT))
def test_no_right_submission_is_refused(case: Case, tmp_path: Path):
    is_not_refused(case, tmp_path)


@pytest.mark.parametrize("case", named([c for c in RIGHT if c.name in DOCUMENTS]))
def test_right_document_is_not_refused(case: Case, tmp_path: Path):
    report = grade(case.write(tmp_path), Options(run=False))
    assert failing(report) == set()
    assert report.exit_status == 0


@pytest.mark.parametrize("case", named(some([c for c in SAMPLE if not decided_by_files(c)], 32)))
def test_wrong_submission_is_found_out(case: Case, tmp_path: Path):
    report = grade(case.write(tmp_path), options(case))
    assert judge(case, report).faults == ()
    names_its_mistakes(case, report)


@pytest.mark.parametrize("case", named([c for c in SAMPLE if decided_by_files(c)]))
def test_wrong_files_are_found_out_without_running(case: Case, tmp_path: Path):
    report = grade(case.write(tmp_path), Options(run=False))
    expect, found = case.expect, failing(report)
    assert expect.codes <= found
    assert not expect.any_of or expect.any_of & found
    assert not expect.absent & found
    assert report.exit_status == 1


@pytest.mark.slow
@pytest.mark.parametrize("case", named(WRONG_CASES))
def test_every_wrong_submission_is_found_out(case: Case, tmp_path: Path):
    report = grade(case.write(tmp_path), options(case))
    assert judge(case, report).faults == ()
    names_its_mistakes(case, report)
