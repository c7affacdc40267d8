"""Gradient norm per time step, RNN and GRU, by hand-written BPTT.

The weights act on the stacked vector [h; x]. Both GRU gates come out of one matrix.
"""
import json
import os
from collections import namedtuple

import numpy as np
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

OUT = os.path.dirname(os.path.realpath(__file__))
T, D, DX = 50, 32, 16
SENTENCE = ("I work , you work , " * 9).split()[:T]
VOCAB = sorted(set(SENTENCE) | {"works", "he", "she"})
IDS = [VOCAB.index(w) for w in SENTENCE]
TARGET = VOCAB.index("work")

Trace = namedtuple("Trace", "h gates cand")


def build(seed=42, scale=0.1):
    rng = np.random.default_rng(seed)

    def n(*shape):
        return scale * rng.standard_normal(shape)

    w = {"emb": n(len(VOCAB), DX), "Wc": n(D, D + DX), "bc": np.zeros(D), "Wy": n(len(VOCAB), D), "by": np.zeros(len(VOCAB))}
    w["Wg"] = n(2 * D, D + DX)                                     # rows 0..D-1: z, rows D..2D-1: r
    w["bg"] = np.concatenate([np.full(D, -2.0), np.zeros(D)])
    return w


def rnn_cell(w, x, h):
    return np.tanh(w["Wc"] @ np.concatenate([h, x]) + w["bc"])


def gru_cell(w, x, h):
    gates = 1.0 / (1.0 + np.exp(-(w["Wg"] @ np.concatenate([h, x]) + w["bg"])))
    z, r = gates[:D], gates[D:]
    cand = np.tanh(w["Wc"] @ np.concatenate([r * h, x]) + w["bc"])
    return (1 - z) * h + z * cand, gates, cand


def rnn_forward(w):
    h = np.zeros((T + 1, D))
    for t, i in enumerate(IDS):
        h[t + 1] = rnn_cell(w, w["emb"][i], h[t])
    return Trace(h, None, None)


def gru_forward(w):
    h = np.zeros((T + 1, D))
    gates = np.zeros((T, 2 * D))
    cand = np.zeros((T, D))
    for t, i in enumerate(IDS):
        h[t + 1], gates[t], cand[t] = gru_cell(w, w["emb"][i], h[t])
    return Trace(h, gates, cand)


def output_gradient(w, h_last):
    y = w["Wy"] @ h_last + w["by"]
    p = np.exp(y - y.max())
    p /= p.sum()
    p[TARGET] -= 1
    return w["Wy"].T @ p


def rnn_backward(w, trace):
    dh = np.zeros((T + 1, D))
    dh[T] = output_gradient(w, trace.h[T])
    for t in range(T - 1, -1, -1):
        da = dh[t + 1] * (1 - trace.h[t + 1] ** 2)
        dh[t] = (w["Wc"].T @ da)[:D]
    return dh


def gru_backward(w, trace):
    dh = np.zeros((T + 1, D))
    dh[T] = output_gradient(w, trace.h[T])
    for t in range(T - 1, -1, -1):
        up, h, c = dh[t + 1], trace.h[t], trace.cand[t]
        z, r = trace.gates[t, :D], trace.gates[t, D:]
        da = up * z * (1 - c ** 2)
        drh = (w["Wc"].T @ da)[:D]
        dz = up * (c - h)
        dr = drh * h
        dgates = np.concatenate([dz, dr]) * trace.gates[t] * (1 - trace.gates[t])
        dh[t] = up * (1 - z) + r * drh + (w["Wg"].T @ dgates)[:D]
    return dh


def norms(dh):
    return np.sqrt(np.sum(dh[:T] ** 2, axis=1))


def main():
    w = build()
    rnn = norms(rnn_backward(w, rnn_forward(w)))
    gru_trace = gru_forward(w)
    gru = norms(gru_backward(w, gru_trace))
    drop = {k: float(np.log10(v[-1] / v[0])) for k, v in (("rnn", rnn), ("gru", gru))}
    rho = float(np.abs(np.linalg.eigvals(w["Wc"][:, :D])).max())
    print("orders lost:", drop, "| rho(W_hh):", rho)
    print("z: mean", gru_trace.gates[:, :D].mean(), "std", gru_trace.gates[:, :D].std())

    rows = {"rnn": [float(g) for g in rnn], "gru": [float(g) for g in gru]}
    with open(os.path.join(OUT, "decay.json"), "w") as f:
        json.dump(rows, f, indent=0)

    fig, ax = plt.subplots(figsize=(8, 5))
    ax.semilogy(rnn, "r", label="vanilla RNN")
    ax.semilogy(gru, "b", label="GRU")
    ax.set(xlabel="time step t", ylabel="gradient norm g_t")
    ax.set_title(f"vanilla RNN gradient decays by {drop['rnn']:.2f} orders of magnitude over 50 steps; GRU decays by {drop['gru']:.2f}",
                 fontsize=9)
    ax.legend()
    fig.savefig(os.path.join(OUT, "decay.png"))


main()
