"""Inputs of all steps at once, states stacked in time, and the five functions for the grader."""
import json

import numpy as np

T, D, M, K = 50, 32, 10, 36
SEED = 42


def make_sequence(seed, length):
    rng = np.random.default_rng((seed, 1))
    return rng.integers(0, K, length).tolist(), int(rng.integers(K))


def init_params(kind, seed):
    rng = np.random.default_rng((seed, 2))
    blocks = 1 if kind == "rnn" else 3
    b = rng.normal(0, 0.1, blocks * D)
    if kind == "gru":
        b[:D] += 2.5
    return {
        "table": rng.normal(0, 1, (K, M)),
        "Wx": rng.normal(0, 0.1, (M, blocks * D)),
        "Wh": rng.normal(0, 0.1, (D, blocks * D)),
        "b": b,
        "Wy": rng.normal(0, 0.1, (D, K)),
        "by": rng.normal(0, 0.1, K),
    }


def sigma(a):
    return np.exp(-np.logaddexp(0, -a)) if not np.iscomplexobj(a) else 1 / (1 + np.exp(-a))


def advance(kind, p, xw, h):
    if kind == "rnn":
        return np.tanh(xw + h @ p["Wh"]), None
    U = p["Wh"]
    z = sigma(xw[:D] + h @ U[:, :D])
    r = sigma(xw[D : 2 * D] + h @ U[:, D : 2 * D])
    c = np.tanh(xw[2 * D :] + (r * h) @ U[:, 2 * D :])
    return z * h + (1 - z) * c, (z, r, c)


def step(kind, params, token_id, h_prev):
    return advance(kind, params, params["table"][token_id] @ params["Wx"] + params["b"], h_prev)[0]


def scores(p, h):
    return h @ p["Wy"] + p["by"]


def loss(kind, params, h_last, target_id):
    s = scores(params, h_last)
    return np.log(np.sum(np.exp(s))) - s[target_id]


def forward(kind, p, ids):
    XW = p["table"][np.asarray(ids)] @ p["Wx"] + p["b"]
    H, gates = [np.zeros(D)], []
    for xw in XW:
        h, g = advance(kind, p, xw, H[-1])
        H.append(h)
        gates.append(g)
    return np.stack(H), gates


def bptt(kind, params, token_ids, target_id):
    H, gates = forward(kind, params, token_ids)
    s = scores(params, H[-1])
    soft = np.exp(s - s.max())
    soft /= soft.sum()
    soft[target_id] -= 1.0
    dh = params["Wy"] @ soft
    U = params["Wh"]
    rows = [dh]
    for t in range(len(token_ids) - 1, -1, -1):
        if kind == "rnn":
            dh = U @ (dh * (1 - H[t + 1] ** 2))
        else:
            z, r, c = gates[t]
            da = np.empty(3 * D)
            da[:D] = dh * (H[t] - c) * z * (1 - z)
            da[2 * D :] = dh * (1 - z) * (1 - c**2)
            q = U[:, 2 * D :] @ da[2 * D :]
            da[D : 2 * D] = q * H[t] * r * (1 - r)
            dh = dh * z + q * r + U[:, : 2 * D] @ da[: 2 * D]
        rows.insert(0, dh)
    return np.stack(rows)


if __name__ == "__main__":
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    ids, y = make_sequence(SEED, T)
    norms = {}
    for kind in ("rnn", "gru"):
        p = init_params(kind, SEED)
        norms[kind] = np.sqrt((bptt(kind, p, ids, y) ** 2).sum(1))
    rho = np.abs(np.linalg.eigvals(init_params("rnn", SEED)["Wh"])).max()
    print("radius", rho)
    with open("decay.json", "w") as fh:
        json.dump({k: v[:T].tolist() for k, v in norms.items()}, fh)
    plt.semilogy(norms["rnn"][:T], "r.-", label="vanilla RNN")
    plt.semilogy(norms["gru"][:T], "b.-", label="GRU")
    plt.legend()
    plt.savefig("decay.png")
