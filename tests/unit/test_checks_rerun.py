"""The checks of the fresh runs, on runs made by hand: each finding, and the run beside it."""

import json
import tomllib
from importlib import resources

import numpy as np
import pytest

from grader.checks import rerun
from grader.facts import Raised
from grader.model import KINDS, Outcome
from grader.texts import LANGUAGES, catalogue
from tests.toys import SCRIPT, decay, facts, loaded, material, run, runs

G = {"rnn": np.geomspace(1e-11, 0.3, 50), "gru": np.geomspace(1e-3, 0.3, 50)}
WROTE = decay(*G.values())


def wrote(place="folder", **curves):
    """Return a run that wrote G, with some curves otherwise."""
    norms = {kind: list(g) for kind, g in {**G, **curves}.items() if g is not None}
    text = json.dumps(norms).encode()
    return run(artefacts={"decay.json": text, "decay.png": b"1"}, place=place)


def near(kind="rnn", t=7, factor=1.0 + 1e-5):
    """Return one curve with one value off."""
    g = G[kind].copy()
    g[t] *= factor
    return {kind: g}


def ran(first=None, second=None, **changes):
    return material(run=runs(first or wrote(), second), decay=WROTE, **changes)


def raising(kind="ValueError", text="no", module="", file="", line=0, refused=""):
    return run("raised", raised=Raised(kind, text, file, line, module, refused), artefacts={})


def script(text):
    return {SCRIPT: loaded(SCRIPT, text)}


def reaching(what):
    """Return the material with a script that extends its import path."""
    extended = script("import sys\nsys.path.append('..')\nimport lab02\n")
    submission = what.submission
    return material(
        run=what.run,
        submission=type(submission)(submission.directory, submission.root, {}, extended, ()),
    )


def found(check, what):
    return list(getattr(rerun, check)(what))


def kinds(check, what):
    return [finding.kind for finding in found(check, what)]


MISSING = raising("ModuleNotFoundError", "No module named 'lab02'", "lab02")
ONLY = {name: {name: b"1"} for name in ("decay.json", "decay.png")}

CASES = {
    ("runs", "not_run"): (material(run=None), ran()),
    ("runs", "raised"): (ran(raising()), ran()),
    ("runs", "memory"): (ran(run("memory", raised=Raised("MemoryError", ""))), ran()),
    ("runs", "exit"): (ran(run("exit", 3)), ran(run("", 0))),
    ("runs", "silent"): (ran(run("silent", 1)), ran()),
    ("runs", "killed"): (ran(run("killed", -9)), ran()),
    ("runs", "timeout"): (ran(run("timeout", None)), ran()),
    ("runs", "output"): (ran(run("output", -9)), ran()),
    ("runs", "wrote"): (ran(run("wrote", -9)), ran()),
    ("runs", "not_installed"): (ran(MISSING), ran()),
    ("runs", "sibling_missing"): (reaching(ran(MISSING)), reaching(ran())),
    **{
        ("runs", f"needs_{what}"): (ran(raising("OSError", refused=what)), ran())
        for what in ("processes", "shell", "network", "files", "call")
    },
    ("runs", "too_much_written"): (ran(raising("OSError", refused="disk")), ran()),
    ("runs", "not_written"): (ran(run(artefacts=ONLY["decay.json"])), ran()),
    ("runs", "from_root"): (ran(wrote(place="root")), ran(wrote())),
    ("runs", "misplaced"): (ran(run(misplaced={"decay.png": "repository"})), ran()),
    ("reproduces", "nothing_fresh"): (ran(run(artefacts={})), ran()),
    ("reproduces", "differs"): (ran(wrote(**near())), ran(wrote(**near(factor=1.0 + 9e-7)))),
    ("reproduces", "differs_in_shape"): (ran(wrote(gru=G["gru"][:49])), ran()),
    ("deterministic", "changes"): (
        ran(wrote(), wrote(**near())),
        ran(wrote(), wrote(**near(factor=1.0 - 9e-7))),
    ),
    ("deterministic", "changes_in_shape"): (ran(wrote(), wrote(rnn=G["rnn"][:48])), ran()),
}


@pytest.mark.parametrize("case", CASES, ids=".".join)
def test_wrong_run_gives_its_finding_and_no_other(case):
    check, kind = case
    assert kinds(check, CASES[case][0]) == [kind]


@pytest.mark.parametrize("case", CASES, ids=".".join)
def test_run_just_beside_it_gives_none(case):
    assert kinds(case[0], CASES[case][1]) == []


def test_every_finding_of_the_texts_is_tried():
    text = resources.files("grader.texts").joinpath("en/rerun.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)["check"]["rerun"]
    assert {(check, kind) for check in told for kind in told[check]["finding"]} == set(CASES)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("raised", Outcome.STUDENT_ERROR),
        ("timeout", Outcome.STUDENT_ERROR),
        ("not_installed", Outcome.STUDENT_ERROR),
        ("sibling_missing", Outcome.NOT_ASSESSED),
        ("needs_processes", Outcome.NOT_ASSESSED),
        ("needs_network", Outcome.NOT_ASSESSED),
        ("too_much_written", Outcome.STUDENT_ERROR),
        ("not_run", Outcome.NOT_ASSESSED),
        ("not_written", Outcome.FAIL),
        ("from_root", Outcome.NOTE),
        ("misplaced", Outcome.NOTE),
    ],
)
def test_end_of_a_run_weighs_what_it_is(kind, outcome):
    assert found("runs", CASES["runs", kind][0])[0].outcome is outcome


def test_exception_is_placed_at_the_students_own_line():
    (finding,) = found("runs", ran(raising(file="gru.py", line=12)))
    assert (finding.file, finding.line, finding.data["type"]) == ("gru.py", 12, "ValueError")


def test_each_artefact_that_is_missing_is_named_and_half_is_kept():
    missing = found("runs", ran(run(artefacts={})))
    assert [finding.data["name"] for finding in missing] == ["decay.json", "decay.png"]
    assert {finding.keeps for finding in missing} == {0.5}


def test_only_one_failure_is_told_of_a_run_that_died():
    assert kinds("runs", ran(run("timeout", None, artefacts={}))) == ["timeout"]


def test_first_difference_is_placed_with_both_values():
    g = G["rnn"].copy()
    g[[7, 30]] *= 2.0
    (finding,) = found("reproduces", ran(wrote(rnn=g)))
    assert (finding.path, finding.t, finding.model) == ("rnn[7]", 7, "rnn")
    assert finding.data["one"] == pytest.approx(G["rnn"][7])
    assert finding.data["relative"] == pytest.approx(0.5)


@pytest.mark.parametrize("kind", KINDS)
def test_difference_costs_its_own_model_only(kind):
    assert [f.model for f in found("reproduces", ran(wrote(**near(kind))))] == [kind]


@pytest.mark.parametrize("kind", KINDS)
def test_curve_that_a_run_leaves_out_differs_in_shape(kind):
    (finding,) = found("reproduces", ran(wrote(**{kind: None})))
    assert (finding.kind, finding.model) == ("differs_in_shape", kind)


def test_written_digits_bound_the_difference():
    rounded = decay(*[[float(f"{x:.3e}") for x in g] for g in G.values()])
    half = {kind: tuple(0.5e-3 * 10.0 ** np.floor(np.log10(g))) for kind, g in G.items()}
    coarse = type(rounded)({}, rounded.curves, half, {}, rounded.paths, {})
    assert kinds("reproduces", material(run=runs(wrote()), decay=coarse)) == []
    assert kinds("reproduces", material(run=runs(wrote()), decay=rounded)) == ["differs"] * 2


@pytest.mark.parametrize(("dtype", "expected"), [("<f4", []), ("<f8", ["differs"])])
def test_float32_code_may_differ_by_its_own_roundoff(dtype, expected):
    # Sixteen times ε √(d T) is 7.6e-5 for d = 32, T = 50.
    probe = dict.fromkeys(KINDS, facts(dtype=dtype))
    assert kinds("reproduces", ran(wrote(**near(factor=1.0 + 5e-5)), probe=probe)) == expected


def test_second_run_that_agrees_shows_that_the_file_is_from_this_code():
    assert kinds("reproduces", ran(wrote(**near()), wrote())) == []
    assert kinds("deterministic", ran(wrote(**near()), wrote())) == ["changes"]


def test_second_run_that_wrote_nothing_excuses_no_difference():
    assert kinds("reproduces", ran(wrote(**near()), run(artefacts={}))) == ["differs"]


@pytest.mark.parametrize("data", [b"{", b"\xff\xfe", b"[]", b""])
def test_fresh_file_that_cannot_be_read_reproduces_nothing(data):
    (finding,) = found("reproduces", ran(run(artefacts={"decay.json": data})))
    assert finding.kind in ("nothing_fresh", "differs_in_shape")


@pytest.mark.parametrize("value", [0.0, float("nan")])
def test_value_that_is_not_positive_is_compared_all_the_same(value):
    g = G["rnn"].copy()
    g[3] = value
    text = json.dumps({"rnn": list(g), "gru": list(G["gru"])}).encode()
    fresh = run(artefacts={"decay.json": text, "decay.png": b"1"})
    assert [f.model for f in found("reproduces", ran(fresh))] == ["rnn"]


def test_zero_in_one_of_two_runs_is_a_difference():
    g = G["rnn"].copy()
    g[3] = 0.0
    assert kinds("deterministic", ran(wrote(rnn=g), wrote())) == ["changes"]
    assert kinds("deterministic", ran(wrote(), wrote(rnn=g))) == ["changes"]


def test_last_digit_may_turn_where_both_are_as_coarse():
    coarse = decay([0.1234] * 50, [0.4321] * 50, half_unit=5e-5)
    turned = wrote(rnn=[0.1235] * 50, gru=[0.4321] * 50)
    assert kinds("reproduces", material(run=runs(turned), decay=coarse)) == []


def test_fewer_digits_than_were_handed_in_are_not_these_numbers():
    handed_in = decay([0.12341111] * 50, [0.4321] * 50, half_unit=5e-9)
    coarse = wrote(rnn=[0.1234] * 50, gru=[0.4321] * 50)
    found_here = found("reproduces", material(run=runs(coarse), decay=handed_in))
    assert [(f.kind, f.model) for f in found_here] == [("differs", "rnn")]


@pytest.mark.parametrize("check", ["reproduces", "deterministic"])
@pytest.mark.parametrize("what", [material(run=None), material(run=None, decay=None)])
def test_nothing_is_compared_that_was_not_run(check, what):
    assert kinds(check, what) == []


def test_nothing_handed_in_is_no_second_finding():
    assert kinds("reproduces", material(decay=None)) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES, ids=".".join)
def test_every_finding_can_be_said(language, case):
    check, _ = case
    (finding,) = found(check, CASES[case][0])
    words = catalogue(language).finding(f"rerun.{check}", finding)
    assert words.found
    assert "{" not in words.message + words.next_step
