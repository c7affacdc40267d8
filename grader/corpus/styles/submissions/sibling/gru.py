"""The GRU, forward and backward, one step each."""
import numpy as np


def build(seed, lab02):
    """Same seed, and the embedding and output layer of lab 02."""
    base = lab02.build(seed)
    rng = np.random.default_rng(seed + 1)
    d, e = base["W_xh"].shape
    p = {k: base[k] for k in ("E", "W_ho", "b_o")}
    for g in "zrh":
        p["W" + g] = rng.normal(0, 0.1, (d, e))
        p["U" + g] = rng.normal(0, 0.1, (d, d))
        p["b" + g] = np.zeros(d)
    p["bz"] -= 2
    return p


def _s(a):
    return 1 / (1 + np.exp(-a))


def forward(p, token, h):
    x = p["E"][token]
    z = _s(p["Wz"] @ x + p["Uz"] @ h + p["bz"])
    r = _s(p["Wr"] @ x + p["Ur"] @ h + p["br"])
    k = np.tanh(p["Wh"] @ x + p["Uh"] @ (r * h) + p["bh"])
    return (1 - z) * h + z * k, (z, r, k)


def backward(p, token, h, d):
    _, (z, r, k) = forward(p, token, h)
    direct = d * (1 - z)
    via_k = p["Uh"].T @ (d * z * (1 - k**2))
    via_r = p["Ur"].T @ (via_k * h * r * (1 - r))
    via_z = p["Uz"].T @ (d * (k - h) * z * (1 - z))
    return direct + via_k * r + via_r + via_z
