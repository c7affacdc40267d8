"""Row vectors, x @ W, RandomState, h = z h' + (1 - z) h~ with bias +2."""

from grader.corpus.model import Edit, Style

STYLE = Style("rows")

RNN_PULL = "d = (d * (1 - hs[t + 1] ** 2)) @ P['Wh'].T"
ACCUMULATE = "d = d * z + dhr * r + dr @ P['Whr'].T + dz @ P['Whz'].T"
DR = "dr = dhr * h * r * (1 - r)"
DZ_PRIME = "dz = dz * z * (1 - z)"
NORM = "norms = np.sqrt((grads ** 2).sum(axis=1))"
SUBTRACT = "p[0, target_id] -= 1"
HEAD = "d = p @ P['Wy'].T"
RECORD = "json.dump({'rnn': rnn[:steps].tolist(), 'gru': gru[:steps].tolist()}, f)"

PLANTS: dict[str, tuple[Edit, ...]] = {
    "rnn-w-not-transposed": ((RNN_PULL, "d = (d * (1 - hs[t + 1] ** 2)) @ P['Wh']"),),
    "rnn-tanh-missing": ((RNN_PULL, "d = d @ P['Wh'].T"),),
    "rnn-tanh-previous": ((RNN_PULL, "d = (d * (1 - hs[t] ** 2)) @ P['Wh'].T"),),
    "rnn-tanh-plus": ((RNN_PULL, "d = (d * (1 + hs[t + 1] ** 2)) @ P['Wh'].T"),),
    "rnn-tanh-of-h": ((RNN_PULL, "d = (d * (1 - np.tanh(hs[t + 1]) ** 2)) @ P['Wh'].T"),),
    "rnn-dz-for-dh": ((RNN_PULL, "d = (d @ P['Wh'].T) * (1 - hs[t] ** 2)"),),
    "loss-every-step": (
        (
            RNN_PULL,
            RNN_PULL + "\n            q = np.exp(log_probs(P, hs[t]))\n"
            "            q[0, target_id] -= 1\n            d = d + q @ P['Wy'].T",
        ),
    ),
    "head-ones": ((HEAD, "d = np.ones((1, hidden))"),),
    "head-no-onehot": ((SUBTRACT, "p[0, target_id] -= 0"),),
    "head-sign": ((HEAD, "d = -p @ P['Wy'].T"),),
    "gru-only-direct": ((ACCUMULATE, "d = d * z"),),
    "gru-no-direct": ((ACCUMULATE, ACCUMULATE.replace("d * z + ", "")),),
    "gru-reset-ignored": ((ACCUMULATE, "d = d * z + dhr + dz @ P['Whz'].T"),),
    "gru-reset-not-applied": ((ACCUMULATE, ACCUMULATE.replace("dhr * r", "dhr")),),
    "gru-hprev-for-r": ((ACCUMULATE, ACCUMULATE.replace("dhr * r", "dhr * h")),),
    "gru-z-swapped": (
        (ACCUMULATE, ACCUMULATE.replace("d * z", "d * (1 - z)")),
        ("dc = d * (1 - z) * (1 - c ** 2)", "dc = d * z * (1 - c ** 2)"),
    ),
    "gru-z-prime-missing": ((DZ_PRIME, "dz = dz"),),
    "gru-r-prime-missing": ((DR, "dr = dhr * h"),),
    "gru-candidate-prime-missing": (("dc = d * (1 - z) * (1 - c ** 2)", "dc = d * (1 - z)"),),
    "gru-overwritten": (
        (ACCUMULATE, "d = d * z + dhr * r\n            d = dr @ P['Whr'].T + dz @ P['Whz'].T"),
    ),
    "gru-r-path-missing": ((ACCUMULATE, ACCUMULATE.replace(" + dr @ P['Whr'].T", "")),),
    "gru-z-path-missing": ((ACCUMULATE, ACCUMULATE.replace(" + dz @ P['Whz'].T", "")),),
    "gru-r-path-missing-closed": (
        (ACCUMULATE, ACCUMULATE.replace(" + dr @ P['Whr'].T", "")),
        ("2.0 * np.ones", "4.0 * np.ones"),
    ),
    "gru-w-not-transposed": (("dhr = dc @ P['Whc'].T", "dhr = dc @ P['Whc']"),),
    "norm-squared": ((NORM, "norms = (grads ** 2).sum(axis=1)"),),
    "norm-l1": ((NORM, "norms = np.abs(grads).sum(axis=1)"),),
    "norm-max": ((NORM, "norms = np.linalg.norm(grads, ord=np.inf, axis=1)"),),
    "norm-mean": ((NORM, "norms = abs(grads).mean(axis=1)"),),
    "norm-rms": ((NORM, "norms = np.sqrt((grads ** 2).mean(axis=1))"),),
    "list-reversed": ((RECORD, RECORD.replace("[:steps]", "[:steps][::-1]")),),
    "list-off-by-one": ((RECORD, RECORD.replace("[:steps]", "[1:]")),),
}
