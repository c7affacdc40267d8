# Lab 03: how fast does the gradient vanish?  RNN vs GRU, T = 50, no training.
import json
import os

import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(42)

# ---------------------------------------------------------------- sequence (Option A)
words = ["I", "you", "he", "she", "we", "they", ",", "work", "works", "play", "plays", "read", "reads"]
idx = {w: i for i, w in enumerate(words)}
text = []
while len(text) < 50:
    text += ["I", "work", ",", "you", "work", ","]
tokens = [idx[w] for w in text[:50]]
target_id = idx["work"]

T = 50
V = len(words)
d = 32
e = 24
s = 0.1

# ---------------------------------------------------------------- parameters
E = rng.normal(size=(V, e)) * 0.5
W_xh = rng.normal(size=(d, e)) * s
W_hh = rng.normal(size=(d, d)) * s
b_h = np.zeros(d)
W_ho = rng.normal(size=(V, d)) * s
b_o = np.zeros(V)

# GRU: gates on top, its own candidate and its own output layer
W_xz = rng.normal(size=(d, e)) * s
W_hz = rng.normal(size=(d, d)) * s
b_z = np.zeros(d) - 2.0        # small z, otherwise the additive path is only 0.5 per step
W_xr = rng.normal(size=(d, e)) * s
W_hr = rng.normal(size=(d, d)) * s
b_r = np.zeros(d)
W_xc = rng.normal(size=(d, e)) * s
W_hc = rng.normal(size=(d, d)) * s
b_c = np.zeros(d)
W_go = rng.normal(size=(V, d)) * s
b_go = np.zeros(V)

# ---------------------------------------------------------------- RNN forward
h = [np.zeros(d)]
for t in range(1, T + 1):
    x = E[tokens[t - 1]]
    h.append(np.tanh(W_hh @ h[t - 1] + W_xh @ x + b_h))

logits = W_ho @ h[T] + b_o
p = np.exp(logits - logits.max())
p = p / p.sum()
loss = -np.log(p[target_id])
print("RNN loss", loss)

# ---------------------------------------------------------------- RNN backward
dlogits = p.copy()
dlogits[target_id] -= 1
dh = W_ho.T @ dlogits
g_rnn = []
for t in range(T, 0, -1):
    dz = dh * (1 - h[t] ** 2)
    dh = W_hh.T @ dz
    g_rnn.append(float(np.linalg.norm(dh)))
g_rnn = g_rnn[::-1]

# ---------------------------------------------------------------- GRU forward
hg = [np.zeros(d)]
zs, rs, cs = [None], [None], [None]
for t in range(1, T + 1):
    x = E[tokens[t - 1]]
    z = 1 / (1 + np.exp(-(W_hz @ hg[t - 1] + W_xz @ x + b_z)))
    r = 1 / (1 + np.exp(-(W_hr @ hg[t - 1] + W_xr @ x + b_r)))
    c = np.tanh(W_hc @ (r * hg[t - 1]) + W_xc @ x + b_c)
    hg.append((1 - z) * hg[t - 1] + z * c)
    zs.append(z)
    rs.append(r)
    cs.append(c)

logits_g = W_go @ hg[T] + b_go
p_g = np.exp(logits_g - logits_g.max())
p_g = p_g / p_g.sum()
loss_g = -np.log(p_g[target_id])
print("GRU loss", loss_g, "  z mean/std", np.mean(zs[1:]), np.std(zs[1:]))

# ---------------------------------------------------------------- GRU backward
dlogits_g = p_g.copy()
dlogits_g[target_id] -= 1
dh = W_go.T @ dlogits_g
g_gru = []
for t in range(T, 0, -1):
    z, r, c = zs[t], rs[t], cs[t]
    dc = dh * z * (1 - c ** 2)
    dz = dh * (c - hg[t - 1]) * z * (1 - z)
    drh = W_hc.T @ dc
    dr = drh * hg[t - 1] * r * (1 - r)
    dh = dh * (1 - z) + drh * r + W_hz.T @ dz + W_hr.T @ dr
    g_gru.append(float(np.linalg.norm(dh)))
g_gru = g_gru[::-1]

# ---------------------------------------------------------------- results
N = abs(np.log10(g_rnn[49] / g_rnn[0]))
M = abs(np.log10(g_gru[49] / g_gru[0]))
rho = max(abs(np.linalg.eigvals(W_hh)))
print("RNN: %.3f orders, %.3f per 10 steps" % (N, N * 10 / 49))
print("GRU: %.3f orders, %.3f per 10 steps" % (M, M * 10 / 49))
print("spectral radius of W_hh %.4f" % rho)

with open(os.path.join(here, "decay.json"), "w") as f:
    json.dump({"rnn": g_rnn, "gru": g_gru}, f, indent=1)

plt.figure(figsize=(7, 4.5))
plt.semilogy(range(50), g_rnn, "r-", label="vanilla RNN")
plt.semilogy(range(50), g_gru, "b-", label="GRU")
plt.xlabel("time step t")
plt.ylabel("g_t")
plt.title("vanilla RNN gradient decays by %.1f orders of magnitude over 50 steps;\nGRU decays by %.1f" % (N, M))
plt.legend()
plt.grid(alpha=0.3)
plt.savefig(os.path.join(here, "decay.png"), dpi=110)
