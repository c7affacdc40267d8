"""No function at all, as in the lab's pseudo-code; written relative to the working directory."""

from grader.corpus.model import Edit, Style

STYLE = Style("flat", has_functions=False)

RNN_STEP = "dz_t = dh[t] * (1 - h[t] ** 2)"
RNN_PULL = "dh[t - 1] = W_hh.T @ dz_t"
NORM = "g[t - 1] = np.linalg.norm(dh[t - 1])"
GRU_SUM = "dht = dht * (1 - z) + drh * r + Ur.T @ dr + Uz.T @ dz"
HEAD = "dh = {T: W_ho.T @ dlogits}"
DUMP = '{"rnn": g_rnn.tolist(), "gru": g_gru.tolist()}'

PLANTS: dict[str, tuple[Edit, ...]] = {
    "rnn-w-not-transposed": ((RNN_PULL, "dh[t - 1] = W_hh @ dz_t"),),
    "rnn-tanh-missing": ((RNN_STEP, "dz_t = dh[t]"),),
    "rnn-tanh-previous": ((RNN_STEP, "dz_t = dh[t] * (1 - h[t - 1] ** 2)"),),
    "rnn-stored-dz": ((NORM, "g[t - 1] = np.linalg.norm(dz_t)"),),
    "head-ones": ((HEAD, "dh = {T: np.ones(d)}"),),
    "head-sign": ((HEAD, "dh = {T: -W_ho.T @ dlogits}"),),
    "gru-only-direct": ((GRU_SUM, "dht = dht * (1 - z)"),),
    "gru-no-direct": ((GRU_SUM, GRU_SUM.replace("dht * (1 - z) + ", "")),),
    "gru-r-path-missing": ((GRU_SUM, GRU_SUM.replace(" + Ur.T @ dr", "")),),
    "norm-squared": ((NORM, NORM + " ** 2"),),
    "norm-l1": ((NORM, "g[t - 1] = np.abs(dh[t - 1]).sum()"),),
    "weight-gradient": ((NORM, "g[t - 1] = max(np.linalg.norm(np.outer(dz_t, h[t - 1])), 1e-16)"),),
    "list-reversed": (
        (DUMP, DUMP.replace("g_rnn", "g_rnn[::-1]").replace("g_gru", "g_gru[::-1]")),
    ),
}
