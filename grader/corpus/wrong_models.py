"""Forward passes and losses that are not the lab's, and right gradients whose curves fall short."""

from __future__ import annotations

from grader.corpus.model import Case, Edit, Expectation, Style
from grader.corpus.papers import Papers
from grader.corpus.styles import columns, concat, layers, rows
from grader.corpus.wrong_documents import fails

SCRIPT = "bptt_norm.py"
FORWARD = fails("gradient.forward", verdict="not_passed")
LOSS = fails("gradient.loss", verdict="not_passed")
UNTESTED = Expectation(
    None, notes="with opaque parameters a reset gate is not tested; gradient.forward may fail"
)
TANH = "return np.tanh(z_t)"
CANDIDATE = 'h_tilde = np.tanh(p["W_h"] @ x + p["U_h"] @ (r * h_prev) + p["b_h"])'
UNGATED = CANDIDATE.replace("(r * h_prev)", "h_prev")
NO_RESET_BACK = ((columns.CANDIDATE_PATH, "dh[t - 1] += d_rh"), (columns.RESET_PATH, "pass"))
LOG_P = "return -np.log(softmax(logits)[target_id])"
DELTA = """    delta = softmax(params["W_ho"] @ h_last + params["b_o"])
    delta[target_id] -= 1.0
"""
UPDATE = 'z = sigmoid(p["W_z"] @ x + p["U_z"] @ h_prev + p["b_z"])'

MODELS: dict[str, tuple[str, Expectation, tuple[Edit, ...]]] = {
    "rnn-sigmoid": (
        "a sigmoid RNN, rightly differentiated",
        FORWARD,
        ((TANH, "return sigmoid(z_t)"), (columns.RNN_STEP, "dz_t = dh[t] * h[t] * (1 - h[t])")),
    ),
    "rnn-relu": (
        "a ReLU RNN, rightly differentiated",
        FORWARD,
        ((TANH, "return z_t * (z_t.real > 0)"), (columns.RNN_STEP, "dz_t = dh[t] * (h[t] > 0)")),
    ),
    "rnn-linear": (
        "a linear recurrence, rightly differentiated",
        FORWARD,
        ((TANH, "return z_t"), (columns.RNN_STEP, "dz_t = dh[t]")),
    ),
    "rnn-leaky": (
        "half of the old state is kept, rightly differentiated",
        FORWARD,
        (
            (TANH, "return 0.5 * h_prev + 0.5 * np.tanh(z_t)"),
            (columns.RNN_STEP, "dz_t = 0.5 * dh[t] * (1 - (2 * h[t] - h[t - 1]) ** 2)"),
            (columns.RNN_PULL, columns.RNN_PULL + " + 0.5 * dh[t]"),
        ),
    ),
    "gru-constant-gate": (
        "the update gate is the constant 0.12",
        FORWARD,
        ((UPDATE, "z = np.full(D, 0.12)"), (columns.UPDATE_PATH, "pass")),
    ),
    "gru-reset-unused": (
        "reset gate computed, never used",
        UNTESTED,
        ((CANDIDATE, UNGATED), *NO_RESET_BACK),
    ),
    "gru-without-reset": (
        "no reset gate at all",
        UNTESTED,
        (
            (CANDIDATE, UNGATED),
            *NO_RESET_BACK,
            ('for gate in ("z", "r", "h"):', 'for gate in ("z", "h"):'),
            ('    r = sigmoid(p["W_r"] @ x + p["U_r"] @ h_prev + p["b_r"])\n', "    r = 1.0\n"),
        ),
    ),
    "loss-squared-error": (
        "the squared error of the logits, rightly differentiated",
        LOSS,
        (
            (LOG_P, "return 0.5 * np.sum((logits - np.eye(len(VOCAB))[target_id]) ** 2)"),
            (DELTA, DELTA.replace("softmax(", "(")),
        ),
    ),
    "loss-logit": (
        "minus the target's logit, rightly differentiated",
        LOSS,
        ((LOG_P, "return -logits[target_id]"), (DELTA, DELTA.replace("softmax(", "0 * ("))),
    ),
    "loss-probability": (
        "minus the target's probability, rightly differentiated",
        LOSS,
        (
            (LOG_P, "return -softmax(logits)[target_id]"),
            (DELTA, DELTA + "    delta *= (1 - np.sum(np.delete(delta, target_id)))\n"),
        ),
    ),
}

SEPARATED = fails("stop.separated", verdict="not_passed")
MARGIN = fails("stop.margin", verdict="passed")
ROWS_BIAS = ("2.0 * np.ones", "0.0 * np.ones")


def _rows_seed(seed: int) -> tuple[Edit, ...]:
    return (ROWS_BIAS, ("seed0 = 42", f"seed0 = {seed}"))


SHAPES: dict[
    str, tuple[Style, tuple[tuple[str, float], ...], str, Expectation, tuple[Edit, ...]]
] = {
    "gru-steeper": (
        rows.STYLE,
        (("seed", 5),),
        "gate bias 0 and seed 5: the GRU decays by 9.7 orders, the RNN by 7.3",
        SEPARATED,
        _rows_seed(5),
    ),
    "gru-as-steep": (
        rows.STYLE,
        (("seed", 18),),
        "gate bias 0 and seed 18: 10.8 and 10.4 orders, less than half an order apart",
        SEPARATED,
        _rows_seed(18),
    ),
    "gru-steeper-orthogonal": (
        layers.STYLE,
        (("seed", 42),),
        "gate bias 0 against an orthogonal RNN x 0.9",
        SEPARATED,
        (("bias[0] = 2.0", "bias[0] = 0.0"),),
    ),
    "gate-saturated": (
        columns.STYLE,
        (),
        "gate bias +4: z is near 1, and the GRU decays by twice the RNN's orders",
        SEPARATED,
        ((columns.GATE_BIAS, "GATE_BIAS = 4.0"),),
    ),
    "variance-for-deviation": (
        rows.STYLE,
        (("scale", 0.3162),),
        "N(0, variance 0.1): rho is 1.76 and the RNN's gradient grows towards t = 0",
        SEPARATED,
        (("sigma = 0.1", "sigma = 0.1 ** 0.5"),),
    ),
    "half-an-order": (
        rows.STYLE,
        (("seed", 7),),
        "gate bias 0 and seed 7: 11.0 and 10.3 orders",
        MARGIN,
        _rows_seed(7),
    ),
    "one-order": (
        concat.STYLE,
        (("seed", 45),),
        "gate bias 0 and seed 45: 11.3 and 10.2 orders, a ratio of 1.1",
        MARGIN,
        (("np.full(N, -2.0)", "np.zeros(N)"), ("RNG_SEED = 42", "RNG_SEED = 45")),
    ),
    "ratio-below-1.5": (
        rows.STYLE,
        (("seed", 42),),
        "gate bias 0: 12.9 and 9.8 orders, a ratio of 1.3",
        MARGIN,
        (ROWS_BIAS,),
    ),
}


def _model(name: str) -> Case:
    said, expect, edits = MODELS[name]
    return Case(
        f"model-{name}",
        said,
        columns.STYLE,
        expect,
        edits=tuple((SCRIPT, edit) for edit in edits),
    )


def _shape(name: str) -> Case:
    style, declared, said, expect, edits = SHAPES[name]
    return Case(
        f"shape-{name}",
        said,
        style,
        expect,
        edits=tuple((SCRIPT, edit) for edit in edits),
        papers=Papers(declared=declared),
    )


def cases() -> list[Case]:
    """Return the wrong submissions of this module."""
    return [*map(_model, MODELS), *map(_shape, SHAPES)]
