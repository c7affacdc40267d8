"""A recorded list of norms, and whether it is some other list within what rounding allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from grader.facts import Array

Truths: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RecordedList:
    """A recorded list, (50,), beside the code's own norms g_0 … g_T, (T+1,)."""

    given: Array
    rounding: Array
    relative: float
    own: Array
    path: str
    d: int
    single: bool

    def agrees(self, values: Array) -> Truths:
        """Return for each entry whether it is `values` within rounding, or marks an underflow."""
        # A norm squares first: each of d squares may lose half a subnormal unit of its dtype.
        unit = float(np.finfo(np.float32 if self.single else np.float64).smallest_subnormal)
        with np.errstate(divide="ignore", over="ignore"):
            lost = np.where(values > 0, self.d * unit / (2.0 * np.abs(values)), 0.0)
        allowed = self.rounding + self.relative * np.abs(values) + lost
        near = np.abs(self.given - values) <= allowed
        marks = (np.float32, np.float64) if self.single else (np.float64,)
        floors = [float(np.finfo(dtype).tiny) for dtype in marks]
        marked = [
            np.isclose(self.given, tiny, rtol=1e-6, atol=0.0) & (values < tiny) for tiny in floors
        ]
        return np.asarray(near | np.any(marked, axis=0))

    def is_(self, values: Array) -> bool:
        """Return whether the whole list is `values`."""
        return bool(np.all(self.agrees(values)))
