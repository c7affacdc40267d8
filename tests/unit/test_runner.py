"""The runner: prerequisites, points, and faults of ours that never cost a student anything."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import runner
from grader.apart import TEXTS
from grader.model import KINDS, SEVERITY, CheckResult, Finding, Outcome, Verdict
from grader.rubric import Row, Rubric, load_rubric
from tests.toys import material

MATERIAL = material()


def graded(monkeypatch, *rows, scope="full", **checks):
    """Run toy checks, given by what they find; return the results by code."""

    def find(code):
        found = checks.get(code.partition(".")[2], ())
        return found if callable(found) else lambda _: iter(found)

    monkeypatch.setattr(runner, "find_check", find)
    rubric = Rubric({row.code: row for row in rows}, {}, "")
    results = runner.run_checks(MATERIAL, rubric, scope)
    return {result.code: result for result in results}


def row(name, points=10, *requires, **more):
    return Row(f"toy.{name}", points, requires=tuple(f"toy.{need}" for need in requires), **more)


@pytest.mark.parametrize("code", load_rubric().rows)
def test_check_of_every_row_is_found(code):
    assert runner.find_check(code).__name__ == code.partition(".")[2]


def test_results_come_in_the_order_of_the_rubric(monkeypatch):
    results = graded(monkeypatch, row("late", 10, "early"), row("early"))
    assert list(results) == ["toy.late", "toy.early"]


def test_check_without_findings_passes_with_all_points(monkeypatch):
    result = graded(monkeypatch, row("one"))["toy.one"]
    assert (result.outcome, result.points) == (Outcome.PASS, 10)


@pytest.mark.parametrize(
    ("finding", "outcome", "points"),
    [
        (Finding("k"), Outcome.FAIL, 0),
        (Finding("k", keeps=0.5), Outcome.PARTIAL, 5),
        (Finding("k", Outcome.PARTIAL, keeps=0.34), Outcome.PARTIAL, 3),
        (Finding("k", Outcome.STUDENT_ERROR), Outcome.STUDENT_ERROR, 0),
        (Finding("k", Outcome.NOT_ASSESSED), Outcome.NOT_ASSESSED, 0),
        (Finding("k", Outcome.NOTE), Outcome.PASS, 10),
        (Finding("k", Outcome.MANUAL), Outcome.MANUAL, 10),
    ],
)
def test_finding_decides_outcome_and_points(monkeypatch, finding, outcome, points):
    result = graded(monkeypatch, row("one"), one=[finding])["toy.one"]
    assert (result.outcome, result.points) == (outcome, points)


def test_heaviest_finding_decides_and_all_are_kept(monkeypatch):
    found = [Finding("a", Outcome.NOTE), Finding("b"), Finding("c", Outcome.PARTIAL, keeps=0.5)]
    result = graded(monkeypatch, row("one"), one=found)["toy.one"]
    assert (result.outcome, result.findings) == (Outcome.FAIL, tuple(found))


def test_same_share_lost_twice_is_lost_once(monkeypatch):
    found = [Finding("a", keeps=0.5), Finding("b", keeps=0.5)]
    assert graded(monkeypatch, row("one"), one=found)["toy.one"].points == 5


def test_third_of_three_points_is_one_whole_point(monkeypatch):
    found = [Finding("k", keeps=1.0 / 3.0)]
    assert graded(monkeypatch, row("one", 3), one=found)["toy.one"].points == 1


@pytest.mark.parametrize(("per_model", "points"), [(True, 5), (False, 0)])
def test_finding_about_one_model_costs_half_where_the_row_splits(monkeypatch, per_model, points):
    result = graded(monkeypatch, row("one", per_model=per_model), one=[Finding("k", model="rnn")])
    assert result["toy.one"].points == points


def test_finding_about_no_model_costs_both_halves(monkeypatch):
    results = graded(monkeypatch, row("one", per_model=True), one=[Finding("k")])
    assert results["toy.one"].points == 0


@pytest.mark.parametrize(
    "outcome", [Outcome.FAIL, Outcome.STUDENT_ERROR, Outcome.NOT_ASSESSED, Outcome.SKIPPED]
)
def test_check_behind_a_failed_one_is_skipped_and_names_it(monkeypatch, outcome):
    rows = row("one"), row("two", 10, "one")
    results = graded(monkeypatch, *rows, one=[Finding("k", outcome)], two=[Finding("never")])
    result = results["toy.two"]
    assert (result.points, result.findings) == (0, ())
    assert result.skipped_because == ("toy.one",)


@pytest.mark.parametrize("outcome", [Outcome.NOTE, Outcome.PARTIAL, Outcome.MANUAL])
def test_check_behind_a_mild_finding_is_looked_at(monkeypatch, outcome):
    rows = row("one"), row("two", 10, "one")
    results = graded(monkeypatch, *rows, one=[Finding("k", outcome, keeps=0.5)])
    assert results["toy.two"].outcome is Outcome.PASS


def test_failing_check_that_keeps_a_share_still_closes_what_stands_behind(monkeypatch):
    rows = row("one"), row("two", 10, "one")
    assert graded(monkeypatch, *rows, one=[Finding("k", keeps=0.5)])["toy.two"].outcome == "skipped"


def test_skipped_check_closes_what_stands_behind_it(monkeypatch):
    rows = row("one"), row("two", 10, "one"), row("three", 10, "two")
    result = graded(monkeypatch, *rows, one=[Finding("k")])["toy.three"]
    assert (result.outcome, result.skipped_because) == (Outcome.SKIPPED, ("toy.two",))


def test_other_model_is_looked_at_behind_a_failure_of_one(monkeypatch):
    rows = row("one", per_model=True), row("two", 10, "one", per_model=True)
    found = [Finding("k", model="rnn"), Finding("k", Outcome.NOTE, model="gru")]
    result = graded(monkeypatch, *rows, one=[Finding("k", model="rnn")], two=found)["toy.two"]
    assert (result.outcome, result.points, result.findings) == (Outcome.SKIPPED, 5, (found[1],))
    assert result.skipped_because == ("toy.one",)


def test_open_model_still_loses_its_half_behind_a_failure_of_the_other(monkeypatch):
    rows = row("one", per_model=True), row("two", 10, "one", per_model=True)
    found = {"one": [Finding("k", model="rnn")], "two": [Finding("k", model="gru")]}
    result = graded(monkeypatch, *rows, **found)["toy.two"]
    assert (result.outcome, result.points) == (Outcome.FAIL, 0)


def test_one_failed_model_closes_a_check_that_needs_both(monkeypatch):
    rows = row("one", per_model=True), row("two", 10, "one")
    result = graded(monkeypatch, *rows, one=[Finding("k", model="gru")])["toy.two"]
    assert (result.outcome, result.points) == (Outcome.SKIPPED, 0)


def test_failures_of_different_prerequisites_are_all_named(monkeypatch):
    rows = row("a", per_model=True), row("b", per_model=True), row("c", 10, "a", "b")
    found = {"a": [Finding("k", model="rnn")], "b": [Finding("k", model="gru")]}
    assert graded(monkeypatch, *rows, **found)["toy.c"].skipped_because == ("toy.a", "toy.b")


def test_check_that_needs_a_run_is_not_assessed_from_files(monkeypatch):
    rows = row("one", needs_run=True), row("two", 10, "one")
    results = graded(monkeypatch, *rows, scope="files", one=[Finding("k")])
    outcomes = [(result.outcome, result.points) for result in results.values()]
    assert outcomes == [(Outcome.NOT_ASSESSED, 0)] * 2


def test_check_behind_a_wrong_one_is_skipped_even_where_another_is_not_assessed(monkeypatch):
    rows = row("run", needs_run=True), row("one"), row("two", 10, "run", "one")
    results = graded(monkeypatch, *rows, scope="files", one=[Finding("k")])
    assert results["toy.two"].outcome is Outcome.SKIPPED


def broken(_):
    yield Finding("before", Outcome.NOTE)
    raise ZeroDivisionError("0 / 0")


def test_crash_of_a_check_is_a_fault_of_ours_and_keeps_what_was_found(monkeypatch):
    result = graded(monkeypatch, row("one"), one=broken)["toy.one"]
    before, fault = result.findings
    assert result.outcome is fault.outcome is Outcome.GRADER_ERROR
    assert before.kind == "before"
    assert fault.data["error"] == "ZeroDivisionError: 0 / 0"
    assert fault.data["place"].startswith("broken:")


def test_crash_of_a_check_leaves_the_others_alone(monkeypatch):
    results = graded(monkeypatch, row("one"), row("two"), row("three", 10, "one"), one=broken)
    assert results["toy.two"].points == 10
    assert results["toy.three"].outcome is Outcome.SKIPPED


def test_row_without_a_function_is_a_fault_of_ours():
    results = runner.run_checks(MATERIAL, Rubric({"toy.one": row("one")}, {}, ""), "full")
    assert results[0].outcome is Outcome.GRADER_ERROR


def test_interrupt_is_not_swallowed(monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        graded(monkeypatch, row("one"), one=interrupted)


def result(outcome, *findings, code="toy.one", required=True):
    return CheckResult(code, outcome, 0, 10, required, findings)


WRONG = result(Outcome.FAIL, Finding("k"))
MILD = result(Outcome.FAIL, Finding("k"), required=False)
OPEN = result(Outcome.NOT_ASSESSED, Finding("k", Outcome.NOT_ASSESSED))
RIGHT = result(Outcome.PASS)
FAULT = result(Outcome.GRADER_ERROR, Finding("grader_error", Outcome.GRADER_ERROR))
RUN_WRONG = result(Outcome.FAIL, Finding("k"), code="rerun.runs", required=False)


@pytest.mark.parametrize(
    ("results", "scope", "enough", "verdict"),
    [
        ([RIGHT], "full", True, Verdict.PASSED),
        ([RIGHT], "full", False, Verdict.NOT_PASSED),
        ([RIGHT, result(Outcome.MANUAL)], "full", True, Verdict.PASSED),
        ([RIGHT, MILD], "full", True, Verdict.PASSED),
        ([RIGHT, WRONG], "full", True, Verdict.NOT_PASSED),
        ([RIGHT, OPEN], "full", True, Verdict.NOT_VERIFIED),
        ([RIGHT, OPEN], "full", False, Verdict.NOT_VERIFIED),
        ([OPEN, MILD], "full", True, Verdict.NOT_VERIFIED),
        ([OPEN, WRONG], "full", True, Verdict.NOT_PASSED),
        ([OPEN, RUN_WRONG], "full", True, Verdict.NOT_PASSED),
        ([RIGHT, RUN_WRONG], "full", True, Verdict.PASSED),
        ([result(Outcome.SKIPPED)], "full", True, Verdict.NOT_VERIFIED),
        ([result(Outcome.PARTIAL, Finding("k", Outcome.PARTIAL))], "full", True, "not_passed"),
        ([RIGHT, OPEN], "files", True, Verdict.FILES_CONSISTENT),
        ([RIGHT, MILD], "files", True, Verdict.FILES_INCONSISTENT),
        ([RIGHT, FAULT], "full", True, Verdict.GRADER_ERROR),
        ([WRONG, FAULT], "files", True, Verdict.GRADER_ERROR),
    ],
)
def test_verdict_follows_what_is_required(results, scope, enough, verdict):
    assert runner.verdict_of(results, scope, enough=enough) == verdict


findings = st.lists(
    st.builds(
        Finding,
        kind=st.just("k"),
        outcome=st.sampled_from([o for o in SEVERITY if o not in ("pass", "skipped")]),
        model=st.sampled_from([None, *KINDS]),
        keeps=st.sampled_from([0.0, 1.0 / 3.0, 0.5]),
    ),
    max_size=4,
)


def score(monkeypatch, found):
    rows = (
        row("one", per_model=True),
        row("two", 7, "one", per_model=True),
        row("three", 3, "two"),
    )
    results = graded(monkeypatch, *rows, **found)
    return sum(result.points for result in results.values())


@given(st.tuples(findings, findings, findings), findings, st.integers(0, 2))
def test_further_finding_never_raises_a_score(three, more, place):
    names = ("one", "two", "three")
    before = dict(zip(names, three, strict=True))
    after = {**before, names[place]: [*before[names[place]], *more]}
    with pytest.MonkeyPatch.context() as patch:
        assert score(patch, after) <= score(patch, before)


def test_every_outcome_has_a_weight_of_its_own():
    weights = [SEVERITY.index(outcome) for outcome in Outcome]
    assert all(a < b for a, b in itertools.pairwise(weights))


def test_check_that_only_asks_can_be_left_out(monkeypatch):
    rubric = Rubric({"toy.one": row("one", 0, manual=True), "toy.two": row("two")}, {}, "")
    monkeypatch.setattr(
        runner, "find_check", lambda _: lambda _: iter([Finding("x", Outcome.MANUAL)])
    )
    asked = runner.run_checks(MATERIAL, rubric, "full")
    left = runner.run_checks(replace(MATERIAL, manual=False), rubric, "full")
    assert [one.outcome for one in asked] == [Outcome.MANUAL, Outcome.MANUAL]
    assert [one.outcome for one in left] == [Outcome.NOT_ASSESSED, Outcome.MANUAL]


def test_what_is_waited_for_comes_last_and_stands_where_it_did(monkeypatch):
    seen = []
    rubric = Rubric(
        {row.code: row for row in (row("late"), row("next", 10, "late"), row("other"))}, {}, ""
    )

    def seek(code, _):
        seen.append(code)
        return ()

    found = runner.run_checks(MATERIAL, rubric, "full", seek, last=[{"toy.late"}])
    assert seen == ["toy.other", "toy.late", "toy.next"]  # what requires it waits with it
    assert [one.code for one in found] == ["toy.late", "toy.next", "toy.other"]
    seen.clear()
    runner.run_checks(MATERIAL, rubric, "full", seek, last=[{"toy.other"}, {"toy.late"}])
    assert seen == ["toy.other", "toy.late", "toy.next"]
    seen.clear()
    runner.run_checks(MATERIAL, rubric, "full", seek, last=[{"toy.late"}, {"toy.other"}])
    assert seen == ["toy.late", "toy.next", "toy.other"]


def test_nothing_waits_for_what_is_read_apart():
    rows = load_rubric().rows
    assert set(TEXTS) == {c for c in rows if c.startswith(("readme.", "constraints."))}
    assert all(set(TEXTS).isdisjoint(rows[code].requires) for code in rows if code not in TEXTS)
