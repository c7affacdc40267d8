"""[h; x] concatenated weights, one-hot inputs, explicit one-step Jacobians."""

from grader.corpus.model import Edit, Style

STYLE = Style("concat")

RNN_J = 'return (1 - h**2)[:, None] * params["W"][:, :N]'
INNER = "inner = np.diag(r) + h_prev[:, None] * dr"
TOTAL = "return np.diag(1 - u) + (c - h_prev)[:, None] * du + u[:, None] * dc"
PULL = "grad = J.T @ grad"
HEAD = 'grad = params["V"].T @ (prob - one_hot(target_id))'
RECORD = "result[kind] = [float(np.sqrt(v @ v)) for v in grads[:STEPS]]"

PLANTS: dict[str, tuple[Edit, ...]] = {
    "rnn-w-not-transposed": ((RNN_J, 'return (1 - h**2) * params["W"][:, :N].T'),),
    "rnn-tanh-missing": ((RNN_J, 'return params["W"][:, :N]'),),
    "rnn-tanh-previous": ((RNN_J, RNN_J.replace("h**2", "h_prev**2")),),
    "rnn-dz-for-dh": ((RNN_J, 'return params["W"][:, :N] * (1 - h_prev**2)'),),
    "head-ones": ((HEAD, "grad = np.ones(N)"),),
    "head-sign": ((HEAD, 'grad = params["V"].T @ (one_hot(target_id) - prob)'),),
    "gru-only-direct": ((TOTAL, "return np.diag(1 - u)"),),
    "gru-no-direct": ((TOTAL, TOTAL.replace("np.diag(1 - u) + ", "")),),
    "gru-reset-ignored": ((INNER, "inner = np.eye(N)"),),
    "gru-reset-not-applied": ((INNER, INNER.replace("np.diag(r)", "np.eye(N)")),),
    "gru-z-swapped": (
        (TOTAL, "return np.diag(u) + (c - h_prev)[:, None] * du + (1 - u)[:, None] * dc"),
    ),
    "gru-z-prime-missing": (("du = (u * (1 - u))[:, None] * Wu", "du = Wu"),),
    "gru-r-prime-missing": (("dr = (r * (1 - r))[:, None] * Wr", "dr = Wr"),),
    "gru-candidate-prime-missing": (
        ("dc = (1 - c**2)[:, None] * (Wc @ inner)", "dc = Wc @ inner"),
    ),
    "gru-r-path-missing": ((INNER, "inner = np.diag(r)"),),
    "gru-z-path-missing": ((TOTAL, "return np.diag(1 - u) + u[:, None] * dc"),),
    "gru-r-path-missing-closed": (
        (INNER, "inner = np.diag(r)"),
        ("np.full(N, -2.0)", "np.full(N, -4.0)"),
    ),
    "norm-squared": ((RECORD, RECORD.replace("np.sqrt(v @ v)", "v @ v")),),
    "norm-max": ((RECORD, RECORD.replace("np.sqrt(v @ v)", "abs(v).max()")),),
    "norm-mean": ((RECORD, RECORD.replace("np.sqrt(v @ v)", "abs(v).mean()")),),
    "list-reversed": ((RECORD, RECORD.replace("[:STEPS]", "[STEPS - 1::-1]")),),
    "list-off-by-one": ((RECORD, RECORD.replace("[:STEPS]", "[1:]")),),
}
