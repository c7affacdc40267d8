# everything lives in buffers that are filled in place
import json
import sys
from pathlib import Path

import numpy as np

N_STEPS, N_HID, N_EMB, N_VOC = 50, 32, 8, 40
here = Path(__file__).resolve().parent
rs = np.random.RandomState(42)
tokens = rs.randint(N_VOC, size=N_STEPS)
answer = 7


def weights(n, rs):
    w = {}
    w["emb"] = rs.normal(scale=1.0, size=(N_VOC, N_EMB))
    w["in"] = rs.normal(scale=0.1, size=(n * N_HID, N_EMB))
    w["rec"] = rs.normal(scale=0.1, size=(n * N_HID, N_HID))
    w["out"] = rs.normal(scale=0.1, size=(N_VOC, N_HID))
    return w


def output_error(w, h):
    score = np.empty(N_VOC)
    np.dot(w["out"], h, out=score)
    score -= np.max(score)
    np.exp(score, out=score)
    score /= score.sum()
    print("cross entropy:", -np.log(score[answer]))
    score[answer] -= 1
    return score


def run_plain():
    w = weights(1, np.random.RandomState(42))
    hid = np.zeros((N_STEPS + 1, N_HID))
    buf = np.zeros(N_HID)
    for k in range(N_STEPS):
        np.dot(w["rec"], hid[k], out=buf)
        buf += w["in"] @ w["emb"][tokens[k]]
        np.tanh(buf, out=hid[k + 1])
    back = np.empty_like(hid)
    np.dot(w["out"].T, output_error(w, hid[-1]), out=back[N_STEPS])
    for k in range(N_STEPS, 0, -1):
        np.multiply(hid[k], hid[k], out=buf)
        np.subtract(1.0, buf, out=buf)
        buf *= back[k]
        np.dot(w["rec"].T, buf, out=back[k - 1])
    print("spectral radius", max(abs(np.linalg.eigvals(w["rec"]))))
    return np.linalg.norm(back, axis=-1)


def squash(v):
    np.negative(v, out=v)
    np.exp(v, out=v)
    v += 1.0
    np.reciprocal(v, out=v)


def run_gated():
    w = weights(3, np.random.RandomState(42))
    d = N_HID
    hid = np.zeros((N_STEPS + 1, d))
    act = np.zeros((N_STEPS, 3, d))
    for k in range(N_STEPS):
        pre = (w["in"] @ w["emb"][tokens[k]]).reshape(3, d)
        act[k, :2] = pre[:2] + (w["rec"][: 2 * d] @ hid[k]).reshape(2, d)
        act[k, 0] += 2.0
        squash(act[k, :2])
        act[k, 2] = np.tanh(pre[2] + w["rec"][2 * d :] @ (act[k, 1] * hid[k]))
        hid[k + 1] = act[k, 0] * hid[k]
        hid[k + 1] += (1.0 - act[k, 0]) * act[k, 2]
    back = np.zeros_like(hid)
    back[-1] = w["out"].T @ output_error(w, hid[-1])
    grad = np.zeros(3 * d)
    for k in range(N_STEPS - 1, -1, -1):
        keep, reset, cand = act[k]
        up = back[k + 1]
        grad[:d] = up * (hid[k] - cand) * keep * (1.0 - keep)
        grad[2 * d :] = up * (1.0 - keep) * (1.0 - cand**2)
        through = w["rec"][2 * d :].T @ grad[2 * d :]
        grad[d : 2 * d] = through * hid[k] * reset * (1.0 - reset)
        back[k] += up * keep
        back[k] += through * reset
        back[k] += w["rec"][: 2 * d].T @ grad[: 2 * d]
    return np.linalg.norm(back, axis=-1)


if __name__ == "__main__":
    curves = {"rnn": run_plain(), "gru": run_gated()}
    result = {name: g[:-1].tolist() for name, g in curves.items()}
    (here / "decay.json").write_text(json.dumps(result, indent=4))
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    fig, ax = plt.subplots()
    ax.set_yscale("log")
    ax.plot(result["rnn"], "o-", ms=2, color="red", label="vanilla RNN")
    ax.plot(result["gru"], "o-", ms=2, color="blue", label="GRU")
    ax.legend(loc="best")
    fig.savefig(here / "decay.png", dpi=110)
    sys.exit(0)
