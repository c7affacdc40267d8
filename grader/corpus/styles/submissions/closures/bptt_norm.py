"""Each layer is a function that returns its output and the function that goes back through it."""
import json

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt

LEN = 50
DIM = 32
WORDS = "the a one two cat dog bird sees hears likes runs sleeps and or but . ,".split()
SEED = 42


def linear(W):
    def go(v):
        return W @ v, lambda up: W.T @ up

    return go


def tanh(v):
    out = np.tanh(v)
    return out, lambda up: up * (1 - out**2)


def logistic(v):
    out = 1 / (1 + np.exp(-v))
    return out, lambda up: up * out * (1 - out)


def cross_entropy(scores, k):
    q = np.exp(scores - np.logaddexp.reduce(scores))
    back = q.copy()
    back[k] = back[k] - 1
    return -np.log(q[k]), back


def plain_cell(p):
    rec, inp = linear(p["U"]), linear(p["W"])

    def go(x, h):
        a, rec_back = rec(h)
        new, tanh_back = tanh(a + inp(x)[0] + p["b"])

        def back(up):
            return rec_back(tanh_back(up))

        return new, back

    return go


def gated_cell(p):
    def go(x, h):
        az, z_rec = linear(p["Uz"])(h)
        ar, r_rec = linear(p["Ur"])(h)
        z, z_back = logistic(az + p["Wz"] @ x + p["bz"])
        r, r_back = logistic(ar + p["Wr"] @ x)
        inner = r * h
        ac, c_rec = linear(p["Uc"])(inner)
        c, c_back = tanh(ac + p["Wc"] @ x)
        new = (1 - z) * h + z * c

        def back(up):
            down = up * (1 - z)
            down = down + z_rec(z_back(up * (c - h)))
            d_inner = c_rec(c_back(up * z))
            down = down + d_inner * r
            down = down + r_rec(r_back(d_inner * h))
            return down

        return new, back

    return go


def parameters(kind):
    rng = np.random.default_rng(SEED)
    n = lambda *shape: rng.standard_normal(shape) * 0.1
    emb = rng.standard_normal((len(WORDS), 16))
    if kind == "rnn":
        p = {"U": n(DIM, DIM), "W": n(DIM, 16), "b": n(DIM)}
    else:
        p = {a + g: n(DIM, DIM if a == "U" else 16) for g in "zrc" for a in "UW"}
        p["bz"] = np.full(DIM, -2.0)
    return emb, p, n(len(WORDS), DIM)


def measure(kind, cell):
    emb, p, readout = parameters(kind)
    rng = np.random.default_rng(SEED)
    text = rng.integers(len(WORDS), size=LEN)
    step, h, tape = cell(p), np.zeros(DIM), []
    for token in text:
        h, back = step(emb[token], h)
        tape.append(back)
    value, up = cross_entropy(readout @ h, WORDS.index("dog"))
    print(kind, "loss", value)
    up = readout.T @ up
    g = []
    while tape:
        up = tape.pop()(up)
        g.append(float(np.linalg.norm(up)))
    if kind == "rnn":
        print("spectral radius:", np.abs(np.linalg.eigvals(p["U"])).max())
    return g[::-1]


result = {"rnn": measure("rnn", plain_cell), "gru": measure("gru", gated_cell)}
with open("decay.json", "w", encoding="utf-8") as stream:
    json.dump(result, stream)
for kind, shade in (("rnn", "crimson"), ("gru", "navy")):
    plt.semilogy(result[kind], color=shade, label="vanilla RNN" if kind == "rnn" else "GRU")
plt.legend()
plt.title("norm of dL/dh_t")
plt.savefig("decay.png")
