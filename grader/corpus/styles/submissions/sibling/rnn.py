"""Lab 02: the forward pass of a vanilla RNN."""
import numpy as np

D_HIDDEN, D_EMBED, VOCAB = 32, 16, 64


def build(seed=42, scale=0.1):
    rng = np.random.default_rng(seed)
    return {
        "E": rng.normal(0, 1, (VOCAB, D_EMBED)),
        "W_xh": rng.normal(0, scale, (D_HIDDEN, D_EMBED)),
        "W_hh": rng.normal(0, scale, (D_HIDDEN, D_HIDDEN)),
        "b_h": np.zeros(D_HIDDEN),
        "W_ho": rng.normal(0, scale, (VOCAB, D_HIDDEN)),
        "b_o": np.zeros(VOCAB),
    }


def cell(p, token, h):
    return np.tanh(p["W_xh"] @ p["E"][token] + p["W_hh"] @ h + p["b_h"])


def readout(p, h):
    return p["W_ho"] @ h + p["b_o"]
