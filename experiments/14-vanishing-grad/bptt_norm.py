"""Measure how a gradient vanishes on its way back through fifty time steps.

Two randomly initialised networks read the same fifty tokens: a vanilla RNN and a GRU. A single loss
sits at the very end. This script carries its gradient back by hand, one step at a time (BPTT:
back-propagation through time), and records how long the vector still is at every step:

    g_t = ||dL/dh_t||_2,    t = 0 ... 49.

Indices: h_0 = 0 is the initial state, x_1 ... x_50 are the tokens and h_t is the state after x_t.
The loss sees h_50 only, so g_50 is where the gradient starts and g_0 is what is left of it at the
first token. Nothing is trained.

    python bptt_norm.py

writes decay.json, decay.png and manifest.json beside this file.

Sources: Bengio, Simard and Frasconi (1994), "Learning long-term dependencies with gradient descent
is difficult"; Cho et al. (2014), arXiv:1406.1078, equations 5-8, for the GRU.
"""

import json
import math
import platform
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
Array = np.ndarray
Params = dict[str, Array]

SEED = 42
T = 50  # tokens read before the loss
D_HIDDEN = 32
D_EMBED = 16
INIT_SCALE = 0.1  # standard deviation of every weight

# z is the share of the state a GRU overwrites at each step. With no bias it is about 1/2, and the
# additive path (1 - z) * h itself halves the gradient at every step. sigmoid(-2) = 0.12 keeps most
# of the state, as a forget-gate bias does in an LSTM.
UPDATE_GATE_BIAS = -2.0

PRONOUNS = ("I", "you", "we", "they", "he", "she", "it")
THIRD_PERSON = {"he", "she", "it"}
VERBS = (  # noqa: SIM905 - a list of words reads best as words
    "work play read sing talk walk cook rest jump swim learn laugh listen help call "
    "dance draw drive eat jog knit look paint run sit sleep think write"
).split()
VOCABULARY = (*PRONOUNS, ",", *VERBS, *(verb + "s" for verb in VERBS))  # 7 + 1 + 28 + 28 = 64
TOKEN_ID = {word: index for index, word in enumerate(VOCABULARY)}


def make_sequence(seed: int, length: int) -> tuple[list[int], int]:
    """Write the chain ``I work , you work , I work , ...`` and say which verb form should follow.

    Only the first clause depends on the seed (42 draws "I"); the target is the form of "work" that
    agrees with its pronoun. Who would predict it at the end must remember the beginning.

    Returns x_1 ... x_length as indices into ``VOCABULARY``, and the index of the target.
    """
    opening = PRONOUNS[np.random.default_rng(seed).integers(len(PRONOUNS))]
    target = "works" if opening in THIRD_PERSON else "work"
    chain = [opening, target, ","]
    while len(chain) < length:
        chain += ["you", "work", ",", "I", "work", ","]
    return [TOKEN_ID[word] for word in chain[:length]], TOKEN_ID[target]


def init_params(kind: str, seed: int) -> Params:
    """Draw the weights of one network: N(0, 0.1) by standard deviation, biases zero but for b_z.

    The GRU draws first what the RNN draws, in the same order. From the same seed it is therefore
    the very same network with two gates added, and the curves differ by the gates alone.

    Returns float64 arrays: ``E`` (64, 16); ``W_x*`` (32, 16), ``W_h*`` (32, 32) and ``b_*`` (32,)
    where * is h for the candidate, z for the update gate, r for the reset gate; ``W_ho`` (64, 32)
    and ``b_o`` (64,). ``kind`` is "rnn" or "gru", here and below.
    """
    rng = np.random.default_rng(seed)
    params = {
        "E": rng.normal(0.0, INIT_SCALE, (len(VOCABULARY), D_EMBED)),
        "W_ho": rng.normal(0.0, INIT_SCALE, (len(VOCABULARY), D_HIDDEN)),
        "b_o": np.zeros(len(VOCABULARY)),
    }
    for gate in "h" if kind == "rnn" else "hzr":
        params["W_x" + gate] = rng.normal(0.0, INIT_SCALE, (D_HIDDEN, D_EMBED))
        params["W_h" + gate] = rng.normal(0.0, INIT_SCALE, (D_HIDDEN, D_HIDDEN))
        params["b_" + gate] = np.zeros(D_HIDDEN)
    if kind == "gru":
        params["b_z"] += UPDATE_GATE_BIAS
    return params


def sigmoid(a: Array) -> Array:
    """Return 1 / (1 + exp(-a)), written with tanh so that a large ``|a|`` can't overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * a))


def update_gate(params: Params, token_id: int, h_prev: Array) -> Array:
    """Return z_t, shape (32,): the share of each unit's state that this step overwrites."""
    x = params["E"][token_id]
    return sigmoid(params["W_xz"] @ x + params["W_hz"] @ h_prev + params["b_z"])


def reset_gate(params: Params, token_id: int, h_prev: Array) -> Array:
    """Return r_t, shape (32,): how much of the old state the candidate gets to see."""
    x = params["E"][token_id]
    return sigmoid(params["W_xr"] @ x + params["W_hr"] @ h_prev + params["b_r"])


def candidate(params: Params, token_id: int, h_seen: Array) -> Array:
    """Return tanh(W_xh x + W_hh h + b_h), shape (32,): all of the RNN, the candidate of the GRU."""
    x = params["E"][token_id]
    return np.tanh(params["W_xh"] @ x + params["W_hh"] @ h_seen + params["b_h"])


def step(kind: str, params: Params, token_id: int, h_prev: Array) -> Array:
    """Advance one time step: h_t, shape (32,), from x_t and h_{t-1}, shape (32,).

    Every operation is analytic and nothing is cast, so a complex ``h_prev`` gives the complex
    extension of the step, and with it exact derivatives to test ``bptt`` against.
    """
    if kind == "rnn":
        return candidate(params, token_id, h_prev)
    z = update_gate(params, token_id, h_prev)
    r = reset_gate(params, token_id, h_prev)
    return (1.0 - z) * h_prev + z * candidate(params, token_id, r * h_prev)


def states(kind: str, params: Params, token_ids: list[int]) -> list[Array]:
    """Return the forward pass: the list h_0 ... h_T of states, each of shape (32,)."""
    h = [np.zeros(D_HIDDEN)]
    for token_id in token_ids:
        h.append(step(kind, params, token_id, h[-1]))
    return h


def log_softmax(params: Params, h_last: Array) -> Array:
    """Return the log-probability of each word after the last state, shape (64,)."""
    logits = params["W_ho"] @ h_last + params["b_o"]
    shifted = logits - logits.max()  # the same probabilities, and exp can't overflow
    return shifted - np.log(np.exp(shifted).sum())


def loss(kind: str, params: Params, h_last: Array, target_id: int) -> float:  # noqa: ARG001 - one head for both
    """Return the cross-entropy -log p(target), in nats, of the prediction made from h_T."""
    return -log_softmax(params, h_last)[target_id]


def rnn_step_back(params: Params, token_id: int, h_prev: Array, dh: Array) -> Array:
    """Carry dL/dh_t back to dL/dh_{t-1} through h_t = tanh(W_hh h_{t-1} + ...)."""
    h = candidate(params, token_id, h_prev)
    da = dh * (1.0 - h**2)  # through tanh
    # The only way back is through W_hh: fifty such steps are fifty products with this matrix.
    return params["W_hh"].T @ da


def gru_step_back(params: Params, token_id: int, h_prev: Array, dh: Array) -> Array:
    """Carry dL/dh_t back to dL/dh_{t-1} through h_t = (1 - z) h_{t-1} + z c(r h_{t-1})."""
    z = update_gate(params, token_id, h_prev)
    r = reset_gate(params, token_id, h_prev)
    c = candidate(params, token_id, r * h_prev)
    da_z = dh * (c - h_prev) * z * (1.0 - z)  # z moves h from h_prev towards c
    da_c = dh * z * (1.0 - c**2)
    d_seen = params["W_hh"].T @ da_c  # with respect to r * h_prev
    da_r = d_seen * h_prev * r * (1.0 - r)
    # h_{t-1} enters in four places, and the four gradients add. The first term is the additive
    # path: no matrix, no tanh', only a factor 1 - z close to one.
    return dh * (1.0 - z) + d_seen * r + params["W_hz"].T @ da_z + params["W_hr"].T @ da_r


def bptt(kind: str, params: Params, token_ids: list[int], target_id: int) -> Array:
    """Read the tokens forward, then carry the gradient of the final loss back to every state.

    Parameters
    ----------
    kind : {"rnn", "gru"}
    params : dict of str to ndarray
        From ``init_params``.
    token_ids : list of int
        x_1 ... x_T.
    target_id : int
        The word the loss wants after x_T.

    Returns
    -------
    ndarray, shape (T+1, 32)
        Row t is dL/dh_t, for t = 0 ... T.
    """
    h = states(kind, params, token_ids)
    dlogits = np.exp(log_softmax(params, h[-1]))
    dlogits[target_id] -= 1.0  # dL/dlogits = softmax - onehot

    step_back = rnn_step_back if kind == "rnn" else gru_step_back
    dh = np.empty((len(h), D_HIDDEN))
    dh[-1] = params["W_ho"].T @ dlogits
    for t in range(len(token_ids), 0, -1):  # x_t stands at index t - 1 of the list
        dh[t - 1] = step_back(params, token_ids[t - 1], h[t - 1], dh[t])
    return dh


def measure() -> dict:
    """Return the content of decay.json: both curves, the head gradients and the update gate."""
    token_ids, target_id = make_sequence(SEED, T)
    # A norm squares its entries, and float64 can hold the square of anything above 1e-154. These
    # curves end near 1e-11: there is no underflow to guard against.
    rnn, gru = (
        np.linalg.norm(bptt(kind, init_params(kind, SEED), token_ids, target_id), axis=1).tolist()
        for kind in ("rnn", "gru")
    )
    params = init_params("gru", SEED)
    h = states("gru", params, token_ids)
    z = [update_gate(params, x_t, h_prev) for x_t, h_prev in zip(token_ids, h[:-1], strict=True)]
    return {
        "schema_version": 1,
        "rnn": rnn[:T],
        "gru": gru[:T],
        "g_T": {"rnn": rnn[T], "gru": gru[T]},
        "update_gate": {"mean": float(np.mean(z)), "std": float(np.std(z))},
    }


def orders_of_decay(norms: list[float]) -> float:
    """Return log10(g_49 / g_0): the orders of magnitude between the two ends of a curve."""
    return math.log10(norms[-1] / norms[0])


def describe(decay: dict) -> dict:
    """Return the content of manifest.json, dated today."""
    per_ten_steps = 10 / (T - 1)  # fifty points are forty-nine steps apart
    W_hh = init_params("rnn", SEED)["W_hh"]
    results = {
        "rnn_orders_of_decay_per_10steps": orders_of_decay(decay["rnn"]) * per_ten_steps,
        "gru_orders_of_decay_per_10steps": orders_of_decay(decay["gru"]) * per_ten_steps,
        "rnn_spectral_radius_W_hh": float(np.abs(np.linalg.eigvals(W_hh)).max()),
    }
    return {
        "experiment": "14-vanishing-grad",
        "date": datetime.now(UTC).date().isoformat(),
        "seed": SEED,
        "config": {
            "sequence_length": T,
            "d_hidden": D_HIDDEN,
            "d_embed": D_EMBED,
            "vocabulary_size": len(VOCABULARY),
            "init_scale_W_hh": INIT_SCALE,
            "update_gate_bias": UPDATE_GATE_BIAS,
            "synthetic_target": "Option A",
        },
        "results_summary": {name: round(value, 4) for name, value in results.items()},
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
    }


def plot(decay: dict, path: Path) -> None:
    """Draw both curves on a log axis: a straight line is a constant factor lost at each step."""
    import matplotlib as mpl  # here, so that importing this module for its functions stays quick

    mpl.use("Agg")  # draw to a file; no screen is needed
    from matplotlib import pyplot as plt

    fig, ax = plt.subplots(figsize=(8, 5), layout="constrained")
    for kind, colour, name in (("rnn", "red", "vanilla RNN"), ("gru", "blue", "GRU")):
        ax.semilogy(range(T), decay[kind], color=colour, marker="o", markersize=3, label=name)
    ax.text(
        0.97,
        0.07,
        f"vanilla RNN gradient decays by {orders_of_decay(decay['rnn']):.1f} orders of magnitude\n"
        f"over 50 steps; GRU decays by {orders_of_decay(decay['gru']):.1f}",
        transform=ax.transAxes,
        ha="right",
        bbox={"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": "0.7"},
    )
    ax.set_title("What is left of the gradient of a loss at the last step")
    ax.set_xlabel("time step $t$ (the loss is at $t = 50$)")
    ax.set_ylabel(r"$g_t = \|\partial L / \partial h_t\|_2$")
    ax.set_xticks([0, 10, 20, 30, 40, 49])
    ax.grid(color="0.9")
    ax.legend(loc="upper left")
    fig.savefig(path, dpi=150)
    plt.close(fig)


def main() -> None:
    """Measure, then write decay.json, decay.png and manifest.json."""
    decay = measure()
    manifest = describe(decay)
    manifest_path = HERE / "manifest.json"
    if manifest_path.exists():  # the date is that of the numbers, so the same numbers keep it
        before = json.loads(manifest_path.read_text(encoding="utf-8"))
        if before["results_summary"] == manifest["results_summary"]:
            manifest["date"] = before["date"]
    for path, content in ((HERE / "decay.json", decay), (manifest_path, manifest)):
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    plot(decay, HERE / "decay.png")


if __name__ == "__main__":
    main()
