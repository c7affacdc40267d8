"""The lab's stop conditions on curves made by hand: each finding, and the curve beside it."""

import tomllib
from importlib import resources

import numpy as np
import pytest

from grader.checks import stop
from grader.model import Manifest, Outcome
from grader.texts import LANGUAGES, catalogue
from tests.toys import decay, facts, forward, material

DECLARED = {"config": {"init_scale_W_hh": 0.1, "d_hidden": 32}}


def falling(total, last=0.3):
    """Return a straight curve that loses `total` orders from t = 49 to t = 0."""
    return last * 10.0 ** (-total * np.arange(49, -1, -1.0) / 49.0)


def curves(rnn, gru, gate=None, **changes):
    declared = {} if gate is None else {"mean": gate, "std": 0.01}
    known = {"probe": {}, "manifest": Manifest(DECLARED, {}), **changes}
    return material(decay=decay(falling(rnn), falling(gru), gate=declared), **known)


def probe(**changes):
    return {kind: facts(forward=forward(**changes), points=()) for kind in ("rnn", "gru")}


def found(check, what):
    return list(getattr(stop, check)(what))


def kinds(check, what):
    return [finding.kind for finding in found(check, what)]


BENT = falling(9.0) * np.where(np.arange(50) > 44, 1e-4 ** ((np.arange(50) - 44) / 5), 1.0)

SPOKEN = frozenset(catalogue("en").entry("check.stop.explain.finding"))
"""Tried in test_spoken.py."""

CASES = {
    ("separated", "no_curves"): (
        material(decay=decay([0.0, *falling(9.0)[1:]], falling(2.0))),
        curves(9.0, 2.0),
    ),
    ("separated", "grows"): (curves(-3.0, 2.0), curves(3.0, 2.0)),
    ("separated", "vanished"): (
        material(decay=decay(np.full(50, np.finfo(float).tiny), falling(2.0))),
        material(decay=decay(np.maximum(falling(900.0), np.finfo(float).tiny), falling(2.0))),
    ),
    ("separated", "expands"): (
        curves(-3.0, 2.0, probe=probe(spectral_radius=1.8, weight_std=0.32)),
        curves(3.0, 2.0, probe=probe(spectral_radius=1.8, weight_std=0.32)),
    ),
    ("separated", "too_close"): (curves(9.0, 8.51), curves(9.0, 8.49)),
    ("separated", "gru_steeper"): (curves(8.0, 9.0), curves(9.0, 8.0)),
    ("separated", "gate_too_open"): (curves(9.0, 8.51, gate=0.3), curves(9.0, 8.49, gate=0.3)),
    ("separated", "gate_measured"): (
        curves(9.0, 8.51, probe=probe(gate_mean=0.3, gate_high=0.02, gate_low=0.1)),
        curves(9.0, 8.49, probe=probe(gate_mean=0.3, gate_high=0.02, gate_low=0.1)),
    ),
    ("separated", "rnn_too_flat"): (curves(0.9, 0.6), curves(1.2, 0.6)),
    ("margin", "rnn_too_flat"): (curves(0.95, 0.4), curves(1.7, 0.6)),
    ("margin", "narrow"): (curves(9.0, 8.01), curves(3.1, 2.0)),
    ("margin", "ratio"): (curves(9.0, 6.01), curves(9.0, 5.99)),
}


@pytest.mark.parametrize("case", CASES, ids=".".join)
def test_wrong_shape_gives_its_finding_and_no_other(case):
    check, kind = case
    assert kinds(check, CASES[case][0]) == [kind]


@pytest.mark.parametrize("case", CASES, ids=".".join)
def test_shape_just_beside_it_gives_none(case):
    assert kinds(case[0], CASES[case][1]) == []


def test_every_finding_of_the_texts_is_tried():
    text = resources.files("grader.texts").joinpath("en/stop.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)["check"]["stop"]
    listed = {(check, kind) for check in told for kind in told[check]["finding"]}
    explained = {("explain", kind) for kind in SPOKEN}
    assert listed == set(CASES) | explained


def test_separation_does_not_see_the_size_of_a_curve():
    small = material(decay=decay(falling(9.0), falling(2.0, last=1e-9)), probe={})
    assert kinds("separated", small) == kinds("separated", curves(9.0, 2.0))


def test_curve_that_rises_at_its_end_is_judged_by_its_whole_slope():
    bent = material(decay=decay(BENT, falling(2.0)), probe={})
    assert stop.shape_of(bent).total["rnn"] == pytest.approx(5.0)
    assert stop.shape_of(bent).slope["rnn"] > 0.1
    assert kinds("separated", bent) == []


@pytest.mark.parametrize("value", [0.0, -1e-9, float("nan"), float("inf")])
def test_curve_without_a_logarithm_is_not_judged(value):
    g = falling(9.0)
    g[20] = value
    (finding,) = found("separated", material(decay=decay(g, falling(2.0))))
    assert (finding.kind, finding.outcome) == ("no_curves", Outcome.NOT_ASSESSED)


@pytest.mark.parametrize("check", ["separated", "margin", "explain"])
@pytest.mark.parametrize("what", [material(decay=None), material(decay=decay(falling(9.0), ()))])
def test_missing_curve_is_never_called_wrong(check, what):
    assert {f.outcome for f in found(check, what)} <= {Outcome.NOT_ASSESSED, Outcome.MANUAL}


def test_short_curves_still_have_a_shape():
    short = material(decay=decay(falling(9.0)[2:], falling(2.0)[2:]), probe={})
    assert kinds("separated", short) == []


def test_margin_keeps_part_of_the_points():
    (narrow,) = found("margin", curves(9.0, 8.01))
    (ratio,) = found("margin", curves(9.0, 6.01))
    assert [f.outcome for f in (narrow, ratio)] == [Outcome.PARTIAL] * 2
    assert [int(3 * f.keeps + 1e-9) for f in (narrow, ratio)] == [1, 2]


def test_measured_gate_goes_before_the_declared_one():
    (finding,) = found("separated", curves(8.0, 9.0, gate=0.9, probe=probe(gate_mean=0.5)))
    assert finding.data["z"] == 0.5


def test_advice_is_what_draws_at_the_students_settings_lose():
    """Of 256 GRUs with b_z = -2 at d = 32, σ = 0.1 the mean decay is 2.3 orders in 49 steps."""
    data = found("separated", curves(13.0, 13.0, gate=0.5))[0].data
    assert data["bias"] == -2.0
    assert data["orders_then"] == pytest.approx(2.3, abs=0.2)
    assert data["low"] < data["orders_then"] < data["high"]


def test_advice_is_milder_the_more_the_rnn_loses():
    biases = [found("separated", curves(n, n + 1, gate=0.5))[0].data["bias"] for n in (3.0, 13.0)]
    assert biases[0] < biases[1]


def test_advice_is_in_the_students_own_form():
    other = curves(13.0, 13.0, probe=probe(gate_mean=0.5, gate_form="zh+(1-z)c"))
    assert found("separated", other)[0].data["bias"] == 2.0


def test_no_bias_is_advised_where_none_would_do():
    data = found("separated", curves(0.9, 0.6))[0].data
    assert "bias" not in data
    assert data["low"] < data["usual"] < data["high"]
    assert data["scale"] == pytest.approx(0.1)


def test_share_of_failing_draws_is_three_in_ten_at_the_labs_own_settings():
    # Of 200 seeds at σ = 0.1, d = 32, b_z = 0; the share has a standard error of 3.3 in 100.
    assert found("separated", curves(8.0, 9.0, gate=0.5))[0].data["share"] == pytest.approx(
        30, abs=7
    )


@pytest.mark.parametrize("gate", [0.0, 1e-12, 0.999999, 1.0])
@pytest.mark.parametrize("check", ["separated", "explain"])
def test_saturated_gate_gives_finite_numbers(check, gate):
    for finding in found(check, curves(8.0, 9.0, gate=gate)):
        numbers = [v for v in finding.data.values() if isinstance(v, int | float)]
        assert numbers
        assert all(np.isfinite(numbers))


@pytest.mark.parametrize("measured", [-0.02, 1.02])
def test_share_read_off_jacobians_may_leave_its_range(measured):
    (finding,) = found("separated", curves(8.0, 9.0, probe=probe(gate_mean=measured)))
    assert np.isfinite(finding.data["orders_by_z"])
    assert 0.0 < finding.data["z"] < 1.0


@pytest.mark.parametrize("settings", [{"init_scale_W_hh": "0.1"}, {"d_hidden": 10**9}, []])
def test_unusable_settings_fall_back_on_the_labs(settings):
    odd = curves(8.0, 9.0, gate=0.5, manifest=Manifest({"config": settings}, {}))
    (usual,) = found("separated", curves(8.0, 9.0, gate=0.5))
    assert found("separated", odd) == [usual]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_can_be_said(language):
    said = [(check, f) for (check, _), (wrong, _) in CASES.items() for f in found(check, wrong)]
    for check, finding in said:
        words = catalogue(language).finding(f"stop.{check}", finding)
        assert words.found
        assert "{" not in words.message + words.next_step
