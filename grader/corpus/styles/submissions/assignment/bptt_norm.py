"""Vanishing gradients, CS231n style: every layer is a pair *_forward / *_backward with a cache."""
import json
import os

import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

T, D, H, V = 50, 24, 32, 9
WORDS = ["I", "you", "he", "she", "we", "work", "works", ",", "<eos>"]


def affine_forward(x, W, b):
    return x.dot(W) + b, (x, W)


def affine_backward(dout, cache):
    x, W = cache
    return dout.dot(W.T)


def softmax_loss(scores, y):
    shifted = scores - np.max(scores)
    probs = np.exp(shifted) / np.sum(np.exp(shifted))
    dscores = probs.copy()
    dscores[y] -= 1
    return -np.log(probs[y]), dscores


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    cache = (x, prev_h, Wx, Wh, next_h)
    return next_h, cache


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    da = dnext_h * (1 - next_h ** 2)
    dx = da.dot(Wx.T)
    dprev_h = da.dot(Wh.T)
    dWx = np.outer(x, da)
    dWh = np.outer(prev_h, da)
    return dx, dprev_h, dWx, dWh, da


def gru_step_forward(x, prev_h, P):
    z = sigmoid(x.dot(P["Wxz"]) + prev_h.dot(P["Whz"]) + P["bz"])
    r = sigmoid(x.dot(P["Wxr"]) + prev_h.dot(P["Whr"]) + P["br"])
    rh = r * prev_h
    n = np.tanh(x.dot(P["Wx"]) + rh.dot(P["Wh"]) + P["b"])
    next_h = (1 - z) * prev_h + z * n
    return next_h, (x, prev_h, z, r, n)


def gru_step_backward(dnext_h, cache, P):
    x, prev_h, z, r, n = cache
    # next_h = (1 - z) * prev_h + z * n
    dprev_h = dnext_h * (1 - z)
    dz = dnext_h * (n - prev_h)
    dn = dnext_h * z
    # n = tanh(an)
    dan = dn * (1 - n ** 2)
    drh = dan.dot(P["Wh"].T)
    dx = dan.dot(P["Wx"].T)
    dr = drh * prev_h
    dprev_h += drh * r
    # gates
    daz = z * (1 - z) * dz
    dar = r * (1 - r) * dr
    dprev_h += daz.dot(P["Whz"].T)
    dx += daz.dot(P["Wxz"].T)
    dprev_h += dar.dot(P["Whr"].T)
    dx += dar.dot(P["Wxr"].T)
    return dx, dprev_h


def build(seed, gru=False):
    rng = np.random.RandomState(seed)
    P = {
        "W_embed": rng.randn(V, D) * 0.1,
        "Wx": rng.randn(D, H) * 0.1,
        "Wh": rng.randn(H, H) * 0.1,
        "b": np.zeros(H),
        "W_vocab": rng.randn(H, V) * 0.1,
        "b_vocab": np.zeros(V),
    }
    if gru:
        for g in "zr":
            P["Wx" + g] = rng.randn(D, H) * 0.1
            P["Wh" + g] = rng.randn(H, H) * 0.1
            P["b" + g] = np.zeros(H)
        P["bz"] -= 2.4
    return P


def sequence():
    pattern = ["she", "works", ",", "you", "work", ","]
    return [WORDS.index(pattern[i % 6]) for i in range(T)], WORDS.index("works")


def rnn_norms(seed):
    P = build(seed)
    ids, y = sequence()
    h, caches = np.zeros(H), []
    for i in ids:
        h, c = rnn_step_forward(P["W_embed"][i], h, P["Wx"], P["Wh"], P["b"])
        caches.append(c)
    scores, head = affine_forward(h, P["W_vocab"], P["b_vocab"])
    value, dscores = softmax_loss(scores, y)
    dh = affine_backward(dscores, head)
    norms = np.zeros(T)
    for t in range(T - 1, -1, -1):
        dx, dh, dWx, dWh, db = rnn_step_backward(dh, caches[t])
        norms[t] = np.linalg.norm(dh)
    return norms


def gru_norms(seed):
    P = build(seed, gru=True)
    ids, y = sequence()
    h, caches = np.zeros(H), []
    for i in ids:
        h, c = gru_step_forward(P["W_embed"][i], h, P)
        caches.append(c)
    scores, head = affine_forward(h, P["W_vocab"], P["b_vocab"])
    value, dscores = softmax_loss(scores, y)
    dh = affine_backward(dscores, head)
    norms = np.zeros(T)
    for t in range(T - 1, -1, -1):
        dx, dh = gru_step_backward(dh, caches[t], P)
        norms[t] = np.linalg.norm(dh)
    return norms


def main():
    rnn, gru = rnn_norms(42), gru_norms(42)
    folder = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(folder, "decay.json"), "w") as fh:
        json.dump({"rnn": list(rnn), "gru": list(gru)}, fh, indent=4)
    n, m = np.log10(rnn[-1] / rnn[0]), np.log10(gru[-1] / gru[0])
    print("rnn %.4f orders, gru %.4f orders, rho %.4f" % (n, m, abs(np.linalg.eigvals(build(42)["Wh"])).max()))
    plt.figure()
    plt.semilogy(np.arange(T), rnn, "r-o", ms=2, label="vanilla RNN")
    plt.semilogy(np.arange(T), gru, "b-o", ms=2, label="GRU")
    plt.annotate("vanilla RNN gradient decays by %.1f orders of magnitude\nover 50 steps; GRU decays by %.1f" % (n, m),
                 (0.3, 0.05), xycoords="axes fraction")
    plt.xlabel("t")
    plt.ylabel("gradient norm (log scale)")
    plt.legend(loc="upper left")
    plt.savefig(os.path.join(folder, "decay.png"))


main()
