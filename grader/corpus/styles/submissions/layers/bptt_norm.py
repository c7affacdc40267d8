"""Option B with a small vocabulary, orthogonal recurrent weights (x 0.9), a learnt h0 and einsum."""
import json
from functools import reduce
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

ROOT = Path(__file__).absolute().parent
UNITS, SYMBOLS, LEN, SEED = 24, 20, 50, 42
GATES = ("keep", "reset", "new")


def orthogonal(rng, n, gain):
    q, r = np.linalg.qr(rng.standard_normal((n, n)))
    return gain * q * np.sign(np.diag(r))


def make_sequence(seed, length):
    rng = np.random.default_rng(2 * seed)
    return rng.choice(SYMBOLS, size=length), SYMBOLS - 1


def init_params(kind, seed):
    rng = np.random.default_rng(seed)
    n = 1 if kind == "rnn" else len(GATES)
    bias = np.zeros((n, UNITS))
    if kind == "gru":
        bias[0] = 2.0
    return {
        "look": rng.normal(0, 0.3, (SYMBOLS, n, UNITS)),
        "rec": np.stack([orthogonal(rng, UNITS, 0.9) for _ in range(n)]),
        "bias": bias,
        "h0": rng.normal(0, 0.1, UNITS),
        "read": rng.normal(0, 0.2, (UNITS, SYMBOLS)),
    }


def initial_state(kind, params):
    return params["h0"].copy()


def sigm(a):
    return 1 / (1 + np.exp(-a))


def pre(params, token_id, h, which):
    return params["look"][token_id, which] + np.einsum("ij,j->i", params["rec"][which], h) + params["bias"][which]


def gru_values(params, token_id, h):
    keep, reset = (sigm(pre(params, token_id, h, i)) for i in (0, 1))
    new = np.tanh(pre(params, token_id, reset * h, 2))
    return keep, reset, new


def step(kind, params, token_id, h_prev):
    if kind == "rnn":
        return np.tanh(pre(params, token_id, h_prev, 0))
    keep, _, new = gru_values(params, token_id, h_prev)
    return new + keep * (h_prev - new)


def scores(params, h):
    return np.einsum("i,ij->j", h, params["read"])


def loss(kind, params, h_last, target_id):
    s = scores(params, h_last)
    return -np.log(np.exp(s[target_id]) / np.sum(np.exp(s)))


def transposed(params, which, v):
    return np.einsum("ij,i->j", params["rec"][which], v)


def pull(kind, params, token_id, h_prev, h, v):
    if kind == "rnn":
        return transposed(params, 0, v * (1 - h**2))
    keep, reset, new = gru_values(params, token_id, h_prev)
    a_new = transposed(params, 2, v * (1 - keep) * (1 - new**2))
    a_reset = transposed(params, 1, a_new * h_prev * reset * (1 - reset))
    a_keep = transposed(params, 0, v * (h_prev - new) * keep * (1 - keep))
    return v * keep + a_new * reset + a_reset + a_keep


def bptt(kind, params, token_ids, target_id):
    states = reduce(
        lambda hs, tok: [*hs, step(kind, params, tok, hs[-1])],
        token_ids,
        [initial_state(kind, params)],
    )
    s = scores(params, states[-1])
    soft = np.exp(s) / np.exp(s).sum()
    soft[target_id] -= 1
    grads = [np.einsum("ij,j->i", params["read"], soft)]
    for i in range(len(token_ids) - 1, -1, -1):
        grads.append(pull(kind, params, token_ids[i], states[i], states[i + 1], grads[-1]))
    return np.asarray(grads[::-1])


def main():
    tokens, target = make_sequence(SEED, LEN)
    table = {}
    for kind in ("rnn", "gru"):
        params = init_params(kind, SEED)
        grads = bptt(kind, params, tokens, target)
        table[kind] = np.linalg.norm(grads, axis=1)[:-1].tolist()
        if kind == "rnn":
            print("rho:", np.abs(np.linalg.eigvals(params["rec"][0])).max())
    (ROOT / "decay.json").write_text(json.dumps(table, indent=1))
    plt.style.use("dark_background")
    plt.plot(np.log10(table["rnn"]), color="tomato", label="RNN")
    plt.plot(np.log10(table["gru"]), color="deepskyblue", label="GRU")
    plt.ylabel("log10 g")
    plt.legend()
    plt.savefig(ROOT / "decay.png")


if __name__ == "__main__":
    main()
