"""One-hot inputs, [h; x] concatenated weights, no embedding matrix and no biases but the gates'."""
import json
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

K = 12            # vocabulary
N = 32            # hidden units
STEPS = 50
RNG_SEED = 42
INIT = 0.1


def one_hot(i):
    v = np.zeros(K)
    v[i] = 1.0
    return v


def make_sequence(seed, length):
    r = np.random.Generator(np.random.PCG64(seed))
    return r.integers(0, K, length).tolist(), 0


def init_params(kind, seed):
    r = np.random.Generator(np.random.PCG64(seed))
    new = lambda: r.normal(scale=INIT, size=(N, N + K))
    theta = {"V": r.normal(scale=INIT, size=(K, N))}
    if kind == "rnn":
        theta["W"] = new()
    else:
        theta.update(Wu=new(), Wr=new(), Wc=new(), bu=np.full(N, -2.0), br=np.zeros(N))
    return theta


def expit(a):
    return 1 / (1 + np.exp(-a))


def gru_parts(theta, token_id, h_prev):
    x = one_hot(token_id)
    hx = np.concatenate([h_prev, x])
    u = expit(theta["Wu"] @ hx + theta["bu"])
    r = expit(theta["Wr"] @ hx + theta["br"])
    c = np.tanh(theta["Wc"] @ np.concatenate([r * h_prev, x]))
    return u, r, c


def step(kind, params, token_id, h_prev):
    if kind == "rnn":
        return np.tanh(params["W"] @ np.concatenate([h_prev, one_hot(token_id)]))
    u, r, c = gru_parts(params, token_id, h_prev)
    return h_prev + u * (c - h_prev)


def loss(kind, params, h_last, target_id):
    o = params["V"] @ h_last
    m = o.real.max()
    return m + np.log(np.exp(o - m).sum()) - o[target_id]


def jacobian(kind, params, token_id, h_prev):
    """d h_t / d h_{t-1} as a matrix (N, N)."""
    if kind == "rnn":
        h = step(kind, params, token_id, h_prev)
        return (1 - h**2)[:, None] * params["W"][:, :N]
    u, r, c = gru_parts(params, token_id, h_prev)
    Wu, Wr, Wc = (params[k][:, :N] for k in ("Wu", "Wr", "Wc"))
    du = (u * (1 - u))[:, None] * Wu
    dr = (r * (1 - r))[:, None] * Wr
    inner = np.diag(r) + h_prev[:, None] * dr
    dc = (1 - c**2)[:, None] * (Wc @ inner)
    return np.diag(1 - u) + (c - h_prev)[:, None] * du + u[:, None] * dc


def bptt(kind, params, token_ids, target_id):
    hs = [np.zeros(N)]
    for tok in token_ids:
        hs.append(step(kind, params, tok, hs[-1]))
    o = params["V"] @ hs[-1]
    prob = np.exp(o - o.max())
    prob = prob / prob.sum()
    grad = params["V"].T @ (prob - one_hot(target_id))
    grads = {len(token_ids): grad}
    for t in range(len(token_ids), 0, -1):
        J = jacobian(kind, params, token_ids[t - 1], hs[t - 1])
        grad = J.T @ grad
        grads[t - 1] = grad
    return np.array([grads[t] for t in range(len(token_ids) + 1)])


def main():
    here = Path(__file__).parent
    tokens, target = make_sequence(RNG_SEED, STEPS)
    result = {}
    for kind in ["rnn", "gru"]:
        theta = init_params(kind, RNG_SEED)
        grads = bptt(kind, theta, tokens, target)
        result[kind] = [float(np.sqrt(v @ v)) for v in grads[:STEPS]]
        if kind == "rnn":
            print("rho", abs(np.linalg.eigvals(theta["W"][:, :N])).max())
    with (here / "decay.json").open("w") as fh:
        json.dump(result, fh)

    fig = Figure(figsize=(6, 4))
    ax = fig.add_subplot()
    ax.plot(result["rnn"], color="firebrick", lw=2, label="RNN")
    ax.plot(result["gru"], color="steelblue", lw=2, label="GRU")
    ax.set_yscale("log")
    ax.set_xlabel("t")
    ax.set_ylabel("gradient norm")
    ax.legend()
    fig.savefig(here / "decay.png")


if __name__ == "__main__":
    main()
