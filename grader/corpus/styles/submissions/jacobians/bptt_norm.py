"""BPTT through explicit Jacobians.

delta_t = dL/dh_t is a row vector and delta_{t-1} = delta_t J_t with J_t[i, j] = dh_t[i] / dh_{t-1}[j].
"""
import json
from pathlib import Path

import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
from numpy import einsum

ROOT = Path(__file__).resolve().parent
LEN, N_H, N_E, N_V = 50, 32, 20, 25
GOAL = 11


def draw(seed):
    g = np.random.default_rng(seed)
    toks = g.integers(N_V, size=LEN)
    A = {}
    A["emb"] = g.normal(scale=0.3, size=(N_V, N_E))
    for name in ("cand", "upd", "rst"):
        A["in_" + name] = g.normal(scale=0.1, size=(N_H, N_E))
        A["rec_" + name] = g.normal(scale=0.1, size=(N_H, N_H))
    A["bias_upd"] = np.full(N_H, -1.8)
    A["head"] = g.normal(scale=0.1, size=(N_V, N_H))
    return toks, A


def logistic(a):
    return 1.0 / (1.0 + np.exp(-a))


def rnn_run(A, toks):
    hist = [np.zeros(N_H)]
    for k in toks:
        hist.append(np.tanh(einsum("ij,j->i", A["in_cand"], A["emb"][k]) + einsum("ij,j->i", A["rec_cand"], hist[-1])))
    return np.stack(hist)


def rnn_jacobian(A, hist, t):
    slope = 1.0 - hist[t] ** 2
    return einsum("i,ij->ij", slope, A["rec_cand"])


def gru_run(A, toks):
    hist, gates = [np.zeros(N_H)], [None]
    for k in toks:
        e, h = A["emb"][k], hist[-1]
        u = logistic(einsum("ij,j->i", A["in_upd"], e) + einsum("ij,j->i", A["rec_upd"], h) + A["bias_upd"])
        r = logistic(einsum("ij,j->i", A["in_rst"], e) + einsum("ij,j->i", A["rec_rst"], h))
        c = np.tanh(einsum("ij,j->i", A["in_cand"], e) + einsum("ij,j,j->i", A["rec_cand"], r, h))
        hist.append((1 - u) * h + u * c)
        gates.append((u, r, c))
    return np.stack(hist), gates


def gru_jacobian(A, hist, gates, t):
    h = hist[t - 1]
    u, r, c = gates[t]
    dr = einsum("i,ij->ij", r * (1 - r), A["rec_rst"])
    du = einsum("i,ij->ij", u * (1 - u), A["rec_upd"])
    d_rh = np.diag(r) + einsum("i,ij->ij", h, dr)
    dc = einsum("i,ik,kj->ij", 1 - c ** 2, A["rec_cand"], d_rh)
    return np.diag(1 - u) + einsum("i,ij->ij", c - h, du) + einsum("i,ij->ij", u, dc)


def head_gradient(A, h_end):
    s = einsum("vi,i->v", A["head"], h_end)
    q = np.exp(s - s.max())
    q /= q.sum()
    q[GOAL] -= 1.0
    return einsum("v,vi->i", q, A["head"])


def sweep(delta, jacobian):
    norms = np.empty(LEN)
    for t in range(LEN, 0, -1):
        delta = einsum("i,ij->j", delta, jacobian(t))
        norms[t - 1] = np.sqrt(einsum("i,i->", delta, delta))
    return norms


def run(seed=42):
    toks, A = draw(seed)
    h_rnn = rnn_run(A, toks)
    h_gru, gates = gru_run(A, toks)
    rnn = sweep(head_gradient(A, h_rnn[LEN]), lambda t: rnn_jacobian(A, h_rnn, t))
    gru = sweep(head_gradient(A, h_gru[LEN]), lambda t: gru_jacobian(A, h_gru, gates, t))
    return rnn, gru, np.abs(np.linalg.eigvals(A["rec_cand"])).max()


if __name__ == "__main__":
    rnn, gru, rho = run()
    (ROOT / "decay.json").write_text(json.dumps({"rnn": rnn.tolist(), "gru": gru.tolist()}))
    down = np.log10([rnn[-1] / rnn[0], gru[-1] / gru[0]])
    print("orders:", down, "rho:", rho)
    fig = plt.figure(figsize=(6, 4))
    ax = fig.add_subplot(111)
    ax.semilogy(np.arange(LEN), rnn, color="r", label="vanilla RNN")
    ax.semilogy(np.arange(LEN), gru, color="b", label="GRU")
    ax.set(xlabel="time step t", ylabel="gradient norm g_t")
    ax.set_title("vanilla RNN gradient decays by {:.1f} orders of magnitude\nover 50 steps; GRU decays by {:.1f}".format(*down))
    ax.legend()
    fig.tight_layout()
    fig.savefig(ROOT / "decay.png")
