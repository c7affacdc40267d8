"""The vanishing gradient, measured: g_t = ‖∂L/∂h_t‖ for a vanilla RNN and a GRU over 50 tokens.

Your part is marked TODO: five functions, for kind "rnn" first and "gru" after. Everything below
them works: it records the norms, plots them and fills in the manifest. Run it as often as you like;
it says what is still to do.

Indices: h_0 is the initial state, zeros. Tokens are x_1 … x_T; h_t is the state after x_t. The loss
is the cross-entropy of the logits at h_T against one target token.
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
SCALE = 0.1  # standard deviation of W_hh
OPTION = "Option B"  # "Option A": I work , you work , …   "Option B": random tokens


def make_sequence(seed, length):
    """Draw the tokens, the same for both nets.

    Parameters
    ----------
    seed : int
    length : int
        T, 50 in the lab; use this argument and no constant.

    Returns
    -------
    token_ids : list of int, length T
        x_1 … x_T; x_1 is token_ids[0].
    target_id : int
    """
    raise NotImplementedError("make_sequence: the tokens and the target")  # TODO


def init_params(kind, seed):
    """Draw the parameters of one net; nothing is trained.

    Parameters
    ----------
    kind : {"rnn", "gru"}
    seed : int

    Returns
    -------
    dict of ndarray of float64
        Names and shapes are yours. A vanilla RNN has W_hh (D, D), W_xh (D, E), b_h (D,), an
        embedding and W_ho (V, D); a GRU has three of the first three. Give its update gate a bias
        of -2 in h = (1-z)·h' + z·h̃ (or +2 in the other form): near z = 1/2 it decays like the RNN.
    """
    if kind == "rnn":
        raise NotImplementedError("init_params: the RNN's parameters")  # TODO
    raise NotImplementedError("init_params: the GRU's parameters")  # TODO


def step(kind, params, token_id, h_prev):
    """Return h_t, shape (D,), out of x_t and h_{t-1}, shape (D,)."""
    if kind == "rnn":
        raise NotImplementedError("step: the RNN's h_t = tanh(W_hh h_{t-1} + W_xh x_t + b_h)")  # TODO
    raise NotImplementedError("step: the GRU's h_t, with its gates z, r and candidate")  # TODO


def loss(kind, params, h_last, target_id):
    """Return the cross-entropy -log softmax(W_ho h_T + b_o)[target_id], a number."""
    raise NotImplementedError("loss: the cross-entropy at h_T")  # TODO


def bptt(kind, params, token_ids, target_id):
    """Backpropagate through time.

    Returns
    -------
    ndarray of float64, shape (T+1, D)
        Row t is ∂L/∂h_t: row T the head gradient, row 0 the end of the way.
    """
    if kind == "rnn":
        raise NotImplementedError("bptt: the RNN's way back, from ∂L/∂h_T to ∂L/∂h_0")  # TODO
    raise NotImplementedError("bptt: the GRU's way back, with all its paths")  # TODO


# ---- From here on nothing is to do. -----------------------------------------------------------


def gradient_norms(kind):
    """Return g_0 … g_T, shape (T+1,)."""
    token_ids, target_id = make_sequence(SEED, T)
    gradient = np.asarray(bptt(kind, init_params(kind, SEED), token_ids, target_id))
    return np.linalg.norm(gradient, axis=1)


def orders(norms):
    """Return log10(g_49 / g_0)."""
    return float(np.log10(norms[T - 1] / norms[0]))


def recurrent_matrix():
    """Return the RNN's W_hh as the derivative of step at h = 0 before the tanh, shape (D, D)."""
    params, token = init_params("rnn", SEED), make_sequence(SEED, T)[0][0]
    added = np.arctanh(step("rnn", params, token, np.zeros(D)))
    units = 1e-3 * np.eye(D)
    columns = [np.arctanh(step("rnn", params, token, unit)) - added for unit in units]
    return np.stack(columns, axis=1) / 1e-3


def write_decay(found):
    """Write the norms g_0 … g_49 of the nets that are done."""
    tiny = np.finfo(float).tiny
    document = {kind: [max(float(g), tiny) for g in norms[:T]] for kind, norms in found.items()}
    document = {"schema_version": 1, **document}
    (HERE / "decay.json").write_text(json.dumps(document, indent=1), encoding="utf-8")


def write_plot(found):
    """Plot the norms on a logarithmic axis."""
    figure, axes = plt.subplots(figsize=(7, 4.5))
    for kind, colour, name in (("rnn", "red", "vanilla RNN"), ("gru", "blue", "GRU")):
        if kind in found:
            axes.semilogy(range(T), found[kind][:T], color=colour, label=name)
    if len(found) == 2:
        axes.set_title(
            f"vanilla RNN gradient decays by {orders(found['rnn']):.1f} orders of magnitude "
            f"over 50 steps; GRU decays by {orders(found['gru']):.1f}",
            fontsize=8,
        )
    axes.set_xlabel("time step t")
    axes.set_ylabel("norm of the gradient at h_t")
    axes.legend()
    figure.savefig(HERE / "decay.png", dpi=120)


def write_manifest(found):
    """Write manifest.json; what is not done yet stays null."""
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
    """Measure what is done, write it down, and say what is not."""
    found = {}
    for kind in ("rnn", "gru"):
        try:
            found[kind] = gradient_norms(kind)
        except NotImplementedError as part:
            print(f"{kind.upper()}: still to do: {part}")
    if not found:
        sys.exit("Nothing was written yet.")
    write_decay(found)
    write_plot(found)
    write_manifest(found)
    for kind, norms in found.items():
        print(f"{kind.upper()}: {orders(norms):.2f} orders of magnitude over 50 steps")


if __name__ == "__main__":
    main()
