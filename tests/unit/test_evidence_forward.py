"""The forward pass is recognised by what it does, near its trajectory and far from it."""

import numpy as np
import pytest

from grader.evidence import forward as forward_
from grader.evidence import losses
from grader.evidence.differences import Asked, Differentiator
from grader.evidence.points import Place, declared_point, hot_arrays
from grader.evidence.tanh_rnn import _tied, examine_rnn
from tests.toys import Direct, toy

TOY = toy()
D, V, T = 8, 12, 50
sigmoid, pre = TOY["sigmoid"], TOY["pre"]


def rng():
    return np.random.default_rng(5)


def place_of(p, kind, step):
    tokens, target = TOY["make_sequence"](42, T)
    states = [np.zeros(D)]
    for token in tokens:
        states.append(step(kind, p, token, states[-1]))
    return Place("declared", "p", 42, tokens, target, np.zeros(D)), np.array(states)


def rnn(step=None, p=None):
    """Examine an RNN whose step is otherwise."""
    step, p = step or TOY["step"], p or TOY["init_params"]("rnn", 42)
    place, states = place_of(p, "rnn", step)
    return examine_rnn(Differentiator(Direct("rnn", step, p=p), rng()), place, states, rng())


def gru(step=None, *, roles=True):
    """Examine a GRU at enlarged parameters; `roles` says whether they are looked for."""
    step = step or TOY["step"]
    p = hot_arrays(TOY["init_params"]("gru", 42), D, 1.0, rng())
    place, states = place_of(p, "gru", step)
    way = Differentiator(Direct("gru", step, p=p), rng())
    found = forward_.roles_of(way, "p", p, D, place.tokens, rng()) if roles else None
    return forward_.examine_gru(way, place, p, found, states, rng())


def loss(function=None, sizes=(V, D), p=None):
    """Examine a loss that is otherwise."""
    p = p or TOY["init_params"]("rnn", 42)
    way = Differentiator(Direct("rnn", None, function or TOY["loss"], p=p), rng())
    found = losses.examine_loss(way.calls, "p", sizes, 3, D, rng())
    way.head("p", np.zeros(D), 3)  # what was asked here is held to the rebuilt loss as well
    return losses.confirm_loss(way, "p", found, 3, D, rng())


def test_tanh_rnn_is_recognised_to_roundoff():
    found = rnn()
    assert found.recognised
    assert found.residual <= found.tolerance < 1e-9


def wrapped(change):
    """Return the toy's step with its result or its arguments changed."""

    def step(kind, p, token, h):
        return change(TOY["step"](kind, p, token, h), h)

    return step


def dishonest(new, h):
    """Be exact where trajectories go, and wrong farther out."""
    return new if np.abs(h).max() < 0.9 else new + 1e-6 * np.tanh(h)


RNN_WRONG = {
    "sigmoid": lambda _, p, token, h: sigmoid(pre(p, "h", token, h)),
    "relu": lambda _, p, token, h: np.maximum(pre(p, "h", token, h), 0),
    "sine": lambda _, p, token, h: np.sin(pre(p, "h", token, h)),
    "linear": lambda _, p, token, h: pre(p, "h", token, h),
    "leak": wrapped(lambda new, h: 0.9 * new + 0.1 * h),
    "residual": wrapped(lambda new, h: new + h),
    "cube": lambda _, p, token, h: np.tanh(pre(p, "h", token, h + 0.01 * h**3)),
    "gru": lambda _, __, token, h: TOY["step"]("gru", GRU, token, h),
    "wrong far out": wrapped(dishonest),
    "noise": wrapped(lambda new, h: new + 1e-6 * np.sin(1e6 * h)),
}
GRU = TOY["init_params"]("gru", 42)


@pytest.mark.parametrize("name", RNN_WRONG)
def test_other_step_is_not_taken_for_a_tanh_rnn(name):
    assert not rnn(RNN_WRONG[name]).recognised


def test_rnn_in_float32_is_recognised():
    p = {n: w.astype("f4").astype("f8") for n, w in TOY["init_params"]("rnn", 42).items()}
    found = rnn(wrapped(lambda new, _: np.real(new).astype("f4").astype("f8")), p)
    assert found.recognised


def test_rnn_of_any_layout_is_recognised():
    p = {"all": np.random.default_rng(0).normal(0, 0.3, (2 * D, D)), "E": np.eye(V, D)}
    found = rnn(lambda _, p, t, h: np.tanh(np.concatenate([h, p["E"][t]]) @ p["all"]), p)
    assert found.recognised


def test_saturated_rnn_breaks_nothing():
    p = TOY["init_params"]("rnn", 42)
    found = rnn(p={**p, "b_h": np.full(D, 3.0)})
    assert found.recognised


def test_recurrent_matrix_is_found_whatever_the_layout():
    p = TOY["init_params"]("rnn", 42)
    place, states = place_of(p, "rnn", TOY["step"])
    way = Differentiator(Direct("rnn", TOY["step"], TOY["loss"], p=p), rng())
    _, parts = declared_point(place, way, np.ones((T + 1, D)), states)
    W = forward_.recurrent_matrix(parts.value, states)
    assert np.allclose(W, p["W_hh"], rtol=0, atol=1e-9)


def test_row_of_a_unit_that_never_leaves_saturation_is_not_told():
    states = np.zeros((T + 1, D))
    states[1:, 2] = 1.0
    W = forward_.recurrent_matrix(np.zeros((T, D, D)), states)
    assert np.isnan(W[2]).all()
    assert np.isfinite(np.delete(W, 2, axis=0)).all()
    # Field by field: whether NaN is what it is depends on how a Python compares data classes.
    assert repr(forward_.with_sizes(rnn(), W)) == repr(rnn())


def test_sizes_of_a_matrix_are_its_own():
    W = np.array([[0.0, 2.0], [-0.5, 0.0]])
    sized = forward_.with_sizes(rnn(), W)
    assert sized.spectral_radius == pytest.approx(1.0)
    assert sized.spectral_norm == pytest.approx(2.0)
    assert sized.frobenius_norm == pytest.approx(np.sqrt(4.25))
    assert sized.weight_std == pytest.approx(W.std())


@pytest.mark.parametrize("roles", [True, False])
def test_gru_is_recognised_with_and_without_its_roles(roles):
    found = gru(roles=roles)
    assert found.recognised
    assert found.roles_found is roles


def mirrored(_, p, token, h):
    z, r = sigmoid(pre(p, "z", token, h)), sigmoid(pre(p, "r", token, h))
    return z * h + (1 - z) * np.tanh(pre(p, "h", token, r * h))


@pytest.mark.parametrize("roles", [True, False])
def test_mirrored_gru_is_recognised_as_well(roles):
    found = gru(mirrored, roles=roles)
    assert found.recognised
    assert found.gate_form == ("zh+(1-z)c" if roles else "")


def without_reset(_, p, token, h):
    z = sigmoid(pre(p, "z", token, h))
    return (1 - z) * h + z * np.tanh(pre(p, "h", token, h))


def test_gru_without_a_reset_gate_is_named():
    found = gru(without_reset)
    assert (found.recognised, found.model) == (False, "gru without reset gate")


def overshooting(_, p, token, h):
    z, r = sigmoid(pre(p, "z", token, h)), sigmoid(pre(p, "r", token, h))
    return (1 - z) * h + 1.5 * np.tanh(pre(p, "h", token, r * h))


def constant_gate(_, p, token, h):
    return 0.5 * h + 0.5 * np.tanh(pre(p, "h", token, h))


GRU_WRONG = {
    "rnn": lambda _, p, token, h: np.tanh(pre(p, "h", token, h)),
    "no convex mix": overshooting,
    "constant gate": constant_gate,
    "linear candidate": lambda _, p, token, h: h + sigmoid(pre(p, "z", token, h)) * 2.0,
    "wrong beside": wrapped(lambda new, h: np.where(np.abs(h) < 0.02, new + 0.5 * h, new)),
}


@pytest.mark.parametrize("name", GRU_WRONG)
def test_other_step_has_not_the_form_of_a_gate(name):
    assert not gru(GRU_WRONG[name], roles=False).recognised


def test_radius_at_which_the_jacobian_changes_is_told():
    rough = gru(wrapped(lambda new, h: new + 0.01 * np.sin(300.0 * h)), roles=False)
    assert not rough.radii_agree
    assert rough.worst_radius == pytest.approx(1e-2, rel=10.0)


def test_cross_entropy_is_recognised():
    found = loss()
    assert (found.recognised, found.classes) == (True, V)
    assert found.total_probability == pytest.approx(1.0, abs=1e-12)


def scores(p, h):
    q = np.exp(p["W_ho"] @ h + p["b_o"])
    return q / q.sum()


LOSSES = {
    "squared error": (
        lambda _, p, h, t: ((scores(p, h) - np.eye(V)[t]) ** 2).sum(),
        "not_a_distribution",
    ),
    "half": (lambda *a: TOY["loss"](*a) / 2, "not_a_distribution"),
    "mean over classes": (lambda *a: TOY["loss"](*a) / V, "not_a_distribution"),
    "regularised": (lambda k, p, h, t: TOY["loss"](k, p, h, t) + 0.01, "not_a_distribution"),
    "base 2": (lambda *a: TOY["loss"](*a) / np.log(2), "not_a_distribution"),
    "log(p + 1e-3)": (lambda *a: -np.log(np.exp(-TOY["loss"](*a)) + 1e-3), "not_a_distribution"),
    "tanh before": (lambda k, p, h, t: TOY["loss"](k, p, np.tanh(h), t), "not_affine"),
    "square before": (lambda k, p, h, t: TOY["loss"](k, p, h + h**2, t), "not_affine"),
}


@pytest.mark.parametrize("name", LOSSES)
def test_other_loss_is_named(name):
    function, reason = LOSSES[name]
    found = loss(function)
    assert (found.recognised, found.reason) == (False, reason)


@pytest.mark.parametrize("epsilon", [1e-15, 1e-12, 1e-9])
def test_logarithm_with_a_tiny_epsilon_is_a_cross_entropy(epsilon):
    assert loss(lambda *a: -np.log(np.exp(-TOY["loss"](*a)) + epsilon)).recognised


def test_cross_entropy_in_float32_is_recognised():
    assert loss(lambda *a: float(np.float32(TOY["loss"](*a)))).recognised


def test_number_of_classes_is_one_of_the_sizes():
    assert loss(sizes=(3, 2)).reason == "no_classes"
    assert loss(sizes=(100, V, 5, D)).classes == V


def test_target_beyond_the_classes_is_an_error_that_names_no_loss():
    def strict(kind, p, h, target):
        if target >= V:
            raise AssertionError
        return TOY["loss"](kind, p, h, target)

    assert loss(strict, sizes=(V, 5, D)).recognised


def saturated_at_zero(step):
    """Deny every reading at h = 0: all units saturated there, and only there."""
    return lambda kind, p, token, h: step(kind, p, token, h) if np.any(h) else np.ones(D)


def noisy_at_axes(step):
    """Blur every derivative along single units, so that whoever reads W there can read anything."""
    noise = np.random.default_rng(3)

    def blurred(kind, p, token, h):
        out = step(kind, p, token, h)
        alone = np.count_nonzero(h) == 1
        return np.clip(out + noise.uniform(-0.5, 0.5, D), -1, 1) if alone else out

    return blurred


@pytest.mark.parametrize("hides", [saturated_at_zero, noisy_at_axes])
@pytest.mark.parametrize("name", ["sine", "cube", "linear"])
def test_other_step_cannot_hide_where_the_tanh_rnn_is_read_off(name, hides):
    assert not rnn(hides(RNN_WRONG[name])).recognised


def test_step_too_rough_to_be_read_tells_nothing():
    rough = np.random.default_rng(3)
    found = rnn(wrapped(lambda new, _: np.clip(new + rough.normal(0, 1e-2, D), -1, 1)))
    assert not found.recognised or found.told < 1.0


def test_trajectory_itself_is_held_to_the_rebuilt_rnn():
    p = TOY["init_params"]("rnn", 42)
    place, states = place_of(p, "rnn", TOY["step"])
    way = Differentiator(Direct("rnn", TOY["step"], p=p), rng())
    said = np.array(states[1:])
    way.asked["p"].append(Asked(np.array(place.tokens), states[:-1], said))
    assert examine_rnn(way, place, states, rng()).recognised
    said[24] += 1e-3
    assert not examine_rnn(way, place, states, rng()).recognised


def test_saturated_rnn_is_told_wherever_gradient_passes():
    p = TOY["init_params"]("rnn", 42)
    assert rnn(p={**p, "b_h": np.full(D, 3.0)}).told == 1.0
    assert rnn().told == 1.0


def test_loss_of_more_classes_than_are_rebuilt_is_not_recognised(monkeypatch):
    monkeypatch.setattr(losses, "MAX_LOSSES", V * (D + 1) - 1)
    found = loss()
    assert (found.recognised, found.reason) == (False, "too_many_classes")
    monkeypatch.setattr(losses, "MAX_LOSSES", V * (D + 1))
    assert loss().recognised


@pytest.mark.parametrize(("tokens", "tied"), [(range(50), False), ([1, 2, 3, 4, 5] * 10, True)])
def test_rnn_is_tied_to_its_states_where_tokens_repeat(tokens, tied):
    states = np.random.default_rng(0).uniform(-1, 1, (51, D))
    assert _tied(list(tokens), states) is tied
