"""Gradient norms through time, vanilla RNN vs GRU.

Layout follows torch.nn.RNN / torch.nn.GRU (rows of w_ih and w_hh stacked as r, z, n; two biases),
but without torch: only numpy (double precision).
"""
from __future__ import annotations

import json
import pathlib

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

SEED = 42
SEQ_LEN = 50
HID = 32
EMB = 12
STD = 0.1
DT = np.float64

SUBJECTS = ["I", "you", "we", "they", "he", "she", "it"]
WORDS = SUBJECTS + ["work", "works", ",", "."]


def make_sequence(seed, length):
    subj = SUBJECTS[np.random.RandomState(seed).randint(len(SUBJECTS))]
    verb = "works" if subj in ("he", "she", "it") else "work"
    toks = [subj, verb, ","]
    while len(toks) < length:
        toks += ["you", "work", ",", subj, verb, ","]
    return [WORDS.index(w) for w in toks[:length]], WORDS.index(verb)


def init_params(kind, seed):
    rng = np.random.RandomState(seed)

    def w(*shape):
        return (STD * rng.randn(*shape)).astype(DT)

    k = 1 if kind == "rnn" else 3
    p = {"emb": w(len(WORDS), EMB)}
    p["w_hh"] = w(k * HID, HID)
    p["w_ih"] = w(k * HID, EMB)
    p["b_ih"] = np.zeros(k * HID, DT)
    p["b_hh"] = np.zeros(k * HID, DT)
    if kind == "gru":
        p["b_ih"][HID:2 * HID] = 2.0  # torch convention: z = 1 keeps the old state
    p["w_out"] = w(len(WORDS), HID)
    p["b_out"] = np.zeros(len(WORDS), DT)
    return p


def _sig(a):
    return 1 / (1 + np.exp(-a))


def _dsig(s):
    return s * (1 - s)


def _split(v):
    return v[:HID], v[HID:2 * HID], v[2 * HID:]


def _gru_parts(p, token_id, h):
    gi = p["w_ih"] @ p["emb"][token_id] + p["b_ih"]
    gh = p["w_hh"] @ h + p["b_hh"]
    i_r, i_z, i_n = _split(gi)
    h_r, h_z, h_n = _split(gh)
    a_r, a_z = i_r + h_r, i_z + h_z
    r, z = _sig(a_r), _sig(a_z)
    n = np.tanh(i_n + r * h_n)
    return a_r, a_z, r, z, n, h_n


def step(kind, params, token_id, h_prev):
    if kind == "rnn":
        gi = params["w_ih"] @ params["emb"][token_id] + params["b_ih"]
        return np.tanh(gi + params["w_hh"] @ h_prev + params["b_hh"])
    _, _, r, z, n, _ = _gru_parts(params, token_id, h_prev)
    return (1 - z) * n + z * h_prev


def _probs(params, h_last):
    s = params["w_out"] @ h_last + params["b_out"]
    s = np.exp(s - s.max())
    return s / s.sum()


def loss(kind, params, h_last, target_id):
    return -np.log(_probs(params, h_last)[target_id])


def bptt(kind, params, token_ids, target_id):
    hs = [np.zeros(HID, params["w_hh"].dtype)]
    for tok in token_ids:
        hs.append(step(kind, params, tok, hs[-1]))

    d_logits = _probs(params, hs[-1])
    d_logits[target_id] -= 1
    d = params["w_out"].T @ d_logits
    out = [d]
    for t in reversed(range(len(token_ids))):
        if kind == "rnn":
            d = params["w_hh"].T @ (d * (1 - hs[t + 1] ** 2))
        else:
            a_r, a_z, r, z, n, h_n = _gru_parts(params, token_ids[t], hs[t])
            d_n = d * (1 - z) * (1 - n ** 2)
            d_z = d * (hs[t] - n) * _dsig(z)
            d_r = d_n * h_n * _dsig(r)
            d_gh = np.concatenate([d_r, d_z, d_n * r])
            d = d * z + params["w_hh"].T @ d_gh
        out.append(d)
    return np.array(out[::-1])


def main():
    tokens, target = make_sequence(SEED, SEQ_LEN)
    result = {}
    for kind in ("rnn", "gru"):
        dh = bptt(kind, init_params(kind, SEED), tokens, target)
        result[kind] = [float(np.linalg.norm(v)) for v in dh[:-1]]

    here = pathlib.Path(__file__).resolve().parent
    (here / "decay.json").write_text(json.dumps(result, indent=2) + "\n")

    n_rnn, n_gru = (np.log10(result[k][-1] / result[k][0]) for k in ("rnn", "gru"))
    plt.semilogy(result["rnn"], "r", label="vanilla RNN")
    plt.semilogy(result["gru"], "b", label="GRU")
    plt.xlabel("t")
    plt.ylabel("|| dL / dh_t ||")
    plt.text(12, max(result["gru"]) * 1.5, f"vanilla RNN gradient decays by {n_rnn:.1f} orders of magnitude "
             f"over 50 steps; GRU decays by {n_gru:.1f}", fontsize=6)
    plt.legend(loc="lower right")
    plt.savefig(here / "decay.png", dpi=120)
    rho = np.abs(np.linalg.eigvals(init_params("rnn", SEED)["w_hh"])).max()
    print("rnn", n_rnn, "gru", n_gru, "rho", rho)


if __name__ == "__main__":
    main()
