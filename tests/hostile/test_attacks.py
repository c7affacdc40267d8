"""Hostile submissions: each attack does what its table says of each tier, and nothing more.

By default a few crews are tried, in the strongest tier here and, for what is known to be open, in
tier E; `pytest -m slow tests/hostile` and `python -m tests.hostile.matrix` try everything.
"""

import pytest

from grader.grading import grade
from grader.model import Outcome, Verdict
from tests.hostile.attacks import ALL
from tests.hostile.matrix import BEGIN, END, surprises, table, write_readme
from tests.hostile.model import Attack
from tests.hostile.staging import case_of, mark_of
from tests.hostile.tiers import KNOWN, is_offered
from tests.hostile.trial import attempt, crews

ALONE = ("forged-answer",)
"""What is tried alone in every run of the tests, in the strongest tier."""

ONCE_PASSED = (
    "saturated-at-zero",
    "false-state",
    "thousand-words",
    "opaque-gru-beside",
    "another-rnn",
)
"""Each was verified, with all points, until what it shows was closed."""

QUIET = [attack for attack in ALL if attack.quiet and attack.family != "exhaustion"]


def demand(tier: str, crew: list[Attack]) -> None:
    """Try attacks and hold every one to its table, in both directions."""
    if not is_offered(tier):
        pytest.skip(f"this machine does not offer tier {tier}")
    assert surprises({tier: attempt(tier, crew)}) == []


def strongest() -> str:
    return next((tier for tier in KNOWN if is_offered(tier)), "E")


def test_quiet_attacks_of_all_families_do_what_is_known_of_the_strongest_tier():
    demand(strongest(), QUIET)


@pytest.mark.slow
def test_quiet_attacks_that_tier_e_is_known_not_to_stop_still_succeed_there():
    demand("E", QUIET)


@pytest.mark.parametrize("name", ALONE)
def test_loud_attack_does_what_is_known_of_the_strongest_tier(name):
    demand(strongest(), [attack for attack in ALL if attack.name == name])


@pytest.mark.parametrize(
    "name", [*ONCE_PASSED[:2], *(pytest.param(n, marks=pytest.mark.slow) for n in ONCE_PASSED[2:])]
)
def test_wrong_gradient_that_once_passed_is_refused(name, tmp_path):
    attack = next(one for one in ALL if one.name == name)
    assert grade(case_of(attack).write(tmp_path)).verdict is Verdict.NOT_PASSED


@pytest.mark.parametrize(
    "name", ["numerical-central", pytest.param("numerical-complex", marks=pytest.mark.slow)]
)
def test_gradient_by_differences_passes_with_a_question(name, tmp_path):
    attack = next(one for one in ALL if one.name == name)
    report = grade(case_of(attack).write(tmp_path))
    asked = [(f.kind, f.outcome) for r in report.checks for f in r.findings if f.model == "rnn"]
    assert report.verdict is Verdict.PASSED
    assert ("numerical", Outcome.MANUAL) in asked


@pytest.mark.slow
@pytest.mark.parametrize("tier", KNOWN)
@pytest.mark.parametrize("crew", crews(ALL), ids=lambda crew: crew[0].name)
def test_attack_does_what_is_known_of_the_tier(crew, tier):
    demand(tier, crew)


def test_corpus_is_as_large_as_promised_and_names_each_attack_once():
    names = [attack.name for attack in ALL]
    assert len(names) == len(set(names)) >= 60
    assert len({mark_of(attack) for attack in ALL}) == len(names)


@pytest.mark.parametrize("attack", ALL, ids=lambda attack: attack.name)
def test_attack_that_is_not_stopped_says_why(attack):
    assert set(attack.open_in) <= set(KNOWN)
    assert bool(attack.open_in or attack.varies_in) == bool(attack.because)
    assert not set(attack.open_in) & set(attack.varies_in)
    assert attack.about


def test_attack_that_came_out_otherwise_is_noticed_in_both_directions():
    stopped, open_ = (
        next(a for a in ALL if ("E" in a.open_in) == known) for known in (False, True)
    )
    assert surprises({"E": {stopped.name: [], open_.name: ["made: x"]}}) == []
    told = surprises({"E": {stopped.name: ["made: x"], open_.name: []}})
    assert sorted(" no longer " in line for line in told) == [False, True]


def test_table_counts_what_succeeded():
    found = {"E": {attack.name: ["x"] if attack.open_in else [] for attack in ALL}}
    counted = sum(bool(attack.open_in) for attack in ALL)
    assert f"| **succeeded** | {len(ALL)} | {counted} |" in table(found)


def test_readme_has_a_place_for_the_table():
    from tests.hostile.arena import ROOT

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count(BEGIN) == text.count(END) == 1
    assert callable(write_readme)
