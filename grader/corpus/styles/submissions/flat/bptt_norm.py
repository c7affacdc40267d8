# Lab 03 - vanishing gradient, straight from the pseudo-code
import json
import numpy as np
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt

np.random.seed(42)
T = 50
d = 32
V = 64
e = 16
s = 0.1

x_ids = np.random.randint(0, V, T)
target_id = 5

E = np.random.randn(V, e) * s
W_hh = np.random.randn(d, d) * s
W_xh = np.random.randn(d, e) * s
b_h = np.zeros(d)
W_ho = np.random.randn(V, d) * s
b_o = np.zeros(V)

# ---- vanilla RNN
x = {t: E[x_ids[t - 1]] for t in range(1, T + 1)}
h = {0: np.zeros(d)}
for t in range(1, T + 1):
    z_t = W_hh @ h[t - 1] + W_xh @ x[t] + b_h
    h[t] = np.tanh(z_t)
logits = W_ho @ h[T] + b_o
p = np.exp(logits - logits.max())
p = p / p.sum()
loss = -np.log(p[target_id])
print("RNN loss", loss)

dlogits = p.copy()
dlogits[target_id] -= 1
dh = {T: W_ho.T @ dlogits}
g = np.zeros(T)
for t in range(T, 0, -1):
    dz_t = dh[t] * (1 - h[t] ** 2)
    dh[t - 1] = W_hh.T @ dz_t
    g[t - 1] = np.linalg.norm(dh[t - 1])
g_rnn = g.copy()
rho = np.abs(np.linalg.eigvals(W_hh)).max()
print("spectral radius of W_hh:", rho)

# ---- GRU, same seed, same sequence
np.random.seed(42)
x_ids_gru = np.random.randint(0, V, T)
E = np.random.randn(V, e) * s
Wz = np.random.randn(d, e) * s
Uz = np.random.randn(d, d) * s
Wr = np.random.randn(d, e) * s
Ur = np.random.randn(d, d) * s
Wh = np.random.randn(d, e) * s
Uh = np.random.randn(d, d) * s
bz = -2 * np.ones(d)
br = np.zeros(d)
bh = np.zeros(d)
Wo = np.random.randn(V, d) * s
bo = np.zeros(V)

hs = [np.zeros(d)]
zs, rs, cs = [None], [None], [None]
for t in range(1, T + 1):
    xt = E[x_ids_gru[t - 1]]
    z = 1 / (1 + np.exp(-(Wz @ xt + Uz @ hs[t - 1] + bz)))
    r = 1 / (1 + np.exp(-(Wr @ xt + Ur @ hs[t - 1] + br)))
    c = np.tanh(Wh @ xt + Uh @ (r * hs[t - 1]) + bh)
    hs.append((1 - z) * hs[t - 1] + z * c)
    zs.append(z); rs.append(r); cs.append(c)
print("z mean", np.mean(zs[1:]), "std", np.std(zs[1:]))
logits = Wo @ hs[T] + bo
p = np.exp(logits - logits.max())
p = p / p.sum()
print("GRU loss", -np.log(p[target_id]))

dlogits = p.copy()
dlogits[target_id] -= 1
dht = Wo.T @ dlogits
g = np.zeros(T)
for t in range(T, 0, -1):
    z, r, c, hp = zs[t], rs[t], cs[t], hs[t - 1]
    dc = dht * z * (1 - c ** 2)
    dz = dht * (c - hp) * z * (1 - z)
    drh = Uh.T @ dc
    dr = drh * hp * r * (1 - r)
    dht = dht * (1 - z) + drh * r + Ur.T @ dr + Uz.T @ dz
    g[t - 1] = np.linalg.norm(dht)
g_gru = g.copy()

with open("decay.json", "w") as f:
    json.dump({"rnn": g_rnn.tolist(), "gru": g_gru.tolist()}, f, indent=2)

plt.semilogy(g_rnn, "r", label="vanilla RNN")
plt.semilogy(g_gru, "b", label="GRU")
plt.xlabel("t")
plt.ylabel("gradient norm")
N = np.log10(g_rnn[-1] / g_rnn[0])
M = np.log10(g_gru[-1] / g_gru[0])
plt.annotate("RNN decays by %.1f orders over 50 steps; GRU by %.1f" % (N, M), (1, g_gru[0] * 3))
plt.legend()
plt.savefig("decay.png")
