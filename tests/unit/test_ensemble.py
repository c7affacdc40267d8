"""Ensembles of declared settings: figures of two hundred seeds, bands of a thousand, advice."""

import time
from dataclasses import replace

import numpy as np
import pytest

from grader import ensemble
from grader.ensemble import (
    LAB_RADIUS,
    LEVELS,
    advised,
    at_lab_radius,
    bands,
    failing_share,
    gru_draws,
    gru_spread,
    rnn_draws,
    rnn_excess,
    rnn_spread,
    spread,
    usable,
)
from grader.model import KINDS, Manifest
from grader.setting import Setting, setting_of
from reference.ensemble import decay_ensemble
from reference.initialise import Configuration
from tests.toys import facts, forward, material

LAB = Setting()


def declared(probe=None, **config):
    return material(manifest=Manifest({"config": config}, {}), probe=probe or {})


def to_head(draws):
    return draws.logs[:, 50] - draws.logs[:, 0]


# The instructor's figures: orders from g_50 to g_0 over two hundred seeds, mean and deviation.

SAMPLES = 5.0 * (1.0 / 256.0 + 1.0 / 200.0) ** 0.5
"""Five standard errors of the difference of both means, in deviations."""

CONVENTIONS = 0.03
"""What other code's draws may differ by: where the reset gate stands, the size of the inputs."""


@pytest.mark.parametrize(
    ("bias", "mean", "std"),
    [(0.0, 10.1, 0.5), (-1.0, 5.0, 0.2), (-2.0, 2.25, 0.11), (-4.0, 0.37, 0.02)],
)
def test_gru_loses_what_two_hundred_seeds_lost(bias, mean, std):
    orders = to_head(gru_draws(replace(LAB, bias=bias)))
    assert orders.mean() == pytest.approx(mean, abs=SAMPLES * std + CONVENTIONS * mean)
    assert orders.std() == pytest.approx(std, rel=0.3)


def test_rnn_loses_what_two_hundred_seeds_lost():
    draws = rnn_draws(LAB)
    assert to_head(draws).mean() == pytest.approx(11.5, abs=SAMPLES * 1.4 + CONVENTIONS * 11.5)
    assert to_head(draws).std() == pytest.approx(1.4, rel=0.2)
    levels = np.quantile(draws.trait, [0.01, 0.5, 0.99])
    assert levels == pytest.approx([0.52, 0.60, 0.73], abs=0.015)


def test_orthogonal_weights_lose_what_the_factor_says():
    lost = to_head(rnn_draws(replace(LAB, scheme="orthogonal", scale=0.9)))
    assert lost.mean() == pytest.approx(2.4, abs=0.2)


def test_draws_are_the_references_own():
    # W x of the reference has the deviation σ²·√e: 0.04 for 16 numbers at σ = 0.1.
    known = decay_ensemble(Configuration(update_gate_bias=-2.0, option="A"), range(16))
    setting = replace(LAB, inputs=0.04, bias=-2.0)
    assert np.allclose(rnn_draws(setting, 16).logs, known.rnn, rtol=1e-9)
    assert np.allclose(gru_draws(setting, 16).logs, known.gru, rtol=1e-9)
    assert np.allclose(gru_draws(setting, 16).trait, known.mean_z, rtol=1e-9)


@pytest.fixture(scope="module")
def lab_bands():
    return bands(LAB)


def test_bands_are_quantiles_over_a_thousand_seeds(lab_bands):
    assert lab_bands.levels == LEVELS
    assert lab_bands.rnn.shape == lab_bands.gru.shape == (len(LEVELS), 51)
    assert LEVELS[-1] - LEVELS[0] == pytest.approx(0.999)
    draws = rnn_draws(LAB, ensemble.SEEDS)
    for part, drawn in [
        (lab_bands.rnn, draws.logs),
        (lab_bands.rho, draws.trait),
        (lab_bands.rnn_orders, draws.orders),
        (lab_bands.rnn_slope, draws.slope),
    ]:
        assert (np.diff(part, axis=0) >= 0).all()
        inside = ((part[0] <= drawn) & (drawn <= part[-1])).mean(axis=0)
        assert np.asarray(inside).min() >= 0.998  # each end leaves out one of a thousand


def test_bands_of_two_hundred_seeds_lie_within(lab_bands):
    # RNN 7.0 … 14.7 and GRU 8.8 … 11.3 to the head in two hundred seeds.
    lost = lab_bands.rnn[:, 50].mean() - lab_bands.rnn[:, 0]
    assert lost[0] > 14.7 - 1.0
    assert lost[-1] < 7.0 + 1.0
    assert lab_bands.gate[3] == pytest.approx(0.5, abs=0.01)
    assert lab_bands.gru_orders[0] > 8.0
    assert lab_bands.gru_orders[-1] < 12.0


def test_bands_are_drawn_once(lab_bands):
    begun = time.perf_counter()
    assert bands(Setting()) is lab_bands
    assert time.perf_counter() - begun < 0.01


def test_spread_holds_what_a_normal_distribution_leaves_in():
    values = np.random.default_rng(5).standard_normal(256)
    found = spread(values)
    assert found.mean == pytest.approx(0.0, abs=4.0 / 16.0)
    assert found.high > 3.29 * 0.85
    assert found.holds(float(values.max()))
    assert not found.holds(found.high + 0.01)
    assert found.holds(found.high + 0.01, slack=0.02)


def test_spread_leaves_no_draw_out():
    skewed = np.append(np.zeros(255), 100.0)
    assert spread(skewed).high >= 100.0


def test_of_fresh_seeds_hardly_any_lies_outside():
    fresh = rnn_draws(LAB, ensemble.SEEDS).orders[256:]
    band = rnn_spread(LAB)
    assert np.mean([not band.holds(float(x)) for x in fresh]) <= 0.005


def test_excess_over_the_radius_is_small_and_positive():
    # -10·log10 ρ explains the orders per ten steps up to -0.01 … +0.31: five times that in fifty.
    found = rnn_excess(replace(LAB, inputs=0.04))
    assert 0.0 < found.mean < 1.5


def test_share_that_misses_the_condition_falls_with_the_bias():
    # Of 200 seeds about three in ten miss half an order at b_z = 0; none at -2.
    assert failing_share(LAB, 0.5) == pytest.approx(0.3, abs=0.12)
    assert failing_share(replace(LAB, bias=-2.0), 0.5) == 0.0
    assert failing_share(replace(LAB, bias=4.0), 0.5) > 0.95


def test_advice_is_the_mildest_bias_that_does():
    found = advised(LAB, 11.0, 1.0, 1.5)
    assert found is not None
    assert found.bias == -2.0
    assert found.orders == gru_spread(replace(LAB, bias=-2.0))
    assert advised(replace(LAB, bias=3.0), 11.0, 1.0, 1.5) == found


def test_advice_leaves_both_margins():
    found = advised(LAB, 3.0, 1.0, 1.5)
    assert found is not None
    assert found.bias < -2.0
    assert 3.0 - found.orders.high >= 1.0
    assert found.orders.high * 1.5 <= 3.0
    assert advised(LAB, 0.9, 1.0, 1.5) is None


# Settings


def test_wide_nets_are_drawn_at_the_same_radius():
    wide = replace(LAB, width=256, scale=0.05)
    assert usable(wide).width == 64
    assert usable(wide).scale * 8.0 == pytest.approx(0.05 * 16.0)
    turned = replace(wide, scheme="orthogonal", scale=0.9)
    assert usable(turned).scale == 0.9
    assert usable(LAB) == LAB


def test_the_labs_radius_is_kept_at_any_width():
    setting = at_lab_radius(replace(LAB, width=64, scheme="orthogonal", scale=0.9))
    assert setting.scheme == "normal"
    assert setting.scale * 8.0 == pytest.approx(LAB_RADIUS)


def test_declared_settings_are_taken():
    found = setting_of(declared(d_hidden=48, init_scale_W_hh=0.2, synthetic_target="option b"))
    assert (found.width, found.scale, found.option) == (48, 0.2, "B")


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"d_hidden": "32", "init_scale_W_hh": None},
        {"d_hidden": 10**9, "init_scale_W_hh": float("nan")},
        {"d_hidden": True, "init_scale_W_hh": True},
        {"d_hidden": 1, "init_scale_W_hh": -0.1, "synthetic_target": 7},
    ],
)
def test_unusable_settings_are_the_labs(config):
    assert setting_of(declared(**config)) == setting_of(declared())
    assert setting_of(material(manifest=None, probe={})) == setting_of(declared())


def test_measured_settings_go_before_declared_ones():
    measured = facts(d_hidden=16, forward=forward(weight_std=0.15, input_std=0.3))
    found = setting_of(declared(dict.fromkeys(KINDS, measured), d_hidden=32, init_scale_W_hh=0.1))
    assert (found.width, found.scale, found.inputs) == (16, 0.15, 0.3)


def test_orthogonal_matrix_is_recognised():
    norm = 0.9
    turned = forward(weight_std=norm / 32**0.5, spectral_norm=norm, frobenius_norm=norm * 32**0.5)
    found = setting_of(declared({"rnn": facts(forward=turned)}))
    assert (found.scheme, found.scale) == ("orthogonal", norm)


@pytest.mark.parametrize("inputs", [float("nan"), 0.0, 1e9])
def test_inputs_stay_usable(inputs):
    found = setting_of(declared({"rnn": facts(forward=forward(input_std=inputs))}))
    assert 1e-3 <= found.inputs <= 2.0
