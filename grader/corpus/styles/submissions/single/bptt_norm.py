"""float32 all the way, work arrays reused."""
import json
import numpy as np
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt

f32 = np.float32
T, D, E, V = 50, 32, 8, 20


def seeded(seed=42):
    return np.random.RandomState(seed)


def gauss(rs, *shape, std=0.1):
    return (std * rs.randn(*shape)).astype(f32)


rs = seeded()
tokens = rs.randint(0, V, T)
target = 4
emb = gauss(rs, V, E, std=1.0)

# ---------------- RNN
rs = seeded(42)
Wx, Wh, Wo = gauss(rs, D, E), gauss(rs, D, D), gauss(rs, V, D)
Xp = emb[tokens] @ Wx.T
states = np.empty((T + 1, D), f32)
states[0] = 0
for t in range(T):
    np.dot(Wh, states[t], out=states[t + 1])
    states[t + 1] += Xp[t]
    np.tanh(states[t + 1], out=states[t + 1])


def head(W, h):
    o = W @ h
    o -= o.max()
    np.exp(o, out=o)
    o /= o.sum()
    print("nll", -np.log(o[target]))
    o[target] -= 1
    return W.T @ o


delta = head(Wo, states[T])
norm_rnn = []
slope = np.empty(D, f32)
for t in range(T, 0, -1):
    np.multiply(states[t], states[t], out=slope)
    np.subtract(1, slope, out=slope)
    slope *= delta
    delta = Wh.T @ slope
    norm_rnn.append(float(np.linalg.norm(delta)))
norm_rnn.reverse()
print("rho", np.abs(np.linalg.eigvals(Wh)).max())

# ---------------- GRU
rs = seeded(42)
Wzx, Wrx, Wcx = (gauss(rs, D, E) for _ in range(3))
Wzh, Wrh, Wch = (gauss(rs, D, D) for _ in range(3))
bz = np.full(D, 2, f32)
Wo = gauss(rs, V, D)
one = f32(1)
h = np.zeros(D, f32)
hist = []
for t in range(T):
    x = emb[tokens[t]]
    z = one / (one + np.exp(-(Wzx @ x + Wzh @ h + bz)))
    r = one / (one + np.exp(-(Wrx @ x + Wrh @ h)))
    q = Wch @ h
    c = np.tanh(Wcx @ x + r * q)
    hist.append((h.copy(), z, r, q, c))
    h *= z
    h += (one - z) * c
delta = head(Wo, h)
norm_gru = []
while hist:
    h, z, r, q, c = hist.pop()
    dc = delta * (one - z) * (one - c * c)
    dz = delta * (h - c) * z * (one - z)
    dr = dc * q * r * (one - r)
    delta = delta * z
    delta += Wch.T @ (dc * r)
    delta += Wrh.T @ dr
    delta += Wzh.T @ dz
    norm_gru.append(float(np.linalg.norm(delta)))
norm_gru.reverse()

json.dump({"rnn": norm_rnn, "gru": norm_gru}, open("decay.json", "w"))
ax = plt.gca()
ax.semilogy(norm_rnn, c="crimson", label="RNN")
ax.semilogy(norm_gru, c="navy", label="GRU")
ax.legend()
plt.savefig("decay.png")
