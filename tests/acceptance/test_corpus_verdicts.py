"""The grader over the whole corpus: no right submission refused, no wrong one passed.

By default every right submission and one hand for each planted mistake are graded in full, and what
files alone decide is graded from files. `pytest -m slow` grades every case in full.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from grader import corpus
from grader.corpus.judging import failing, judge
from grader.corpus.model import Case
from grader.corpus.styles import PLANTS
from grader.grading import Options, grade
from grader.model import Report

Written = Callable[[Case], Path]
TIMEOUT_S = 8.0
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
    codes = case.expect.codes
    return bool(codes) and all(c.startswith(FILE_FAMILIES) and c not in NEEDS_RUN for c in codes)


def one_hand_each(cases: list[Case]) -> list[Case]:
    """Return each planted mistake in one hand only, chosen by the hash of its name."""
    hands: dict[str, list[Case]] = defaultdict(list)
    rest = []
    for case in cases:
        mistake = case.name.removeprefix(f"{case.style}-")
        planted = case.style in PLANTS and mistake in PLANTS[case.style]
        (hands[mistake] if planted else rest).append(case)
    chosen = [
        sorted(group, key=lambda case: hashlib.sha256(case.name.encode()).hexdigest())[0]
        for group in hands.values()
    ]
    return [*chosen, *rest]


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
SAMPLE = one_hand_each(WRONG_CASES)


@pytest.mark.parametrize("case", named(RIGHT))
def test_right_submission_is_not_refused(case: Case, tmp_path: Path):
    report = grade(case.write(tmp_path), Options(timeout_s=TIMEOUT_S))
    assert judge(case, report).faults == ()
    assert report.diagnoses == ()


@pytest.mark.parametrize("case", named([c for c in SAMPLE if not decided_by_files(c)]))
def test_wrong_submission_is_found_out(case: Case, tmp_path: Path):
    report = grade(case.write(tmp_path), Options(timeout_s=TIMEOUT_S))
    assert judge(case, report).faults == ()
    names_its_mistakes(case, report)


@pytest.mark.parametrize("case", named([c for c in SAMPLE if decided_by_files(c)]))
def test_wrong_files_are_found_out_without_running(case: Case, tmp_path: Path):
    report = grade(case.write(tmp_path), Options(run=False))
    assert case.expect.codes <= failing(report)
    assert not case.expect.absent & failing(report)
    assert report.exit_status == 1


@pytest.mark.slow
@pytest.mark.parametrize("case", named(WRONG_CASES))
def test_every_wrong_submission_is_found_out(case: Case, tmp_path: Path):
    report = grade(case.write(tmp_path), Options(timeout_s=TIMEOUT_S))
    assert judge(case, report).faults == ()
    names_its_mistakes(case, report)
