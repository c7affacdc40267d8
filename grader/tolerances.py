"""Every tolerance of the verification, each with its error model; none is widened for a case.

Symbols: eps is the unit roundoff of the dtype that computed a value (2.2e-16 for float64, 1.2e-7
for float32), d the hidden size, J_t the one-step Jacobian, λ_t = dL/dh_t.
"""

from __future__ import annotations

import numpy as np

from grader.facts import Array

SAFETY = 16.0
"""How many times the difference of its last two extrapolants the error of a derivative may be.

Truncation alone would need less than 1. But the two extrapolants share their finest slopes: where
noise of size σ per slope rules, their difference has 0.42 σ (weights 1/45, -1/9, 4/45) and the
derivative itself 5.76 σ (1/45, -4/9, 64/45), a ratio of 13.7.
"""

FLOOR_SAFETY = 4.0
"""How many times the roundoff of one value, eps · |value|, a step's own arithmetic may leave.

A step adds d products and applies a few functions; errors of each are below eps and add at random.
"""


RECORDED_RELATIVE = 1e-6
"""Relative deviation allowed between a recorded norm and the same code run here, in float64.

BLAS kernels sum in different orders: 1e-13 after fifty steps; 1e-6 also allows for seven digits
kept on the way and is below the smallest mistake known to show in norms, 3.3e-6.
"""

PARALLEL_FLOAT32 = 16.0
"""Accumulated float32 roundoff of a fifty-step chain, in units of eps · sqrt(d · T).

Roundings of a step are independent and add as a random walk over T steps and d terms; the factor
leaves room for the amplification of early errors (Higham 2002, section 2.8: rule of thumb).
"""

AFFINE_RELATIVE = 1e-9
"""Log-odds of a cross-entropy are affine in h; they are differences of numbers of size log|V|.

Roundoff is 1e-15 · log|V| per value; 1e-9 leaves room for a log(p + ε) with ε up to 1e-12.
"""


def unit_roundoff(dtype: str) -> float:
    """Return eps of the floating dtype named by a NumPy type string such as "<f4"."""
    try:
        return float(np.finfo(np.dtype(dtype)).eps)
    except (TypeError, ValueError):
        return float(np.finfo(np.float64).eps)


def roundoff_of(values: Array) -> float:
    """Return eps of the precision that `values` (float64 here) were computed in.

    Numbers that all survive a rounding to float32 unchanged came from float32, whatever dtype they
    were returned as: by chance, fifty float64 numbers do so with probability 2^-1450.
    """
    numbers = values[np.isfinite(values) & (values != 0)]
    with np.errstate(over="ignore", under="ignore"):
        single = numbers.size > 0 and bool(np.all(numbers.astype(np.float32) == numbers))
    return unit_roundoff("<f4" if single else "<f8")


def step_rounding(d: int, eps: float) -> float:
    """Return the relative roundoff of one backward step, in units of ‖J_t‖_F ‖λ_t‖.

    A product of a d × d matrix and a vector errs by at most d · eps norm-wise (Higham 2002, eq.
    3.12); a GRU step has four of them and about ten element-wise operations, whose intermediate
    terms can exceed their sum fourfold.
    """
    return 4.0 * (4.0 * d + 10.0) * eps


def copied(eps: float, d: int, amplification: float) -> float:
    """Return how far dh may move when the same parameters are given as a float64 copy.

    Code that computes in float32 then computes in float64: roundings of eps at each of d terms add
    as a random walk and are enlarged by the chain's condition.
    """
    return max(RECORDED_RELATIVE, 4.0 * eps * float(np.sqrt(d)) * amplification)


def recorded(dtype: str, d: int, steps: int) -> float:
    """Return the relative deviation allowed between a recorded norm and the same code run here.

    `dtype` is "<f4" or "<f8", as the values themselves show it.
    """
    eps = unit_roundoff(dtype)
    return max(RECORDED_RELATIVE, PARALLEL_FLOAT32 * eps * float(np.sqrt(d * steps)))
