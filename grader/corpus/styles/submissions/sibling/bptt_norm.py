"""Lab 03 on top of lab 02's forward pass (experiments/13-rnn-forward/rnn.py)."""
import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "13-rnn-forward"))
sys.path.insert(0, str(HERE))

import gru
import rnn as lab02

SEED, T = 42, 50


def make_sequence(seed, length):
    rng = np.random.default_rng(seed)
    return [int(i) for i in rng.integers(lab02.VOCAB, size=length)], 9


def init_params(kind, seed):
    return lab02.build(seed) if kind == "rnn" else gru.build(seed, lab02)


def step(kind, params, token_id, h_prev):
    if kind == "rnn":
        return lab02.cell(params, token_id, h_prev)
    return gru.forward(params, token_id, h_prev)[0]


def softmax(a):
    e = np.exp(a - a.real.max())
    return e / e.sum()


def loss(kind, params, h_last, target_id):
    return -np.log(softmax(lab02.readout(params, h_last))[target_id])


def back(kind, params, token_id, h_prev, h, d):
    if kind == "rnn":
        return params["W_hh"].T @ (d * (1 - h**2))
    return gru.backward(params, token_id, h_prev, d)


def bptt(kind, params, token_ids, target_id):
    n = len(token_ids)
    h = np.zeros((n + 1, lab02.D_HIDDEN))
    for t in range(n):
        h[t + 1] = step(kind, params, token_ids[t], h[t])
    y = np.zeros(lab02.VOCAB)
    y[target_id] = 1
    dh = np.zeros_like(h)
    dh[n] = params["W_ho"].T @ (softmax(lab02.readout(params, h[n])) - y)
    for t in range(n, 0, -1):
        dh[t - 1] = back(kind, params, token_ids[t - 1], h[t - 1], h[t], dh[t])
    return dh


def main():
    ids, target = make_sequence(SEED, T)
    out = {}
    for kind in ("rnn", "gru"):
        dh = bptt(kind, init_params(kind, SEED), ids, target)
        out[kind] = [float(np.linalg.norm(v)) for v in dh[:T]]
    rho = np.abs(np.linalg.eigvals(lab02.build(SEED)["W_hh"])).max()
    print("spectral radius:", rho)
    (HERE / "decay.json").write_text(json.dumps(out))
    fig, ax = plt.subplots()
    ax.semilogy(out["rnn"], "r.-", label="vanilla RNN")
    ax.semilogy(out["gru"], "b.-", label="GRU")
    ax.legend()
    fig.savefig(HERE / "decay.png")


if __name__ == "__main__":
    main()
