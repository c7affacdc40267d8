"""One matrix a gate over [1, h, x]; parameters are a list; gradients are taken of the whole vector."""
import json
import os

import numpy as np

os.environ.setdefault("MPLBACKEND", "Agg")
import matplotlib.pylab as plt

T, H, X, V = 50, 32, 9, 33
rng = np.random.default_rng(42)
words = rng.choice(V, T)
y = int(words[0])


class Net:
    def __init__(self, n, bias=0.0):
        rng = np.random.default_rng(42)
        self.emb = rng.normal(0, 1.0, size=(V, X))
        self.W = [rng.normal(0, 0.1, size=(H, 1 + H + X)) for _ in range(n)]
        for W in self.W:
            W[:, 0] = 0
        if n > 1:
            self.W[0][:, 0] = bias
        self.out = rng.normal(0, 0.1, size=(V, 1 + H))

    def top(self, h):
        s = self.out.dot(np.concatenate(([1.0], h)))
        p = np.exp(s - s.max()) / np.exp(s - s.max()).sum()
        print(type(self).__name__, "loss", -np.log(p[y]))
        p[y] -= 1
        return self.out.T.dot(p)[1:]


class Plain(Net):
    def forward(self):
        self.h = [np.zeros(H)]
        for w in words:
            v = np.hstack((1.0, self.h[-1], self.emb[w]))
            self.h.append(np.tanh(self.W[0] @ v))

    def backward(self):
        g = [self.top(self.h[-1])]
        for h in self.h[:0:-1]:
            dv = self.W[0].T @ (g[-1] * (1 - h**2))
            g.append(dv[1 : 1 + H])
        return g[::-1]


class Gated(Net):
    def forward(self):
        self.h, self.mem = [np.zeros(H)], []
        for w in words:
            h, x = self.h[-1], self.emb[w]
            v = np.hstack((1.0, h, x))
            z, r = (1 / (1 + np.exp(-(W @ v))) for W in self.W[:2])
            c = np.tanh(self.W[2] @ np.hstack((1.0, r * h, x)))
            self.mem.append((z, r, c))
            self.h.append(h + z * (c - h))

    def backward(self):
        g = [self.top(self.h[-1])]
        for t in range(T - 1, -1, -1):
            (z, r, c), h, up = self.mem[t], self.h[t], g[-1]
            down = up * (1 - z)
            dinner = (self.W[2].T @ (up * z * (1 - c**2)))[1 : 1 + H]
            down = down + dinner * r
            down = down + (self.W[1].T @ (dinner * h * r * (1 - r)))[1 : 1 + H]
            down = down + (self.W[0].T @ (up * (c - h) * z * (1 - z)))[1 : 1 + H]
            g.append(down)
        return g[::-1]


norms = {}
for name, net in (("rnn", Plain(1)), ("gru", Gated(3, bias=-2.0))):
    net.forward()
    norms[name] = [float(np.linalg.norm(v)) for v in net.backward()[:-1]]
    if name == "rnn":
        print("spectral radius = %f" % np.abs(np.linalg.eigvals(net.W[0][:, 1 : 1 + H])).max())
json.dump(norms, open("decay.json", "w"))
plt.semilogy(norms["rnn"], color="#cc0000", label="vanilla RNN")
plt.semilogy(norms["gru"], color="#0033cc", label="GRU")
plt.legend()
plt.savefig("decay.png")
