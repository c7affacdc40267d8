"""Laboratorio 03: el gradiente que se desvanece."""
import json
import os

import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as grafico
import numpy as np

CARPETA = os.path.dirname(os.path.abspath(__file__))
SEMILLA = 42
LARGO = 50
OCULTAS = 32
ENTRADA = 16
VOCABULARIO = 30
ESCALA = 0.1


def crear_secuencia():
    azar = np.random.default_rng(SEMILLA)
    fichas = azar.integers(0, VOCABULARIO, LARGO)
    objetivo = 4
    return fichas, objetivo


def pesos_rnn():
    azar = np.random.default_rng(SEMILLA)
    tabla = azar.normal(0, ESCALA, (VOCABULARIO, ENTRADA))
    recurrente = azar.normal(0, ESCALA, (OCULTAS, OCULTAS))
    entrada = azar.normal(0, ESCALA, (OCULTAS, ENTRADA))
    salida = azar.normal(0, ESCALA, (VOCABULARIO, OCULTAS))
    return tabla, recurrente, entrada, salida


def pesos_gru():
    azar = np.random.default_rng(SEMILLA)
    pesos = {"tabla": azar.normal(0, ESCALA, (VOCABULARIO, ENTRADA))}
    for puerta in ("actualizar", "reiniciar", "candidato"):
        pesos[puerta + "_h"] = azar.normal(0, ESCALA, (OCULTAS, OCULTAS))
        pesos[puerta + "_x"] = azar.normal(0, ESCALA, (OCULTAS, ENTRADA))
    pesos["sesgo"] = -2.0
    pesos["salida"] = azar.normal(0, ESCALA, (VOCABULARIO, OCULTAS))
    return pesos


def sigmoide(v):
    return 1 / (1 + np.exp(-v))


def error_de_salida(salida, h, objetivo):
    puntajes = salida @ h
    prob = np.exp(puntajes - puntajes.max())
    prob = prob / prob.sum()
    perdida = -np.log(prob[objetivo])
    prob[objetivo] -= 1
    return perdida, salida.T @ prob


def gradientes_rnn():
    fichas, objetivo = crear_secuencia()
    tabla, recurrente, entrada, salida = pesos_rnn()
    h = [np.zeros(OCULTAS)]
    for ficha in fichas:
        h.append(np.tanh(recurrente @ h[-1] + entrada @ tabla[ficha]))
    perdida, dh = error_de_salida(salida, h[-1], objetivo)
    normas = []
    for t in range(LARGO, 0, -1):
        dz = dh * (1 - h[t] ** 2)
        dh = recurrente.T @ dz
        normas.append(np.linalg.norm(dh))
    radio = abs(np.linalg.eigvals(recurrente)).max()
    return normas[::-1], radio


def gradientes_gru():
    fichas, objetivo = crear_secuencia()
    p = pesos_gru()
    h = np.zeros(OCULTAS)
    memoria = []
    for ficha in fichas:
        x = p["tabla"][ficha]
        z = sigmoide(p["actualizar_x"] @ x + p["actualizar_h"] @ h + p["sesgo"])
        r = sigmoide(p["reiniciar_x"] @ x + p["reiniciar_h"] @ h)
        candidato = np.tanh(p["candidato_x"] @ x + p["candidato_h"] @ (r * h))
        memoria.append((h, z, r, candidato))
        h = (1 - z) * h + z * candidato
    perdida, dh = error_de_salida(p["salida"], h, objetivo)
    normas = []
    for anterior, z, r, candidato in reversed(memoria):
        d_cand = dh * z * (1 - candidato ** 2)
        d_z = dh * (candidato - anterior) * z * (1 - z)
        d_rh = p["candidato_h"].T @ d_cand
        d_r = d_rh * anterior * r * (1 - r)
        dh = (dh * (1 - z) + d_rh * r
              + p["reiniciar_h"].T @ d_r
              + p["actualizar_h"].T @ d_z)
        normas.append(np.linalg.norm(dh))
    return normas[::-1]


def principal():
    rnn, radio = gradientes_rnn()
    gru = gradientes_gru()
    print("radio espectral de W_hh: %.4f" % radio)
    with open(os.path.join(CARPETA, "decay.json"), "w", encoding="utf-8") as archivo:
        json.dump({"rnn": [float(g) for g in rnn], "gru": [float(g) for g in gru]}, archivo)
    grafico.figure(figsize=(6, 4))
    grafico.semilogy(rnn, color="red", label="RNN simple")
    grafico.semilogy(gru, color="blue", label="GRU")
    grafico.xlabel("paso de tiempo t")
    grafico.ylabel("norma del gradiente")
    grafico.legend()
    grafico.savefig(os.path.join(CARPETA, "decay.png"))


if __name__ == "__main__":
    principal()
