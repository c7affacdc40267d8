"""dh_t as a recursive definition, read straight from the chain rule."""
import functools
import json
import os.path

import matplotlib.pyplot as plt
import numpy as np

d, e, n_tokens, length, seed = 32, 16, 25, 50, 42


def make_sequence(seed, length):
    r = np.random.default_rng(seed)
    chain = [int(k) for k in r.integers(n_tokens, size=5)]
    return [chain[i % 5] for i in range(length)], chain[0]


def init_params(kind, seed):
    r = np.random.default_rng(seed + 100)
    names = ["h"] if kind == "rnn" else ["r", "u", "n"]
    p = {"emb": r.uniform(-1, 1, (n_tokens, e)), "out": r.normal(0, 0.1, (n_tokens, d))}
    for k in names:
        p[f"W_{k}"], p[f"R_{k}"] = r.normal(0, 0.1, (d, e)), r.normal(0, 0.1, (d, d))
        p[f"b_{k}"] = np.zeros(d) if k != "u" else np.full(d, 2.2)
    return p


def affine(p, k, x, v):
    return p[f"W_{k}"].dot(x) + p[f"R_{k}"].dot(v) + p[f"b_{k}"]


def gate(a):
    return 1.0 / (1.0 + np.exp(-a))


def parts(p, tok, h):
    x = p["emb"][tok]
    r, u = gate(affine(p, "r", x, h)), gate(affine(p, "u", x, h))
    n = np.tanh(affine(p, "n", x, r * h))
    return r, u, n


def step(kind, params, token_id, h_prev):
    if kind == "rnn":
        return np.tanh(affine(params, "h", params["emb"][token_id], h_prev))
    r, u, n = parts(params, token_id, h_prev)
    return u * h_prev + (1 - u) * n


def loss(kind, params, h_last, target_id):
    o = params["out"].dot(h_last)
    return -o[target_id] + np.log(np.exp(o).sum())


def one_back(kind, p, tok, h_prev, h, up):
    """dL/dh_{t-1} out of dL/dh_t."""
    if kind == "rnn":
        return p["R_h"].T.dot(up * (1 - h * h))
    r, u, n = parts(p, tok, h_prev)
    a_n = up * (1 - u) * (1 - n * n)
    a_u = up * (h_prev - n) * u * (1 - u)
    rh = p["R_n"].T.dot(a_n)
    a_r = rh * h_prev * r * (1 - r)
    return up * u + rh * r + p["R_u"].T.dot(a_u) + p["R_r"].T.dot(a_r)


def bptt(kind, params, token_ids, target_id):
    hs = list(
        functools.reduce(lambda acc, tok: acc + (step(kind, params, tok, acc[-1]),), token_ids, (np.zeros(d),))
    )
    n = len(token_ids)

    def head():
        o = params["out"].dot(hs[n])
        q = np.exp(o - o.max())
        q = q / q.sum()
        return params["out"].T.dot(q - np.eye(n_tokens)[target_id])

    def dh(t):
        """All gradients from h_n down to h_t, last first."""
        if t == n:
            return [head()]
        later = dh(t + 1)
        return later + [one_back(kind, params, token_ids[t], hs[t], hs[t + 1], later[-1])]

    return np.array(dh(0)[::-1])


def main():
    ids, y = make_sequence(seed, length)
    g = {k: np.linalg.norm(bptt(k, init_params(k, seed), ids, y), axis=1)[:-1] for k in ("rnn", "gru")}
    print("rho(W_hh) =", np.max(np.abs(np.linalg.eigvals(init_params("rnn", seed)["R_h"]))))
    folder = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(folder, "decay.json"), "w") as f:
        f.write(json.dumps({k: [float(v) for v in values] for k, values in g.items()}))
    fig, ax = plt.subplots()
    ax.semilogy(g["rnn"], color="red", lw=2, label="vanilla RNN")
    ax.semilogy(g["gru"], color="blue", lw=2, label="GRU")
    ax.legend()
    fig.savefig(os.path.join(folder, "decay.png"))


if __name__ == "__main__":
    main()
