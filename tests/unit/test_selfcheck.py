"""The report card: what it counts, how sure it is, and that a wrong verdict turns it red."""

import json
import math

import pytest

from grader import selfcheck
from grader.cli import main
from grader.corpus import by_name
from grader.corpus.judging import judge
from grader.grading import Options, grade
from grader.selfcheck.bounds import clopper_pearson
from grader.selfcheck.card import card
from grader.selfcheck.running import Graded, graded
from grader.selfcheck.trials import trials


def one(name="a", *, right=False, planted=(), said=(), verdict="not_passed", **other):
    known = {"accepted": False, "refused": False, "faults": (), "level": "probe", "seconds": 1.0}
    known |= {"offers_functions": True, **other}
    return Graded(name=name, right=right, planted=planted, said=said, verdict=verdict, **known)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        # Clopper and Pearson's own closed forms at the ends.
        (0, 10, 0.0, 1 - 0.025 ** (1 / 10)),
        (10, 10, 0.025 ** (1 / 10), 1.0),
        (0, 2000, 0.0, 1 - 0.025 ** (1 / 2000)),
        # NIST/SEMATECH e-Handbook, section 7.2.4.1: 4 of 20, at 90 %.
        (0, 0, 0.0, 1.0),
    ],
)
def test_interval_is_exact(hits, trials, low, high):
    assert clopper_pearson(hits, trials) == pytest.approx((low, high), abs=1e-12)


def test_interval_of_the_handbook():
    assert clopper_pearson(4, 20, 0.90) == pytest.approx((0.071354, 0.401029), abs=1e-6)


@pytest.mark.parametrize(("hits", "trials"), [(3, 17), (8, 9), (1, 500)])
def test_interval_leaves_half_of_the_doubt_on_each_side(hits, trials):
    low, high = clopper_pearson(hits, trials)

    def at_most(k, p):
        return sum(math.comb(trials, i) * p**i * (1 - p) ** (trials - i) for i in range(k + 1))

    assert 1 - at_most(hits - 1, low) == pytest.approx(0.025, rel=1e-9)
    assert at_most(hits, high) == pytest.approx(0.025, rel=1e-9)


@pytest.mark.parametrize("hits", [-1, 3])
def test_impossible_counts_are_refused(hits):
    with pytest.raises(ValueError, match="of 2"):
        clopper_pearson(hits, 2)


def test_card_counts_each_error_where_it_belongs():
    found = card([
        one("right", right=True, verdict="passed"),
        one("refused", right=True, refused=True, faults=("f",), said=((("head-sign",),),)),
        one("bare", right=True, verdict="passed", level="lifted", offers_functions=False),
        one("lost", right=True, verdict="not_verified", level="rerun", offers_functions=False),
        one("named", planted=("head-sign",), said=((("head-sign",),),)),
        one("either", planted=("head-sign",), said=((("head-ones",), ("head-sign",)),)),
        one("silent", planted=("head-sign",)),
        one("pair", planted=("a", "b"), said=((("a",),), (("c",), ("b",)))),
        one("half", planted=("a", "b"), said=((("a",),),)),
        one("accepted", accepted=True, verdict="passed", faults=("f",)),
    ])  # fmt: skip
    assert (found.accepted.hits, found.accepted.trials) == (1, 6)
    assert (found.refused.hits, found.refused.trials) == (1, 4)
    assert (found.accused.hits, found.accused.trials) == (1, 4)
    assert (found.singles.hits, found.singles.trials) == (1, 3)
    assert (found.pairs.hits, found.pairs.trials) == (1, 2)
    assert (found.lifted.hits, found.lifted.trials) == (1, 2)
    assert found.confusion == {
        ("head-sign", "head-sign"): 1,
        ("head-sign", "head-ones"): 1,
        ("head-sign", "-"): 1,
    }
    assert [g.name for g in found.faulty] == ["refused", "accepted"]
    assert not found.sound


RIGHT = one("right", right=True, verdict="passed")
NAMED = one("named", planted=("head-sign",), said=((("head-sign",),),))
UNNAMED = one("unnamed", planted=("head-sign",))


@pytest.mark.parametrize(
    ("trials", "sound", "missed"),
    [
        ([RIGHT, NAMED], True, ()),
        ([RIGHT, *[NAMED] * 49, UNNAMED], True, ()),
        ([RIGHT, *[NAMED] * 48, UNNAMED], False, ("singles",)),
        ([one("diagnosed", right=True, said=((("head-sign",),),)), NAMED], False, ()),
        ([one("lost", right=True, offers_functions=False), NAMED], False, ("lifted",)),
        ([one("pair", planted=("a", "b"), said=((("a",),),))], False, ("pairs",)),
    ],
)
def test_card_is_sound_only_with_enough_named_and_nothing_right_diagnosed(trials, sound, missed):
    found = card(trials)
    assert (found.sound, found.missed) == (sound, missed)


def test_quick_profile_has_every_hand_and_every_mistake_once():
    found = list(trials("quick", 1))
    assert len({trial.case.name for trial in found}) == len(found)
    assert {trial.case.name for trial in found if trial.right} >= {"right-flat", "right-columns"}
    assert all(len(trial.names) == 1 for trial in found if not trial.right)


def test_full_profile_has_two_thousand_and_all_kinds():
    found = list(trials("full", 8))
    assert len(found) >= 2000
    assert len({trial.case.name for trial in found}) == len(found)
    assert any(len(trial.names) == 2 for trial in found)
    assert sum(trial.right for trial in found) >= 100


def test_seeds_are_in_the_source_and_in_the_manifest(tmp_path):
    trial = next(t for t in trials("quick", 2) if t.case.name.startswith("right-rows-seed"))
    folder = trial.case.write(tmp_path)
    seed = trial.case.base.seed
    assert seed != 42
    assert str(seed) in (folder / "bptt_norm.py").read_text(encoding="utf-8")
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["seed"] == seed


@pytest.mark.slow
def test_trial_is_graded_as_a_submission_is():
    numbers = {trial.case.name: n for n, trial in enumerate(trials("quick", 1))}
    right = graded("quick", 1, numbers["right-flat"])
    assert (right.verdict, right.level, right.faults) == ("passed", "lifted", ())
    assert right.seconds > 0
    wrong = graded("quick", 1, len(numbers) - 1)
    assert wrong.named_first
    assert wrong.faults == ()


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("right-flat", "refused"),
        pytest.param("rows-norm-l1", "accepted", marks=pytest.mark.slow),
    ],
)
def test_judge_knows_both_kinds_of_wrong_verdict(tmp_path, name, wanted):
    case = by_name(name)
    other = by_name("rows-norm-l1" if name == "right-flat" else "right-flat")
    report = grade(other.write(tmp_path), Options(timeout_s=30.0))
    judgement = judge(case, report)
    assert getattr(judgement, wanted)
    assert judgement.faults


@pytest.mark.parametrize("form", [[], ["--json"], ["--lang", "es"]])
@pytest.mark.parametrize("faults", [(), ("verdict passed, expected not_passed",)])
def test_command_turns_red_on_any_wrong_verdict(monkeypatch, capsys, form, faults):
    some = [one("rows-norm-l1", planted=("record-l1",), said=((("record-l1",),),), faults=faults)]
    monkeypatch.setattr(selfcheck, "run", lambda *_: iter(some))
    assert main(["selfcheck", *form]) == (1 if faults else 0)
    out = capsys.readouterr().out
    if form == ["--json"]:
        document = json.loads(out)
        assert document["sound"] is not bool(faults)
        assert document["shares"]["singles"]["hits"] == 1
        assert [f["name"] for f in document["faulty"]] == (["rows-norm-l1"] if faults else [])
    else:
        assert ("rows-norm-l1" in out) == bool(faults)
        assert "1" in out


def test_share_that_falls_short_is_said_and_fails_the_command(monkeypatch, capsys):
    monkeypatch.setattr(selfcheck, "run", lambda *_: iter([RIGHT, UNNAMED]))
    assert main(["selfcheck", "--lang", "en"]) == 1
    assert "98 %" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [["--seeds", "0"], ["--seeds", "x"], ["--profile", "huge"], ["--jobs", "-1"]]
)
def test_wrong_usage_is_said_in_one_line(capsys, words):
    with pytest.raises(SystemExit) as stopped:
        main(["selfcheck", *words])
    assert stopped.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
