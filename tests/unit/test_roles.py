"""Roles of GRU parameters: right layouts are found and predicted, others never misread."""

from __future__ import annotations

import numpy as np
import pytest

from grader.evidence.roles import find_gru

V, D, E = 20, 24, 12
TOLERANCE = 1e-9  # what the search promises, tested at points of our own


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def blend(z, old, new):
    return (1 - z) * old + z * new


def hot(seed, **shapes):
    """Return parameters large enough that each of them matters."""
    rng = np.random.default_rng(seed)
    return {name: rng.normal(0, 0.35, shape) for name, shape in shapes.items()}


def gru(a, U, h, form="candidate"):
    """Step a GRU with the reset before the product; `a` and `U` in the order z, r, c."""
    z, r = sigmoid(a[0] + U[0] @ h), sigmoid(a[1] + U[1] @ h)
    c = np.tanh(a[2] + U[2] @ (r * h))
    return blend(z, h, c) if form == "candidate" else blend(z, c, h)


def lab_arrays(d=D, e=E, v=V, seed=1):
    shapes = {"E": (v, e), "W_ho": (v, d), "b_o": (v,)}
    for g in "zrh":
        shapes |= {f"W_x{g}": (d, e), f"W_h{g}": (d, d), f"b_{g}": (d,)}
    return hot(seed, **shapes)


def lab_step(p, token, h, form="candidate"):
    a = [p[f"W_x{g}"] @ p["E"][token] + p[f"b_{g}"] for g in "zrh"]
    return gru(a, [p[f"W_h{g}"] for g in "zrh"], h, form)


def rows():
    p = {name: a.T.copy() if name.startswith("W_") else a for name, a in lab_arrays().items()}
    p = {name: a[None] if name.startswith("b_") else a for name, a in sorted(p.items())}

    def step(p, token, h):
        x, h = p["E"][token : token + 1], h[None]
        z, r = (sigmoid(x @ p[f"W_x{g}"] + h @ p[f"W_h{g}"] + p[f"b_{g}"]) for g in "zr")
        c = np.tanh(x @ p["W_xh"] + (r * h) @ p["W_hh"] + p["b_h"])
        return blend(z, c, h)[0]

    return p, step, "zh+(1-z)c", "before"


def after_step(p, token, h):
    x = p["emb"][token]
    i = np.split(p["w_ih"] @ x + p["b_ih"], 3)
    k = np.split(p["w_hh"] @ h + p["b_hh"], 3)
    r, z = sigmoid(i[0] + k[0]), sigmoid(i[1] + k[1])
    return blend(z, np.tanh(i[2] + r * k[2]), h)


def fused_after(d=D):
    p = hot(2, w_ih=(3 * d, E), w_hh=(3 * d, d), b_ih=3 * d, b_hh=3 * d, emb=(V, E), out=(V, d))
    return p, after_step, "zh+(1-z)c", "after"


def stacked_biases():
    p = hot(3, emb=(V, E), w=(E, 3 * D), u=(D, 3 * D), b=(2, 3 * D))

    def step(p, token, h):
        q = {"emb": p["emb"], "w_ih": p["w"].T, "w_hh": p["u"].T, "b_ih": p["b"][0]}
        return after_step(q | {"b_hh": p["b"][1]}, token, h)

    return p, step, "zh+(1-z)c", "after"


def candidate_product_bias():
    p = lab_arrays() | hot(4, b_hn=D)

    def step(p, token, h):
        z, r, a = (p[f"W_x{g}"] @ p["E"][token] + p[f"b_{g}"] for g in "zrh")
        z, r = sigmoid(z + p["W_hz"] @ h), sigmoid(r + p["W_hr"] @ h)
        return blend(z, h, np.tanh(a + r * (p["W_hh"] @ h + p["b_hn"])))

    return p, step, "(1-z)h+zc", "after"


def after_without(*names):
    p = {name: a for name, a in fused_after()[0].items() if name not in names}
    none = dict.fromkeys(names, np.zeros(3 * D))
    return p, lambda p, t, h: after_step(p | none, t, h), "zh+(1-z)c", "after"


def two_biases_before():
    p = lab_arrays() | hot(5, c_z=D, c_r=D, c_h=D)

    def step(p, token, h):
        return lab_step(p | {f"b_{g}": p[f"b_{g}"] + p[f"c_{g}"] for g in "zrh"}, token, h)

    return p, step, "(1-z)h+zc", "before"


def concatenated(order, *, fused=False, transposed=False, e=E):
    shape = (D + e, D) if transposed else (D, D + e)
    p = hot(6, W0=shape, W1=shape, W2=shape, b=(3, D))
    if fused:
        p = {"W": np.concatenate([p[f"W{k}"] for k in range(3)]), "b": p["b"]}
    if e == E:
        p |= hot(7, table=(V, E))

    def step(p, token, h):
        W = np.split(p["W"], 3) if fused else [p[f"W{k}"] for k in range(3)]
        x = p["table"][token] if "table" in p else np.eye(V)[token]

        def product(k, state):
            both = np.concatenate([state, x] if order == "hx" else [x, state])
            return (both @ W[k] if transposed else W[k] @ both) + p["b"][k]

        z, r = sigmoid(product(0, h)), sigmoid(product(1, h))
        return blend(z, h, np.tanh(product(2, r * h)))

    return p, step, "(1-z)h+zc", "before"


def one_hot_after():
    p = hot(8, w=(3 * D, V), u=(3 * D, D), b=3 * D, c=3 * D)

    def step(p, token, h):
        q = {"emb": np.eye(V), "w_ih": p["w"], "w_hh": p["u"], "b_ih": p["b"], "b_hh": p["c"]}
        return after_step(q, token, h)

    return p, step, "zh+(1-z)c", "after"


def looked_up():
    p = hot(9, look=(V, 3, D), rec=(3, D, D), bias=(3, D), h0=D, read=(D, V))
    return p, lambda p, t, h: gru(p["look"][t] + p["bias"], p["rec"], h), "(1-z)h+zc", "before"


def nested_gate_order(d=D, e=E, v=V):
    p = hot(10, **{f"{k}_{g}": s for g in "rzn" for k, s in (("U", (d, d)), ("W", (d, e)))})
    p |= hot(11, **{f"b_{g}": d for g in "rzn"}, wte=(v, e))

    def step(p, token, h):
        a = [p[f"W_{g}"] @ p["wte"][token] + p[f"b_{g}"] for g in "zrn"]
        return gru(a, [p[f"U_{g}"] for g in "zrn"], h)

    return p, step, "(1-z)h+zc", "before"


def no_biases():
    p = {name: a for name, a in lab_arrays().items() if not name.startswith("b_")}
    biases = {f"b_{g}": 0.0 for g in "zrh"}
    return p, lambda p, t, h: lab_step(p | biases, t, h, "old"), "zh+(1-z)c", "before"


def bias_column():
    p = hot(12, W=(3, D, D + E + 1), emb=(E, V))

    def step(p, token, h):
        x = np.append(p["emb"][:, token], 1.0)
        return gru(p["W"][..., D:] @ x, p["W"][..., :D], h)

    return p, step, "(1-z)h+zc", "before"


def interleaved():
    p = hot(13, W=(D, 3, E), U=(D, D, 3), b=(D, 3), emb=(V, E))

    def step(p, token, h):
        a = np.moveaxis(p["W"], 1, 0) @ p["emb"][token] + p["b"].T
        return gru(a, np.moveaxis(p["U"], 2, 0), h)

    return p, step, "(1-z)h+zc", "before"


def lab(d=D, e=E, v=V, *, single=False):
    p = lab_arrays(d, e, v)
    if single:
        p = {name: a.astype(np.float32).astype(np.float64) for name, a in p.items()}
    return p, lab_step, "(1-z)h+zc", "before"


# Where d is not D.
SIZES = {"lab-declared-sizes": 32, "vocabulary-multiple-of-state": 16, "tiny": 4}
SIZES |= {"wide": 128, "wide-fused-after": 128}

RIGHT = {
    "lab": lab(),
    "lab-declared-sizes": lab(32, 16, 64),
    "rows": rows(),
    "fused-after": fused_after(),
    "stacked-biases": stacked_biases(),
    "after-bias-inside-only": after_without("b_ih"),
    "after-without-biases": after_without("b_ih", "b_hh"),
    "candidate-product-bias": candidate_product_bias(),
    "two-biases-before": two_biases_before(),
    "concat-hx": concatenated("hx"),
    "concat-xh": concatenated("xh"),
    "concat-fused": concatenated("hx", fused=True),
    "concat-transposed": concatenated("xh", transposed=True),
    "one-hot": concatenated("hx", e=V),
    "one-hot-after": one_hot_after(),
    "looked-up": looked_up(),
    "nested-order": nested_gate_order(),
    "embedding-as-wide-as-state": nested_gate_order(e=D),
    "all-square": nested_gate_order(e=D, v=D),
    "vocabulary-multiple-of-state": lab(16, 16, 48),
    "no-biases": no_biases(),
    "bias-column": bias_column(),
    "interleaved": interleaved(),
    "float32-born": lab(single=True),
    "tiny": lab(4, 2, 8),
    "scalar-embedding": lab(D, 1, V),
    "wide": lab(128, 64, 300),
    "wide-fused-after": fused_after(128),
}


class Student:
    """A step behind the interface of the search; counts what it is asked."""

    def __init__(self, step):
        self.step, self.calls, self.states = step, 0, 0

    def __call__(self, arrays, tokens, states):
        self.calls += 1
        self.states += len(tokens)
        return np.array([self.step(arrays, t, h) for t, h in zip(tokens, states, strict=True)])


def search(arrays, step, *, tokens=None, d=D, seed=0):
    student = Student(step)
    tokens = list(range(V)) if tokens is None else tokens
    return find_gru(arrays, d, tokens, student, np.random.default_rng(seed)), student


@pytest.mark.parametrize("name", RIGHT)
def test_right_layout_is_found_and_predicts_the_step(name):
    arrays, step, convention, reset = RIGHT[name]
    d = SIZES.get(name, D)
    tokens = [0, 1, 5, 3, 7]
    roles, student = search(arrays, step, tokens=tokens, d=d)
    assert roles is not None
    assert (roles.convention, roles.reset) == (convention, reset)
    assert student.calls <= 40
    rng = np.random.default_rng(99)
    other = {key: rng.normal(0, 0.3, a.shape) for key, a in arrays.items()}
    states = rng.uniform(-2, 2, (20, d))
    asked = [int(t) for t in rng.choice(tokens, 20)]
    for given in (arrays, other):
        error = roles.predict(given, asked, states) - student(given, asked, states)
        assert np.abs(error).max() <= TOLERANCE


@pytest.mark.parametrize("name", ["lab", "one-hot", "looked-up"])
def test_token_between_those_given_is_predicted(name):
    arrays, step, *_ = RIGHT[name]
    roles, student = search(arrays, step, tokens=[2, 11])
    states = np.random.default_rng(5).uniform(-1, 1, (8, D))
    error = roles.predict(arrays, range(3, 11), states) - student(arrays, range(3, 11), states)
    assert np.abs(error).max() <= TOLERANCE


def test_names_tell_the_arrays_of_each_gate():
    roles, _ = search(*RIGHT["candidate-product-bias"][:2], tokens=[4, 4])
    assert roles.names == {
        "z": ("W_xz", "W_hz", "b_z"),
        "r": ("W_xr", "W_hr", "b_r"),
        "c": ("W_xh", "W_hh", "b_h", "b_hn"),
        "x": ("E",),
    }


def test_gates_are_those_of_the_step():
    p, step, *_ = RIGHT["lab"]
    roles, _ = search(p, step)
    h = np.random.default_rng(6).uniform(-1, 1, D)
    z, r, c = (gate[0] for gate in roles.gates(p, [3], h[None]))
    x = p["E"][3]
    assert np.abs(z - sigmoid(p["W_xz"] @ x + p["W_hz"] @ h + p["b_z"])).max() <= 1e-13
    assert np.abs(r - sigmoid(p["W_xr"] @ x + p["W_hr"] @ h + p["b_r"])).max() <= 1e-13
    assert np.abs(c - np.tanh(p["W_xh"] @ x + p["W_hh"] @ (r * h) + p["b_h"])).max() <= 1e-13


def test_arrays_of_another_layout_are_refused():
    roles, _ = search(*RIGHT["lab"][:2])
    with pytest.raises(ValueError, match="not laid out"):
        roles.predict({"E": np.zeros((V, E))}, [0], np.zeros((1, D)))


def test_the_draw_of_codes_does_not_matter():
    for seed in range(40):
        for name in ("two-biases-before", "stacked-biases", "one-hot-after"):
            roles, _ = search(*RIGHT[name][:2], seed=seed)
            assert roles is not None


def ungated(p, token, h):
    a = [p[f"W_x{g}"] @ p["E"][token] + p[f"b_{g}"] for g in "zrh"]
    return blend(sigmoid(a[0] + p["W_hz"] @ h), h, np.tanh(a[2] + p["W_hh"] @ h))


def test_missing_reset_gate_is_named():
    p = lab_arrays()
    roles, student = search(p, ungated)
    assert roles.reset == "none"
    assert set(roles.names) == {"z", "c", "x"}
    states = np.random.default_rng(7).uniform(-2, 2, (9, D))
    error = roles.predict(p, range(9), states) - student(p, range(9), states)
    assert np.abs(error).max() <= TOLERANCE
    assert np.all(roles.gates(p, range(9), states)[1] == 1)


def with_parts(gate=sigmoid, squash=np.tanh, see=lambda x: x, keep=lambda h: h):
    """Return a GRU step with one of its parts exchanged."""

    def step(p, token, h):
        x = see(p["E"][token])
        z, r = (gate(p[f"W_x{g}"] @ x + p[f"W_h{g}"] @ h + p[f"b_{g}"]) for g in "zr")
        return keep(blend(z, h, squash(p["W_xh"] @ x + p["W_hh"] @ (r * h) + p["b_h"])))

    return step


def relu(a):
    return np.maximum(a, 0)


def lstm_like(p, token, h):
    a = [p[f"W_x{g}"] @ p["E"][token] + p[f"W_h{g}"] @ h + p[f"b_{g}"] for g in "zrh"]
    return sigmoid(a[0]) * h + sigmoid(a[1]) * np.tanh(a[2])


def one_gate(p, token, h):
    return lab_step(p | {name: p[name[:-1] + "z"] for name in ("W_xr", "W_hr", "b_r")}, token, h)


def wrong_beside(p, token, h):
    """Be exact at every state with equal components but one, and wrong by 1e-6 elsewhere."""
    exact = lab_step(p, token, h)
    return exact if len(np.unique(h)) <= 2 else exact + 1e-6 * np.sin(h)


def wrong_far_out(p, token, h):
    exact = lab_step(p, token, h)
    return exact if np.abs(h).max() <= 1 or not p["W_ho"].any() else exact + 1e-6 * np.sin(h)


def on_own_parameters_only(p, token, h):
    """Answer with a GRU wherever it is experimented with, and with another step in earnest."""
    return ungated(p, token, h) if np.ptp(p["W_ho"]) > 0.1 else lab_step(p, token, h)


def knows_small_parameters(p, token, h):
    return lab_step(p, token, h) if np.abs(p["W_hz"]).max() < 0.1 else ungated(p, token, h)


WRONG = {
    "wrong-beside-the-probing-states": wrong_beside,
    "wrong-beyond-radius-one": wrong_far_out,
    "another-step-in-earnest": on_own_parameters_only,
    "another-step-at-real-size": knows_small_parameters,
    "sigmoid-candidate": with_parts(squash=sigmoid),
    "relu-candidate": with_parts(squash=relu),
    "hard-sigmoid": with_parts(gate=lambda a: np.clip(0.2 * a + 0.5, 0, 1)),
    "piecewise-sigmoid-of-equal-slope": with_parts(gate=lambda a: np.clip(a / 4 + 0.5, 0, 1)),
    "scaled-embedding": with_parts(see=lambda x: 0.1 * x),
    "rectified-embedding": with_parts(see=relu),
    "layer-norm": with_parts(keep=lambda h: (h - h.mean()) / np.sqrt(h.var() + 1e-5)),
    "layer-norm-of-input": with_parts(see=lambda x: (x - x.mean()) / np.sqrt(x.var() + 1e-5)),
    "clipped-state": with_parts(keep=lambda h: np.clip(h, -1, 1)),
    "float32": with_parts(keep=lambda h: h.astype(np.float32)),
    "no-token": with_parts(see=np.zeros_like),
    "lstm-like": lstm_like,
    "one-gate-for-both": one_gate,
    "vanilla": lambda p, t, h: np.tanh(p["W_xh"] @ p["E"][t] + p["W_hh"] @ h + p["b_h"]),
    "not-finite": lambda p, t, h: lab_step(p, t, h) / (p["b_o"][0] ** 2 > 0),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_other_step_is_not_taken_for_a_gru(name):
    roles, student = search(lab_arrays(), WRONG[name])
    assert roles is None
    assert student.calls <= 40


def test_what_cannot_be_searched_is_left_alone():
    for tokens, d in (([], D), ([-1, 2], D), ([0, 1], 2)):
        roles, student = search(*RIGHT["lab"][:2], tokens=tokens, d=d)
        assert roles is None
        assert student.calls == 0
