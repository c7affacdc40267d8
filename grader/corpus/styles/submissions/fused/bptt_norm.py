#!/usr/bin/env python3
"""Gradient norms through time, with the fused weight layout (three gates stacked in one matrix)."""
import json
import pathlib

import matplotlib.pyplot as plt
import numpy as np

H, DIN, V = 32, 16, 32
LENGTH, SEED, STD = 50, 42, 0.1
TARGET = 3


def make_sequence(seed, length):
    g = np.random.default_rng([seed, 7])
    return g.integers(V, size=length), TARGET


def init_params(kind, seed):
    g = np.random.default_rng(seed)
    G = 1 if kind == "rnn" else 3
    params = dict(
        weight_ih=g.normal(0, STD, (G * H, DIN)),
        weight_hh=g.normal(0, STD, (G * H, H)),
        bias_ih=np.zeros(G * H),
        bias_hh=np.zeros(G * H),
        embedding=g.normal(0, 1, (V, DIN)),
        head=g.normal(0, STD, (V, H)),
        head_bias=np.zeros(V),
    )
    if kind == "gru":
        # order r, z, n; z multiplies the old state: open it
        params["bias_ih"][H:2 * H] = 1.0
        params["bias_hh"][H:2 * H] = 1.0
    return params


def logistic(v):
    return 0.5 * (1 + np.tanh(0.5 * v))


def split3(v):
    return v[:H], v[H:2 * H], v[2 * H:]


def cell(params, token, h):
    """(gi, gh) -> r, z, n as in the usual fused cell: the reset gate acts after the product."""
    gi = params["weight_ih"] @ params["embedding"][token] + params["bias_ih"]
    gh = params["weight_hh"] @ h + params["bias_hh"]
    (ir, iz, in_), (hr, hz, hn) = split3(gi), split3(gh)
    r = logistic(ir + hr)
    z = logistic(iz + hz)
    n = np.tanh(in_ + r * hn)
    return r, z, n, hn


def step(kind, params, token_id, h_prev):
    if kind == "rnn":
        return np.tanh(
            params["weight_ih"] @ params["embedding"][token_id] + params["bias_ih"]
            + params["weight_hh"] @ h_prev + params["bias_hh"]
        )
    r, z, n, hn = cell(params, token_id, h_prev)
    return (1 - z) * n + z * h_prev


def loss(kind, params, h_last, target_id):
    s = params["head"] @ h_last + params["head_bias"]
    return np.log(np.sum(np.exp(s))) - s[target_id]


def grad_step(kind, params, token, h_prev, h, d):
    """dL/dh_{t-1} from d = dL/dh_t."""
    if kind == "rnn":
        return params["weight_hh"].T @ ((1 - h * h) * d)
    r, z, n, hn = cell(params, token, h_prev)
    dn = d * (1 - z)
    dz = d * (h_prev - n)
    dnpre = dn * (1 - n * n)
    dr = dnpre * hn
    drpre = dr * r * (1 - r)
    dzpre = dz * z * (1 - z)
    dgh = np.concatenate([drpre, dzpre, dnpre * r])
    return params["weight_hh"].T @ dgh + d * z


def bptt(kind, params, token_ids, target_id):
    h = np.zeros((len(token_ids) + 1, H))
    for i, tok in enumerate(token_ids):
        h[i + 1] = step(kind, params, tok, h[i])
    s = params["head"] @ h[-1] + params["head_bias"]
    q = np.exp(s) / np.exp(s).sum()
    onehot = np.eye(V)[target_id]
    grads = np.empty_like(h)
    grads[-1] = params["head"].T @ (q - onehot)
    for i in range(len(token_ids) - 1, -1, -1):
        grads[i] = grad_step(kind, params, token_ids[i], h[i], h[i + 1], grads[i + 1])
    return grads


def norms_of(kind):
    seq, y = make_sequence(SEED, LENGTH)
    grads = bptt(kind, init_params(kind, SEED), seq, y)
    return np.linalg.norm(grads, axis=1)


def main():
    out = pathlib.Path(__file__).with_name("decay.json")
    g = {k: norms_of(k) for k in ("rnn", "gru")}
    eig = np.linalg.eigvals(init_params("rnn", SEED)["weight_hh"])
    print("spectral radius W_hh", np.max(np.abs(eig)))
    out.write_text(json.dumps({k: list(map(float, v[:-1])) for k, v in g.items()}))

    t = np.arange(LENGTH)
    fig, ax = plt.subplots()
    ax.plot(t, np.log10(g["rnn"][:-1]), c="tab:red", marker=".", label="vanilla RNN")
    ax.plot(t, np.log10(g["gru"][:-1]), c="tab:blue", marker=".", label="GRU")
    ax.set(xlabel="time step", ylabel="log10 of gradient norm")
    ax.grid(alpha=0.4)
    ax.legend()
    fig.savefig(out.with_suffix(".png"))


if __name__ == "__main__":
    main()
