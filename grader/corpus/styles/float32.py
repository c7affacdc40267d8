"""Everything in np.float32; only mistakes that stand above that dtype's rounding are planted."""

from grader.corpus.model import Edit, Style

STYLE = Style("float32")

RNN_PULL = 'dh[t - 1] = p["Wh"].T @ (dh[t] * (F(1) - h[t] ** 2))'
HEAD = 'dh[n] = p["Why"].T @ err'
NORM = "g = np.linalg.norm(dh, axis=1)"
DIRECT = "acc = dh[t] * (F(1) - z)"
RECORD = 'data[kind] = [float(v) for v in g[: cfg["T"]]]'

PLANTS: dict[str, tuple[Edit, ...]] = {
    "rnn-w-not-transposed": ((RNN_PULL, RNN_PULL.replace(".T @", " @")),),
    "rnn-tanh-missing": ((RNN_PULL, 'dh[t - 1] = p["Wh"].T @ dh[t]'),),
    "rnn-not-carried": ((RNN_PULL, "dh[t - 1] = 0"),),
    "head-ones": ((HEAD, "dh[n] = 1"),),
    "head-sign": ((HEAD, 'dh[n] = -(p["Why"].T @ err)'),),
    "gru-only-direct": (("dh[t - 1] = acc", "dh[t - 1] = dh[t] * (F(1) - z)"),),
    "gru-no-direct": ((DIRECT, "acc = F(0)"),),
    "gru-reset-not-applied": (("acc = acc + d_rh * r", "acc = acc + d_rh"),),
    "gru-z-swapped": (
        (DIRECT, "acc = dh[t] * z"),
        ("d_c = dh[t] * z *", "d_c = dh[t] * (F(1) - z) *"),
    ),
    "norm-squared": ((NORM, "g = (dh.astype(float) ** 2).sum(axis=1)"),),
    "norm-rms": ((NORM, "g = np.sqrt((dh.astype(float) ** 2).mean(axis=1))"),),
    "list-reversed": ((RECORD, RECORD + "[::-1]"),),
    "list-off-by-one": ((RECORD, "data[kind] = [float(v) for v in g[1:]]"),),
}
