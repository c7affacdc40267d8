"""Submissions whose five functions misbehave or deceive."""

from __future__ import annotations

from dataclasses import replace

from grader.corpus.gradient_cases import right_case
from grader.corpus.model import Case, Edit, Expectation
from grader.corpus.styles import classes, columns
from grader.corpus.wrong_documents import fails, one_of

SCRIPT = "bptt_norm.py"
CALL = "dh = bptt(kind, params, token_ids, target_id)\n    g = ["
DEFINITION = "def bptt(kind, params, token_ids, target_id):"
WELL_BEHAVED = fails("gradient.functions")
STATEFUL = one_of("gradient.functions", "gradient.steps", "gradient.hot", "gradient.forward")
OWN_PARAMS = "    params = init_params(kind, SEED)\n"
HEADERS = (
    "def step(kind, params, token_id, h_prev):\n",
    "def loss(kind, params, h_last, target_id):\n",
    '    """dh[t] = dL/dh_t for t = 0 .. T; only the last step has a loss."""\n',
)
GRU_RETURN = "return (1 - z) * h_prev + z * h_tilde"


def _answers(body: str) -> tuple[Edit, ...]:
    """Return the edits that record the exact gradient but make bptt answer something else."""
    return (
        (CALL, CALL.replace("bptt", "exact_bptt")),
        (
            DEFINITION,
            f"{DEFINITION}\n    dh = exact_bptt(kind, params, token_ids, target_id)\n    {body}\n"
            "\n\n" + DEFINITION.replace("bptt", "exact_bptt"),
        ),
    )


FUNCTIONS: dict[str, tuple[str, Expectation, tuple[Edit, ...]]] = {
    "ignore-params": (
        "all three functions take the parameters of seed 42, whatever they are given",
        WELL_BEHAVED,
        tuple((header, header + OWN_PARAMS) for header in HEADERS),
    ),
    "bptt-ignores-tokens": (
        "bptt takes the sequence of seed 42, whatever it is given",
        one_of("gradient.functions", "gradient.hot"),
        ((HEADERS[2], HEADERS[2] + "    token_ids, target_id = make_sequence(SEED, T)\n"),),
    ),
    "step-ignores-token": (
        "step reads the same token at every call",
        one_of("gradient.functions", "gradient.forward"),
        (
            ('    x = params["E"][token_id]\n    if kind', '    x = params["E"][0]\n    if kind'),
            ('gates(p, p["E"][token_ids[t - 1]], h_prev)', 'gates(p, p["E"][0], h_prev)'),
        ),
    ),
    "step-mutates-input": (
        "the GRU's step works in place on h_prev; the author's own loop hands it a copy. A grader "
        "may cope (and say so), hence no verdict",
        WELL_BEHAVED,
        (
            (GRU_RETURN, "h_prev *= 1 - z\n    h_prev += z * h_tilde\n    return h_prev"),
            (
                "h.append(step(kind, params, tok, h[-1]))",
                "h.append(step(kind, params, tok, h[-1].copy()))",
            ),
        ),
    ),
    "step-keeps-state": (
        "step goes on from the state it returned last, and looks at h_prev only when it is zero",
        STATEFUL,
        (
            ("def step(kind,", "LAST = {}\n\n\ndef step(kind,"),
            (
                '    x = params["E"][token_id]\n    if kind == "rnn":\n        z_t',
                "    if np.any(h_prev):\n        h_prev = LAST.get(kind, h_prev)\n"
                "    LAST[kind] = advance(kind, params, token_id, h_prev)\n"
                "    return LAST[kind]\n\n\n"
                "def advance(kind, params, token_id, h_prev):\n"
                '    x = params["E"][token_id]\n    if kind == "rnn":\n        z_t',
            ),
        ),
    ),
    "bptt-T-rows": ("bptt returns T rows", WELL_BEHAVED, _answers("return dh[:-1]")),
    "bptt-transposed": ("bptt returns (d, T+1)", WELL_BEHAVED, _answers("return dh.T")),
    "bptt-norms": ("bptt returns norms", WELL_BEHAVED, _answers("return (dh**2).sum(1) ** 0.5")),
    "bptt-none": ("bptt returns nothing", WELL_BEHAVED, _answers("del dh")),
    "bptt-nan": ("a NaN in dh[0]", WELL_BEHAVED, _answers("dh[0, 0] = np.nan; return dh")),
    "bptt-complex": ("bptt returns complex numbers", WELL_BEHAVED, _answers("return dh + 1j * dh")),
    "bptt-strings": ("bptt returns strings", WELL_BEHAVED, _answers("return dh.astype(str)")),
    "bptt-raises": ("bptt raises", WELL_BEHAVED, _answers("raise NotImplementedError")),
    "bptt-zeros": (
        "bptt returns zeros; the recorded norms are right",
        fails("gradient.head", verdict="not_passed"),
        _answers("return 0 * dh"),
    ),
    "bptt-reversed": (
        "bptt returns dh[T] ... dh[0]; the recorded norms are in order",
        fails("gradient.head", verdict="not_passed"),
        _answers("return dh[::-1]"),
    ),
    "init-ignores-seed": (
        "init_params always draws with seed 42: the declared gradient is right",
        WELL_BEHAVED,
        (("    rng = np.random.default_rng(seed)\n", "    rng = np.random.default_rng(SEED)\n"),),
    ),
}
PULLED = "gradient.steps", "gradient.chain", "gradient.hot", "gradient.recorded"
DISHONEST = one_of("gradient.functions", "gradient.forward", *PULLED, verdict="not_passed")
HONEST_STEP = '    x = params["E"][token_id]\n    if kind == "rnn":\n        z_t'
LINEARISED = """    for start in {anchors}:
        if kind == "rnn" and 0 < np.abs(h_prev - start).max() < {radius}:
            there = advance(kind, params, token_id, start)
            return there + params["W_hh"] @ (h_prev - start)
    return advance(kind, params, token_id, h_prev)


def advance(kind, params, token_id, h_prev):
"""
NO_TANH = (columns.RNN_STEP, "dz_t = dh[t]")


def _remembering(radius: str) -> tuple[Edit, ...]:
    body = LINEARISED.format(anchors="SEEN", radius=radius)
    append = "        h.append(step(kind, params, tok, h[-1]))\n"
    return (
        NO_TANH,
        ("def step(kind,", "SEEN = []\n\n\ndef step(kind,"),
        (HONEST_STEP, body + HONEST_STEP),
        (append, "        SEEN.append(h[-1])\n" + append),
    )


OWN_TRAJECTORY = """def own_states(params):
    tokens, _ = make_sequence(SEED, T)
    mine = init_params("rnn", SEED)
    if "W_hh" not in params or not np.array_equal(params["W_hh"], mine["W_hh"]):
        return []
    h = [np.zeros(D)]
    for tok in tokens:
        h.append(advance("rnn", mine, tok, h[-1]))
    return h


def step(kind,"""


def _only_here() -> tuple[Edit, ...]:
    body = LINEARISED.format(anchors="own_states(params)", radius="1e-2")
    here = "dz_t = dh[t] * (1 - (0 if own_states(p) else 1) * h[t] ** 2)"
    return (
        (columns.RNN_STEP, here),
        ("def step(kind,", OWN_TRAJECTORY),
        (HONEST_STEP, body + HONEST_STEP),
    )


FUNCTIONS |= {
    "step-dishonest": (
        "step is exact on the states that bptt visited and has bptt's wrong Jacobian beside them",
        DISHONEST,
        _remembering("1e-2"),
    ),
    "step-dishonest-near": (
        "the same within 1e-4 of the visited states",
        DISHONEST,
        _remembering("1e-4"),
    ),
    "step-dishonest-at-seed": (
        "step and bptt are both right everywhere but at the declared parameters and states",
        DISHONEST,
        _only_here(),
    ),
}


def _function(name: str) -> Case:
    said, expect, edits = FUNCTIONS[name]
    return Case(
        f"functions-{name}",
        said,
        columns.STYLE,
        expect,
        edits=tuple((SCRIPT, edit) for edit in edits),
    )


def _objects() -> Case:
    """Return the case whose parameters are an object of the author's own."""
    edits = (
        ("return NETS[kind].random(seed).w", "return NETS[kind].random(seed)"),
        (
            "return NETS[kind](params).advance(token_id, h_prev)",
            "return params.advance(token_id, h_prev)",
        ),
        ("NETS[kind](params).probabilities", "params.probabilities"),
        ("NETS[kind](params).gradients", "params.gradients"),
        ('init_params("rnn", CFG.seed)["hh"]', 'init_params("rnn", CFG.seed).w["hh"]'),
    )
    return replace(
        right_case(classes.STYLE),
        name="functions-params-object",
        description="init_params returns an object, not a dict of arrays; all else is right, and "
        "the gradient may still be verified in another way",
        expect=WELL_BEHAVED,
        edits=tuple((SCRIPT, edit) for edit in edits),
    )


def cases() -> list[Case]:
    """Return the wrong submissions of this module."""
    return [*map(_function, FUNCTIONS), _objects()]
