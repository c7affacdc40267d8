"""The lab's pitfalls: each is said with its numbers, and not of what lies just beside it."""

import tomllib
from importlib import resources

import numpy as np
import pytest

from grader.checks import pitfalls
from grader.ensemble import rnn_draws
from grader.model import KINDS, Manifest, Outcome
from grader.setting import Setting
from grader.texts import LANGUAGES, catalogue
from tests.toys import decay, facts, forward, material, point
from tests.toys import probed as run_probe

DECLARED = Manifest({"config": {"init_scale_W_hh": 0.1, "d_hidden": 32}}, {})
T = np.arange(51)
DEAD = np.full(51, -np.inf)
DRAWS = 10.0 ** rnn_draws(Setting()).logs[:, :50]


def probed(kind="gru", manifest=DECLARED, dtype="<f8", log10=None, numeric=None, **changes):
    """Return material of which one model was probed, with these facts of its forward pass."""
    sound = {"gate_high": 0.0, "gate_low": 0.3, "saturated": 0.0, "dead": 0.0, "tanh_slope": 0.97}
    place = point(log10_student=-0.2 * T[::-1] if log10 is None else log10)
    if numeric is not None:
        place = point(log10_numeric=numeric)
    one = facts(dtype=dtype, points=(place,), forward=forward(**sound | changes))
    return material(probe={kind: one}, manifest=manifest)


def read(rnn):
    return material(decay=decay(rnn, ()), probe={}, manifest=DECLARED)


def falling(orders):
    return orders * (T[:50] - 50.0) / 50.0


CASES = {
    ("gates", "open"): (
        probed(gate_mean=0.88, gate_std=0.01),
        probed(gate_mean=0.74, gate_std=0.2),
    ),
    ("gates", "torn"): (
        probed(gate_mean=0.5, gate_std=0.45, gate_high=0.4, gate_low=0.4),
        probed(gate_mean=0.5, gate_std=0.3, gate_high=0.19, gate_low=0.4),
    ),
    ("states", "saturated"): (
        probed("rnn", saturated=0.51, tanh_slope=0.02),
        probed("rnn", saturated=0.49, tanh_slope=0.05),
    ),
    ("states", "all_zero"): (
        probed("rnn", saturated=1.0, tanh_slope=0.0, log10=DEAD),
        probed("rnn", saturated=0.0, log10=DEAD),
    ),
    ("states", "dead"): (probed(dead=1.0), probed(dead=0.02)),
    ("growth", "variance"): (
        probed("rnn", spectral_radius=1.76, weight_std=0.1**0.5, spectral_norm=3.4),
        probed("rnn", spectral_radius=0.99, weight_std=0.17),
    ),
    ("growth", "radius"): (
        probed("rnn", spectral_radius=1.4, weight_std=0.25, spectral_norm=2.7),
        probed("rnn", spectral_radius=1.0 + 1e-12, weight_std=0.1768, spectral_norm=1.0),
    ),
    ("precision", "float32"): (
        probed("rnn", dtype="<f4", numeric=-0.9 * T[::-1]),
        probed("rnn", dtype="<f4", numeric=-0.7 * T[::-1]),
    ),
    ("precision", "float64"): (
        probed("rnn", numeric=-6.2 * T[::-1]),
        probed("rnn", numeric=-6.1 * T[::-1]),
    ),
    ("precision", "floor"): (read(10.0 ** falling(14.0) + 1e-8), read(10.0 ** falling(14.0))),
}


def found(check, what):
    return list(getattr(pitfalls, check)(what))


each_case = pytest.mark.parametrize("case", CASES, ids=".".join)


@each_case
def test_pitfall_is_noted_and_costs_nothing(case):
    (finding,) = found(case[0], CASES[case][0])
    assert (finding.kind, finding.outcome) == (case[1], Outcome.NOTE)
    numbers = [value for value in finding.data.values() if isinstance(value, int | float)]
    assert np.isfinite(numbers).all()


@each_case
def test_what_lies_beside_it_is_not_noted(case):
    assert found(case[0], CASES[case][1]) == []


@each_case
@pytest.mark.parametrize("language", LANGUAGES)
def test_pitfall_can_be_said(case, language):
    for finding in found(case[0], CASES[case][0]):
        words = catalogue(language).finding(f"pitfalls.{case[0]}", finding)
        assert words.expected
        assert "{" not in words.message + words.next_step


def test_every_pitfall_of_the_texts_is_tried():
    text = resources.files("grader.texts").joinpath("en/pitfalls.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)["check"]["pitfalls"]
    assert {(check, kind) for check in told for kind in told[check]["finding"]} == set(CASES)


@pytest.mark.parametrize("check", ["gates", "states", "growth", "precision"])
@pytest.mark.parametrize(
    "what",
    [
        material(),
        material(probe={}),
        material(decay=None, probe={}),
        material(probe={kind: facts(forward=None, points=()) for kind in KINDS}),
    ],
    ids=["right", "files", "nothing", "broken"],
)
def test_nothing_is_noted_of_a_right_or_unmeasured_net(check, what):
    assert found(check, what) == []


def test_advice_on_an_open_gate_is_what_draws_with_that_bias_lose():
    (finding,) = found("gates", CASES["gates", "open"][0])
    data = finding.data
    assert data["predicted"] == pytest.approx(-50 * np.log10(0.12))
    assert data["lost"] == pytest.approx(0.2 * 49)
    # Over 200 seeds b_z = -2 loses 2.25 ± 0.11 orders at the lab's settings.
    assert data["then"] == pytest.approx(2.25, abs=0.1)
    assert data["low"] < 2.0 < data["then"] < 2.5 < data["high"]


def test_advice_on_a_gate_is_in_the_students_own_form():
    one = probed(gate_mean=0.88, gate_form="z·h' + (1-z)·c")
    assert [f.data["bias"] for f in found("gates", one)] == [2.0]


@pytest.mark.parametrize("mean", [1.0, 1.02])
def test_share_read_off_jacobians_may_leave_its_range(mean):
    (finding,) = found("gates", probed(gate_mean=mean, gate_high=1.0))
    assert np.isfinite(finding.data["predicted"])


def test_gate_of_a_gradient_without_logarithm_is_left_alone():
    assert found("gates", probed(gate_mean=0.9, log10=DEAD)) == []


def test_variance_is_recognised_by_the_labs_scale_where_the_deviation_was_declared():
    honest = Manifest({"config": {"init_scale_W_hh": 0.316}}, {})
    one = probed("rnn", honest, spectral_radius=1.76, weight_std=0.1**0.5, spectral_norm=3.4)
    (finding,) = found("growth", one)
    assert (finding.kind, finding.data["scale"]) == ("variance", 0.1)
    # ρ = 1.76 over fifty steps
    assert finding.data["alone"] == pytest.approx(50 * np.log10(1.76))


def test_smaller_weights_give_what_the_lab_measures():
    # At σ = 0.1 two hundred seeds lost 11.5 ± 1.4 orders to the head, one step of 0.2 more than
    # the 49 counted here; 0.9 times an orthogonal matrix 2.4 with inputs of the lab's size.
    size = {"spectral_radius": 1.4, "weight_std": 0.25, "spectral_norm": 2.7, "input_std": 0.04}
    (finding,) = found("growth", probed("rnn", **size))
    assert finding.data["then"] == pytest.approx(11.3, abs=0.5)
    assert finding.data["rotated"] == pytest.approx(2.4, abs=0.2)


def test_inputs_that_saturate_tanh_are_not_drawn_with():
    size = {"spectral_radius": 1.4, "weight_std": 0.25, "spectral_norm": 2.7, "input_std": 2.0}
    drawn, saturated = (
        found("growth", probed("rnn", **size, saturated=share))[0].data["then"]
        for share in (0.1, 0.9)
    )
    assert saturated == pytest.approx(11.5, abs=0.7)
    assert drawn > 15.0


def test_states_of_a_gru_between_its_bounds_say_nothing_of_slopes():
    assert found("states", probed("gru", saturated=0.9)) == []


def test_floor_says_what_lay_below_it():
    (finding,) = found("precision", CASES["precision", "floor"][0])
    assert finding.data["level"] == pytest.approx(1e-8, rel=0.01)
    assert finding.data["exponent"] == -14
    assert finding.path is None


def test_floor_is_told_by_measured_norms_where_there_are_some():
    g = 10.0 ** falling(10.0)
    list_ = np.maximum(g, 1e-8)
    place = point(log10_numeric=np.append(np.log10(g), 0.0))
    what = material(decay=decay(list_, ()), probe={"rnn": facts(points=(place,))})
    assert [f.data["exponent"] for f in found("precision", what)] == [-10]


@pytest.mark.parametrize("list_", [np.full(50, 1e-12), 10.0 ** falling(14.0) + 1e-8])
def test_gradient_that_is_exactly_zero_has_left_no_range(list_):
    gone = facts(points=(point(log10_student=DEAD, log10_numeric=DEAD),))
    what = material(decay=decay(list_, list_), probe=dict.fromkeys(KINDS, gone))
    assert found("precision", what) == []


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_mark_of_an_underflow_is_no_floor(dtype):
    g = np.maximum(10.0 ** falling(400.0), float(np.finfo(dtype).tiny))
    assert found("precision", read(g)) == []


def test_level_that_the_gradient_itself_has_is_no_floor():
    flat = np.append(np.full(10, -5.0), np.linspace(-5.0, 0.0, 41))
    what = material(
        decay=decay(10.0 ** flat[:50], ()),
        probe={"rnn": facts(points=(point(log10_numeric=flat),))},
    )
    assert found("precision", what) == []


SATURATED = """
drawn = init_params

def init_params(kind, seed):
    p = drawn(kind, seed)
    return {**p, "E": 1e5 * p["E"]}
"""


def test_wholly_saturated_net_is_probed_and_said(tmp_path):
    what = material(decay=None, probe=run_probe(tmp_path, SATURATED))
    assert what.probe["rnn"].status == "probed"
    assert np.isnan(what.probe["rnn"].forward.spectral_radius)  # no row of W_hh shows
    assert [(f.kind, f.model) for f in found("states", what)] == [("all_zero", "rnn")]
    assert found("precision", what) == []


def test_no_drawn_list_has_a_floor():
    assert [n for n, g in enumerate(DRAWS) if found("precision", read(g))] == []
