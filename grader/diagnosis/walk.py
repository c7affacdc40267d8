"""Steps of a scene, to be taken back all at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from grader.facts import Array, Scene

Index: TypeAlias = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Steps of a scene taken back at once: row i leads from h_t to h_{t-1} for t = t[i]."""

    scene: Scene
    t: Index

    def state(self, shift: int = 0) -> Array:
        """Return h_{t+shift}, shape (n, d); h_0 and h_T beyond the ends."""
        states = self.scene.states
        return np.asarray(states[np.clip(self.t + shift, 0, len(states) - 1)])

    def gate(self, name: str, shift: int = 0) -> Array:
        """Return a gate at step t+shift, shape (n, d); the first or last step beyond the ends."""
        values = self.scene.gates[name]
        return np.asarray(values[np.clip(self.t - 1 + shift, 0, len(values) - 1)])

    def mirrored(self) -> Steps:
        """Return the steps T + 1 − t: those of a walk from the beginning on."""
        return Steps(self.scene, len(self.scene.states) - self.t)
