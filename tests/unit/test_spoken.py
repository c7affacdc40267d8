"""The questions for stop condition 4: three, from numbers that are right, answered by reference."""

import numpy as np
import pytest

from grader.checks import stop
from grader.model import Manifest, Outcome
from grader.spoken import ASKED
from grader.texts import LANGUAGES, catalogue
from tests.toys import decay, facts, forward, material, point

DECLARED = {"init_scale_W_hh": 0.1, "d_hidden": 32}


def falling(total, last=0.3):
    """Return a straight curve that loses `total` orders from t = 49 to t = 0."""
    return last * 10.0 ** (-total * np.arange(49, -1, -1.0) / 49.0)


def submission(rnn, gru, gate=None, rho=None, probe=None):
    summary = {} if rho is None else {"rnn_spectral_radius_W_hh": rho}
    manifest = Manifest({"config": DECLARED, "results_summary": summary}, {})
    declared = {} if gate is None else {"mean": gate, "std": 0.01}
    curves = decay(falling(rnn), falling(gru), gate=declared)
    return material(decay=curves, probe=probe or {}, manifest=manifest)


def probe(points=(), **changes):
    return {
        kind: facts(forward=forward(**changes), points=points and (points[n],))
        for n, kind in enumerate(("rnn", "gru"))
    }


def measured(total):
    """Return a declared place where finite differences give a curve that loses `total` orders."""
    logs = -total / 49.0 * np.arange(50, -1, -1.0)
    return point(log10_student=logs, log10_numeric=logs)


def asked(what):
    return list(stop.explain(what))


def kinds(what):
    return [finding.kind for finding in asked(what)]


CASES = {
    "probed": (
        submission(11.0, 2.2, probe=probe(spectral_radius=0.6)),
        ["why_steeper", "slope_and_radius", "shut_gate_from"],
    ),
    "files only": (submission(11.0, 2.2), ["why_steeper", "shut_gate", "half_scale"]),
    "radius declared": (
        submission(11.0, 2.2, rho=0.6),
        ["why_steeper", "slope_and_radius", "shut_gate"],
    ),
    "gate declared": (
        submission(11.0, 2.2, gate=0.12),
        ["why_steeper", "shut_gate_from", "half_scale"],
    ),
    "gate shut": (
        submission(11.0, 0.4, gate=0.018),
        ["why_steeper", "open_gate_from", "half_scale"],
    ),
    "gate shut, unknown": (submission(11.0, 0.4), ["why_steeper", "open_gate", "half_scale"]),
    "as steep": (submission(8.5, 8.3, gate=0.5), ["why_as_steep", "shut_gate_from", "half_scale"]),
    "other scale": (submission(30.0, 2.2), ["why_steeper", "shut_gate", "first_token"]),
    "flat": (submission(4.0, 2.2), ["why_steeper", "shut_gate", "twice_as_long"]),
    "growing": (
        submission(-9.0, 2.0, probe=probe(spectral_radius=1.86, weight_std=0.316)),
        ["why_grows", "shut_gate_from", "orthogonal"],
    ),
    "list not the code's": (
        submission(20.0, 2.2, probe=probe((measured(11.0), measured(2.2)))),
        ["why_steeper_measured", "slope_and_radius", "shut_gate_from"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_three_questions_fit_the_submission(case):
    found = asked(CASES[case][0])
    assert [f.kind for f in found] == CASES[case][1]
    assert len(found) == ASKED
    assert {f.outcome for f in found} == {Outcome.MANUAL}


def test_every_question_of_the_texts_is_tried():
    tried = {kind for _, expected in CASES.values() for kind in expected}
    assert tried == set(catalogue("en").entry("check.stop.explain.finding"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_question_and_answer_can_be_said(case, language):
    for finding in asked(CASES[case][0]):
        said = catalogue(language).finding("stop.explain", finding)
        assert said.found.endswith(("?", "steeper.", "empinada."))
        assert "{" not in said.message
        assert "nan" not in said.message


def test_numbers_asked_about_are_the_students():
    first, second, _ = asked(CASES["probed"][0])
    assert (first.data["rnn_total"], first.data["gru_total"]) == pytest.approx((11.0, 2.2))
    assert second.data["fall"] == pytest.approx(11.0 / 49.0)
    assert second.data["log_rho"] == pytest.approx(np.log10(0.6))


def test_wrong_list_is_not_asked_about():
    data = asked(CASES["list not the code's"][0])[0].data
    assert data["rnn_total"] == pytest.approx(11.0)


@pytest.mark.parametrize("wrong", [1.04, 3.2, 0.3, "0.6", True])
def test_declared_radius_the_curve_cannot_have_is_not_asked_about(wrong):
    assert "slope_and_radius" not in kinds(submission(11.0, 2.2, rho=wrong))


@pytest.mark.parametrize("wrong", [0.88, 0.001, 1.0, -1.0, float("nan")])
def test_declared_gate_that_does_not_explain_the_curve_is_not_asked_about(wrong):
    assert "shut_gate" in kinds(submission(11.0, 2.2, gate=wrong))


def test_gate_is_asked_about_in_the_students_own_form():
    other = submission(11.0, 2.2, probe=probe(gate_form="zh+(1-z)c"))
    assert asked(other)[2].data["bias"] == 4.0


def test_growth_without_a_radius_above_one_is_no_question():
    # The list may be reversed: nobody can explain a growth that is not there.
    reversed_list = submission(-9.0, 2.0, probe=probe(spectral_radius=0.6))
    assert "why_grows" not in kinds(reversed_list)


@pytest.mark.parametrize("curves", [None, decay(falling(9.0) * 0.0, ())])
def test_nothing_is_asked_where_nothing_is_known(curves):
    assert asked(material(decay=curves, probe={})) == []


def answer(case, kind):
    return next(f for f in asked(CASES[case][0]) if f.kind == kind).data


def test_answers_are_those_of_an_independent_run_over_seeds():
    """The figures of 200 seeds: b_z = -4 loses 0.37 ± 0.02, b_z = 0 10.1 ± 0.5 orders.

    They count to g_50, these to g_49: one step of fifty less. The mean of 64 draws has a standard
    error of an eighth of the spread.
    """
    shut, opened = answer("probed", "shut_gate_from"), answer("gate shut", "open_gate_from")
    assert shut["then"] == pytest.approx(0.37 * 0.98, abs=0.02)
    assert opened["then"] == pytest.approx(10.1 * 0.98, abs=0.35)
    assert opened["low"] < 8.8
    assert opened["high"] > 11.3


def test_half_the_scale_costs_log_two_a_step():
    data = answer("files only", "half_scale")
    assert data["own"] == pytest.approx(11.0 + 49 * np.log10(2.0))
    assert data["then"] == pytest.approx(11.5 + 49 * np.log10(2.0), abs=0.8)


def test_excess_over_the_radius_is_what_draws_have():
    data = answer("probed", "slope_and_radius")
    assert data["excess"] == pytest.approx(11.0 + 49 * np.log10(0.6))
    assert data["low"] < data["excess"] < data["high"]
