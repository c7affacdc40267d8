"""Vanishing gradients with two small classes. Run: python bptt_norm.py"""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

OUT = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Config:
    seed: int = 42
    sequence_length: int = 50
    d_hidden: int = 32
    d_embed: int = 16
    vocab: int = 64
    init_scale_W_hh: float = 0.1
    bias_update: float = -2.0


CFG = Config()


def sigma(a):
    return 1.0 / (1.0 + np.exp(-a))


class Network:
    """What the two networks share: embedding, output layer, the loop through time."""

    def __init__(self, weights):
        self.w = weights

    @classmethod
    def random(cls, seed):
        rng = np.random.default_rng(seed)
        shapes = {"embed": (CFG.vocab, CFG.d_embed), "out": (CFG.vocab, CFG.d_hidden)}
        shapes.update(cls.recurrent_shapes())
        w = {k: rng.normal(0.0, CFG.init_scale_W_hh, s) for k, s in sorted(shapes.items())}
        w["out_bias"] = np.zeros(CFG.vocab)
        w.update(cls.biases())
        return cls(w)

    def probabilities(self, h):
        a = self.w["out"] @ h + self.w["out_bias"]
        e = np.exp(a - a.real.max())
        return e / e.sum()

    def output_error(self, h, target):
        p = self.probabilities(h)
        p[target] -= 1.0
        return self.w["out"].T @ p

    def unroll(self, tokens):
        states = [np.zeros(CFG.d_hidden)]
        for tok in tokens:
            states.append(self.advance(tok, states[-1]))
        return states

    def gradients(self, tokens, target):
        states = self.unroll(tokens)
        delta = self.output_error(states[-1], target)
        trace = [delta]
        for tok, before, after in zip(tokens[::-1], states[-2::-1], states[:0:-1]):
            delta = self.pull_back(tok, before, after, delta)
            trace.insert(0, delta)
        return np.stack(trace)


class VanillaRNN(Network):
    @staticmethod
    def recurrent_shapes():
        return {"hh": (CFG.d_hidden, CFG.d_hidden), "xh": (CFG.d_hidden, CFG.d_embed)}

    @staticmethod
    def biases():
        return {"bias": np.zeros(CFG.d_hidden)}

    def advance(self, tok, h):
        return np.tanh(self.w["hh"] @ h + self.w["xh"] @ self.w["embed"][tok] + self.w["bias"])

    def pull_back(self, tok, before, after, delta):
        return self.w["hh"].T @ (delta * (1.0 - np.square(after)))


class GatedRNN(Network):
    @staticmethod
    def recurrent_shapes():
        d, e = CFG.d_hidden, CFG.d_embed
        return {g + k: (d, n) for g in ("update", "reset", "cand") for k, n in (("_h", d), ("_x", e))}

    @staticmethod
    def biases():
        d = CFG.d_hidden
        return {
            "update_b": np.full(d, CFG.bias_update),
            "reset_b": np.zeros(d),
            "cand_b": np.zeros(d),
        }

    def gate(self, name, x, h):
        return self.w[name + "_x"] @ x + self.w[name + "_h"] @ h + self.w[name + "_b"]

    def parts(self, tok, h):
        x = self.w["embed"][tok]
        update = sigma(self.gate("update", x, h))
        reset = sigma(self.gate("reset", x, h))
        cand = np.tanh(self.gate("cand", x, reset * h))
        return update, reset, cand

    def advance(self, tok, h):
        update, _, cand = self.parts(tok, h)
        return (1.0 - update) * h + update * cand

    def pull_back(self, tok, before, after, delta):
        update, reset, cand = self.parts(tok, before)
        total = delta * (1.0 - update)
        pre_update = delta * (cand - before) * update * (1.0 - update)
        total += self.w["update_h"].T @ pre_update
        pre_cand = delta * update * (1.0 - cand**2)
        gated = self.w["cand_h"].T @ pre_cand
        total += gated * reset
        pre_reset = gated * before * reset * (1.0 - reset)
        total += self.w["reset_h"].T @ pre_reset
        return total


NETS = {"rnn": VanillaRNN, "gru": GatedRNN}


def make_sequence(seed, length):
    rng = np.random.default_rng(seed + 7)
    return rng.integers(0, CFG.vocab, length).tolist(), 1


def init_params(kind, seed):
    return NETS[kind].random(seed).w


def step(kind, params, token_id, h_prev):
    return NETS[kind](params).advance(token_id, h_prev)


def loss(kind, params, h_last, target_id):
    return -np.log(NETS[kind](params).probabilities(h_last)[target_id])


def bptt(kind, params, token_ids, target_id):
    return NETS[kind](params).gradients(list(token_ids), target_id)


def main():
    tokens, target = make_sequence(CFG.seed, CFG.sequence_length)
    norms = {}
    for kind in NETS:
        dh = bptt(kind, init_params(kind, CFG.seed), tokens, target)
        norms[kind] = np.linalg.norm(dh[:-1], axis=1).tolist()
    (OUT / "decay.json").write_text(json.dumps(norms, indent=2))
    rate = {k: 10 * np.log10(v[-1] / v[0]) / (len(v) - 1) for k, v in norms.items()}
    rho = float(np.abs(np.linalg.eigvals(init_params("rnn", CFG.seed)["hh"])).max())
    print(f"rho = {rho:.4f}", rate)
    manifest = {
        "experiment": "14-vanishing-grad",
        "date": date.today().isoformat(),
        "seed": CFG.seed,
        "config": {
            "sequence_length": CFG.sequence_length,
            "d_hidden": CFG.d_hidden,
            "init_scale_W_hh": CFG.init_scale_W_hh,
            "synthetic_target": "Option B",
        },
        "results_summary": {
            "rnn_orders_of_decay_per_10steps": round(rate["rnn"], 4),
            "gru_orders_of_decay_per_10steps": round(rate["gru"], 4),
            "rnn_spectral_radius_W_hh": round(rho, 4),
        },
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
    }
    (OUT / "manifest.json").write_text(json.dumps(manifest, indent=2))
    fig, ax = plt.subplots()
    for kind, colour in (("rnn", "#d62728"), ("gru", "#1f77b4")):
        ax.semilogy(norms[kind], color=colour, label=kind.upper())
    ax.set_xlabel("t")
    ax.legend()
    fig.savefig(OUT / "decay.png")


if __name__ == "__main__":
    main()
