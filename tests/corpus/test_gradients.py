"""Right gradients are derivatives of their own forward pass; planted mistakes are not."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable

import numpy as np
import pytest

from grader import corpus
from grader.corpus.catalog import HEAD, MISTAKES, STEPS
from grader.corpus.gradient_cases import planted, right_case
from grader.corpus.oracle import Truth, backwards, loaded, relative, truth
from grader.corpus.styles import PLANTS, STYLES
from grader.corpus.wrong_models import MODELS, SHAPES
from grader.corpus.wrong_runs import CHANCE, UNTRUE

# Rounding: T d products and sums, u each, amplified at most 258 times along the chain (the largest
# A_0 at the lab's settings). In float32 the amplification is left out, for with it nothing could
# be told from rounding: the mistakes planted there are asserted to stand ten times above it.
FLOAT32 = 50 * 32 * float(np.finfo(np.float32).eps)
EXACT = 50 * 32 * 258 * float(np.finfo(np.float64).eps)

FUNCTIONS = [name for name, style in STYLES.items() if style.has_functions]
PLANTED = [(name, mistake) for name in FUNCTIONS for mistake in PLANTS[name]]
UNOFFERED = [
    (name, mistake)
    for name, style in STYLES.items()
    if not style.has_functions
    for mistake in PLANTS[name]
]
RIGHT = [case for case in corpus.right() if case.has_functions and case.name != "sibling-absent"]
RIGHTLY_DIFFERENTIATED = [
    *(f"model-{name}" for name in MODELS),
    *(f"shape-{name}" for name in SHAPES),
]


def half(cases):
    """Return cases as parameters, every second of them for the slow run only."""
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=LATER if n % 2 else ())
        for n, case in enumerate(cases)
    ]


LATER = pytest.mark.slow
DISHONEST = ["step-dishonest", "step-dishonest-near", "step-dishonest-at-seed"]
DISGUISED = ["T-rows", "transposed", "norms", "none", "nan", "complex", "strings", "raises"]


@pytest.fixture
def both(written) -> Callable[[object], dict[str, Truth]]:
    def differentiate(case):
        with loaded(written(case)) as module:
            seed = dict(case.papers.declared).get("seed", 42)
            return {kind: truth(module, kind, seed) for kind in ("rnn", "gru")}

    return differentiate


@pytest.fixture
def curves(written):
    def read(case):
        doc = json.loads((written(case) / "decay.json").read_text(encoding="utf-8"))
        return {kind: np.array(doc[kind]) for kind in ("rnn", "gru")}

    return read


def tolerance(style: str) -> float:
    return FLOAT32 if style == "float32" else EXACT


@pytest.mark.parametrize("case", half(RIGHT), ids=lambda case: case.name)
def test_right_gradient_is_the_derivative_of_its_own_forward_pass(case, both):
    numbers = case.numbers()
    for kind, found in both(case).items():
        assert found.chain_error() <= tolerance(case.style)
        exact = np.linalg.norm(found.exact, axis=1)[:50]
        np.testing.assert_allclose(getattr(numbers, kind), exact, rtol=tolerance(case.style))


@pytest.mark.parametrize(("style", "mistake"), half(PLANTED), ids=str)
def test_planted_mistake_is_wrong_where_its_code_says(style, mistake, both, curves):
    case = planted(STYLES[style], mistake)
    found = both(case)
    codes, wrong = MISTAKES[mistake].codes, 10 * tolerance(style)
    if codes == STEPS:
        assert max(f.step_error() for f in found.values()) > wrong
    elif codes == HEAD:
        assert all(f.head_error() > wrong for f in found.values())
        assert all(f.step_error() <= tolerance(style) for f in found.values())
    else:
        assert all(f.chain_error() <= tolerance(style) for f in found.values())
        exact = {k: np.linalg.norm(f.exact, axis=1)[:50] for k, f in found.items()}
        assert max(relative(g, exact[k]) for k, g in curves(case).items()) > wrong


def test_subtle_mistake_is_as_small_as_it_is_said_to_be(both):
    case = planted(STYLES["columns"], "gru-r-path-missing-closed")
    found = both(case)["gru"]
    norms, exact = (np.linalg.norm(dh, axis=1) for dh in (found.claimed, found.exact))
    assert np.abs(norms / exact - 1).max() < 1e-3


@pytest.mark.parametrize("name", RIGHTLY_DIFFERENTIATED)
def test_other_models_are_rightly_differentiated(name, both):
    for found in both(corpus.by_name(name)).values():
        assert found.chain_error() <= EXACT


@pytest.mark.parametrize("name", DISHONEST)
def test_dishonest_step_agrees_with_its_wrong_gradient(name, both, curves):
    case = corpus.by_name(f"functions-{name}")
    honest = curves(right_case(case.base))["rnn"]
    found = both(case)["rnn"]
    assert found.step_error() <= EXACT
    assert relative(curves(case)["rnn"], honest) > 0.01


@pytest.mark.parametrize("name", DISGUISED)
def test_recorded_list_is_right_though_bptt_is_not(name, curves):
    case = corpus.by_name(f"functions-bptt-{name}")
    right, found = curves(right_case(case.base)), curves(case)
    for kind in right:
        np.testing.assert_array_equal(found[kind], right[kind])


@pytest.mark.parametrize(
    "name", [name for name, (_, _, expect, _) in UNTRUE.items() if "rerun" not in str(expect.codes)]
)
def test_recorded_list_is_not_the_gradient_of_the_code(name, both, curves):
    case = corpus.by_name(f"script-{name}")
    recorded = curves(case)
    errors = []
    for kind, found in both(case).items():
        assert found.chain_error() <= EXACT
        errors.append(relative(recorded[kind], np.linalg.norm(found.exact, axis=1)[:50]))
    assert max(errors) > 1e-10


@pytest.mark.parametrize(
    "name", [name for name, (_, _, expect, _) in UNTRUE.items() if expect == CHANCE]
)
def test_unseeded_script_never_writes_the_same_twice(name, tmp_path, monkeypatch):
    case = corpus.by_name(f"script-{name}")
    first = case.built().files["decay.json"]
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert case.built().files["decay.json"] != first


def test_functions_that_ignore_their_arguments_answer_the_same(written):
    with loaded(written(corpus.by_name("functions-ignore-params"))) as m:
        tokens, target = m.make_sequence(42, 50)
        scaled = {name: 2 * array for name, array in m.init_params("rnn", 42).items()}
        one = m.bptt("rnn", scaled, tokens, target)
        np.testing.assert_array_equal(one, m.bptt("rnn", m.init_params("rnn", 42), tokens, target))
    with loaded(written(corpus.by_name("functions-bptt-ignores-tokens"))) as m:
        params = m.init_params("gru", 42)
        one = m.bptt("gru", params, tokens, target)
        np.testing.assert_array_equal(one, m.bptt("gru", params, tokens[::-1], target))


def test_step_that_mutates_changes_the_state_it_was_given(written):
    with loaded(written(corpus.by_name("functions-step-mutates-input"))) as m:
        h = np.full(m.D, 0.1)
        m.step("gru", m.init_params("gru", 42), 0, h)
    assert np.any(h != 0.1)


def test_step_that_keeps_state_answers_differently_the_second_time(written):
    with loaded(written(corpus.by_name("functions-step-keeps-state"))) as m:
        params, h = m.init_params("rnn", 42), np.full(m.D, 0.1)
        assert np.any(m.step("rnn", params, 0, h) != m.step("rnn", params, 0, h))


@pytest.mark.parametrize(("style", "mistake"), half(UNOFFERED), ids=str)
def test_planted_mistake_changes_a_script_without_functions(style, mistake, curves):
    right, wrong = curves(right_case(STYLES[style])), curves(planted(STYLES[style], mistake))
    changed = max(relative(wrong[kind], right[kind]) for kind in right)
    if mistake == "head-sign":
        assert changed == 0
    else:
        assert changed > EXACT


def norms_of(step, states, head):
    return np.linalg.norm(backwards(step, states, head), axis=1)[:50]


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def log_loss(W, b, target):
    def loss(h):
        scores = W @ h + b
        return np.log(np.exp(scores).sum()) - scores[target]

    return loss


def gated(z_of, r_of, c_of):
    def step(t, h):
        z, r = sigmoid(z_of(t, h)), sigmoid(r_of(t, h))
        return (1 - z) * h + z * np.tanh(c_of(t, r * h))

    return step


@pytest.fixture
def flat_names(written, monkeypatch):
    folder = written(right_case(STYLES["flat"]))
    state = np.random.get_state()  # noqa: NPY002  the student's script seeds the global generator
    monkeypatch.chdir(folder)
    names = runpy.run_path("bptt_norm.py")
    np.random.set_state(state)  # noqa: NPY002  and must not seed ours
    names["plt"].close("all")
    return names


def test_flat_script_records_the_gradients_of_the_labs_networks(flat_names):
    m = flat_names
    E, ids, d = m["E"], m["x_ids_gru"], m["d"]
    x = m["x"]

    def rnn(t, h):
        return np.tanh(m["W_hh"] @ h + m["W_xh"] @ x[t] + m["b_h"])

    gru = gated(
        lambda t, h: m["Wz"] @ E[ids[t - 1]] + m["Uz"] @ h + m["bz"],
        lambda t, h: m["Wr"] @ E[ids[t - 1]] + m["Ur"] @ h + m["br"],
        lambda t, h: m["Wh"] @ E[ids[t - 1]] + m["Uh"] @ h + m["bh"],
    )
    target = m["target_id"]
    found = norms_of(rnn, np.zeros(d), log_loss(m["W_ho"], m["b_o"], target))
    np.testing.assert_allclose(m["g_rnn"], found, rtol=EXACT)
    found = norms_of(gru, np.zeros(d), log_loss(m["Wo"], m["bo"], target))
    np.testing.assert_allclose(m["g_gru"], found, rtol=EXACT)


def test_spanish_script_records_the_gradients_of_the_labs_networks(written, curves):
    case = right_case(STYLES["spanish"])
    with loaded(written(case)) as m:
        ids, target = m.crear_secuencia()
        tabla, recurrente, entrada, salida = m.pesos_rnn()
        p = m.pesos_gru()

    def product(gate, t, h):
        return p[gate + "_x"] @ p["tabla"][ids[t - 1]] + p[gate + "_h"] @ h

    def rnn(t, h):
        return np.tanh(recurrente @ h + entrada @ tabla[ids[t - 1]])

    gru = gated(
        lambda t, h: product("actualizar", t, h) + p["sesgo"],
        lambda t, h: product("reiniciar", t, h),
        lambda t, h: product("candidato", t, h),
    )
    recorded, start = curves(case), np.zeros(32)
    found = norms_of(rnn, start, log_loss(salida, 0, target))
    np.testing.assert_allclose(recorded["rnn"], found, rtol=EXACT)
    found = norms_of(gru, start, log_loss(p["salida"], 0, target))
    np.testing.assert_allclose(recorded["gru"], found, rtol=EXACT)
