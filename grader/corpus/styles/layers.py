"""Functional: einsum, orthogonal weights x 0.9, d_hidden 24, a learnt h_0."""

from grader.corpus.model import Edit, Style

STYLE = Style("layers", d_hidden=24, scale=0.9)

RNN_PULL = "return transposed(params, 0, v * (1 - h**2))"
SUM = "return v * keep + a_new * reset + a_reset + a_keep"
A_NEW = "a_new = transposed(params, 2, v * (1 - keep) * (1 - new**2))"
NORM = "table[kind] = np.linalg.norm(grads, axis=1)[:-1].tolist()"
HEAD = "soft[target_id] -= 1"

PLANTS: dict[str, tuple[Edit, ...]] = {
    # Not in `transposed`, which the GRU shares: that would be a second mistake.
    "rnn-w-not-transposed": (
        (RNN_PULL, 'return np.einsum("ij,j->i", params["rec"][0], v * (1 - h**2))'),
    ),
    "rnn-tanh-missing": ((RNN_PULL, "return transposed(params, 0, v)"),),
    "rnn-tanh-previous": ((RNN_PULL, RNN_PULL.replace("h**2", "h_prev**2")),),
    "rnn-tanh-plus": ((RNN_PULL, RNN_PULL.replace("1 -", "1 +")),),
    "head-no-onehot": ((HEAD, "soft[target_id] -= 0"),),
    "head-sign": ((HEAD, HEAD + "\n    soft = -soft"),),
    "gru-only-direct": ((SUM, "return v * keep"),),
    "gru-no-direct": ((SUM, "return a_new * reset + a_reset + a_keep"),),
    "gru-reset-not-applied": ((SUM, SUM.replace("a_new * reset", "a_new")),),
    "gru-hprev-for-r": ((SUM, SUM.replace("a_new * reset", "a_new * h_prev")),),
    "gru-candidate-prime-missing": ((A_NEW, "a_new = transposed(params, 2, v * (1 - keep))"),),
    "gru-r-path-missing": ((SUM, SUM.replace(" + a_reset", "")),),
    "gru-z-path-missing": ((SUM, SUM.replace(" + a_keep", "")),),
    "norm-squared": ((NORM, "table[kind] = (grads**2).sum(axis=1)[:-1].tolist()"),),
    "norm-rms": ((NORM, "table[kind] = np.sqrt((grads**2).mean(axis=1))[:-1].tolist()"),),
    "list-reversed": ((NORM, "table[kind] = np.linalg.norm(grads, axis=1)[-2::-1].tolist()"),),
    "list-off-by-one": ((NORM, "table[kind] = np.linalg.norm(grads, axis=1)[1:].tolist()"),),
}
