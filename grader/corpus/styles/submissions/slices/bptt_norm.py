#!/usr/bin/env python3
"""Phase 14, lab 03 -- I like einsum, so every product is spelled out."""
import json
import os

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt

T = 50
HID = 32
EMB = 12
LEXICON = "I you he she it we they work works eat eats run runs ,".split()


def make_sequence(seed, length):
    rng = np.random.default_rng(seed)
    opener = ["I", "you", "we", "they"][int(rng.integers(4))]
    chain = [opener, "work", ","]
    while len(chain) < length:
        chain.extend(["he", "works", ",", "I", "work", ","])
    return [LEXICON.index(w) for w in chain[:length]], LEXICON.index("work")


def init_params(kind, seed):
    rng = np.random.default_rng(seed)
    sd = 0.1
    P = {"emb": rng.normal(0, 1, (len(LEXICON), EMB)),
         "U": rng.normal(0, sd, (HID, HID)),
         "W": rng.normal(0, sd, (HID, EMB)),
         "b": rng.normal(0, sd, HID),
         "V": rng.normal(0, sd, (len(LEXICON), HID)),
         "c": np.zeros(len(LEXICON))}
    if kind == "gru":
        P["Uzr"] = rng.normal(0, sd, (2, HID, HID))   # [0] update, [1] reset
        P["Wzr"] = rng.normal(0, sd, (2, HID, EMB))
        P["bzr"] = np.stack([-2.5 * np.ones(HID), np.zeros(HID)])
    return P


def gates(P, x, h):
    pre = np.einsum("gij,j->gi", P["Uzr"], h) + np.einsum("gij,j->gi", P["Wzr"], x) + P["bzr"]
    return 1 / (1 + np.exp(-pre))


def candidate(P, x, h):
    return np.tanh(np.einsum("ij,j->i", P["U"], h) + np.einsum("ij,j->i", P["W"], x) + P["b"])


def step(kind, params, token_id, h_prev):
    x = params["emb"][token_id]
    if kind == "rnn":
        return candidate(params, x, h_prev)
    z, r = gates(params, x, h_prev)
    return (1 - z) * h_prev + z * candidate(params, x, r * h_prev)


def update_gate(params, token_id, h_prev):
    return gates(params, params["emb"][token_id], h_prev)[0]


def logprobs(params, h_last):
    o = np.einsum("vi,i->v", params["V"], h_last) + params["c"]
    return o - np.log(np.sum(np.exp(o)))


def loss(kind, params, h_last, target_id):
    return -logprobs(params, h_last)[target_id]


def bptt(kind, params, token_ids, target_id):
    P = params
    cache = {0: {"h": np.zeros(HID)}}
    for t, tok in enumerate(token_ids, start=1):
        prev = cache[t - 1]["h"]
        cache[t] = {"h": step(kind, P, tok, prev), "prev": prev, "x": P["emb"][tok]}

    last = len(token_ids)
    err = np.exp(logprobs(P, cache[last]["h"])) - np.eye(len(LEXICON))[target_id]
    dh = np.zeros((last + 1, HID))
    dh[last] = np.einsum("vi,v->i", P["V"], err)
    for t in range(last, 0, -1):
        k = cache[t]
        if kind == "rnn":
            dh[t - 1] = np.einsum("ij,i->j", P["U"], dh[t] * (1 - k["h"] ** 2))
        else:
            z, r = gates(P, k["x"], k["prev"])
            n = candidate(P, k["x"], r * k["prev"])
            d_n = dh[t] * z * (1 - n ** 2)
            d_s = np.einsum("ij,i->j", P["U"], d_n)
            d_z = dh[t] * (n - k["prev"]) * z * (1 - z)
            d_r = d_s * k["prev"] * r * (1 - r)
            through_gates = np.einsum("gij,gi->j", P["Uzr"], np.stack([d_z, d_r]))
            dh[t - 1] = (1 - z) * dh[t] + r * d_s + through_gates
    return dh


if __name__ == "__main__":
    folder = os.path.dirname(os.path.abspath(__file__))
    ids, target = make_sequence(42, T)
    result = {}
    for kind in ["rnn", "gru"]:
        grad = bptt(kind, init_params(kind, 42), ids, target)
        norms = np.linalg.norm(grad, axis=1)
        result[kind] = norms[:T].tolist()
    lost = [np.log10(result[k][-1]) - np.log10(result[k][0]) for k in ("rnn", "gru")]
    print("orders lost", lost)
    print("rho", np.abs(np.linalg.eigvals(init_params("rnn", 42)["U"])).max())
    with open(os.path.join(folder, "decay.json"), "w") as fh:
        json.dump(result, fh, indent=2)
    plt.figure()
    plt.semilogy(result["rnn"], color="red", label="vanilla RNN")
    plt.semilogy(result["gru"], color="blue", label="GRU")
    plt.xlabel("t")
    plt.ylabel("$g_t$")
    plt.figtext(0.15, 0.02, "vanilla RNN gradient decays by {:.1f} orders of magnitude over 50 steps; GRU decays by {:.1f}".format(*lost), fontsize=7)
    plt.legend()
    plt.savefig(os.path.join(folder, "decay.png"))
