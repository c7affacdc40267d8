"""Vanishing gradients with a batch axis of one and einsum throughout."""
import json
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

steps, hidden, emb, vocab = 50, 32, 12, 48
gen = np.random.default_rng(42)
ids = gen.integers(0, vocab, size=(1, steps))
goal = int(gen.integers(vocab))
sigma = 0.1


def net(gates, g):
    return {
        "E": g.normal(0, 1, (vocab, emb)),
        "A": g.normal(0, sigma, (gates, emb, hidden)),
        "U": g.normal(0, sigma, (gates, hidden, hidden)),
        "b": np.zeros((gates, 1, hidden)),
        "V": g.normal(0, sigma, (hidden, vocab)),
    }


def head(P, h):
    s = np.einsum("bi,iv->bv", h, P["V"])
    q = np.exp(s - s.max(axis=1, keepdims=True))
    q = q / q.sum(axis=1, keepdims=True)
    y = np.zeros_like(q)
    y[0, goal] = 1.0
    print("loss", float(-np.log((q * y).sum(axis=1)).mean()))
    return np.einsum("bv,iv->bi", q - y, P["V"])


def sig(a):
    return np.where(a >= 0, 1.0 / (1.0 + np.exp(-np.abs(a))), 1.0 - 1.0 / (1.0 + np.exp(-np.abs(a))))


# --- plain net
P = net(1, np.random.default_rng(42))
x = P["E"][ids]
H = np.zeros((steps + 1, 1, hidden))
for t in range(steps):
    a = np.einsum("be,eh->bh", x[:, t], P["A"][0]) + np.einsum("bi,ih->bh", H[t], P["U"][0]) + P["b"][0]
    H[t + 1] = np.tanh(a)
G = np.zeros_like(H)
G[steps] = head(P, H[steps])
for t in reversed(range(steps)):
    da = G[t + 1] * (1.0 - np.square(H[t + 1]))
    G[t] = np.einsum("bh,ih->bi", da, P["U"][0])
rnn = np.sqrt(np.einsum("tbi,tbi->t", G, G))
print("rho =", np.abs(np.linalg.eigvals(P["U"][0])).max())

# --- gated net
Q = net(3, np.random.default_rng(42))
Q["b"][0] -= 2.0
x = Q["E"][ids]
S = np.zeros((steps + 1, 1, hidden))
kept = []
for t in range(steps):
    inp = np.einsum("be,geh->gbh", x[:, t], Q["A"]) + Q["b"]
    z = sig(inp[0] + np.einsum("bi,ih->bh", S[t], Q["U"][0]))
    r = sig(inp[1] + np.einsum("bi,ih->bh", S[t], Q["U"][1]))
    n = np.tanh(inp[2] + np.einsum("bi,ih->bh", r * S[t], Q["U"][2]))
    S[t + 1] = S[t] + z * (n - S[t])
    kept.append((z, r, n))
print("mean z", np.mean([k[0] for k in kept]))
D = np.zeros_like(S)
D[steps] = head(Q, S[steps])
for t in reversed(range(steps)):
    z, r, n = kept[t]
    d = D[t + 1]
    dz = d * (n - S[t]) * z * (1.0 - z)
    dn = d * z * (1.0 - n * n)
    drs = np.einsum("bh,ih->bi", dn, Q["U"][2])
    dr = drs * S[t] * r * (1.0 - r)
    D[t] = d * (1.0 - z) + drs * r
    D[t] += np.einsum("bh,ih->bi", dz, Q["U"][0]) + np.einsum("bh,ih->bi", dr, Q["U"][1])
gru = np.sqrt(np.einsum("tbi,tbi->t", D, D))

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "decay.json"), "w") as f:
    json.dump({"rnn": [float(v) for v in rnn[:steps]], "gru": [float(v) for v in gru[:steps]]}, f)
plt.plot(np.log10(rnn[:steps]), color="firebrick", label="vanilla RNN")
plt.plot(np.log10(gru[:steps]), color="steelblue", label="GRU")
plt.legend()
plt.xlabel("t")
plt.ylabel("log10 norm")
plt.savefig(os.path.join(os.path.dirname(os.path.abspath(__file__)), "decay.png"))
