"""Fused (3H, D) weights with two bias vectors; the reset gate acts after the product."""

from grader.corpus.model import Edit, Style

STYLE = Style("fused")

RNN_PULL = 'return params["weight_hh"].T @ ((1 - h * h) * d)'
GATES = "dgh = np.concatenate([drpre, dzpre, dnpre * r])"
GRU_PULL = 'return params["weight_hh"].T @ dgh + d * z'
CANDIDATE = "dn = d * (1 - z)"
HEAD = 'grads[-1] = params["head"].T @ (q - onehot)'
NORM = "return np.linalg.norm(grads, axis=1)"
RECORD = "list(map(float, v[:-1]))"

PLANTS: dict[str, tuple[Edit, ...]] = {
    "rnn-w-not-transposed": ((RNN_PULL, 'return params["weight_hh"] @ ((1 - h * h) * d)'),),
    "rnn-tanh-missing": ((RNN_PULL, 'return params["weight_hh"].T @ d'),),
    "rnn-tanh-previous": ((RNN_PULL, RNN_PULL.replace("h * h)", "h_prev * h_prev)")),),
    "rnn-tanh-plus": ((RNN_PULL, RNN_PULL.replace("1 - h", "1 + h")),),
    "rnn-tanh-of-h": ((RNN_PULL, RNN_PULL.replace("h * h", "np.tanh(h) ** 2")),),
    "head-ones": ((HEAD, "grads[-1] = 1.0"),),
    "head-no-onehot": ((HEAD, 'grads[-1] = params["head"].T @ q'),),
    "head-sign": ((HEAD, 'grads[-1] = params["head"].T @ (onehot - q)'),),
    "gru-only-direct": ((GRU_PULL, "return d * z"),),
    "gru-no-direct": ((GRU_PULL, 'return params["weight_hh"].T @ dgh'),),
    "gru-reset-ignored": ((GATES, "dgh = np.concatenate([np.zeros_like(r), dzpre, dnpre])"),),
    "gru-reset-not-applied": ((GATES, GATES.replace(" * r]", "]")),),
    "gru-hprev-for-r": ((GATES, GATES.replace(" * r]", " * h_prev]")),),
    "gru-z-swapped": (
        (GRU_PULL, GRU_PULL.replace("d * z", "d * (1 - z)")),
        (CANDIDATE, "dn = d * z"),
    ),
    "gru-z-prime-missing": (("dzpre = dz * z * (1 - z)", "dzpre = dz"),),
    "gru-r-prime-missing": (("drpre = dr * r * (1 - r)", "drpre = dr"),),
    "gru-candidate-prime-missing": (("dnpre = dn * (1 - n * n)", "dnpre = dn"),),
    "gru-r-path-missing": ((GATES, GATES.replace("drpre", "0 * drpre")),),
    "gru-z-path-missing": ((GATES, GATES.replace("dzpre", "0 * dzpre")),),
    "norm-squared": ((NORM, "return np.linalg.norm(grads, axis=1) ** 2"),),
    "norm-l1": ((NORM, "return np.linalg.norm(grads, 1, axis=1)"),),
    "norm-rms": ((NORM, "return np.linalg.norm(grads, axis=1) / np.sqrt(H)"),),
    "list-reversed": ((RECORD, "list(map(float, v[-2::-1]))"),),
    "list-off-by-one": ((RECORD, "list(map(float, v[1:]))"),),
}
