"""Lab 03: gradient norms through time, vanilla RNN against GRU (NumPy only)."""

import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

HERE = Path(__file__).resolve().parent
SEED = 42
T = 50
D = 32
D_EMBED = 16
SCALE = 0.1
GATE_BIAS = -2.0  # z near 0.12: the additive path stays open
TINY = np.finfo(float).tiny  # for the log plot, should a norm underflow

VOCAB = ["I", "you", "he", "we", "they", "work", "works", ",", "."]
IDX = {w: i for i, w in enumerate(VOCAB)}


def make_sequence(seed, length):
    """Option A: I work , you work , ...; the target agrees with the first pronoun."""
    rng = np.random.default_rng(seed + 1000)
    pronouns = ["I", "you", "we", "they"]
    ids = []
    while len(ids) < length:
        who = "I" if not ids else pronouns[int(rng.integers(len(pronouns)))]
        ids += [IDX[who], IDX["work"], IDX[","]]
    return ids[:length], IDX["work"]


def init_params(kind, seed):
    rng = np.random.default_rng(seed)

    def w(*shape):
        return SCALE * rng.standard_normal(shape)

    p = {"E": rng.standard_normal((len(VOCAB), D_EMBED))}
    if kind == "rnn":
        p["W_hh"], p["W_xh"], p["b_h"] = w(D, D), w(D, D_EMBED), np.zeros(D)
    else:
        for gate in ("z", "r", "h"):
            p["W_" + gate] = w(D, D_EMBED)
            p["U_" + gate] = w(D, D)
            p["b_" + gate] = np.zeros(D)
        p["b_z"] = p["b_z"] + GATE_BIAS
    p["W_ho"], p["b_o"] = w(len(VOCAB), D), np.zeros(len(VOCAB))
    return p


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


def gates(p, x, h_prev):
    z = sigmoid(p["W_z"] @ x + p["U_z"] @ h_prev + p["b_z"])
    r = sigmoid(p["W_r"] @ x + p["U_r"] @ h_prev + p["b_r"])
    h_tilde = np.tanh(p["W_h"] @ x + p["U_h"] @ (r * h_prev) + p["b_h"])
    return z, r, h_tilde


def step(kind, params, token_id, h_prev):
    x = params["E"][token_id]
    if kind == "rnn":
        z_t = params["W_hh"] @ h_prev + params["W_xh"] @ x + params["b_h"]
        return np.tanh(z_t)
    z, _, h_tilde = gates(params, x, h_prev)
    return (1 - z) * h_prev + z * h_tilde


def update_gate(params, token_id, h_prev):
    return gates(params, params["E"][token_id], h_prev)[0]


def softmax(a):
    e = np.exp(a - np.max(a.real))
    return e / e.sum()


def loss(kind, params, h_last, target_id):
    logits = params["W_ho"] @ h_last + params["b_o"]
    return -np.log(softmax(logits)[target_id])


def head_gradient(params, h_last, target_id):
    delta = softmax(params["W_ho"] @ h_last + params["b_o"])
    delta[target_id] -= 1.0
    return params["W_ho"].T @ delta


def forward(kind, params, token_ids):
    h = [np.zeros(D)]
    for tok in token_ids:
        h.append(step(kind, params, tok, h[-1]))
    return h


def rnn_backward(p, h, dh):
    for t in range(len(h) - 1, 0, -1):
        dz_t = dh[t] * (1 - h[t] ** 2)
        dh[t - 1] = p["W_hh"].T @ dz_t
    return dh


def gru_backward(p, token_ids, h, dh):
    for t in range(len(h) - 1, 0, -1):
        h_prev = h[t - 1]
        z, r, h_tilde = gates(p, p["E"][token_ids[t - 1]], h_prev)
        dz = dh[t] * (h_tilde - h_prev)
        dh_tilde = dh[t] * z
        dh[t - 1] = dh[t] * (1 - z)
        da_h = dh_tilde * (1 - h_tilde**2)
        d_rh = p["U_h"].T @ da_h
        dr = d_rh * h_prev
        dh[t - 1] += d_rh * r
        da_r = dr * r * (1 - r)
        dh[t - 1] += p["U_r"].T @ da_r
        da_z = dz * z * (1 - z)
        dh[t - 1] += p["U_z"].T @ da_z
    return dh


def bptt(kind, params, token_ids, target_id):
    """dh[t] = dL/dh_t for t = 0 .. T; only the last step has a loss."""
    h = forward(kind, params, token_ids)
    n = len(token_ids)
    dh = np.zeros((n + 1, D))
    dh[n] = head_gradient(params, h[n], target_id)
    if kind == "rnn":
        return rnn_backward(params, h, dh)
    return gru_backward(params, token_ids, h, dh)


def measure(kind):
    token_ids, target_id = make_sequence(SEED, T)
    params = init_params(kind, SEED)
    dh = bptt(kind, params, token_ids, target_id)
    g = [max(float(np.linalg.norm(dh[t])), TINY) for t in range(T + 1)]
    return g, params


def plot(curves):
    fig, ax = plt.subplots(figsize=(7, 4.5))
    ax.semilogy(range(T), curves["rnn"], color="red", label="vanilla RNN")
    ax.semilogy(range(T), curves["gru"], color="blue", label="GRU")
    n, m = (np.log10(curves[k][-1] / curves[k][0]) for k in ("rnn", "gru"))
    ax.set_title(
        f"vanilla RNN gradient decays by {n:.1f} orders of magnitude over 50 steps; "
        f"GRU decays by {m:.1f}",
        fontsize=8,
    )
    ax.set_xlabel("time step t")
    ax.set_ylabel("||dL/dh_t||")
    ax.legend()
    fig.savefig(HERE / "decay.png")


def main():
    curves, g_last = {}, {}
    for kind in ("rnn", "gru"):
        g, params = measure(kind)
        curves[kind], g_last[kind] = g[:T], g[T]
        if kind == "rnn":
            rho = max(abs(np.linalg.eigvals(params["W_hh"])))
            print(f"spectral radius of W_hh: {rho:.4f}")
    doc = {"schema_version": 1, "rnn": curves["rnn"], "gru": curves["gru"], "g_T": g_last}
    (HERE / "decay.json").write_text(json.dumps(doc, indent=1))
    plot(curves)


if __name__ == "__main__":
    main()
