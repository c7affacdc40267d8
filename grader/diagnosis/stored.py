"""Explains vectors that hold something else than the gradient that was carried on.

The chain is right, or has one mistake, and what is returned is dL/dz, or dL/dh at another index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from grader.diagnosis.catalogue import of_kind
from grader.diagnosis.chains import Pass
from grader.diagnosis.heads import HEADS
from grader.diagnosis.hypothesis import Match
from grader.diagnosis.records import preactivation_gradient
from grader.facts import Array, Scene

Store = Callable[[Array, Scene], Array]


def _dz(vectors: Array, scene: Scene) -> Array:
    return preactivation_gradient(vectors, scene)


def _dz_below(vectors: Array, scene: Scene) -> Array:
    """Return dL/dz at every t < T, and dL/dh at T."""
    return np.concatenate((preactivation_gradient(vectors, scene)[:-1], vectors[-1:]))


def _dz_by_step(vectors: Array, scene: Scene) -> Array:
    """Return dL/dz_t one index early, as it comes out of the loop, and dL/dh at T."""
    return np.concatenate((preactivation_gradient(vectors, scene)[1:], vectors[-1:]))


def _early(vectors: Array, _: Scene) -> Array:
    return np.concatenate((vectors[1:], vectors[-1:]))


def _early_zero(vectors: Array, _: Scene) -> Array:
    return np.concatenate((vectors[1:], np.zeros_like(vectors[:1])))


def _late(vectors: Array, _: Scene) -> Array:
    return np.concatenate((vectors[:1], vectors[:-1]))


def _late_zero(vectors: Array, _: Scene) -> Array:
    return np.concatenate((np.zeros_like(vectors[:1]), vectors[:-1]))


def _reversed(vectors: Array, _: Scene) -> Array:
    return np.asarray(vectors[::-1])


def _no_head(vectors: Array, _: Scene) -> Array:
    return np.concatenate((vectors[:-1], np.zeros_like(vectors[:1])))


STORES: Mapping[str, tuple[Store, ...]] = {
    "rnn-stored-dz": (_dz, _dz_below, _dz_by_step),
    "bptt-shifted": (_early, _early_zero),
    "bptt-late": (_late, _late_zero),
    "bptt-reversed": (_reversed,),
    "bptt-head-not-stored": (_no_head,),
}


class StoreSearch:
    """Which stored quantity, after which chain, gives the vectors of every scene."""

    def __init__(self, scenes: Sequence[Scene], vectors: Sequence[Array], tolerance: float) -> None:
        # The shortest first: most hypotheses fail there, and it costs least.
        order = sorted(range(len(scenes)), key=lambda i: len(vectors[i]))
        self.scenes = [scenes[i] for i in order]
        self.vectors = [vectors[i] for i in order]
        self.tolerance = tolerance

    def found(self, *, less_than: int) -> list[Match]:
        """Return the explanations of fewer than so many mistakes, simplest first."""
        kind = self.scenes[0].kind
        alone = [m for store in of_kind(kind, "store") for m in self._stored(store.name, Pass())]
        if alone or less_than <= 2:
            return alone
        passes = [
            *(
                Pass((step.name,), choices=choices)
                for step in of_kind(kind, "step")
                for choices in step.variants
            ),
            *(Pass((f"head-{name}",), head=name) for name in HEADS if name != "right"),
            Pass(("head-sign",), factor_head=-1.0),
        ]
        first = [(one, _vectors(one, self.scenes[0])) for one in passes]
        return [
            match
            for store in of_kind(kind, "store")
            for one, vectors in first
            for match in self._stored(store.name, one, vectors)
        ]

    def _stored(self, name: str, one: Pass, first: Array | None = None) -> Iterator[Match]:
        for store in STORES[name]:
            worst = 0.0
            for number, (scene, given) in enumerate(zip(self.scenes, self.vectors, strict=True)):
                vectors = first if number == 0 and first is not None else _vectors(one, scene)
                worst = max(worst, _deviation(store(vectors, scene), given))
                if not worst <= self.tolerance:
                    break
            if worst <= self.tolerance:
                yield Match((*one.names, name), worst)
                return


def _vectors(one: Pass, scene: Scene) -> Array:
    rows = [*one.vectors(scene)][::-1]
    return np.concatenate([*rows, one.start(scene)[None]])


def _deviation(predicted: Array, given: Array) -> float:
    """Return the largest relative distance of two rows; inf where one is not a number."""
    with np.errstate(all="ignore"):
        size = np.linalg.norm(given, axis=1)
        difference = np.linalg.norm(predicted - given, axis=1)
        relative = np.where(difference == 0, 0.0, difference / size)
    worst = float(np.max(relative))
    return worst if np.isfinite(worst) else np.inf
