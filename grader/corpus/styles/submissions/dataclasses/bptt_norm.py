from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Config:
    length: int = 50
    hidden: int = 32
    embed: int = 24
    vocab: int = 50
    seed: int = 42
    std: float = 0.1
    gate_bias: float = 2.0


@dataclass
class CellParams:
    weight_ih: Array
    weight_hh: Array
    bias_ih: Array
    bias_hh: Array

    @classmethod
    def create(cls, cfg: Config, gates: int, rng: np.random.Generator) -> CellParams:
        n = gates * cfg.hidden
        return cls(
            rng.normal(scale=cfg.std, size=(n, cfg.embed)),
            rng.normal(scale=cfg.std, size=(n, cfg.hidden)),
            np.zeros(n),
            np.zeros(n),
        )


@dataclass
class Step:
    h_prev: Array
    h: Array
    r: Array | None = None
    z: Array | None = None
    n: Array | None = None
    hn: Array | None = None


@dataclass
class Trace:
    steps: list[Step] = field(default_factory=list)

    @property
    def last(self) -> Array:
        return self.steps[-1].h


def log_softmax(a: Array) -> Array:
    m = np.max(a)
    return a - m - np.log(np.sum(np.exp(a - m)))


class RNNCell:
    gates = 1

    def __init__(self, cfg: Config, rng: np.random.Generator):
        self.p = CellParams.create(cfg, self.gates, rng)

    def forward(self, x: Array, h: Array) -> Step:
        p = self.p
        return Step(h, np.tanh(p.weight_ih @ x + p.bias_ih + p.weight_hh @ h + p.bias_hh))

    def backward(self, s: Step, grad: Array) -> Array:
        return (grad * (1.0 - s.h**2)) @ self.p.weight_hh


class GRUCell(RNNCell):
    gates = 3

    def __init__(self, cfg: Config, rng: np.random.Generator):
        super().__init__(cfg, rng)
        self.p.bias_ih[cfg.hidden : 2 * cfg.hidden] = cfg.gate_bias

    def forward(self, x: Array, h: Array) -> Step:
        p = self.p
        ir, iz, in_ = np.split(p.weight_ih @ x + p.bias_ih, 3)
        hr, hz, hn = np.split(p.weight_hh @ h + p.bias_hh, 3)
        r = 1.0 / (1.0 + np.exp(-(ir + hr)))
        z = 1.0 / (1.0 + np.exp(-(iz + hz)))
        n = np.tanh(in_ + r * hn)
        return Step(h, (1.0 - z) * n + z * h, r, z, n, hn)

    def backward(self, s: Step, grad: Array) -> Array:
        dn = grad * (1.0 - s.z) * (1.0 - s.n**2)
        dz = grad * (s.h_prev - s.n) * s.z * (1.0 - s.z)
        dr = dn * s.hn * s.r * (1.0 - s.r)
        return np.concatenate([dr, dz, dn * s.r]) @ self.p.weight_hh + grad * s.z


class Model:
    def __init__(self, cell_type: type[RNNCell], cfg: Config):
        rng = np.random.default_rng(cfg.seed)
        self.embedding = rng.normal(size=(cfg.vocab, cfg.embed))
        self.cell = cell_type(cfg, rng)
        self.decoder = rng.normal(scale=cfg.std, size=(cfg.vocab, cfg.hidden))
        self.decoder_bias = np.zeros(cfg.vocab)
        self.hidden = cfg.hidden

    def logits(self, h: Array) -> Array:
        return self.decoder @ h + self.decoder_bias

    def forward(self, tokens: Array, start: int = 0, h: Array | None = None) -> Trace:
        h = np.zeros(self.hidden) if h is None else h
        trace = Trace()
        for token in tokens[start:]:
            trace.steps.append(self.cell.forward(self.embedding[token], h))
            h = trace.last
        return trace

    def loss(self, h: Array, target: int) -> float:
        return -log_softmax(self.logits(h))[target]

    def backward(self, trace: Trace, target: int) -> list[Array]:
        grad = np.exp(log_softmax(self.logits(trace.last)))
        grad[target] -= 1.0
        grads = [grad @ self.decoder]
        for s in reversed(trace.steps):
            grads.append(self.cell.backward(s, grads[-1]))
        return list(reversed(grads))


def gradient_check(model: Model, tokens: Array, target: int, grads: list[Array], trace: Trace) -> float:
    """Compare dL/dh_t with central differences for the last few t."""
    worst = 0.0
    for t in (46, 48, 49):
        h = trace.steps[t].h_prev
        for i in (0, 5):
            e = np.zeros_like(h)
            e[i] = 1e-5
            up = model.loss(model.forward(tokens, t, h + e).last, target)
            down = model.loss(model.forward(tokens, t, h - e).last, target)
            worst = max(worst, abs((up - down) / 2e-5 - grads[t][i]))
    return worst


def main() -> None:
    cfg = Config()
    tokens = np.random.default_rng(cfg.seed).integers(cfg.vocab, size=cfg.length)
    target = 0
    results: dict[str, list[float]] = {}
    for name, cell in (("rnn", RNNCell), ("gru", GRUCell)):
        model = Model(cell, cfg)
        trace = model.forward(tokens)
        grads = model.backward(trace, target)
        print(name, "loss", model.loss(trace.last, target), "check", gradient_check(model, tokens, target, grads, trace))
        results[name] = [math.sqrt(float(g @ g)) for g in grads[:-1]]
        if name == "rnn":
            print("rho", np.abs(np.linalg.eigvals(model.cell.p.weight_hh)).max())
    here = Path(__file__).parent
    (here / "decay.json").write_text(json.dumps(results, indent=1))
    fig, ax = plt.subplots()
    ax.plot(results["rnn"], "-o", c="C3", ms=3, label="vanilla RNN")
    ax.plot(results["gru"], "-o", c="C0", ms=3, label="GRU")
    ax.set(yscale="log", xlabel="t", ylabel="gradient norm")
    ax.grid(alpha=0.3)
    ax.legend()
    fig.savefig(here / "decay.png")


if __name__ == "__main__":
    main()
