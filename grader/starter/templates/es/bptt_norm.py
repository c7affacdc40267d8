"""El gradiente que se desvanece, medido: g_t = ‖∂L/∂h_t‖ de una RNN simple y una GRU con 50 tokens.

Tu parte está marcada con TODO: cinco funciones, primero para kind "rnn" y después para "gru". Lo que
sigue ya funciona: registra las normas, las dibuja y rellena el manifiesto. Ejecútalo cuantas veces
quieras; dice lo que falta.

Índices: h_0 es el estado inicial, ceros. Los tokens son x_1 … x_T; h_t es el estado tras x_t. La
pérdida es la entropía cruzada de los logits en h_T frente a un token objetivo.
"""

import datetime
import json
import platform
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

HERE = Path(__file__).resolve().parent
SEED = 42
T = 50
D = 32
SCALE = 0.1  # desviación típica de W_hh
OPTION = "Option B"  # "Option A": I work , you work , …   "Option B": tokens al azar


def make_sequence(seed, length):
    """Sortea los tokens, los mismos para las dos redes.

    Parameters
    ----------
    seed : int
    length : int
        T, 50 en el laboratorio; usa este argumento y ninguna constante.

    Returns
    -------
    token_ids : list of int, length T
        x_1 … x_T; x_1 es token_ids[0].
    target_id : int
    """
    raise NotImplementedError("make_sequence: los tokens y el objetivo")  # TODO


def init_params(kind, seed):
    """Sortea los parámetros de una red; no se entrena nada.

    Parameters
    ----------
    kind : {"rnn", "gru"}
    seed : int

    Returns
    -------
    dict of ndarray of float64
        Los nombres y las formas son tuyos. Una RNN simple tiene W_hh (D, D), W_xh (D, E), b_h (D,),
        un embedding y W_ho (V, D); una GRU, tres de las tres primeras. Da a su puerta de
        actualización un sesgo de -2 en h = (1-z)·h' + z·h̃ (o +2 en la otra forma): cerca de z = 1/2
        decae como la RNN.
    """
    if kind == "rnn":
        raise NotImplementedError("init_params: los parámetros de la RNN")  # TODO
    raise NotImplementedError("init_params: los parámetros de la GRU")  # TODO


def step(kind, params, token_id, h_prev):
    """Devuelve h_t, forma (D,), a partir de x_t y h_{t-1}, forma (D,)."""
    if kind == "rnn":
        raise NotImplementedError("step: el h_t de la RNN = tanh(W_hh h_{t-1} + W_xh x_t + b_h)")  # TODO
    raise NotImplementedError("step: el h_t de la GRU, con sus puertas z, r y el candidato")  # TODO


def loss(kind, params, h_last, target_id):
    """Devuelve la entropía cruzada -log softmax(W_ho h_T + b_o)[target_id], un número."""
    raise NotImplementedError("loss: la entropía cruzada en h_T")  # TODO


def bptt(kind, params, token_ids, target_id):
    """Retropropaga a través del tiempo.

    Returns
    -------
    ndarray of float64, shape (T+1, D)
        La fila t es ∂L/∂h_t: la fila T, el gradiente de la cabeza; la 0, el final del camino.
    """
    if kind == "rnn":
        raise NotImplementedError("bptt: la pasada hacia atrás de la RNN, de ∂L/∂h_T a ∂L/∂h_0")  # TODO
    raise NotImplementedError("bptt: la pasada hacia atrás de la GRU, con todos sus caminos")  # TODO


# ---- De aquí en adelante no queda nada por hacer. ----------------------------------------------


def gradient_norms(kind):
    """Devuelve g_0 … g_T, forma (T+1,)."""
    token_ids, target_id = make_sequence(SEED, T)
    gradient = np.asarray(bptt(kind, init_params(kind, SEED), token_ids, target_id))
    return np.linalg.norm(gradient, axis=1)


def orders(norms):
    """Devuelve log10(g_49 / g_0)."""
    return float(np.log10(norms[T - 1] / norms[0]))


def recurrent_matrix():
    """Devuelve la W_hh de la RNN: la derivada de step en h = 0 antes de la tanh, forma (D, D)."""
    params, token = init_params("rnn", SEED), make_sequence(SEED, T)[0][0]
    added = np.arctanh(step("rnn", params, token, np.zeros(D)))
    units = 1e-3 * np.eye(D)
    columns = [np.arctanh(step("rnn", params, token, unit)) - added for unit in units]
    return np.stack(columns, axis=1) / 1e-3


def write_decay(found):
    """Escribe las normas g_0 … g_49 de las redes terminadas."""
    tiny = np.finfo(float).tiny
    document = {kind: [max(float(g), tiny) for g in norms[:T]] for kind, norms in found.items()}
    document = {"schema_version": 1, **document}
    (HERE / "decay.json").write_text(json.dumps(document, indent=1), encoding="utf-8")


def write_plot(found):
    """Dibuja las normas en un eje logarítmico."""
    figure, axes = plt.subplots(figsize=(7, 4.5))
    for kind, colour, name in (("rnn", "red", "RNN simple"), ("gru", "blue", "GRU")):
        if kind in found:
            axes.semilogy(range(T), found[kind][:T], color=colour, label=name)
    if len(found) == 2:
        axes.set_title(
            f"el gradiente de la RNN simple cae {orders(found['rnn']):.1f} órdenes de magnitud "
            f"en 50 pasos; el de la GRU, {orders(found['gru']):.1f}",
            fontsize=8,
        )
    axes.set_xlabel("paso de tiempo t")
    axes.set_ylabel("norma del gradiente en h_t")
    axes.legend()
    figure.savefig(HERE / "decay.png", dpi=120)


def write_manifest(found):
    """Escribe manifest.json; lo que aún falta queda en null."""
    per_ten = {kind: round(10.0 * orders(norms) / (T - 1), 4) for kind, norms in found.items()}
    radius = None
    if "rnn" in found:
        radius = round(float(np.abs(np.linalg.eigvals(recurrent_matrix())).max()), 4)
    document = {
        "experiment": "14-vanishing-grad",
        "date": datetime.date.today().isoformat(),
        "seed": SEED,
        "config": {
            "sequence_length": T,
            "d_hidden": D,
            "init_scale_W_hh": SCALE,
            "synthetic_target": OPTION,
        },
        "results_summary": {
            "rnn_orders_of_decay_per_10steps": per_ten.get("rnn"),
            "gru_orders_of_decay_per_10steps": per_ten.get("gru"),
            "rnn_spectral_radius_W_hh": radius,
        },
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
    }
    (HERE / "manifest.json").write_text(json.dumps(document, indent=2), encoding="utf-8")


def main():
    """Mide lo que está hecho, lo anota y dice lo que falta."""
    found = {}
    for kind in ("rnn", "gru"):
        try:
            found[kind] = gradient_norms(kind)
        except NotImplementedError as part:
            print(f"{kind.upper()}: falta: {part}")
    if not found:
        sys.exit("Todavía no se escribió nada.")
    write_decay(found)
    write_plot(found)
    write_manifest(found)
    for kind, norms in found.items():
        print(f"{kind.upper()}: {orders(norms):.2f} órdenes de magnitud en 50 pasos")


if __name__ == "__main__":
    main()
