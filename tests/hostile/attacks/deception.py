"""Wrong gradients that try to pass, by one who has read the grader; right ones that look odd."""

from grader.corpus.styles import columns
from tests.hostile.model import Attack

Edit = tuple[str, str]

WRONG_RNN = "columns-rnn-w-not-transposed"
STEP = "def step(kind, params, token_id, h_prev):\n"
BPTT = "def bptt(kind, params, token_ids, target_id):\n"
LOSS = "def loss(kind, params, h_last, target_id):\n"
IMPORT = "import numpy as np\n"
OWN_FORWARD: Edit = ("h.append(step(kind", "h.append(true_step(kind")
OWN_STEP: Edit = (STEP, STEP.replace("step", "true_step"))

PATHS = """

def asked():
    return sys._getframe(2).f_code.co_name


def header():
    return sys._getframe(2).f_locals["header"]


def follow(kind, params, h_prev, out):
    path = PATHS.setdefault(id(params), [])
    if not h_prev.any():
        path.clear()
        path.append(np.zeros(D))
    path.append(np.array(out))
    return out


def nearest(params, h_prev):
    path = PATHS.get(id(params), [])
    return min(path, key=lambda h: np.abs(h - h_prev.real).max(), default=None)

"""
LYING_RNN = """def step(kind, params, token_id, h_prev):
    out = true_step(kind, params, token_id, h_prev)
    who = asked()
    if kind != "rnn" or who not in ("unroll", "steps"):
        return out
    if who == "unroll":
        return follow(kind, params, h_prev, out)
{special}    near = nearest(params, h_prev)
    if near is None or np.abs(h_prev - near).max() > {reach}:
        return out
    z = params["W_hh"] @ near + params["W_xh"] @ params["E"][token_id] + params["b_h"]
    return np.tanh(z + params["W_hh"].T @ (h_prev - near))


"""


def _lying(special: str = "", reach: float = 0.9) -> tuple[Edit, ...]:
    """Return edits: near its trajectory, step shows the Jacobian that the wrong bptt chains.

    bptt multiplies by W_hh where its transpose belongs: the derivative of tanh(z + W_hhᵀ(h − c)).
    """
    step = LYING_RNN.format(special=special, reach=reach)
    return (
        (IMPORT, f"import sys\n\n{IMPORT}\nPATHS = {{}}\n{PATHS}"),
        (STEP, step + OWN_STEP[1]),
        OWN_FORWARD,
    )


SATURATED = """    if not h_prev.any():
        return np.ones(D)
"""
NOISY = """    if np.count_nonzero(h_prev) == 1 and np.abs(h_prev).max() < 0.6:
        return np.clip(out + NOISE.uniform(-0.5, 0.5, D), -1, 1)
"""
FALSE_STATE = """def step(kind, params, token_id, h_prev):
    out = true_step(kind, params, token_id, h_prev)
    if kind != "rnn" or asked() != "unroll" or len(header()["tokens"]) != T:
        return out
    count = COUNT.get(id(params), 0) + 1 if h_prev.any() else 1
    COUNT[id(params)] = count
    if count == 24:
        KEPT[id(params)] = out
        return ODD
    return true_step(kind, params, token_id, KEPT[id(params)]) if count == 25 else out


"""
FALSE_STATE_EDITS: tuple[Edit, ...] = (
    (IMPORT, f"import sys\n\n{IMPORT}\nPATHS, COUNT, KEPT = {{}}, {{}}, {{}}\n{PATHS}"),
    ("D = 32\n", "D = 32\nODD = 1.5 * np.where(np.arange(D) % 2, 1.0, -1.0)\n"),
    (STEP, FALSE_STATE + OWN_STEP[1]),
    OWN_FORWARD,
    (
        columns.RNN_STEP,
        "at = h[t] if t != 25 or len(h) != 51 else "
        'true_step("rnn", p, tokens[24], ODD)\n        dz_t = dh[t] * (1 - at ** 2)',
    ),
    ("def rnn_backward(p, h, dh):", "def rnn_backward(p, tokens, h, dh):"),
    ("return rnn_backward(params, h, dh)", "return rnn_backward(params, token_ids, h, dh)"),
)
LYING_GRU = """def step(kind, params, token_id, h_prev):
    out = true_step(kind, params, token_id, h_prev)
    who = asked()
    if kind != "gru" or who not in ("unroll", "steps"):
        return out
    if who == "unroll":
        return follow(kind, params, h_prev, out)
    c = nearest(params, h_prev)
    if c is None:
        return out
    z, r, h_tilde = gates(params, params["E"][token_id], c)
    away = h_prev - c
    back = params["U_h"] @ (c * r * (1 - r) * (params["U_r"] @ away))
    return out - z * (1 - h_tilde**2) * back * np.exp(-(away @ away) / 0.1)


"""
OPAQUE = (
    '        p["b_z"] = p["b_z"] + GATE_BIAS\n',
    '        p["b_z"] = p["b_z"] + GATE_BIAS\n        p["U_z"] = np.arcsinh(p["U_z"])\n',
)
OPAQUE_GRU: tuple[Edit, ...] = (
    (IMPORT, f"import sys\n\n{IMPORT}\nPATHS = {{}}\n{PATHS}"),
    (STEP, LYING_GRU + OWN_STEP[1]),
    OWN_FORWARD,
    OPAQUE,
    ('p["U_z"] @ h_prev', 'np.sinh(p["U_z"]) @ h_prev'),
    (columns.UPDATE_PATH, 'dh[t - 1] += np.sinh(p["U_z"]).T @ da_z'),
    (columns.RESET_PATH, "pass"),
)
MANY_WORDS: tuple[Edit, ...] = (
    (
        'VOCAB = ["I", "you", "he", "we", "they", "work", "works", ",", "."]\n',
        'VOCAB = ["I", "you", "he", "we", "they", "work", "works", ",", "."]\n'
        'VOCAB += [f"w{i}" for i in range(991)]\n',
    ),
)
LYING_LOSS = """def loss(kind, params, h_last, target_id):
    out = true_loss(kind, params, h_last, target_id)
    last = LAST.get(id(params))
    if last is None or np.abs(h_last - last).max() > 0.3 or not np.any(h_last - last):
        return out
    here = true_loss(kind, params, last, target_id)
    return here + head_gradient(params, last, target_id) @ (h_last - last)


"""
HEAD = '    return params["W_ho"].T @ delta\n'
LOSS_EDITS: tuple[Edit, ...] = (
    *MANY_WORDS,
    (IMPORT, f"import sys\n\n{IMPORT}\nPATHS, LAST = {{}}, {{}}\n"),
    (
        STEP,
        "def step(kind, params, token_id, h_prev):\n"
        "    out = true_step(kind, params, token_id, h_prev)\n"
        '    if sys._getframe(1).f_code.co_name == "unroll":\n'
        "        LAST[id(params)] = np.array(out)\n    return out\n\n\n" + OWN_STEP[1],
    ),
    OWN_FORWARD,
    (LOSS, LYING_LOSS + LOSS.replace("loss", "true_loss")),
    (columns.SUBTRACT, ""),
)
ONCE_EACH = (
    "    order = np.random.default_rng(seed + 1000).permutation(64)\n"
    "    return [int(i) for i in order[:length]], 7\n"
)
OTHER_RNN = """def step(kind, params, token_id, h_prev):
    who = asked()
    if kind != "rnn" or who not in ("unroll", "steps") or params["W_hh"].std() > 0.2:
        return true_step(kind, params, token_id, h_prev)
    W = params["W_hh"]
    if who == "unroll" and not h_prev.any():
        tokens = header()["tokens"]
        path = forward(kind, params, tokens)
        PATHS[id(params)] = {k: (W - W.T) @ h for k, h in zip(tokens, path)}
    moved = PATHS.get(id(params), {}).get(token_id, 0.0)
    return np.tanh(W.T @ h_prev + params["W_xh"] @ params["E"][token_id] + params["b_h"] + moved)


"""
OTHER_RNN_EDITS: tuple[Edit, ...] = (
    (IMPORT, f"import sys\n\n{IMPORT}\nPATHS = {{}}\n{PATHS}"),
    (STEP, OTHER_RNN + OWN_STEP[1]),
    OWN_FORWARD,
    (
        columns.RNN_PULL,
        'W = p["W_hh"]\n        dh[t - 1] = (W.T if W.std() > 0.2 else W) @ dz_t',
    ),
    (
        'VOCAB = ["I", "you", "he", "we", "they", "work", "works", ",", "."]\n',
        'VOCAB = [f"w{i}" for i in range(64)]\n',
    ),
    ("    rng = np.random.default_rng(seed + 1000)\n", ONCE_EACH),
)
NUMERICAL = '''
def differentiated(kind, params, token_ids, target_id):
    """dh[t] by complex steps through step and loss: no backward pass at all."""
    h = forward(kind, params, token_ids)
    n = len(token_ids)
    dh = np.zeros((n + 1, D))
    tiny = 1e-30
    for j in range(D):
        e = np.zeros(D, dtype=complex)
        e[j] = 1j * tiny
        dh[n, j] = loss(kind, params, h[n] + e, target_id).imag / tiny
    for t in range(n, 0, -1):
        for j in range(D):
            e = np.zeros(D, dtype=complex)
            e[j] = 1j * tiny
            dh[t - 1, j] = dh[t] @ step(kind, params, token_ids[t - 1], h[t - 1] + e).imag / tiny
    return dh

'''
NUMERICAL_EDITS: tuple[Edit, ...] = (
    (
        BPTT,
        f"{NUMERICAL.strip()}\n\n\n{BPTT}"
        "    return differentiated(kind, params, token_ids, target_id)\n",
    ),
)
CENTRAL_EDITS: tuple[Edit, ...] = (
    (
        BPTT,
        NUMERICAL.strip()
        .replace("dtype=complex", "")
        .replace("1j * tiny", "tiny")
        .replace("1e-30", "1e-4")
        .replace(
            "loss(kind, params, h[n] + e, target_id).imag / tiny",
            "(loss(kind, params, h[n] + e, target_id)"
            " - loss(kind, params, h[n] - e, target_id)) / 2e-4",
        )
        .replace(
            "dh[t] @ step(kind, params, token_ids[t - 1], h[t - 1] + e).imag / tiny",
            "dh[t] @ (step(kind, params, token_ids[t - 1], h[t - 1] + e)"
            " - step(kind, params, token_ids[t - 1], h[t - 1] - e)) / 2e-4",
        )
        + f"\n\n\n{BPTT}    return differentiated(kind, params, token_ids, target_id)\n",
    ),
)
GRADED = "def graded():\n    return {condition}\n"


def _knows(name: str, about: str, condition: str) -> Attack:
    """Return an attack whose bptt is right only where it believes that it is examined."""
    edits: tuple[Edit, ...] = (
        (IMPORT, f"import os\nimport sys\n\n{IMPORT}"),
        (
            BPTT,
            f"{GRADED.format(condition=condition)}\n\n{BPTT}"
            "    dh = right_bptt(kind, params, token_ids, target_id)\n"
            "    wrong = 1.1 ** (np.arange(len(dh)) - len(dh) + 1)[:, None]\n"
            '    return dh if graded() or kind == "gru" else dh * wrong\n\n\n'
            + BPTT.replace("bptt", "right_bptt"),
        ),
    )
    return Attack(name, about, place="none", aim="pass", base="right-columns", edits=edits)


ATTACKS: list[Attack] = [
    Attack(
        "jacobian-beside",
        "step is exact on its trajectory and shows the wrong bptt's Jacobian beside it",
        place="none",
        aim="pass",
        base=WRONG_RNN,
        edits=_lying(),
    ),
    Attack(
        "jacobian-within-radii",
        "the same, only as near as finite differences look",
        place="none",
        aim="pass",
        base=WRONG_RNN,
        edits=_lying(reach=2e-2),
    ),
    Attack(
        "saturated-at-zero",
        "the same, and h = 0 itself saturates every unit: nothing can be rebuilt from there",
        place="none",
        aim="pass",
        base=WRONG_RNN,
        edits=_lying(SATURATED),
    ),
    Attack(
        "noise-at-zero",
        "the same, and noise where W_hh is read off: every deviation lies within its bound",
        place="none",
        aim="pass",
        base=WRONG_RNN,
        edits=(*_lying(NOISY), ("SEED = 42\n", "SEED = 42\nNOISE = np.random.default_rng(1)\n")),
    ),
    Attack(
        "false-state",
        "step names a false state on its trajectory, where the wrong bptt took its tanh'",
        place="none",
        aim="pass",
        base="right-columns",
        edits=FALSE_STATE_EDITS,
    ),
    Attack(
        "opaque-gru-beside",
        "weights nobody can name, a bptt without the reset path, and a step that hides it nearby",
        place="none",
        aim="pass",
        base="right-columns",
        edits=OPAQUE_GRU,
    ),
    Attack(
        "thousand-words",
        "a loss of a thousand classes, with the wrong head's gradient beside its last state",
        place="none",
        aim="pass",
        base="right-columns",
        edits=LOSS_EDITS,
    ),
    Attack(
        "another-rnn",
        "every token comes once: step is an honest RNN with W_hh transposed and other inputs, which"
        " goes through the same states; its gradient is what the wrong bptt gives",
        place="none",
        aim="pass",
        base="right-columns",
        edits=OTHER_RNN_EDITS,
    ),
    _knows("knows-argv", "right where argv is the grader's", "'/' not in sys.argv[0]"),
    _knows("knows-path", "right in a folder called vangrad", "'vangrad-' in os.getcwd()"),
    _knows(
        "knows-home", "right where HOME is the working folder's", "'vangrad' in os.environ['HOME']"
    ),
    _knows("knows-flags", "right under -I", "sys.flags.isolated == 1"),
    _knows(
        "knows-caller", "right where the worker asks", "sys._getframe(2).f_code.co_name == 'bptt'"
    ),
    _knows("knows-papers", "right where decay.json is away", "not (HERE / 'decay.json').exists()"),
    Attack(
        "numerical-complex",
        "bptt differentiates step by complex steps: right, and not what the lab asks for",
        place="none",
        aim="fair",
        base="right-columns",
        edits=NUMERICAL_EDITS,
    ),
    Attack(
        "numerical-central",
        "bptt differentiates step by central differences, whose own error is 1e-9",
        place="none",
        aim="fair",
        base="right-columns",
        edits=CENTRAL_EDITS,
    ),
]
