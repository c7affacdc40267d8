"""Questions about lists that were only read: asked of made-up ones, never of drawn ones."""

from dataclasses import replace

import numpy as np
import pytest

from grader import corpus
from grader.checks import plausible
from grader.ensemble import gru_draws, rnn_draws
from grader.grading import material_of
from grader.model import KINDS, Manifest, Outcome
from grader.reading.loading import load
from grader.rubric import load_rubric
from grader.runner import findings
from grader.setting import Setting
from tests.toys import decay, facts, material

T = np.arange(50)
RNN = 10.0 ** rnn_draws(Setting()).logs
GRU = 10.0 ** gru_draws(replace(Setting(), bias=-2.0)).logs
RNG = np.random.default_rng(11)


def read(rnn, gru, rho=None, gate=None, **config):
    """Return material whose curves were read and not differentiated."""
    results = {} if rho is None else {"rnn_spectral_radius_W_hh": rho}
    declared = {"d_hidden": 32, "init_scale_W_hh": 0.1, "synthetic_target": "Option A", **config}
    manifest = Manifest({"config": declared, "results_summary": results}, {})
    declared = {} if gate is None else {"mean": gate}
    return material(decay=decay(rnn, gru, gate=declared), manifest=manifest, probe={})


def line(orders, noise=0.0):
    logs = orders * (T - 49) / 49 + noise * RNG.standard_normal(50)
    return 10.0**logs


def kinds(check, what):
    found = list(getattr(plausible, check)(what))
    assert all(finding.outcome is Outcome.MANUAL for finding in found)
    return [finding.kind for finding in found]


def cubic(orders):
    s = T / 49
    return 10.0 ** (orders * (s - 1 + 0.05 * s * (1 - s) * (s - 0.4)))


CASES = {
    ("texture", "straight"): (
        read(np.exp(-0.32 * (49 - T)), GRU[0, :50]),
        read(RNN[0, :50], GRU[0, :50]),
    ),
    ("texture", "formula"): (read(cubic(11.0), GRU[0, :50]), read(RNN[3, :50], GRU[3, :50])),
    ("texture", "identical"): (
        read(RNN[0, :50], 7.0 * RNN[0, :50]),
        read(RNN[0, :50], RNN[1, :50]),
    ),
    ("texture", "noise"): (read(line(11.0, 0.1), line(2.5, 0.05)), read(RNN[5, :50], GRU[5, :50])),
    ("settings", "orders"): (read(line(2.0), GRU[0, :50]), read(RNN[1, :50], GRU[1, :50])),
    ("settings", "radius"): (
        read(RNN[0, :50], GRU[0, :50], rho=1.08),
        read(RNN[0, :50], GRU[0, :50], rho=0.58),
    ),
    ("settings", "radius_and_decay"): (
        read(RNN[np.argmax(RNN[:, 0]), :50], GRU[0, :50], rho=0.45),
        read(RNN[0, :50], GRU[0, :50], rho=float(rnn_draws(Setting()).trait[0])),
    ),
    ("settings", "gate_and_decay"): (
        read(RNN[0, :50], GRU[0, :50], gate=0.5),
        read(
            RNN[0, :50], GRU[0, :50], gate=float(gru_draws(replace(Setting(), bias=-2.0)).trait[0])
        ),
    ),
}


@pytest.mark.parametrize("case", CASES, ids=".".join)
def test_list_that_no_draw_resembles_is_asked_about(case):
    assert case[1] in kinds(case[0], CASES[case][0])


@pytest.mark.parametrize("case", CASES, ids=".".join)
def test_draw_beside_it_is_not(case):
    assert kinds(case[0], CASES[case][1]) == []


@pytest.mark.parametrize("name", [case for case in CASES if case[0] == "texture"], ids=".".join)
def test_net_that_was_differentiated_needs_no_question(name):
    asked = CASES[name][0]
    probed = replace(asked, probe={kind: facts() for kind in KINDS})
    assert kinds(*name[:1], probed) == []


def test_variance_for_deviation_is_recognised():
    wide = rnn_draws(replace(Setting(), scale=0.1**0.5)).logs
    (finding,) = plausible.settings(read(10.0 ** wide[2, :50], GRU[0, :50]))
    assert str(finding.data["fits"]) == "report.fits.variance"


def test_reversed_list_is_recognised():
    (finding,) = plausible.settings(read(RNN[0, 49::-1], GRU[0, :50]))
    assert str(finding.data["fits"]) == "report.fits.reversed"


def test_of_drawn_pairs_none_in_a_hundred_is_asked_about():
    asked = [kinds("texture", read(RNN[n, :50], GRU[n, :50])) for n in range(100)]
    assert asked == [[]] * 100
    asked = [kinds("settings", read(RNN[n, :50], GRU[n, :50])) for n in range(100)]
    assert sum(map(bool, asked)) <= 1


def test_rounded_lists_are_not_called_noise():
    def to(digits, values):
        return np.array([float(f"{v:.{digits}g}") for v in values])

    what = read(to(2, line(11.0)), to(2, line(2.5)))
    half_unit = {kind: np.array(what.decay.curves[kind]) * 0.05 for kind in KINDS}
    rounded = replace(what, decay=replace(what.decay, half_unit=half_unit))
    assert "noise" not in kinds("texture", rounded)


@pytest.mark.parametrize("case", corpus.right(), ids=lambda case: case.name)
def test_right_submission_is_asked_nothing_from_its_files(case, tmp_path):
    rubric = load_rubric()
    what = material_of(load(case.write(tmp_path)), rubric)
    families = ("plausible.", "pitfalls.")
    codes = [c for c, row in rubric.rows.items() if c.startswith(families) and not row.needs_run]
    assert len(codes) >= 3
    assert [(code, finding.kind) for code in codes for finding in findings(code, what)] == []
