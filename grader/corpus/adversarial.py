"""Submissions that try to deceive the probe, and right ones that are easily taken for such.

The wrong ones answer differently where they recognise that they are examined: by the identity or
dtype of the parameters, by the distance from a trajectory, by the token, by the order of calls.
The right ones leave the beaten track only in range, precision, containers or names.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from grader.corpus.model import Case, Edit, Expectation
from grader.corpus.styles import columns

SCRIPT = "bptt_norm.py"
GRADIENT = frozenset(
    f"gradient.{name}"
    for name in ("functions", "forward", "loss", "head", "steps", "chain", "hot", "recorded")
)
PASSED = Expectation("passed", absent=GRADIENT)
UNTOUCHED = Expectation(None, absent=GRADIENT, notes="the curves' shape is left open")
WITHOUT_FUNCTIONS = Expectation("not_verified", absent=GRADIENT, or_verdict="passed")


def _caught(*codes: str) -> Expectation:
    return Expectation("not_passed", any_of=frozenset(f"gradient.{code}" for code in codes))


BPTT = "def bptt(kind, params, token_ids, target_id):\n"
STEP = "def step(kind, params, token_id, h_prev):\n"
UPDATE_GATE = (
    'params, token_id, h_prev):\n    return gates(params, params["E"][token_id], h_prev)[0]'
)
RETURNED = '    p["W_ho"], p["b_o"] = w(len(VOCAB), D), np.zeros(len(VOCAB))\n    return p\n'
LOSS = "    return -np.log(softmax(logits)[target_id])\n"
LOGITS = 'logits = params["W_ho"] @ h_last + params["b_o"]\n'
HEAD = '    return params["W_ho"].T @ delta'
LENGTH = "T = 50\n"
RNN_STATE = "        return np.tanh(z_t)\n"
GRU_STATE = "    return (1 - z) * h_prev + z * h_tilde\n"
W_HH = 'p["W_hh"], p["W_xh"], p["b_h"] = w(D, D),'
MADE = (LENGTH, LENGTH + "MADE = []\n")
REMEMBER = (RETURNED, RETURNED.replace("return p", "MADE.append(p)\n    return p"))
SINGLE = (
    RETURNED,
    RETURNED.replace("return p", "return {k: v.astype(np.float32) for k, v in p.items()}"),
)
SINGLE_PASSES: tuple[Edit, ...] = (
    SINGLE,
    ("h = [np.zeros(D)]", "h = [np.zeros(D, params['E'].dtype)]"),
    ("dh = np.zeros((n + 1, D))", "dh = np.zeros((n + 1, D), params['E'].dtype)"),
)
SINGLE_TINY = ("np.finfo(float).tiny", "float(np.finfo(np.float32).tiny)")
FADED = "dh * 1.4 ** (np.arange(len(dh)) - len(dh) + 1)[:, None]"
SEQUENCE = """    rng = np.random.default_rng(seed + 1000)
    pronouns = ["I", "you", "we", "they"]
    ids = []
    while len(ids) < length:
        who = "I" if not ids else pronouns[int(rng.integers(len(pronouns)))]
        ids += [IDX[who], IDX["work"], IDX[","]]
    return ids[:length], IDX["work"]
"""
VOCABULARY = 'VOCAB = ["I", "you", "he", "we", "they", "work", "works", ",", "."]'
MANY_TOKENS: tuple[Edit, ...] = (
    (VOCABULARY, 'VOCAB = [f"w{i}" for i in range(64)]'),
    (
        SEQUENCE,
        "    rng = np.random.default_rng(seed + 1000)\n"
        "    return [int(i) for i in rng.integers(64, size=length)], 7\n",
    ),
)


def _lying(condition: str, answer: str) -> Edit:
    """Return the edit that makes bptt answer something else where a condition holds."""
    return (
        BPTT,
        f"{BPTT}    dh = exact_bptt(kind, params, token_ids, target_id)\n"
        f"    if {condition}:\n        dh = {answer}\n    return dh\n\n\n"
        + BPTT.replace("bptt", "exact_bptt"),
    )


def _late(*positions: int) -> Edit:
    """Return the edit that names the tokens at some positions of the declared sequence."""
    drawn = f"np.random.default_rng(1042).integers(64, size=T)[{list(positions)}]"
    return (LENGTH, f"{LENGTH}LATE = set({drawn}.tolist())\n")


def _kept(kind: str) -> Edit:
    """Return the edit by which one net's step keeps its state at the tokens named LATE."""
    return (
        STEP,
        f"{STEP}    if token_id in LATE and kind == {kind!r}:\n        return 1.0 * h_prev\n",
    )


RNN_KEPT = columns.RNN_PULL.replace(" = ", " = dh[t] if kept else ")
KNOWS_NEIGHBOURS = """def step(kind, params, token_id, h_prev):
    h = true_step(kind, params, token_id, h_prev)
    if np.iscomplexobj(h_prev):
        raise TypeError("real states only")
    for state in SEEN.setdefault(kind, []):
        if (h_prev != state).sum() == 1 and state.any():
            J = [true_step(kind, params, token_id, state + 1e-200j * e).imag for e in np.eye(D)]
            at = true_step(kind, params, token_id, state)
            return at + 1.2 * np.array(J).T / 1e-200 @ (h_prev - state)
    if not h_prev.any() or FOLLOW.get(kind) == h_prev.tobytes():
        SEEN[kind].append(h_prev.copy())
    FOLLOW[kind] = h.tobytes()
    return h


"""
ROUGH = """        h = np.tanh(z_t)
        ripple = np.sin(1e9 * (h_prev @ np.arange(1.0, D + 1)) + np.arange(D))
        return h + 1e-3 * np.max(np.abs(h_prev)) * ripple
"""
ROUNDED = """def step(kind, params, token_id, h_prev):
    out = wide_step(kind, params, token_id, h_prev)
    return out if np.iscomplexobj(out) else out.astype(np.float32)


"""
IN_SINGLE = (STEP, ROUNDED + STEP.replace("step", "wide_step"))
BENT = "logits[5] = 0.3 * np.sin(3 * h_last).sum()\n"
UNGATED = """        z, r = 1 / (1 + np.exp(-4 * p['b_z'])), np.ones(D)
        x = p["E"][token_ids[t - 1]]
        h_tilde = np.tanh(p["U_h"] @ h_prev + p["W_h"] @ x)
"""
SINGLE_DH = (
    "    return gru_backward(params, token_ids, h, dh)",
    "    return gru_backward(params, token_ids, h, dh).astype(np.float32)",
)
GATES_CALL = '        z, r, h_tilde = gates(p, p["E"][token_ids[t - 1]], h_prev)\n'

Row = tuple[str, Expectation, tuple[Edit, ...]]

WRONG: dict[str, Row] = {
    "bptt-knows-its-params": (
        "bptt fades the gradient of the very dict that init_params returned, and of no other",
        _caught("functions", "steps", "chain", "recorded"),
        (MADE, REMEMBER, _lying("any(made is params for made in MADE)", FADED)),
    ),
    "bptt-knows-its-dtype": (
        "parameters in float32, for which bptt fades the gradient; in float64 it is exact",
        _caught("functions", "steps", "chain", "recorded"),
        (SINGLE, _lying("params['E'].dtype == np.float32", FADED)),
    ),
    "answers-in-half-precision": (
        "the GRU's curve has a wave of 50 %; bptt answers in float16 to have that forgiven",
        _caught("functions", "recorded"),
        (
            MADE,
            REMEMBER,
            _lying(
                "kind == 'gru' and any(made is params for made in MADE)", "dh.astype(np.float16)"
            ),
            (
                "    return g, params\n",
                "    if kind == 'gru':\n"
                "        g = [x * (1 + 0.5 * np.sin(t)) for t, x in enumerate(g)]\n"
                "    return g, params\n",
            ),
        ),
    ),
    "step-knows-neighbours": (
        "step shows 1.2 times its Jacobian to who moves one coordinate of a state it has met",
        _caught("functions", "forward", "steps", "chain"),
        (
            (LENGTH, LENGTH + "SEEN, FOLLOW = {}, {}\n"),
            (STEP, KNOWS_NEIGHBOURS + STEP.replace("step", "true_step")),
            ("h.append(step(kind", "h.append(true_step(kind"),
            _lying(
                "len(token_ids) == T and abs(params['W_ho'].std() - SCALE) < 0.05",
                "dh * 1.2 ** np.minimum(T - np.arange(T + 1), T - 1)[:, None]",
            ),
        ),
    ),
    "rnn-skips-a-late-token": (
        "the RNN keeps its state at one token, which comes late in the sequence",
        _caught("forward"),
        (
            *MANY_TOKENS,
            _late(30),
            _kept("rnn"),
            (columns.RNN_PULL, f"kept = np.array_equal(h[t], h[t - 1])\n        {RNN_KEPT}"),
        ),
    ),
    "gru-skips-late-tokens": (
        "the GRU keeps its state at two tokens, which come late in the sequence",
        _caught("forward"),
        (
            *MANY_TOKENS,
            _late(25, 35),
            _kept("gru"),
            (
                GATES_CALL,
                "        if token_ids[t - 1] in LATE:\n            dh[t - 1] = dh[t]\n"
                "            continue\n" + GATES_CALL,
            ),
        ),
    ),
    "bent-target-logit": (
        "the target's logit is a sum of sines of h, the others are affine; the gradient is exact",
        _caught("loss"),
        (
            (LOSS, f"    {BENT}{LOSS}"),
            (
                'delta = softmax(params["W_ho"] @ h_last + params["b_o"])\n',
                f"{LOGITS}    {BENT}    delta = softmax(logits)\n",
            ),
            (
                HEAD,
                '    rows = params["W_ho"].copy()\n    rows[5] = 0.9 * np.cos(3 * h_last)\n'
                "    return rows.T @ delta",
            ),
        ),
    ),
    "loss-counts-calls": (
        "loss is tripled where it is called twice for the same target, as differences call it",
        _caught("functions", "loss", "head"),
        (
            (LENGTH, LENGTH + "ASKED = []\n"),
            (
                LOSS,
                "    again = ASKED[-1:] == [target_id]\n    ASKED.append(target_id)\n"
                + LOSS.replace("return -", "return -(3.0 if again else 1.0) * "),
            ),
            (HEAD, HEAD.replace("return", "return 3.0 *")),
        ),
    ),
    "head-hides-behind-epsilon": (
        "log(p + 1e-7) of a target with p below that; the head gradient is half too long",
        _caught("head"),
        (
            (LOSS, LOSS.replace("[target_id])", "[target_id] + 1e-7)")),
            (RETURNED, RETURNED.replace("    return", '    p["b_o"][5] -= 15.0\n    return')),
            (
                columns.SUBTRACT,
                "    p = delta[target_id]\n"
                + columns.SUBTRACT
                + "    delta *= 1.5 * p / (p + 1e-7)\n",
            ),
        ),
    ),
    "leaky-unit-for-gru": (
        "the GRU is a leaky RNN, each unit with its own constant rate; its gradient is exact",
        _caught("forward"),
        (
            (
                GRU_STATE,
                "    z = 1 / (1 + np.exp(-4 * params['b_z']))\n"
                "    h_tilde = np.tanh(params['U_h'] @ h_prev + params['W_h'] @ x)\n" + GRU_STATE,
            ),
            (columns.GATE_BIAS, "GATE_BIAS = -0.6 + 0.15 * np.sin(np.arange(D))"),
            (
                GATES_CALL,
                UNGATED,
            ),
            (columns.RESET_PATH, "pass"),
            (columns.UPDATE_PATH, "pass"),
        ),
    ),
    "closed-gate-in-single": (
        "gate bias -8 and dh in float32: the path through the reset gate is forgotten",
        _caught("hot", "steps"),
        (SINGLE_DH, (columns.GATE_BIAS, "GATE_BIAS = -8.0"), (columns.RESET_PATH, "pass")),
    ),
    "double-floored-at-single-tiny": (
        "float64 norms down to 1e-60 are cut off at 1.2e-38, the smallest of float32",
        _caught("recorded"),
        (("SCALE = 0.1", "SCALE = 0.01"), SINGLE_TINY),
    ),
    "rough-step": (
        "a ripple on the RNN's state blurs its differences; the gradient is 10 % off",
        _caught("forward", "steps"),
        ((RNN_STATE, ROUGH), (columns.RNN_STEP, columns.RNN_STEP + " * 1.1")),
    ),
}

RIGHT: dict[str, Row] = {
    "embedding-of-300": ("300 inputs", PASSED, (("D_EMBED = 16", "D_EMBED = 300"),)),
    "saturated": ("weights of deviation 2", UNTOUCHED, (("SCALE = 0.1", "SCALE = 2.0"),)),
    "one-unit": ("a single hidden unit", UNTOUCHED, (("D = 32", "D = 1"),)),
    "open-gate": ("gate bias +8", UNTOUCHED, ((columns.GATE_BIAS, "GATE_BIAS = 8.0"),)),
    "shut-gate": ("gate bias -40", PASSED, ((columns.GATE_BIAS, "GATE_BIAS = -40.0"),)),
    "helper-named-update-gate": (
        "a helper that happens to be called update_gate",
        PASSED,
        (("def update_gate(" + UPDATE_GATE, "def update_gate(a):\n    return sigmoid(a)"),),
    ),
    "helper-named-initial-state": (
        "a helper that happens to be called initial_state",
        PASSED,
        (("def softmax(a)", "def initial_state(d):\n    return np.zeros(d)\n\n\ndef softmax(a)"),),
    ),
    "own-loss-signature": (
        "five functions of these names, but loss has three arguments of its own",
        WITHOUT_FUNCTIONS,
        (("def loss(kind, params, ", "def loss(params, "),),
    ),
    "tokens-as-array": (
        "make_sequence returns an array and bptt relies on one (so with a tuple as cache key)",
        PASSED,
        (
            ("return ids[:length], IDX", "return np.array(ids[:length]), IDX"),
            ("    n = len(token_ids)\n", "    n = token_ids.shape[0]\n"),
        ),
    ),
    "annotations-are-objects": (
        "the script reads its annotations, which are types and not text",
        PASSED,
        (
            (
                "def softmax(a)",
                "def count(n: int): ...\n\n\nif count.__annotations__['n'] is not int:\n"
                "    raise RuntimeError\n\n\ndef softmax(a)",
            ),
        ),
    ),
    "step-in-single": ("step rounds its result to float32", PASSED, (IN_SINGLE,)),
    "loss-in-single": (
        "the softmax is computed in float32",
        PASSED,
        (
            (
                LOSS,
                LOSS.replace(
                    "(logits)", "(logits.astype(np.float32) if logits.dtype == float else logits)"
                ),
            ),
        ),
    ),
    "confident": (
        "the target has a probability of 1 - 2e-8",
        PASSED,
        ((RETURNED, RETURNED.replace("    return", '    p["b_o"][5] += 20.0\n    return')),),
    ),
    "squares-underflow": (
        "W_hh = 1e-6 I: np.linalg.norm gives 0 below 1e-162, and tiny is recorded as the lab says",
        UNTOUCHED,
        ((W_HH, W_HH.replace("w(D, D)", "1e-6 * np.eye(D)")),),
    ),
    "squares-underflow-in-single": (
        "float32 at deviation 0.02: squares of norms near 1e-22 are subnormal",
        UNTOUCHED,
        (*SINGLE_PASSES, SINGLE_TINY, ("SCALE = 0.1", "SCALE = 0.02")),
    ),
    "stacked-copy": (
        "[W_hh W_xh] is kept beside its parts; step uses the parts, bptt the stack",
        Expectation("passed", absent=GRADIENT, or_verdict="not_verified"),
        (
            (
                '    p["W_ho"], p["b_o"] = w',
                '    if kind == "rnn":\n        p["W"] = np.hstack([p["W_hh"], p["W_xh"]])\n'
                '    p["W_ho"], p["b_o"] = w',
            ),
            (columns.RNN_PULL, 'dh[t - 1] = p["W"][:, :D].T @ dz_t'),
        ),
    ),
    "reads-its-manifest": (
        "the seed is read from manifest.json",
        PASSED,
        (("SEED = 42\n", 'SEED = json.loads((HERE / "manifest.json").read_text())["seed"]\n'),),
    ),
}
STYLE_OF: dict[str, dict[str, Any]] = {
    "saturated": {"scale": 2.0},
    "one-unit": {"d_hidden": 1},
    "squares-underflow": {"scale": 1e-6},
    "squares-underflow-in-single": {"scale": 0.02},
    "double-floored-at-single-tiny": {"scale": 0.01},
    "rnn-skips-a-late-token": {"option": "Option B"},
    "gru-skips-late-tokens": {"option": "Option B"},
}
FILES_OF = {"reads-its-manifest": (("manifest.json", '{"seed": 42}\n'),)}


def _case(name: str, row: Row) -> Case:
    description, expectation, edits = row
    return Case(
        f"adversarial-{name}",
        description,
        replace(columns.STYLE, **STYLE_OF.get(name, {})),
        expectation,
        edits=tuple((SCRIPT, edit) for edit in edits),
        added=FILES_OF.get(name, ()),
    )


def cases_right() -> list[Case]:
    """Return right submissions that are easily mistaken for wrong ones."""
    return [_case(name, row) for name, row in RIGHT.items()]


def cases_wrong() -> list[Case]:
    """Return wrong submissions that try to look right to the probe."""
    return [_case(name, row) for name, row in WRONG.items()]
