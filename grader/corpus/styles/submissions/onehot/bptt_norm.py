# Laboratorio: gradiente que se desvanece. Vectores columna y entradas one-hot.
import json
import math

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt

pasos = 50
dim = 32
vocab = 20
azar = np.random.RandomState(42)
frase = [azar.randint(vocab) for _ in range(pasos)]
meta = 11


def columna(i):
    v = np.zeros((vocab, 1))
    v[i] = 1.0
    return v


def norma(v):
    return math.sqrt(sum(c * c for c in v.ravel()))


def salida(Wy, h):
    s = np.dot(Wy, h)
    e = np.exp(s - np.amax(s))
    p = e / np.sum(e)
    print("perdida", -np.log(p[meta, 0]))
    return np.dot(Wy.T, p - columna(meta))


def red_simple():
    azar = np.random.RandomState(42)
    Wx, Wh = 0.1 * azar.randn(dim, vocab), 0.1 * azar.randn(dim, dim)
    Wy, b = 0.1 * azar.randn(vocab, dim), np.zeros((dim, 1))
    hs = {-1: np.zeros((dim, 1))}
    for t, palabra in enumerate(frase):
        hs[t] = np.tanh(np.dot(Wx, columna(palabra)) + np.dot(Wh, hs[t - 1]) + b)
    print("radio espectral (rho):", max(abs(np.linalg.eigvals(Wh))))
    dh = salida(Wy, hs[pasos - 1])
    normas = [0.0] * pasos
    for t in range(pasos - 1, -1, -1):
        dcrudo = (1 - hs[t] * hs[t]) * dh
        dh = np.dot(Wh.T, dcrudo)
        normas[t] = norma(dh)
    return normas


def red_gru():
    azar = np.random.RandomState(42)
    forma = lambda: (0.1 * azar.randn(dim, vocab), 0.1 * azar.randn(dim, dim))
    (Wz, Uz), (Wr, Ur), (Wc, Uc) = forma(), forma(), forma()
    bz = -2.0 * np.ones((dim, 1))
    Wy = 0.1 * azar.randn(vocab, dim)
    logis = lambda a: 1.0 / (1.0 + np.exp(-a))
    h = np.zeros((dim, 1))
    memoria = []
    for palabra in frase:
        x = columna(palabra)
        z = logis(Wz.dot(x) + Uz.dot(h) + bz)
        r = logis(Wr.dot(x) + Ur.dot(h))
        c = np.tanh(Wc.dot(x) + Uc.dot(r * h))
        memoria.append(dict(z=z, r=r, c=c, h=h))
        h = (1 - z) * h + z * c
    print("z media", np.mean([m["z"] for m in memoria]))
    dh = salida(Wy, h)
    normas = []
    for m in memoria[::-1]:
        z, r, c, previo = m["z"], m["r"], m["c"], m["h"]
        dc = dh * z * (1 - c**2)
        drh = Uc.T.dot(dc)
        dr = drh * previo * r * (1 - r)
        dz = dh * (c - previo) * z * (1 - z)
        dprevio = dh * (1 - z)
        dprevio += drh * r
        dprevio += Ur.T.dot(dr)
        dprevio += Uz.T.dot(dz)
        dh = dprevio
        normas.append(norma(dh))
    normas.reverse()
    return normas


datos = {"rnn": red_simple(), "gru": red_gru()}
with open("decay.json", "w") as archivo:
    json.dump(datos, archivo, indent=1)
plt.figure()
plt.yscale("log")
plt.plot(datos["rnn"], color="tab:red", label="vanilla RNN")
plt.plot(datos["gru"], color="tab:blue", label="GRU")
plt.xlabel("paso")
plt.ylabel("norma")
plt.legend()
plt.savefig("decay.png")
