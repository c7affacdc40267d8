"""The head gradient dL/dh_T, as it should be and in every wrong way known."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from grader.facts import Array, Scene


def softmax_at(scene: Scene, states: Array) -> Array:
    """Return the softmax at other states, (n, d), as (n, V): logits differ from those at h_T."""
    with np.errstate(divide="ignore"):
        logits = np.log(scene.probabilities) + (states - scene.states[-1]) @ scene.readout.T
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def onehot(scene: Scene, target: int | None = None) -> Array:
    """Return the one-hot vector of the target, shape (V,), zeros for a token out of range."""
    y = scene.target if target is None else target
    vector = np.zeros(len(scene.probabilities))
    if 0 <= y < len(vector):
        vector[y] = 1.0
    return vector


def right(scene: Scene) -> Array:
    """Return W_hoᵀ(p − y), shape (d,)."""
    return np.asarray((scene.probabilities - onehot(scene)) @ scene.readout)


def at_every_state(scene: Scene, targets: Array) -> Array:
    """Return the head gradient that a loss at every h_t would add, shape (T+1, d).

    `targets` (T+1, V) are the one-hot targets there.
    """
    return np.asarray((softmax_at(scene, scene.states) - targets) @ scene.readout)


def same_target(scene: Scene) -> Array:
    """Return the target y at every state, shape (T+1, V)."""
    return np.tile(onehot(scene), (len(scene.states), 1))


def next_token(scene: Scene) -> Array:
    """Return x_{t+1} as the target at h_t, and y at h_T, shape (T+1, V); NaN where unknown."""
    if not scene.tokens:
        return np.full((len(scene.states), len(scene.probabilities)), np.nan)
    return np.stack([onehot(scene, token) for token in (*scene.tokens, scene.target)])


def _exact(scene: Scene, logits_gradient: Array) -> Array:
    """Return W_hoᵀ v, NaN where v does not sum to zero and W_ho is known up to one vector only."""
    if not scene.readout_exact and abs(float(logits_gradient.sum())) > 1e-12:
        return np.full(scene.readout.shape[1], np.nan)
    return np.asarray(logits_gradient @ scene.readout)


def _jacobian_of_softmax(scene: Scene, v: Array) -> Array:
    p = scene.probabilities
    return np.asarray(p * (v - p @ v))


def _without_readout(scene: Scene) -> Array:
    """Return p − y itself where there are as many classes as hidden units."""
    d = scene.readout.shape[1]
    gradient = scene.probabilities - onehot(scene)
    return gradient if len(gradient) == d else np.full(d, np.nan)


def _at_target(scene: Scene, value: float) -> Array:
    return _exact(scene, value * onehot(scene))


def _sigmoid_instead(scene: Scene) -> Array:
    """Return Wᵀ(σ(log p) − y): a sigmoid in place of the softmax, where log p are the logits."""
    p = scene.probabilities
    return _exact(scene, p / (1.0 + p) - onehot(scene))


def of_target(scene: Scene, target: int) -> Array:
    """Return the head gradient for another target, shape (d,); NaN outside the classes."""
    if not 0 <= target < len(scene.probabilities):
        return np.full(scene.readout.shape[1], np.nan)
    return np.asarray((scene.probabilities - onehot(scene, target)) @ scene.readout)


def _of_token(scene: Scene, position: int) -> Array:
    """Return Wᵀ(p − x) for a token of the sequence in place of the target."""
    if not scene.tokens:
        return np.full(scene.readout.shape[1], np.nan)
    return of_target(scene, scene.tokens[position])


HEADS: Mapping[str, Callable[[Scene], Array]] = {
    "right": right,
    "ones": lambda s: np.ones(s.readout.shape[1]),
    "state": lambda s: np.array(s.states[-1]),
    "no-onehot": lambda s: _exact(s, s.probabilities),
    "onehot-only": lambda s: _at_target(s, -1.0),
    "target-row": lambda s: _at_target(s, 1.0),
    "no-jacobian": lambda s: _at_target(s, -1.0 / float(s.probabilities[s.target])),
    "plus-onehot": lambda s: _exact(s, s.probabilities + onehot(s)),
    "minus-ones": lambda s: _exact(s, s.probabilities - 1.0),
    "no-readout": _without_readout,
    "tanh": lambda s: right(s) * (1.0 - s.states[-1] ** 2),
    "squared-error": lambda s: _exact(
        s, 2.0 * _jacobian_of_softmax(s, s.probabilities - onehot(s))
    ),
    "softmax-twice": lambda s: _exact(s, _jacobian_of_softmax(s, s.probabilities - onehot(s))),
    "softmax-squared": lambda s: _exact(
        s, s.probabilities * (1.0 - s.probabilities) * (s.probabilities - onehot(s))
    ),
    "probability-gradient": lambda s: _exact(s, _jacobian_of_softmax(s, onehot(s))),
    "sigmoid": _sigmoid_instead,
    "target-only": lambda s: _at_target(s, float(s.probabilities[s.target]) - 1.0),
    "last-token": lambda s: _of_token(s, -1),
    "first-token": lambda s: _of_token(s, 0),
    "previous-target": lambda s: of_target(s, s.target - 1),
    "next-target": lambda s: of_target(s, s.target + 1),
    "zero": lambda s: np.zeros(s.readout.shape[1]),
}
"""By name, what is taken for dL/dh_T: shape (d,), NaN where the scene does not tell."""
