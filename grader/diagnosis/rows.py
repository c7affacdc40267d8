"""The vectors a `bptt` returned, laid out as steps: each row t-1 beside the row t it came from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.diagnosis.hypothesis import Compared, compared
from grader.diagnosis.walk import Index, Steps
from grader.facts import Array, Scene
from grader.tolerances import roundoff_of, step_rounding, unit_roundoff

COARSEST = 1e-3
"""Most that rounding is allowed: worst-case bounds for float32 reach 1e-2, its errors 1e-6.

Known mistakes err by 12 % and more at enlarged parameters.
"""

LOST_TERMS = 4.0
"""Products with a matrix in one step of a GRU, each of which may lose the same."""

SMALL = 1e-100
"""Rows below this are enlarged before they are squared."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Steps of one scene, and the student's vectors before (`dh`) and after them (`out`), (n, d).

    `allowed` is the absolute error per row that rounding allows, `unit` what the rows were divided
    by.
    """

    steps: Steps
    dh: Array
    out: Array
    allowed: Array
    unit: Array
    last: Array

    def some(self, chosen: Index) -> Rows:
        """Return only some of the rows."""
        return Rows(
            Steps(self.steps.scene, self.steps.t[chosen]),
            self.dh[chosen],
            self.out[chosen],
            self.allowed[chosen],
            self.unit[chosen],
            self.last,
        )

    def held(self, predicted: Array) -> Compared:
        """Compare the predicted rows with the student's.

        What is allowed is for slopes of at most 1; a wrong one may be any size, and rounds with it.
        """
        with np.errstate(all="ignore"):
            difference = np.linalg.norm(predicted - self.out, axis=1)
            size = np.linalg.norm(self.out, axis=1)
            grown = np.fmax(1.0, size / np.linalg.norm(self.dh, axis=1))
            return compared(difference, size, self.allowed * np.where(grown < np.inf, grown, 1.0))


def slack_of(scene: Scene, eps: float) -> float:
    """Return the error of one step relative to ‖dh‖: roundoff and that of the matrices.

    Terms of the sum are bounded by the Frobenius norms of the matrices, and the direct path by 1;
    a wrong slope (1 + h²) can double them.
    """
    d = scene.states.shape[1]
    gain = sum(float(np.linalg.norm(U)) for U in scene.recurrent.values())
    gain += 1.0 if scene.kind == "gru" else 0.0
    return min(2.0 * gain * (step_rounding(d, eps) + scene.relative), COARSEST)


def rows_of(scene: Scene, vectors: Array) -> Rows:
    """Lay out all steps of a scene beside the vectors (T+1, d) of a student."""
    eps = max(roundoff_of(vectors), roundoff_of(scene.states))
    dh, out = vectors[1:], vectors[:-1]
    size = np.abs(dh).max(axis=1, keepdims=True)
    unit = np.where((size > 0) & (size < SMALL), size, 1.0)
    dh, out = dh / unit, out / unit
    # Beside the smallest number of its dtype each term of a product may lose half a unit.
    single = eps > unit_roundoff("<f8")
    lowest = float(np.finfo(np.float32 if single else np.float64).smallest_subnormal)
    lost = LOST_TERMS * dh.shape[1] ** 1.5 * lowest / unit[:, 0]
    allowed = slack_of(scene, eps) * np.linalg.norm(dh, axis=1) + lost
    steps = Steps(scene, np.arange(1, len(vectors)))
    return Rows(steps, dh, out, allowed, unit, vectors[-1])
