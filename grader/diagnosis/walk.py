"""Steps of a scene, to be taken back all at once."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    _taken: dict[tuple[str, int], Array] = field(default_factory=dict, repr=False)

    def state(self, shift: int = 0) -> Array:
        """Return h_{t+shift}, shape (n, d); h_0 and h_T beyond the ends."""
        return self._take("h", self.scene.states, shift)

    def gate(self, name: str, shift: int = 0) -> Array:
        """Return a gate at step t+shift, shape (n, d); the first or last step beyond the ends."""
        return self._take(name, self.scene.gates[name], shift - 1)

    def _take(self, name: str, values: Array, shift: int) -> Array:
        # A search asks for the same few rows thousands of times.
        if (name, shift) not in self._taken:
            taken = np.asarray(values[np.clip(self.t + shift, 0, len(values) - 1)])
            taken.flags.writeable = False
            self._taken[name, shift] = taken
        return self._taken[name, shift]

    def mirrored(self) -> Steps:
        """Return the steps T + 1 − t: those of a walk from the beginning on."""
        return Steps(self.scene, len(self.scene.states) - self.t)

    def last(self) -> Steps:
        """Return the last step, as often."""
        return Steps(self.scene, np.full_like(self.t, len(self.scene.states) - 1))
