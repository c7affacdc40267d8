import json
import os
import sys

import numpy as np
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt

F = np.float32
cfg = {"T": 50, "d": 32, "emb": 16, "V": 40, "scale": 0.1, "seed": 42}
TINY = np.finfo(F).tiny


def make_sequence(seed, length):
    rng = np.random.default_rng(seed)
    return rng.integers(0, cfg["V"], size=length).astype(np.int32), np.int32(11)


def init_params(kind, seed):
    rng = np.random.default_rng(seed + 1)
    d, e, v = cfg["d"], cfg["emb"], cfg["V"]

    def mat(m, n):
        return (rng.standard_normal((m, n)) * cfg["scale"]).astype(F)

    p = {"Wemb": mat(v, e), "Why": mat(v, d), "by": np.zeros(v, F)}
    names = [""] if kind == "rnn" else ["z", "r", "n"]
    for s in names:
        p["Wx" + s] = mat(d, e)
        p["Wh" + s] = mat(d, d)
        p["b" + s] = np.zeros(d, F)
    if kind == "gru":
        p["bz"] -= F(2)
    return p


def _sigmoid(a):
    return F(1) / (F(1) + np.exp(-a))


def _gru(p, x, h):
    z = _sigmoid(p["Wxz"] @ x + p["Whz"] @ h + p["bz"])
    r = _sigmoid(p["Wxr"] @ x + p["Whr"] @ h + p["br"])
    n = np.tanh(p["Wxn"] @ x + p["Whn"] @ (r * h) + p["bn"])
    return z, r, n


def step(kind, params, token_id, h_prev):
    x = params["Wemb"][token_id]
    if kind == "rnn":
        return np.tanh(params["Wx"] @ x + params["Wh"] @ h_prev + params["b"])
    z, r, n = _gru(params, x, h_prev)
    return (F(1) - z) * h_prev + z * n


def _softmax(a):
    a = np.exp(a - a.real.max())
    return a / a.sum()


def loss(kind, params, h_last, target_id):
    return -np.log(_softmax(params["Why"] @ h_last + params["by"])[target_id])


def bptt(kind, params, token_ids, target_id):
    p = params
    n = len(token_ids)
    h = np.zeros((n + 1, cfg["d"]), F)
    for t in range(1, n + 1):
        h[t] = step(kind, p, token_ids[t - 1], h[t - 1])
    err = _softmax(p["Why"] @ h[n] + p["by"])
    err[target_id] -= F(1)
    dh = np.zeros((n + 1, cfg["d"]), F)
    dh[n] = p["Why"].T @ err
    for t in range(n, 0, -1):
        if kind == "rnn":
            dh[t - 1] = p["Wh"].T @ (dh[t] * (F(1) - h[t] ** 2))
            continue
        prev = h[t - 1]
        z, r, c = _gru(p, p["Wemb"][token_ids[t - 1]], prev)
        d_c = dh[t] * z * (F(1) - c ** 2)
        d_z = dh[t] * (c - prev) * z * (F(1) - z)
        d_rh = p["Whn"].T @ d_c
        d_r = d_rh * prev * r * (F(1) - r)
        acc = dh[t] * (F(1) - z)
        acc = acc + d_rh * r
        acc = acc + p["Whr"].T @ d_r
        acc = acc + p["Whz"].T @ d_z
        dh[t - 1] = acc
    return dh


def main(argv):
    base = os.path.dirname(os.path.realpath(argv[0]))
    ids, y = make_sequence(cfg["seed"], cfg["T"])
    data = {}
    for kind in ("rnn", "gru"):
        p = init_params(kind, cfg["seed"])
        dh = bptt(kind, p, ids, y)
        g = np.linalg.norm(dh, axis=1)
        g[g == 0] = TINY
        data[kind] = [float(v) for v in g[: cfg["T"]]]
        if kind == "rnn":
            W = p["Wh"]
            print("rho = %.4f" % np.abs(np.linalg.eigvals(W)).max())
    with open(os.path.join(base, "decay.json"), "w") as fh:
        fh.write(json.dumps(data))
    plt.semilogy(data["rnn"], color="C3", marker="o", ms=3, label="vanilla RNN")
    plt.semilogy(data["gru"], color="C0", marker="s", ms=3, label="GRU")
    plt.legend()
    plt.savefig(os.path.join(base, "decay.png"), dpi=80)


if __name__ == "__main__":
    main(sys.argv)
