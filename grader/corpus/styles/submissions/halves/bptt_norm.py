"""Laboratorio 03. Norma del gradiente en cada paso: RNN simple frente a GRU.

Todo con un eje de lote de tamaño 1 (filas): h tiene forma (1, d).
"""
import json
from pathlib import Path

import numpy as np
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt

CARPETA = Path(__file__).parent
SEMILLA = 42
T = 50
D = 32          # estado oculto; la entrada tiene la misma dimensión
VOCAB = 40
ESCALA = 0.1


def sigmoide(a):
    return 1.0 / (1.0 + np.exp(-a))


def crear_secuencia():
    """Opción B: tokens al azar, objetivo fijo."""
    azar = np.random.RandomState(SEMILLA)
    return azar.randint(0, VOCAB, size=T), 7


def crear_parametros(tipo):
    azar = np.random.RandomState(SEMILLA)
    p = {}
    p["emb"] = azar.randn(VOCAB, D) * ESCALA
    p["W"] = azar.randn(2 * D, D) * ESCALA        # [h, x] -> candidato
    p["b"] = np.zeros((1, D))
    p["Wo"] = azar.randn(D, VOCAB) * ESCALA
    p["bo"] = np.zeros((1, VOCAB))
    if tipo == "gru":
        p["Wz"] = azar.randn(2 * D, D) * ESCALA
        p["bz"] = np.full((1, D), 2.0)            # z es lo que se conserva
        p["Wr"] = azar.randn(2 * D, D) * ESCALA
        p["br"] = np.zeros((1, D))
    return p


def paso_rnn(p, token, h):
    x = p["emb"][[token]]
    hx = np.concatenate([h, x], axis=1)
    nuevo = np.tanh(hx @ p["W"] + p["b"])
    return nuevo, (nuevo,)


def paso_gru(p, token, h):
    x = p["emb"][[token]]
    hx = np.concatenate([h, x], axis=1)
    z = sigmoide(hx @ p["Wz"] + p["bz"])
    r = sigmoide(hx @ p["Wr"] + p["br"])
    rhx = np.concatenate([r * h, x], axis=1)
    c = np.tanh(rhx @ p["W"] + p["b"])
    nuevo = z * h + (1 - z) * c
    return nuevo, (h, z, r, c)


def softmax(a):
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def atras_rnn(p, cache, dh):
    (h,) = cache
    da = dh * (1 - h ** 2)
    dhx = da @ p["W"].T
    return dhx[:, :D]


def atras_gru(p, cache, dh):
    h_ant, z, r, c = cache
    dc = dh * (1 - z)
    dz = dh * (h_ant - c)
    dh_ant = dh * z
    # candidato
    da = dc * (1 - c ** 2)
    drh = (da @ p["W"].T)[:, :D]
    dr = drh * h_ant
    dh_ant = dh_ant + drh * r
    # puertas
    daz = dz * z * (1 - z)
    dar = dr * r * (1 - r)
    dh_ant = dh_ant + (daz @ p["Wz"].T)[:, :D]
    dh_ant = dh_ant + (dar @ p["Wr"].T)[:, :D]
    return dh_ant


def medir(tipo):
    paso = paso_rnn if tipo == "rnn" else paso_gru
    atras = atras_rnn if tipo == "rnn" else atras_gru
    tokens, objetivo = crear_secuencia()
    p = crear_parametros(tipo)

    h = np.zeros((1, D))
    caches = []
    for tok in tokens:
        h, cache = paso(p, tok, h)
        caches.append(cache)

    probs = softmax(h @ p["Wo"] + p["bo"])
    perdida = -np.log(probs[0, objetivo])
    dlogits = probs.copy()
    dlogits[0, objetivo] -= 1
    dh = dlogits @ p["Wo"].T

    normas = [0.0] * T
    for t in reversed(range(T)):
        dh = atras(p, caches[t], dh)
        normas[t] = float(np.linalg.norm(dh))
    print(tipo, "pérdida", perdida)
    return normas


def ordenes(normas):
    return float(np.log10(normas[-1] / normas[0]))


def principal():
    rnn, gru = medir("rnn"), medir("gru")
    W_hh = crear_parametros("rnn")["W"][:D]
    rho = float(np.max(np.abs(np.linalg.eigvals(W_hh))))
    print("órdenes RNN", ordenes(rnn), "GRU", ordenes(gru), "rho", rho)
    datos = {"rnn": rnn, "gru": gru}
    (CARPETA / "decay.json").write_text(json.dumps(datos, indent=2))

    fig, ax = plt.subplots()
    ax.plot(range(T), rnn, color="red", label="RNN simple")
    ax.plot(range(T), gru, color="blue", label="GRU")
    ax.set_yscale("log")
    ax.set_xlabel("paso t")
    ax.set_ylabel("norma de dL/dh_t")
    ax.annotate("la RNN pierde %.1f órdenes en 50 pasos; la GRU, %.1f" % (ordenes(rnn), ordenes(gru)),
                xy=(0.05, 0.95), xycoords="axes fraction", va="top", fontsize=8)
    ax.legend(loc="lower right")
    fig.savefig(CARPETA / "decay.png")


if __name__ == "__main__":
    principal()
