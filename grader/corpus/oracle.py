"""The truth about a case, from the student's own step and loss: complex steps, chained."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

# Any step between 1e-8 and 1e-200 gives the derivative to rounding: nothing is subtracted.
STEP = 1e-30
Vector = NDArray[np.float64]
Step = Callable[[int, NDArray[np.complex128]], NDArray[np.complex128]]
Loss = Callable[[NDArray[np.complex128]], np.complex128]


@dataclass(frozen=True)
class Truth:
    """dL/dh_t by complex steps and as bptt gave it, (T+1, d); the one-step Jacobians, (T, d, d)."""

    exact: Vector
    claimed: Vector
    jacobians: Vector

    def head_error(self) -> float:
        """Relative error of dh[T]."""
        return relative(self.claimed[-1], self.exact[-1])

    def step_error(self) -> float:
        """Worst relative one-step residual dh[t-1] - J_t^T dh[t]."""
        pulled = np.einsum("tij,ti->tj", self.jacobians, self.claimed[1:])
        return max(map(relative, self.claimed[:-1], pulled))

    def chain_error(self) -> float:
        """Worst relative error of dh[t] over all t."""
        return max(map(relative, self.claimed, self.exact))


def relative(found: Vector, expected: Vector) -> float:
    """Return |found - expected| / |expected|; one where expected is zero and found is not."""
    scale = np.abs(expected).max()
    if scale == 0:
        return float(np.any(found != 0))
    return float(np.linalg.norm((found - expected) / scale) / np.linalg.norm(expected / scale))


@contextlib.contextmanager
def loaded(folder: Path) -> Iterator[ModuleType]:
    """Import a submission's bptt_norm.py, and leave no module or search path of it behind."""
    modules, path = set(sys.modules), list(sys.path)
    sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location("student_bptt_norm", folder / "bptt_norm.py")
    if spec is None or spec.loader is None:
        raise ImportError(str(folder))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - modules:
            file = getattr(sys.modules[name], "__file__", None) or ""
            if name == spec.name or file.startswith(str(folder.parent)):
                del sys.modules[name]


def linearise(step: Step, start: Vector, length: int) -> tuple[list[Vector], Vector]:
    """Return the one-step Jacobians J_1 ... J_T, each (d, d), and the last state, (d,)."""
    nudges = 1j * STEP * np.eye(len(start))
    h, jacobians = start, []
    for t in range(1, length + 1):
        jacobians.append(np.stack([step(t, h + nudge).imag / STEP for nudge in nudges], axis=1))
        h = np.asarray(step(t, h.astype(complex)).real, dtype=np.float64)
    return jacobians, h


def chain(jacobians: list[Vector], head: Vector) -> Vector:
    """Return dL/dh_t for t = 0 ... T, (T+1, d), from the head gradient and the Jacobians."""
    exact = [head]
    for J in reversed(jacobians):
        exact.append(J.T @ exact[-1])
    return np.stack(exact[::-1])


def gradient(loss: Loss, h: Vector) -> Vector:
    """Return dL/dh, (d,), by complex steps."""
    return np.array([loss(h + nudge).imag / STEP for nudge in 1j * STEP * np.eye(len(h))])


def backwards(step: Step, start: Vector, loss: Loss, length: int = 50) -> Vector:
    """Return dL/dh_t, (T+1, d), of a forward pass given as step(t, h) and loss(h)."""
    jacobians, last = linearise(step, start, length)
    return chain(jacobians, gradient(loss, last))


def truth(module: ModuleType, kind: str, seed: int, length: int = 50) -> Truth:
    """Differentiate the student's own forward pass and call the student's bptt."""
    tokens, target = module.make_sequence(seed, length)
    params = module.init_params(kind, seed)
    claimed = np.asarray(module.bptt(kind, params, tokens, target), dtype=np.float64)
    start = np.zeros(claimed.shape[1])
    if hasattr(module, "initial_state"):
        start = module.initial_state(kind, params)

    def step(t: int, h: NDArray[np.complex128]) -> NDArray[np.complex128]:
        return np.asarray(module.step(kind, params, tokens[t - 1], h))

    jacobians, last = linearise(step, start, length)
    head = gradient(lambda h: module.loss(kind, params, h, target), last)
    return Truth(chain(jacobians, head), claimed, np.stack(jacobians))
