"""States come out of generators; gradients are consumed from the other end."""
import argparse
import itertools
import json
import pathlib
from collections import deque, namedtuple

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt

Cache = namedtuple("Cache", "old update reset cand new")
Weights = namedtuple("Weights", "emb Wu Wr Wc Uu Ur Uc bias out")


def sentence(rng, n):
    yield from itertools.islice(itertools.cycle(rng.permutation(30)), n)


def simple_states(E, W, U, tokens):
    h = np.zeros((1, U.shape[0]))
    for tok in tokens:
        h = np.tanh(E[tok][None, :] @ W + h @ U)
        yield h


def gated_states(w, tokens):
    h = np.zeros((1, w.Uc.shape[0]))
    for tok in tokens:
        x = w.emb[tok : tok + 1]
        u = 0.5 * np.tanh(0.5 * (x @ w.Wu + h @ w.Uu + w.bias)) + 0.5
        r = 0.5 * np.tanh(0.5 * (x @ w.Wr + h @ w.Ur)) + 0.5
        c = np.tanh(x @ w.Wc + r * (h @ w.Uc))
        new = u * h + (1 - u) * c
        yield Cache(h, u, r, c, new)
        h = new


def final_error(h, out, target):
    logits = h @ out
    prob = np.exp(logits) / np.sum(np.exp(logits))
    print("NLL %.4f" % -np.log(prob[0, target]))
    onehot = np.eye(prob.shape[1])[[target]]
    return (prob - onehot) @ out.T


def simple_norms(U, states, delta):
    for h in reversed(states):
        delta = (delta * (1 - h * h)) @ U.T
        yield np.linalg.norm(delta)


def gated_norms(w, caches, delta):
    for old, u, r, c, _ in reversed(caches):
        dc = delta * (1 - u) * (1 - c * c)
        du = delta * (old - c) * u * (1 - u)
        dr = dc * (old @ w.Uc) * r * (1 - r)
        delta = delta * u + (dc * r) @ w.Uc.T + du @ w.Uu.T + dr @ w.Ur.T
        yield np.linalg.norm(delta)


def main(seed=42, T=50, d=32, e=16, V=30):
    data = {}
    rng = np.random.default_rng(seed)
    tokens = list(sentence(rng, T))
    E, W, U = rng.normal(size=(V, e)), rng.normal(0, 0.1, (e, d)), rng.normal(0, 0.1, (d, d))
    out = rng.normal(0, 0.1, (d, V))
    states = list(simple_states(E, W, U, tokens))
    data["rnn"] = deque()
    for g in simple_norms(U, states, final_error(states[-1], out, 3)):
        data["rnn"].appendleft(float(g))
    print("rho %.5f" % np.abs(np.linalg.eigvals(U)).max())

    rng = np.random.default_rng(seed)
    tokens = list(sentence(rng, T))
    w = Weights(
        rng.normal(size=(V, e)),
        *(rng.normal(0, 0.1, (e, d)) for _ in range(3)),
        *(rng.normal(0, 0.1, (d, d)) for _ in range(3)),
        2.0 * np.ones(d),
        rng.normal(0, 0.1, (d, V)),
    )
    caches = list(gated_states(w, tokens))
    data["gru"] = deque()
    for g in gated_norms(w, caches, final_error(caches[-1].new, w.out, 3)):
        data["gru"].appendleft(float(g))
    return {k: list(v) for k, v in data.items()}


if __name__ == "__main__":
    args = argparse.ArgumentParser()
    args.add_argument("--seed", type=int, default=42)
    found = main(args.parse_args().seed)
    place = pathlib.Path(__file__).parent
    (place / "decay.json").write_text(json.dumps(found))
    fig = plt.figure(figsize=(6, 4))
    plt.semilogy(range(50), found["rnn"], "-", c="red", label="vanilla RNN")
    plt.semilogy(range(50), found["gru"], "--", c="blue", label="GRU")
    plt.legend()
    plt.grid(True, which="both", alpha=0.3)
    fig.savefig(place / "decay.png")
