"""The checks of the gradient, on facts made by hand: each finding, and the facts beside it."""

import re
import tomllib
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest

from grader.checks import gradient
from grader.facts import LossFacts, Misbehaviour, NotLifted, ProbeFacts, Raised
from grader.model import KINDS, LoadedFile, Outcome
from grader.offered import MILD
from grader.texts import LANGUAGES, catalogue
from tests.toys import decay, facts, forward, material, point

OWN = 10.0 ** point().log10_student
"""g_0 … g_50 of the facts."""


def of(rnn=None, **changes):
    """Return a right material whose RNN shows other facts."""
    return material(probe={"rnn": rnn or facts(**changes), "gru": facts()})


def misbehaving(name, function="bptt", raised=None, **data):
    return of(misbehaviours=(Misbehaviour(name, function, data, raised),))


def seeing(**changes):
    """Return facts whose forward pass is otherwise."""
    return of(forward=forward(**changes))


def losing(reason="", **changes):
    return of(loss=LossFacts(recognised=not reason, reason=reason, classes=64, **changes))


def at(label="declared", **changes):
    """Return facts of which one place is otherwise."""
    places = [point(), point("hidden", 12), point("hidden", 17), point("hot", 12)]
    number = next(i for i, place in enumerate(places) if place.label == label)
    places[number] = replace(places[number], **changes)
    return of(points=tuple(places))


def errors(T, *wrong, error=1e-3):
    """Return relative errors of 1e-12, and `error` at the steps given."""
    values = np.full(T, 1e-12)
    values[list(wrong)] = error
    return values


def recording(g, **changes):
    """Return the facts beside another recorded list of the RNN."""
    half_unit = changes.pop("half_unit", 0.0)
    probe = {"rnn": facts(**changes), "gru": facts()}
    return material(decay=decay(rnn=g, half_unit=half_unit), probe=probe)


RIGHT = material()


def written(source):
    """Return right material whose script is another."""
    file = LoadedFile("bptt_norm.py", source.encode(), "")
    return replace(RIGHT, submission=replace(RIGHT.submission, scripts={file.name: file}))


NOTHING = ("make_sequence", "init_params", "step", "loss", "bptt")
OTHER = OWN[:50] * np.where(np.arange(50) == 20, 1.0 + 3.3e-6, 1.0)
"""Off by the smallest mistake known to show in norms."""

SAMPLES = {
    "wrong_length": {"found": 49, "wanted": 50},
    "not_a_dict": {"found": "list"},
    "no_arrays": {"found": "{}"},
    "wrong_shape": {"found": "(51, 3)", "wanted": "(51, 8)"},
    "one_row_short": {"found": "(50, 8)", "wanted": 51},
    "not_scalar": {"found": "(2, 1)"},
    "not_finite": {"row": 3},
    "changes_with_copy": {"t": 31},
    "timed_out": {"seconds": 2.0},
}
PLAIN = (
    "garbled", "too_large", "not_repeatable", "complex", "not_complex", "keeps_state",
    "mutates_input", "ignores_params", "ignores_tokens", "ignores_seed", "died",
)  # fmt: skip

CASES = {
    **{("functions", kind): (misbehaving(kind, **SAMPLES.get(kind, {})), RIGHT)
       for kind in (*PLAIN, *SAMPLES)},
    ("functions", "raised"): (
        misbehaving("raised", raised=Raised("ValueError", "no"), type="ValueError", text="no"),
        RIGHT,
    ),
    ("functions", "refused"): (
        misbehaving("raised", raised=Raised("OSError", "no", refused="network"),
                    type="OSError", text="no"),
        RIGHT,
    ),
    ("functions", "not_loaded"): (material(probe={}), RIGHT),
    ("functions", "none_offered"): (
        material(probe=dict.fromkeys(KINDS, ProbeFacts("no-functions", NOTHING))),
        RIGHT,
    ),
    ("functions", "some_missing"): (
        material(probe=dict.fromkeys(KINDS, ProbeFacts("no-functions", ("loss",)))),
        RIGHT,
    ),
    ("functions", "lifted"): (of(level="lifted"), RIGHT),
    ("functions", "to_do"): (
        misbehaving("raised", raised=Raised("NotImplementedError", "bptt: later"),
                    type="NotImplementedError", text="bptt: later"),
        RIGHT,
    ),
    ("functions", "unfinished"): (
        written("def f():\n    raise NotImplementedError('f: later')\n"),
        written("def f():\n    raise ValueError('f: never')\n"),
    ),
    ("forward", "not_examined"): (seeing(told=0.9), seeing(told=1.0)),
    ("forward", "not_tanh"): (seeing(recognised=False), RIGHT),
    ("forward", "no_gate"): (
        material(probe={"rnn": facts(), "gru": facts(forward=forward(recognised=False))}),
        RIGHT,
    ),
    ("forward", "no_reset_gate"): (
        seeing(recognised=False, model="gru without reset gate"),
        seeing(model="gru"),
    ),
    ("forward", "two_faced"): (seeing(recognised=False, radii_agree=False), RIGHT),
    ("forward", "reset_not_tested"): (seeing(roles_found=False), RIGHT),
    ("forward", "not_tied"): (seeing(tied=False), seeing(tied=True)),
    ("loss", "not_a_distribution"): (
        losing("not_a_distribution", total_probability=0.9),
        losing(total_probability=1.0 + 1e-12),
    ),
    ("loss", "not_affine"): (losing("not_affine", affine_residual=0.1), losing()),
    ("loss", "no_classes"): (losing("no_classes"), of(loss=None)),
    ("loss", "too_many_classes"): (losing("too_many_classes"), of(loss=None)),
    ("head", "sign"): (at(head_error=2.0, head_sign=-1.0), RIGHT),
    ("head", "wrong_declared"): (at(head_error=1.1e-9), at(head_error=0.9e-9)),
    ("head", "wrong_hidden"): (at("hidden", head_error=1e-3), at("hidden", head_error=1e-9)),
    ("head", "wrong_hot"): (at("hot", head_error=1e-3), at("hot", head_error=1e-9)),
    ("steps", "every_step"): (
        at(step_error=errors(50, *range(50))),
        at(step_error=errors(50, *range(50), error=0.9e-9)),
    ),
    ("steps", "some_steps"): (
        at(step_error=errors(50, 20, 31)),
        at("hot", step_error=errors(12, 3)),
    ),
    ("chain", "wrong"): (at(chain_error=errors(51, 0)), at(chain_error=errors(51, 0, error=1e-9))),
    ("hot", "not_reached"): (of(not_hot="not_finite"), RIGHT),
    ("hot", "hidden"): (at("hidden", step_error=errors(12, 3)), at(step_error=errors(50, 3))),
    ("hot", "hot"): (at("hot", step_error=errors(12, 3)), RIGHT),
    ("recorded", "differs"): (recording(OTHER), recording(OWN[:50] * (1.0 + 0.9e-6))),
    ("recorded", "other_seed"): (recording(OTHER, recorded_seed=7), recording(OWN[:50])),
    ("recorded", "reversed"): (recording(OWN[49::-1]), recording(OWN[:50])),
    ("recorded", "reversed_shifted"): (recording(OWN[:0:-1]), recording(OWN[1:])),
    ("recorded", "squared"): (recording(OWN[:50] ** 2), recording(OWN[:50])),
    ("recorded", "rms"): (recording(OWN[:50] / np.sqrt(32)), recording(OWN[:50])),
    ("recorded", "logarithms"): (recording(np.log10(OWN[:50])), recording(OWN[:50])),
    ("indices", "shifted"): (recording(OWN[1:]), recording(OTHER)),
    ("indices", "reversed"): (recording(OWN[49::-1]), recording(OWN[:50])),
}  # fmt: skip


def found(check, what):
    return list(getattr(gradient, check)(what))


def kinds(check, what):
    return [finding.kind for finding in found(check, what)]


@pytest.mark.parametrize("case", CASES, ids=".".join)
def test_wrong_facts_give_their_finding_and_no_other(case):
    check, kind = case
    assert kinds(check, CASES[case][0]) == [kind]


@pytest.mark.parametrize("case", CASES, ids=".".join)
def test_facts_just_beside_them_give_none(case):
    assert kinds(case[0], CASES[case][1]) == []


def test_every_finding_of_the_texts_is_tried():
    text = resources.files("grader.texts").joinpath("en/gradient.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)["check"]["gradient"]
    assert {(check, kind) for check in told for kind in told[check]["finding"]} == set(CASES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES, ids=".".join)
def test_every_finding_can_be_said(language, case):
    (finding,) = found(case[0], CASES[case][0])
    words = catalogue(language).finding(f"gradient.{case[0]}", finding)
    assert words.found
    assert not re.search(r"\{\w+\}", words.message + words.next_step)


@pytest.mark.parametrize(
    "case", [c for c in CASES if c[1] not in ("not_loaded", "no_gate", "unfinished")], ids=".".join
)
def test_finding_is_about_the_model_it_was_found_at(case):
    (finding,) = found(case[0], CASES[case][0])
    assert finding.model == (None if case[1] in ("none_offered", "some_missing") else "rnn")


def test_model_that_could_not_be_lifted_is_named_with_its_line():
    lost = ProbeFacts(
        "no-functions", NOTHING, not_lifted=NotLifted("no_way", "cells.py", 7, "sort")
    )
    found_in = material(probe={"rnn": facts(level="lifted"), "gru": lost})
    (why, lifted) = found("functions", found_in)
    assert (why.model, why.file, why.line, why.data["what"]) == ("gru", "cells.py", 7, "sort")
    assert (lifted.kind, lifted.model, lifted.outcome) == ("lifted", "rnn", Outcome.NOTE)


OPEN = [("functions", "not_loaded"), ("functions", "none_offered"), ("functions", "some_missing"),
        ("forward", "not_examined"), ("loss", "no_classes"), ("loss", "too_many_classes"),
        ("hot", "not_reached")]  # fmt: skip


@pytest.mark.parametrize("case", OPEN, ids=".".join)
def test_what_could_not_be_looked_at_is_not_called_wrong(case):
    assert found(case[0], CASES[case][0])[0].outcome is Outcome.NOT_ASSESSED


@pytest.mark.parametrize("kind", sorted(MILD))
def test_function_that_can_still_be_verified_keeps_half(kind):
    (finding,) = found("functions", CASES["functions", kind][0])
    assert (finding.outcome, finding.keeps) == (Outcome.PARTIAL, 0.5)


@pytest.mark.parametrize("kind", ["raised", "died", "timed_out"])
def test_function_that_breaks_off_is_an_error_of_the_student(kind):
    assert found("functions", CASES["functions", kind][0])[0].outcome is Outcome.STUDENT_ERROR


def test_exception_in_a_function_is_placed_at_its_line():
    raised = Raised("ValueError", "no", "gru.py", 12)
    (finding,) = found("functions", misbehaving("raised", raised=raised, type="", text=""))
    assert (finding.file, finding.line) == ("gru.py", 12)


def test_turned_sign_is_recognised_within_the_tolerance_only():
    assert kinds("head", at(head_error=1.99, head_sign=-1.0)) == ["wrong_declared"]
    assert kinds("head", at(head_error=2.0, head_sign=1.0)) == ["wrong_declared"]


def test_head_is_reported_once_a_model():
    everywhere = tuple(replace(p, head_error=1.0) for p in facts().points)
    assert kinds("head", of(points=everywhere)) == ["wrong_declared"]


def test_gradient_of_zero_is_wrong_however_small_the_right_one():
    small = np.linspace(-320.0, 0.0, 51)
    lost = np.where(np.arange(51) < 10, -np.inf, small)
    error = np.where(np.arange(50) < 10, np.inf, 1e-12)
    what = at(step_error=error, log10_student=lost, log10_numeric=small)
    assert kinds("steps", what) == ["some_steps"]


@pytest.mark.parametrize(
    ("check", "field"), [("steps", "step"), ("chain", "chain"), ("hot", "step")]
)
def test_error_that_is_no_number_is_wrong(check, field):
    label = "hot" if check == "hot" else "declared"
    size = 12 if check == "hot" else {"step": 50, "chain": 51}[field]
    wrong = at(label, **{f"{field}_error": errors(size, 5, error=np.nan)})
    assert len(kinds(check, wrong)) == 1


def test_infinite_tolerance_lets_an_underflow_pass():
    tolerance = np.where(np.arange(50) < 10, np.inf, 1e-9)
    error = np.where(np.arange(50) < 10, 1.0, 1e-12)
    assert kinds("steps", at(step_error=error, step_tolerance=tolerance)) == []


def test_first_wrong_step_from_the_loss_is_told():
    (finding,) = found("steps", at(step_error=errors(50, 3, 20, 31)))
    assert (finding.t, finding.path) == (31, "dh[31]")
    assert (finding.data["count"], finding.data["later"]) == (3, 32)


def test_norm_below_the_range_of_a_float_is_written_out():
    log10 = np.linspace(-400.25, 0.0, 51)
    (finding,) = found("chain", at(chain_error=errors(51, 0), log10_student=log10))
    assert finding.data["analytic"] == "5.623e-401"


def test_norm_of_zero_is_a_zero():
    log10 = np.where(np.arange(51) == 0, -np.inf, -1.0)
    (finding,) = found("chain", at(chain_error=errors(51, 0), log10_student=log10))
    assert finding.data["analytic"] == 0.0


def test_dishonest_list_is_not_excused_by_its_rounding():
    rounded = [float(f"{g:.3e}") for g in OWN[:50]]
    assert kinds("recorded", recording(rounded)) == ["differs"]
    assert kinds("recorded", recording(rounded, half_unit=0.5e-3 * OWN[0])) == ["differs"]


def test_rounding_of_the_digits_written_is_allowed():
    assert kinds("recorded", recording(OWN[:50] + 4e-12, half_unit=5e-12)) == []


@pytest.mark.parametrize(("dtype", "expected"), [("<f4", []), ("<f8", ["differs"])])
def test_list_of_float32_code_may_differ_by_its_roundoff(dtype, expected):
    assert kinds("recorded", recording(OWN[:50] * (1.0 + 5e-5), dtype=dtype)) == expected


UNDERFLOWING = replace(point(), log10_student=np.linspace(-330.0, 0.0, 51))


def marked(dtype):
    """Return norms of which those below the range of `dtype` are marked, as the lab advises."""
    tiny = float(np.finfo(dtype).tiny)
    with np.errstate(under="ignore"):
        own = 10.0 ** UNDERFLOWING.log10_student[:50]
    return np.where(own < tiny, tiny, own)


@pytest.mark.parametrize("dtype", ["<f4", "<f8"])
def test_smallest_number_of_the_dtype_stands_for_an_underflow(dtype):
    assert kinds("recorded", recording(marked(dtype), points=(UNDERFLOWING,), dtype=dtype)) == []


def test_smallest_number_of_float32_is_no_mark_in_float64():
    what = recording(marked("<f4"), points=(UNDERFLOWING,), dtype="<f8")
    assert kinds("recorded", what) == ["differs"]


def test_smallest_number_does_not_stand_for_a_norm_above_it():
    g = OWN[:50].copy()
    g[3] = np.finfo(float).tiny
    assert kinds("recorded", recording(g)) == ["differs"]


def test_shifted_list_keeps_the_points_of_the_gradient():
    assert kinds("recorded", recording(OWN[1:])) == []
    assert kinds("indices", recording(OWN[1:])) == ["shifted"]


def test_reversal_keeps_half_of_the_recorded_points():
    assert [f.keeps for f in found("recorded", recording(OWN[49::-1]))] == [0.5]


@pytest.mark.parametrize("check", ["recorded", "indices"])
@pytest.mark.parametrize("what", [material(decay=None), recording(OWN[:48]), of(points=())])
def test_list_without_its_counterpart_is_left_alone(check, what):
    assert kinds(check, what) == []


def test_place_of_the_worst_error_away_from_home_is_told():
    (finding,) = found("hot", at("hot", step_error=errors(12, 3, 7)))
    assert (finding.t, finding.data["count"]) == (3, 2)


@pytest.mark.parametrize(("why", "key"), [("not_finite", "not_finite"), ("raised", "other")])
def test_reason_for_not_being_tested_elsewhere_is_a_term(why, key):
    (finding,) = found("hot", of(not_hot=why))
    assert finding.data["reason"] == f"report.unprobed.{key}"
