"""One step of backpropagation through time, as it should be and in every wrong way known.

A step is a formula with slots. Each slot holds the right term under "right" and what people write
instead under other names; a mistake chooses for some slots, two mistakes together for the slots of
both. Vectors are rows: with `W h` in the forward pass, `dz @ W` is Wᵀ dz.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from grader.diagnosis.walk import Steps
from grader.facts import Array, Scene

Choices: TypeAlias = Mapping[str, str]
NONE: Choices = {}


def sigmoid(a: Array) -> Array:
    """Return 1 / (1 + exp(-a)); as a tanh it can't overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * a)))


def _preactivation(h: Array) -> Array:
    """Return artanh h, finite where h is rounded to ±1."""
    edge = 1.0 - np.finfo(np.float64).epsneg
    return np.asarray(np.arctanh(np.clip(h, -edge, edge)))


def _logit(s: Array) -> Array:
    """Return log(s/(1 − s)), finite where s is rounded to 0 or 1."""
    tiny, edge = np.finfo(np.float64).tiny, 1.0 - np.finfo(np.float64).epsneg
    held = np.clip(s, tiny, edge)
    return np.asarray(np.log(held) - np.log1p(-held))


RNN_SLOPE: Mapping[str, Callable[[Steps], Array | float]] = {
    "right": lambda s: 1.0 - s.state() ** 2,
    "none": lambda _: 1.0,
    "previous": lambda s: 1.0 - s.state(-1) ** 2,
    "previous-wrapped": lambda s: 1.0 - s.scene.states[np.where(s.t > 1, s.t - 1, -1)] ** 2,
    "last": lambda s: np.broadcast_to(1.0 - s.scene.states[-1] ** 2, s.state().shape),
    "next": lambda s: 1.0 - s.state(1) ** 2,
    "plus": lambda s: 1.0 + s.state() ** 2,
    "tanh-of-h": lambda s: 1.0 - np.tanh(s.state()) ** 2,
    "sigmoid": lambda s: s.state() * (1.0 - s.state()),
    "not-squared": lambda s: 1.0 - s.state(),
    "twice": lambda s: (1.0 - s.state() ** 2) ** 2,
    "square-outside": lambda s: (1.0 - s.state()) ** 2,
    "preactivation": lambda s: 1.0 - _preactivation(s.state()) ** 2,
    "sech-once": lambda s: np.sqrt(np.maximum(1.0 - s.state() ** 2, 0.0)),
    "square-only": lambda s: s.state() ** 2,
    "relu": lambda s: (s.state() > 0).astype(np.float64),
    "tanh-itself": lambda s: s.state(),
}
RNN_MATRIX: Mapping[str, Callable[[Scene], Array]] = {
    "right": lambda scene: scene.recurrent["h"],
    "transposed": lambda scene: scene.recurrent["h"].T,
    "twice": lambda scene: scene.recurrent["h"] @ scene.recurrent["h"],
    "missing": lambda scene: np.eye(len(scene.recurrent["h"])),
    "input": lambda scene: _square(scene, "h"),
    "input-transposed": lambda scene: _square(scene, "h").T,
}


def _square(scene: Scene, key: str) -> Array:
    """Return W_x where it is as large as W_h, else NaN, which nothing equals."""
    W = scene.input_weights.get(key)
    d = scene.states.shape[1]
    return W if W is not None and W.shape == (d, d) else np.full((d, d), np.nan)


def rnn_step(steps: Steps, dh: Array, chosen: Choices = NONE) -> Array:
    """Return dL/dh_{t-1} of a tanh RNN, shape (n, d): Wᵀ((1 − h_t²) ∘ dL/dh_t).

    Parameters
    ----------
    dh : ndarray, shape (n, d)
        dL/dh_t of each step.
    chosen : mapping
        Slots "slope", "matrix", "order" ("after" for (Wᵀ dh) ∘ slope) and "direct" ("added" for
        dL/dh_t that stays in the sum), where not right.

    Source
    ------
    Pascanu, Mikolov, Bengio 2013 (arXiv:1211.5063), eq. 5.
    """
    slope = RNN_SLOPE[chosen.get("slope", "right")](steps)
    matrix = RNN_MATRIX[chosen.get("matrix", "right")](steps.scene)
    made = (dh @ matrix) * slope if chosen.get("order") == "after" else (dh * slope) @ matrix
    return np.asarray(dh + made if chosen.get("direct") == "added" else made)


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """What a GRU's backward step reads: gates, old and new state, the weights of old and new.

    `sign` is that of ∂h/∂z relative to c − h'; `inside` is U_c h' (+ b) as r multiplies it where it
    comes after the product, which `after` says.
    """

    z: Array
    r: Array
    c: Array
    old: Array
    new: Array
    keep: Array
    take: Array
    sign: float
    inside: Array
    after: bool


def _sigmoid_slope(name: str) -> Callable[[Cell], Array | float]:
    """Return the slot of one gate's derivative by name."""
    forms: Mapping[str, Callable[[Array], Array | float]] = {
        "right": lambda s: s * (1.0 - s),
        "none": lambda _: 1.0,
        "gate-only": lambda s: s,
        "complement-only": lambda s: 1.0 - s,
        "twice": lambda s: (s * (1.0 - s)) ** 2,
        "tanh": lambda s: 1.0 - s**2,
        "of-sigmoid": lambda s: sigmoid(s) * (1.0 - sigmoid(s)),
        "plus": lambda s: s * (1.0 + s),
        "square-only": lambda s: s**2,
        "of-preactivation": lambda s: _logit(s) * (1.0 - _logit(s)),
    }
    gate, _, form = name.partition(":")
    chosen = forms[form]
    return lambda cell: chosen(cell.z if gate == "z" else cell.r)


SLOPE_NAMES = (
    "right",
    "none",
    "gate-only",
    "complement-only",
    "twice",
    "tanh",
    "of-sigmoid",
    "plus",
    "square-only",
    "of-preactivation",
)
GRU_SLOTS: Mapping[str, Mapping[str, Callable[[Cell], Array | float]]] = {
    "keep": {
        "right": lambda c: c.keep,
        "swapped": lambda c: c.take,
        "one": lambda _: 1.0,
        "twice": lambda c: 2.0 * c.keep,
        "accumulated": lambda c: 1.0 + c.keep,
    },
    "take": {
        "right": lambda c: c.take,
        "swapped": lambda c: c.keep,
        "one": lambda _: 1.0,
    },
    "difference": {
        "right": lambda c: c.sign * (c.c - c.old),
        "negated": lambda c: c.sign * (c.old - c.c),
        "candidate-only": lambda c: c.sign * c.c,
        "old-only": lambda c: -c.sign * c.old,
        "new": lambda c: c.sign * (c.c - c.new),
        "sum": lambda c: c.c + c.old,
        "one": lambda _: 1.0,
    },
    "z_slope": {
        **{name: _sigmoid_slope(f"z:{name}") for name in SLOPE_NAMES},
        "exchanged": _sigmoid_slope("r:right"),
    },
    "r_slope": {
        **{name: _sigmoid_slope(f"r:{name}") for name in SLOPE_NAMES},
        "exchanged": _sigmoid_slope("z:right"),
    },
    "c_slope": {
        "right": lambda c: 1.0 - c.c**2,
        "none": lambda _: 1.0,
        "new": lambda c: 1.0 - c.new**2,
        "old": lambda c: 1.0 - c.old**2,
        "plus": lambda c: 1.0 + c.c**2,
        "of-tanh": lambda c: 1.0 - np.tanh(c.c) ** 2,
        "sigmoid": lambda c: c.c * (1.0 - c.c),
        "not-squared": lambda c: 1.0 - c.c,
        "of-preactivation": lambda c: 1.0 - _preactivation(c.c) ** 2,
        "twice": lambda c: (1.0 - c.c**2) ** 2,
    },
    "reset": {
        "right": lambda c: c.r,
        "one": lambda _: 1.0,
        "old": lambda c: c.old,
        "update": lambda c: c.z,
        "complement": lambda c: 1.0 - c.r,
    },
    "r_state": {
        "right": lambda c: c.old,
        "other-form": lambda c: c.old if c.after else c.inside,
        "new": lambda c: c.new,
        "one": lambda _: 1.0,
        "candidate": lambda c: c.c,
        "times-reset": lambda c: c.r * c.old,
    },
}
OTHER_GATE = {"z": "r", "r": "z", "c": "c"}
SHIFTS = {"right": 0, "previous": -1, "next": 1}


def _cell(steps: Steps, shift: int) -> Cell:
    z, r, c = (steps.gate(name, shift) for name in "zrc")
    old = steps.state(-1)
    scene = steps.scene
    keep, take, sign = (z, 1.0 - z, -1.0) if scene.keeps else (1.0 - z, z, 1.0)
    if scene.inside is None:
        inside = old @ scene.recurrent["c"].T
    else:
        inside = scene.inside[np.clip(steps.t - 1 + shift, 0, len(scene.inside) - 1)]
    return Cell(z, r, c, old, steps.state(), keep, take, sign, inside, scene.reset_after)


def gru_step(steps: Steps, dh: Array, chosen: Choices = NONE) -> Array:
    """Return dL/dh_{t-1} of a GRU, shape (n, d), over its four paths.

    The direct path dh ∘ (1 − z); through the candidate; through the update gate; through the reset
    gate. With z on the old state, and the reset gate after the product, as the scene says.

    Parameters
    ----------
    dh : ndarray, shape (n, d)
        dL/dh_t of each step.
    chosen : mapping
        Slots of `GRU_SLOTS` and "gates" (of which step), "form" ("other" reset form), "U_z", "U_r",
        "U_c" ("transposed", "exchanged"), "jacobian" ("not-transposed"), "old" ("last"), "direct",
        "candidate", "update", "reset_path" ("off").

    Source
    ------
    Cho et al. 2014 (arXiv:1406.1078), eqs. 5-8, differentiated.
    """
    scene = steps.scene
    cell = _cell(steps, SHIFTS[chosen.get("gates", "right")])
    if chosen.get("old") == "last":
        cell = replace(cell, old=np.broadcast_to(scene.states[-1], cell.old.shape))

    if chosen.get("jacobian") == "not-transposed":
        return _forward_jacobian(scene, cell, dh)

    def term(slot: str) -> Array | float:
        return GRU_SLOTS[slot][chosen.get(slot, "right")](cell)

    def matrix(gate: str) -> Array:
        how = chosen.get(f"U_{gate}")
        U = scene.recurrent[OTHER_GATE[gate] if how == "exchanged" else gate]
        return U.T if how == "transposed" else U

    da = dh * term("take") * term("c_slope")
    after = scene.reset_after != (chosen.get("form") == "other")
    r_state = cell.inside if after and "r_state" not in chosen else term("r_state")
    if after:
        through = (da * term("reset")) @ matrix("c")
        dr = da * r_state
    else:
        seen = da @ matrix("c")
        through = seen * term("reset")
        dr = seen * r_state
    paths: Mapping[str, Callable[[], Array]] = {
        "direct": lambda: dh * term("keep"),
        "candidate": lambda: through,
        "update": lambda: (dh * term("difference") * term("z_slope")) @ matrix("z"),
        "reset_path": lambda: (dr * term("r_slope")) @ matrix("r"),
    }
    total = np.zeros_like(dh)
    for name, path in paths.items():
        if chosen.get(name) != "off":
            total = total + path()
    return total


def _forward_jacobian(scene: Scene, cell: Cell, v: Array) -> Array:
    """Return J v, shape (n, d), where Jᵀ v belongs."""
    right = {slot: forms["right"](cell) for slot, forms in GRU_SLOTS.items()}
    U_z, U_r, U_c = (scene.recurrent[gate].T for gate in "zrc")
    dr = right["r_slope"] * (v @ U_r)
    if scene.reset_after:
        inner = cell.r * (v @ U_c) + cell.inside * dr
    else:
        inner = (cell.r * v + cell.old * dr) @ U_c
    dz = right["z_slope"] * (v @ U_z)
    changed = right["take"] * right["c_slope"] * inner + right["difference"] * dz
    return np.asarray(right["keep"] * v + changed)


def back(steps: Steps, dh: Array, chosen: Choices = NONE) -> Array:
    """Return dL/dh_{t-1} by the formula of the scene's model; see `rnn_step` and `gru_step`.

    Slot "time" is "mirrored" where step t is taken with what step T + 1 − t computed, and "last"
    where every step is taken with what the last one computed.
    """
    step = rnn_step if steps.scene.kind == "rnn" else gru_step
    if "time" in chosen:
        steps = steps.mirrored() if chosen["time"] == "mirrored" else steps.last()
    with np.errstate(all="ignore"):  # a wrong formula may overflow; it then explains nothing
        return step(steps, dh, chosen)
