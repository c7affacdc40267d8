"""Column vectors, separate matrices, h = (1 - z) h' + z h~, reset before the product."""

from grader.corpus.model import Edit, Style

STYLE = Style("columns", option="Option A")

NORM = "max(float(np.linalg.norm(dh[t])), TINY)"
RNN_STEP = "dz_t = dh[t] * (1 - h[t] ** 2)"
RNN_PULL = 'dh[t - 1] = p["W_hh"].T @ dz_t'
DR = "dr = d_rh * h_prev"
DIRECT = "dh[t - 1] = dh[t] * (1 - z)"
CANDIDATE_PATH = "dh[t - 1] += d_rh * r"
RESET_PATH = 'dh[t - 1] += p["U_r"].T @ da_r'
UPDATE_PATH = 'dh[t - 1] += p["U_z"].T @ da_z'
HEAD_START = "dh = np.zeros((n + 1, D))"
SUBTRACT = "    delta[target_id] -= 1.0\n"
CURVES = "curves[kind], g_last[kind] = g[:T], g[T]"
GATE_BIAS = "GATE_BIAS = -2.0"

PLANTS: dict[str, tuple[Edit, ...]] = {
    "rnn-w-not-transposed": ((RNN_PULL, 'dh[t - 1] = p["W_hh"] @ dz_t'),),
    "rnn-tanh-missing": ((RNN_STEP, "dz_t = dh[t]"),),
    "rnn-tanh-previous": ((RNN_STEP, "dz_t = dh[t] * (1 - h[t - 1] ** 2)"),),
    "rnn-tanh-plus": ((RNN_STEP, "dz_t = dh[t] * (1 + h[t] ** 2)"),),
    "rnn-tanh-of-h": ((RNN_STEP, "dz_t = dh[t] * (1 - np.tanh(h[t]) ** 2)"),),
    "rnn-stored-dz": (
        (
            "return rnn_backward(params, h, dh)",
            "return rnn_backward(params, h, dh) * (1 - np.array(h) ** 2)",
        ),
    ),
    "rnn-not-carried": ((RNN_PULL, 'dh[t - 1] += 0 * (p["W_hh"].T @ dz_t)'),),
    "rnn-truncated": (
        (RNN_PULL, 'if len(h) - t <= 10:\n            dh[t - 1] = p["W_hh"].T @ dz_t'),
    ),
    "loss-every-step": (
        (RNN_PULL, 'dh[t - 1] += p["W_hh"].T @ dz_t'),
        (DIRECT, "dh[t - 1] += dh[t] * (1 - z)"),
        (HEAD_START, "dh = np.array([head_gradient(params, h_t, target_id) for h_t in h])"),
    ),
    "head-ones": (("dh[n] = head_gradient(params, h[n], target_id)", "dh[n] = np.ones(D)"),),
    "head-no-onehot": ((SUBTRACT, ""),),
    "head-sign": ((SUBTRACT, SUBTRACT + "    delta = -delta\n"),),
    "gru-only-direct": ((CANDIDATE_PATH, "continue"),),
    "gru-no-direct": ((DIRECT, "dh[t - 1] = 0.0"),),
    "gru-reset-ignored": ((CANDIDATE_PATH, "dh[t - 1] += d_rh"), (RESET_PATH, "pass")),
    "gru-reset-not-applied": ((CANDIDATE_PATH, "dh[t - 1] += d_rh"),),
    "gru-hprev-for-r": ((CANDIDATE_PATH, "dh[t - 1] += d_rh * h_prev"),),
    "gru-z-swapped": (
        (DIRECT, "dh[t - 1] = dh[t] * z"),
        ("dh_tilde = dh[t] * z", "dh_tilde = dh[t] * (1 - z)"),
    ),
    "gru-z-prime-missing": (("da_z = dz * z * (1 - z)", "da_z = dz"),),
    "gru-r-prime-missing": (("da_r = dr * r * (1 - r)", "da_r = dr"),),
    "gru-candidate-prime-missing": (("da_h = dh_tilde * (1 - h_tilde**2)", "da_h = dh_tilde"),),
    "gru-overwritten": ((UPDATE_PATH, 'dh[t - 1] = p["U_z"].T @ da_z'),),
    "gru-r-path-missing": ((RESET_PATH, "pass"),),
    "gru-z-path-missing": ((UPDATE_PATH, "pass"),),
    "gru-r-path-missing-closed": ((RESET_PATH, "pass"), (GATE_BIAS, "GATE_BIAS = -4.0")),
    "gru-w-not-transposed": (('d_rh = p["U_h"].T @ da_h', 'd_rh = p["U_h"] @ da_h'),),
    "norm-squared": ((NORM, "float(np.sum(dh[t] ** 2))"),),
    "norm-l1": ((NORM, "float(np.abs(dh[t]).sum())"),),
    "norm-max": ((NORM, "float(np.max(np.abs(dh[t])))"),),
    "norm-mean": ((NORM, "float(np.mean(np.abs(dh[t])))"),),
    "norm-rms": ((NORM, "float(np.sqrt(np.mean(dh[t] ** 2)))"),),
    "weight-gradient": (
        (
            "    return g, params\n",
            "    if kind == 'rnn':\n"
            "        h = forward(kind, params, token_ids)\n"
            "        dz = [dh[t + 1] * (1 - h[t + 1] ** 2) for t in range(T)]\n"
            "        g[:T] = [max(float(np.linalg.norm(np.outer(dz[t], h[t]))), 1e-16)"
            " for t in range(T)]\n"
            "    return g, params\n",
        ),
    ),
    "list-reversed": ((CURVES, "curves[kind], g_last[kind] = g[:T][::-1], g[T]"),),
    "list-off-by-one": ((CURVES, "curves[kind], g_last[kind] = g[1:], g[T]"),),
}
