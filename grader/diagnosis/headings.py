"""Explains the head gradient that a `bptt` started from: dh[T] of every scene."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from grader.diagnosis import heads
from grader.diagnosis.hypothesis import Match
from grader.facts import Array, Scene

FACTOR = 1e-6
"""How far a constant factor may differ between scenes, and from a known one."""

Head = Callable[[Scene], Array]


class HeadSearch:
    """Which mistakes turn the right head gradient into the one given, in every scene."""

    def __init__(self, scenes: Sequence[Scene], given: Sequence[Array], tolerance: float) -> None:
        self.scenes = scenes
        self.given = given
        self.tolerance = tolerance

    def right(self) -> bool:
        """Say whether every head gradient is as it should be."""
        return self._deviation(heads.right) <= self.tolerance

    def singles(self) -> list[Match]:
        """Return the single mistakes that explain every head gradient."""
        found = list(self._scales(heads.right))
        for name, head in heads.HEADS.items():
            deviation = self._deviation(head)
            if name != "right" and deviation <= self.tolerance:
                found.append(Match((f"head-{name}",), deviation))
        return found or list(self._other_target())

    def pairs(self) -> list[Match]:
        """Return wrong head gradients that a constant factor multiplies as well."""
        return [
            Match((f"head-{name}",)).joined(scale)
            for name, head in heads.HEADS.items()
            if name not in ("right", "zero")
            for scale in self._scales(head)
        ]

    def clipped(self, bound: float) -> bool:
        """Say whether every head gradient is the right one, clipped to a norm or by value."""

        def by_norm(scene: Scene) -> Array:
            truth = heads.right(scene)
            return truth * min(1.0, bound / float(np.linalg.norm(truth)))

        def by_value(scene: Scene) -> Array:
            return np.clip(heads.right(scene), -bound, bound)

        return min(self._deviation(by_norm), self._deviation(by_value)) <= self.tolerance

    def nearest(self) -> Match:
        """Return the single mistake that comes closest."""
        return min(
            (
                Match((f"head-{name}",), self._deviation(head))
                for name, head in heads.HEADS.items()
                if name != "right"
            ),
            key=lambda match: match.deviation,
        )

    def _deviation(self, head: Head, factors: Sequence[float] | None = None) -> float:
        """Return the largest relative distance of a head gradient from the one given."""
        worst = 0.0
        for number, (scene, given) in enumerate(zip(self.scenes, self.given, strict=True)):
            predicted = head(scene) * (1.0 if factors is None else factors[number])
            size = float(np.linalg.norm(given))
            difference = float(np.linalg.norm(predicted - given))
            if not np.isfinite(difference):
                return np.inf
            worst = max(worst, difference / size if size > 0 else (np.inf if difference else 0.0))
        return worst

    def _scales(self, head: Head) -> Iterator[Match]:
        """Yield the constant factor between a head gradient and the one given, by its best name."""
        factors = self._factors(head)
        if not factors or 0.0 in factors or _equal(factors, [1.0] * len(factors)):
            return
        deviation = self._deviation(head, factors)
        if deviation > self.tolerance:
            return
        classes = len(self.scenes[0].probabilities)
        known = {
            "head-sign": [-1.0] * len(factors),
            "head-divided-by-length": [1.0 / scene.length for scene in self.scenes],
            "head-divided-by-classes": [1.0 / classes] * len(factors),
        }
        for name, values in known.items():
            if _equal(factors, values):
                yield Match((name,), deviation)
                return
        if _equal(factors, [factors[0]] * len(factors)):
            yield Match(("head-scaled",), deviation, {"head-scaled": factors[0]})

    def _factors(self, head: Head) -> list[float]:
        """Return the best factor in each scene; none where a head gradient is zero or unknown."""
        factors = []
        for scene, given in zip(self.scenes, self.given, strict=True):
            truth = head(scene)
            size = float(truth @ truth)
            if not np.isfinite(size) or size == 0:
                return []
            factors.append(float(truth @ given) / size)
        return factors

    def _other_target(self) -> Iterator[Match]:
        """Yield the one other class that all scenes were differentiated for."""
        # p − y differs by whole one-hot vectors: the nearest class is the only one to try.
        classes = len(self.scenes[0].probabilities)
        scene, given = self.scenes[0], self.given[0]
        table = scene.probabilities @ scene.readout - scene.readout
        target = int(np.argmin(np.linalg.norm(table - given, axis=1)))
        if not 0 <= target < classes or target == scene.target:
            return
        deviation = self._deviation(lambda one: heads.of_target(one, target))
        if deviation <= self.tolerance:
            yield Match(("head-other-target",), deviation, {"head-other-target": float(target)})


def _equal(found: Sequence[float], known: Sequence[float]) -> bool:
    return bool(np.allclose(found, known, rtol=FACTOR, atol=0.0))
