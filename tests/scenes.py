"""Random scenes, computed here, and the numbers of students who made known mistakes in them."""

from dataclasses import replace

import numpy as np

from grader.diagnosis.chains import Pass
from grader.diagnosis.heads import right
from grader.diagnosis.records import norms
from grader.facts import Given, Scene


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def scene(kind, seed, *, T=20, d=8, keeps=False, after=False, scale=0.6, V=12):
    """Run a random tanh RNN or GRU forwards."""
    rng = np.random.default_rng(seed)
    gates = "h" if kind == "rnn" else "zrc"
    U = {g: rng.normal(0, scale, (d, d)) for g in gates}
    W = {g: rng.normal(0, scale, (d, d)) for g in gates}
    b = {g: rng.normal(0, 0.3, d) for g in gates}
    tokens = tuple(int(i) for i in rng.integers(V, size=T))
    x = rng.normal(0, 0.7, (V, d))[list(tokens)]
    h = np.zeros((T + 1, d))
    kept = {g: np.zeros((T, d)) for g in "zrc"}
    inside = np.zeros((T, d))
    bc = rng.normal(0, 0.3, d)
    for t in range(1, T + 1):
        a = {g: W[g] @ x[t - 1] + b[g] for g in gates}
        old = h[t - 1]
        if kind == "rnn":
            h[t] = np.tanh(a["h"] + U["h"] @ old)
            continue
        z, r = (sigmoid(a[g] + U[g] @ old) for g in "zr")
        inside[t - 1] = U["c"] @ old + bc
        c = np.tanh(a["c"] + (r * inside[t - 1] if after else U["c"] @ (r * old)))
        h[t] = z * old + (1 - z) * c if keeps else (1 - z) * old + z * c
        for g, value in zip("zrc", (z, r, c), strict=True):
            kept[g][t - 1] = value
    readout = rng.normal(0, 0.5, (V, d))
    p = np.exp(readout @ h[-1] + rng.normal(0, 0.2, V))
    return Scene(
        kind=kind,
        label="declared",
        tokens=tokens,
        target=int(rng.integers(V)),
        states=h,
        recurrent=U,
        probabilities=p / p.sum(),
        readout=readout,
        gates=kept if kind == "gru" else {},
        keeps=keeps,
        reset_after=after,
        inside=inside if kind == "gru" and after else None,
        inputs=x,
        input_weights=W,
    )


def pair(kind, seed, **form):
    """Return a long scene and a short one, as a grader makes them."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(6, 13))
    long = scene(kind, seed, T=int(rng.integers(12, 51)), d=d, **form)
    return [long, replace(scene(kind, seed + 1000, T=12, d=d, **form), label="hot")]


def vectors(one, made=None):
    """Return dL/dh_t, (T+1, d), as a backward pass with mistakes makes them."""
    made = made or Pass()
    rows = [*made.vectors(one)][::-1]
    return np.concatenate([*rows, made.start(one)[None]])


def given(one, made=None, *, listed=True, shown=True):
    """Return the numbers of a student who made these mistakes."""
    v = vectors(one, made)
    return Given(
        vectors=v if shown else None,
        recorded=norms(v)[:-1] if listed else None,
        rounding=np.zeros(len(v) - 1) if listed else None,
    )


__all__ = ["given", "norms", "pair", "right", "scene", "vectors"]
