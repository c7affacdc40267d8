"""The five functions, asked in real children: what is not as agreed gets its name."""

from dataclasses import replace

import numpy as np
import pytest

from grader.checks import gradient
from grader.evidence.probe import secret_of
from grader.model import KINDS
from grader.texts import catalogue
from tests.toys import FUNCTIONS, QUIET, loaded, material, probed, submit, toy


def around(function, body):
    """Return a script part that defines a function anew; `old` is the right one."""
    return f"\nold_{function} = {function}\n{body}".replace("OLD", f"old_{function}")


def misbehaviours(found, kind="rnn"):
    return [m.name for m in found[kind].misbehaviours]


def findings(check, found):
    """Return the kinds that a check of the gradient makes of the facts, for the RNN."""
    what = replace(material(), probe=found)
    return [f.kind for f in getattr(gradient, check)(what) if f.model in (None, "rnn")]


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    return probed(tmp_path_factory.mktemp("right"))


@pytest.mark.parametrize("kind", KINDS)
def test_right_functions_are_probed_without_a_misbehaviour(right, kind):
    found = right[kind]
    assert (found.status, found.misbehaviours, found.not_hot) == ("probed", (), "")
    assert (found.d_hidden, found.seed, found.dtype) == (8, 42, "<f8")
    assert [p.label for p in found.points] == ["declared", "hidden", "hidden", "hot"]


@pytest.mark.parametrize("check", ["functions", "forward", "loss", "head", "steps", "chain", "hot"])
def test_right_functions_pass_every_check(right, check):
    assert list(getattr(gradient, check)(replace(material(), probe=right))) == []


def test_roles_of_the_gru_are_found(right):
    assert (right["gru"].forward.model, right["gru"].forward.gate_form) == ("gru", "(1-z)h+zc")


def test_recurrent_matrix_is_read_off_the_jacobians(right):
    W = toy()["init_params"]("rnn", 42)["W_hh"]
    seen = right["rnn"].forward
    assert seen.spectral_radius == pytest.approx(max(abs(np.linalg.eigvals(W))), rel=1e-6)
    assert seen.weight_std == pytest.approx(W.std(), rel=1e-6)


def test_hidden_places_lie_at_other_seeds_and_lengths(right):
    hidden = [p for p in right["rnn"].points if p.label == "hidden"]
    assert all(p.seed >= 1_000 and 5 <= p.length < 40 for p in hidden)
    assert len({p.seed for p in hidden} | {p.seed for p in right["gru"].points}) > 3


def test_probe_can_be_repeated_to_the_last_bit(right, tmp_path):
    again = probed(tmp_path)
    for kind in KINDS:
        for one, other in zip(right[kind].points, again[kind].points, strict=True):
            assert np.array_equal(one.step_error, other.step_error)
            assert one.seed == other.seed


def test_other_secret_asks_elsewhere(right, tmp_path):
    other = probed(tmp_path, secret=b"another")
    assert {p.seed for p in other["rnn"].points} != {p.seed for p in right["rnn"].points}


def test_secret_depends_on_key_and_scripts(tmp_path):
    one = submit(tmp_path, "x = 1\n")
    other = replace(one, scripts={**one.scripts, "gru.py": loaded("gru.py", "y = 2\n")})
    secrets = {secret_of(s, key) for s in (one, other) for key in (b"", b"k")}
    assert len(secrets) == 4
    assert {len(secret) for secret in secrets} == {32}


BROKEN = {
    "list": ("init_params", "def init_params(kind, seed): return [1.0]", "not_a_dict"),
    "none": ("init_params", "def init_params(kind, seed): pass", "not_a_dict"),
    "numbers": ("init_params", "def init_params(kind, seed): return {'W': 1.0}", "no_arrays"),
    "empty": ("init_params", "def init_params(kind, seed): return {}", "no_arrays"),
    "integers": (
        "init_params",
        "def init_params(kind, seed): return {'W': np.arange(4)}",
        "no_arrays",
    ),
    "huge": ("init_params", "def init_params(*_): return {'W': np.zeros(5 << 20)}", "too_large"),
    "unseeded": (
        "init_params",
        "def init_params(kind, seed): return OLD(kind, np.random.SeedSequence().entropy)",
        "not_repeatable",
    ),
    "49 tokens": ("make_sequence", "def make_sequence(*_): return [1] * 49, 3", "wrong_length"),
    "no pair": ("make_sequence", "def make_sequence(seed, n): return [1] * n", "raised"),
    "words": ("make_sequence", "def make_sequence(seed, n): return ['I'] * n, 'work'", "raised"),
    "T rows": ("bptt", "def bptt(*a): return OLD(*a)[:-1]", "one_row_short"),
    "T + 2 rows": ("bptt", "def bptt(*a): return np.vstack([OLD(*a), np.ones(8)])", "wrong_shape"),
    "norms": ("bptt", "def bptt(*a): return np.linalg.norm(OLD(*a), axis=1)", "wrong_shape"),
    "no columns": ("bptt", "def bptt(*a): return OLD(*a)[:, :0]", "wrong_shape"),
    "a tuple": ("bptt", "def bptt(*a): return OLD(*a), 1.0", "raised"),
    "NaN": ("bptt", "def bptt(*a): return OLD(*a) * np.nan", "not_finite"),
    "complex": ("bptt", "def bptt(*a): return OLD(*a) + 0j", "complex"),
    "None": ("bptt", "def bptt(*a): pass", "raised"),
    "text": ("bptt", "def bptt(*a): return 'dh'", "raised"),
    "raises": ("bptt", "def bptt(*a): raise ValueError('no')", "raised"),
    "exits": ("bptt", "import sys\ndef bptt(*a): sys.exit()", "raised"),
    "ends the process": ("bptt", "import os\ndef bptt(*a): os._exit(0)", "died"),
    "shorter state": ("step", "def step(*a): return OLD(*a)[:-1]", "wrong_shape"),
    "state of NaN": ("step", "def step(*a): return OLD(*a) * np.nan", "not_finite"),
    "complex state": ("step", "def step(*a): return OLD(*a) * (1 + 0j)", "complex"),
    "counter": (
        "step",
        "n = [0]\ndef step(*a):\n    n[0] += 1\n    return OLD(*a) * (1 - 1e-9 * n[0])",
        "keeps_state",
    ),
    "running sum": (
        "bptt",
        "total = np.zeros((51, 8))\ndef bptt(k, p, tokens, target):\n"
        "    global total\n    if len(tokens) == 50: total = total + OLD(k, p, tokens, target)\n"
        "    return total.copy()",
        "keeps_state",
    ),
    "own dict only": (
        "init_params",
        "made = []\ndef init_params(*a):\n    made.append(OLD(*a))\n    return made[-1]\n"
        "old_bptt = bptt\ndef bptt(k, p, *a):\n"
        "    return old_bptt(k, p, *a) * (1 if any(p is m for m in made) else 2)",
        "changes_with_copy",
    ),
    "list of one": ("loss", "def loss(*a): return [OLD(*a)]", "not_scalar"),
    "loss of NaN": ("loss", "def loss(*a): return np.nan", "not_finite"),
    "hangs": ("loss", "def loss(*a):\n    while True: pass", "timed_out"),
}  # fmt: skip


@pytest.fixture(scope="module", params=BROKEN)
def broken(request, tmp_path_factory):
    function, body, kind = BROKEN[request.param]
    root = tmp_path_factory.mktemp("broken")
    limit_s = 0.5 if kind == "timed_out" else 5.0
    found = probed(root, around(function, body), QUIET, timeout_s=limit_s)
    return "bptt" if kind == "changes_with_copy" else function, kind, found


def test_broken_agreement_is_named(broken):
    function, kind, found = broken
    named = found["rnn"].misbehaviours[0]
    assert (named.name, named.function) == (kind, function)
    assert found["rnn"].status == "broken"


def test_broken_agreement_can_be_said(broken):
    for finding in gradient.functions(replace(material(), probe=broken[2])):
        assert catalogue("en").finding("gradient.functions", finding).found


MILD = {
    "mutates_input": (
        "step",
        "def step(k, p, token, h):\n    new = cell(k, p, token, h)\n    h *= 2\n    return new",
    ),
    "ignores_params": (
        "step",
        "own = {k: init_params(k, 42) for k in ('rnn', 'gru')}\n"
        "def step(k, p, token, h): return cell(k, own[k], token, h)",
    ),
    "ignores_tokens": (
        "bptt",
        "own = make_sequence(42, 50)[0]\n"
        "def bptt(k, p, tokens, target): return OLD(k, p, own[:len(tokens)], target)",
    ),
    "ignores_seed": ("init_params", "def init_params(kind, seed): return OLD(kind, 42)"),
}


@pytest.mark.parametrize("name", MILD)
def test_mild_misbehaviour_is_noted_and_the_probe_goes_on(tmp_path, name):
    found = probed(tmp_path, around(*MILD[name]), QUIET)["rnn"]
    assert name in [m.name for m in found.misbehaviours]
    assert found.status == "probed"
    assert found.point("declared").chain_error.max() < 1e-9


def test_exception_of_a_function_carries_its_line(tmp_path):
    body = "def loss(*a):\n    raise ValueError('no weights')\n"
    (named,) = probed(tmp_path, around("loss", body), QUIET)["rnn"].misbehaviours
    lines = (FUNCTIONS + around("loss", body)).splitlines()
    assert (named.raised.file, lines[named.raised.line - 1].strip()) == (
        "bptt_norm.py",
        "raise ValueError('no weights')",
    )


def test_one_broken_model_leaves_the_other_probed(tmp_path):
    body = "def bptt(k, *a):\n    if k == 'gru': raise ValueError\n    return OLD(k, *a)"
    found = probed(tmp_path, around("bptt", body), QUIET)
    assert [found[kind].status for kind in KINDS] == ["probed", "broken"]


def test_warnings_of_a_function_change_nothing(right, tmp_path):
    body = (
        "import warnings\nwarnings.simplefilter('error')\nnp.seterr(all='raise')\n"
        "def step(*a):\n    warnings.warn('old'); np.float64(1e300) * 1e300\n    return cell(*a)"
    )
    found = probed(tmp_path, around("step", body), QUIET)
    assert found["rnn"].misbehaviours == ()
    assert np.array_equal(found["rnn"].points[0].step_error, right["rnn"].points[0].step_error)


def test_missing_functions_are_named_and_nothing_is_asked(tmp_path):
    found = probed(tmp_path, "\ndel loss, bptt\n", QUIET)
    assert {found[kind].status for kind in KINDS} == {"no-functions"}
    assert found["gru"].missing_functions == ("loss", "bptt")


DISHONEST = """
own = make_sequence(42, 50)[0]
near = {}
for k in ("rnn", "gru"):
    p, h = init_params(k, 42), np.zeros(D)
    near[k] = []
    for token in own:
        near[k].append(h)
        h = cell(k, p, token, h)
    near[k] = np.array(near[k])

def step(k, p, token, h):
    new = cell(k, p, token, h)
    far = np.abs(near[k] - h).max(axis=1)
    if far.min() < 0.02 and np.abs(p["E"]).max() < 1.5:
        at = cell(k, p, token, near[k][far.argmin()])
        return at + 1.1 * (new - at)
    return new
"""
"""Exact on its own trajectory, with another Jacobian beside it."""


def test_step_that_is_exact_on_its_trajectory_only_is_not_recognised(tmp_path):
    found = probed(tmp_path, DISHONEST, QUIET)
    assert [found[kind].forward.recognised for kind in KINDS] == [False, False]


WRONG = {
    "transposed": (
        "back",
        "def back(k, p, token, h, dh): return p['W_hh'] @ (dh * (1 - cell(k, p, token, h)**2))",
        {"steps": ["every_step"]},
    ),
    "sign": ("bptt", "def bptt(*a): return -OLD(*a)", {"head": ["sign"], "steps": []}),
    "another head": (
        "bptt",
        "def bptt(k, p, tokens, target):\n    p = {**p, 'W_ho': 2 * p['W_ho']}\n"
        "    return OLD(k, p, tokens, target)",
        {"head": ["wrong_declared"], "steps": []},
    ),
    "truncated": (
        "bptt",
        "def bptt(*a):\n    dh = OLD(*a)\n    dh[:-31] = 0\n    return dh",
        {"steps": ["some_steps"], "head": []},
    ),
    "own sequence only": (
        "bptt",
        "own = make_sequence(42, 50)[0]\n"
        "def bptt(k, p, tokens, target):\n    dh = OLD(k, p, tokens, target)\n"
        "    return dh if tokens[:5] == own[:5] else dh * np.linspace(1.1, 1, len(dh))[:, None]",
        {"steps": [], "hot": ["hidden"]},
    ),
    "small weights only": (
        "bptt",
        "def bptt(k, p, tokens, target):\n    dh = OLD(k, p, tokens, target)\n"
        "    small = p['W_hh'].std() < 0.5\n"
        "    return dh if small else dh * np.linspace(1.1, 1, len(dh))[:, None]",
        {"steps": [], "hot": ["hot"]},
    ),
    "mean squared error": (
        "loss",
        "def loss(k, p, h, target):\n    q = np.exp(p['W_ho'] @ h + p['b_o'])\n    q /= q.sum()\n"
        "    q[target] -= 1\n    return (q**2).sum()",
        {"loss": ["not_a_distribution"]},
    ),
    "half the loss": ("loss", "def loss(*a): return OLD(*a) / 2", {"loss": ["not_a_distribution"]}),
    "tanh of the state": (
        "loss",
        "def loss(k, p, h, target): return OLD(k, p, np.tanh(3 * h), target)",
        {"loss": ["not_affine"]},
    ),
    "sigmoid": (
        "cell",
        "def cell(k, p, token, h): return sigmoid(pre(p, 'h', token, h))",
        {"forward": ["not_tanh"]},
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_mathematics_is_found_where_it_is(tmp_path, name):
    function, body, expected = WRONG[name]
    found = probed(tmp_path, around(function, body), QUIET)
    assert {check: findings(check, found) for check in expected} == expected


def test_logarithm_with_an_epsilon_is_a_cross_entropy(tmp_path):
    body = "def loss(*a): return -np.log(np.exp(-OLD(*a)) + 1e-12)"
    found = probed(tmp_path, around("loss", body), QUIET)
    assert [findings(check, found) for check in ("loss", "head", "chain")] == [[], [], []]


def test_right_float32_code_passes(tmp_path):
    body = (
        "def init_params(*a): return {n: w.astype('f4') for n, w in OLD(*a).items()}\n"
        "def loss(k, p, h, target): return float(OLD_LOSS(k, p, h, target))"
    )
    body = body.replace("OLD_LOSS", "old_loss")
    found = probed(tmp_path, "\nold_loss = loss\n" + around("init_params", body), QUIET)
    assert found["rnn"].dtype == "<f4"
    checks = ("functions", "forward", "loss", "head", "steps", "chain", "hot")
    assert {check: findings(check, found) for check in checks} == {check: [] for check in checks}


def test_gradient_below_the_range_of_float64_may_be_zero(tmp_path):
    body = "def init_params(*a):\n    p = OLD(*a)\n    return {**p, 'W_hh': p['W_hh'] * 1e-290}"
    found = probed(tmp_path, around("init_params", body), QUIET)
    assert np.isneginf(found["rnn"].points[0].log10_student[:48]).all()
    assert [findings(check, found) for check in ("functions", "steps", "chain")] == [[], [], []]


def test_initial_state_of_the_submission_is_used(tmp_path):
    body = "\ndef start(p): return np.full(D, 0.3)\ndef initial_state(k, p): return start(p)\n"
    found = probed(tmp_path, body, QUIET)
    assert findings("chain", found) == []
    assert findings("chain", probed(tmp_path / "2", body + "del initial_state\n", QUIET)) == [
        "wrong"
    ]


@pytest.mark.parametrize(
    "helper",
    [
        "def initial_state(k, p): return np.zeros(7)",
        "def initial_state(k, p): raise ValueError",
        "def update_gate(p, token, h): return 'closed'",
    ],
)
def test_helper_with_the_name_of_an_optional_function_is_no_fault(tmp_path, helper):
    found = probed(tmp_path, f"\n{helper}\n", QUIET)
    assert [findings(check, found) for check in ("functions", "chain", "hot")] == [[], [], []]


def test_death_in_one_model_leaves_the_other_probed(tmp_path):
    body = "import os\ndef bptt(k, *a):\n    if k == 'rnn': os._exit(0)\n    return OLD(k, *a)"
    found = probed(tmp_path, around("bptt", body), QUIET)
    assert [found[kind].status for kind in KINDS] == ["broken", "probed"]


@pytest.mark.parametrize("shift", [0, -2])
@pytest.mark.parametrize("share", ["z", "1 - z"])
def test_update_gate_is_read_in_either_convention(tmp_path, share, shift):
    body = (
        f"\nold_pre = pre\ndef pre(p, g, *a): return old_pre(p, g, *a) + {shift} * (g == 'z')\n"
        f"def update_gate(p, *a):\n    z = sigmoid(pre(p, 'z', *a))\n    return {share}\n"
    )
    seen = probed(tmp_path, body, QUIET)["gru"].forward
    own = toy(body)
    p, h, z = own["init_params"]("gru", 42), np.zeros(8), []
    for token in own["make_sequence"](42, 50)[0]:
        z.append(own["sigmoid"](own["pre"](p, "z", token, h)))
        h = own["step"]("gru", p, token, h)
    assert (seen.gate_mean, seen.gate_std) == pytest.approx((np.mean(z), np.std(z)))


def norms(seed):
    own = toy()
    dh = own["bptt"]("rnn", own["init_params"]("rnn", seed), *own["make_sequence"](seed, 50))
    return np.linalg.norm(dh, axis=1)[:50]


@pytest.mark.parametrize(("curve", "seed"), [(norms(42), 42), (norms(7), 7), (norms(8), None)])
def test_seed_of_the_recorded_list_is_found_among_the_usual(tmp_path, curve, seed):
    plan = {"curves": {"rnn": curve}, "half_unit": {"rnn": np.zeros(50)}}
    assert probed(tmp_path, "", QUIET, **plan)["rnn"].recorded_seed == seed
