"""What a manifest says about W_hh, against the matrix itself: which quantity it really is.

W_hh is known from the probe, as J_t / (1 − h_t²) row by row, whatever the layout of the parameters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.facts import ForwardFacts

SAME = 0.01
"""Relative distance at which two norms of a matrix count as one.

‖W‖_F = σ√d·√d while ‖W‖₂ ≈ 2σ√d for independent entries: a factor √d/2, far from 1 for any d ≥ 8.
Of an orthogonal matrix they agree to rounding, so that any small bound tells them apart.
"""


@dataclass(frozen=True, slots=True)
class Declared:
    """A number of the manifest and half a unit of its last digit."""

    value: float
    half_unit: float = 0.0

    def near(self, true: float, relative: float) -> bool:
        """Say whether the number agrees with `true` up to `relative` and its rounding."""
        return abs(self.value - true) <= self.half_unit + relative * abs(true)


def radius_is(
    radius: Declared, forward: ForwardFacts, estimates: tuple[float, ...], relative: float
) -> str:
    """Return what `radius` is: "" for ρ(W_hh) itself, a finding's kind, "disagrees" for none known.

    Parameters
    ----------
    radius : Declared
        ρ(W_hh) as the manifest quotes it.
    forward : ForwardFacts
        With a finite, positive `spectral_radius`.
    estimates : tuple of float
        Values of σ√d, the radius of the circular law.
    relative : float
        Deviation allowed beside rounding.

    Source: Girko (1984), "Circular law": eigenvalues of a d × d matrix of independent entries of
    deviation σ fill a disc of radius σ√d.
    """
    rho = forward.spectral_radius
    known = [("", rho), *(("estimate", value) for value in estimates)]
    known += [
        ("spectral_norm", forward.spectral_norm),
        ("frobenius_norm", forward.frobenius_norm),
        ("inverse", 1.0 / rho),
        ("square", rho**2),
        ("square_root", math.sqrt(rho)),
        ("logarithm", math.log(rho)),
        ("logarithm", math.log10(rho)),
    ]
    return next((name for name, true in known if radius.near(true, relative)), "disagrees")


def scale_is(declared: float, forward: ForwardFacts, d: int) -> str:
    """Return what `declared` is: "" for the standard deviation of W_hh, a finding's kind otherwise.

    The sample deviation of n = d² normal entries has a relative error of deviation 1/√(2n); four of
    these are exceeded once in sixteen thousand draws.

    Parameters
    ----------
    declared : float
        init_scale_W_hh, a setting: what is written is exact, whatever its digits.
    forward : ForwardFacts
        With a finite, positive `weight_std`.
    d : int
        Hidden units.

    Returns
    -------
    str
        "" (agrees), "orthogonal" (W_hh is a multiple of an orthogonal matrix, and `declared` is
        not the factor), "half_width" (of a uniform draw), "rescaled" (to that spectral norm or
        radius), "variance", or "scale_disagrees".
    """
    scale = Declared(declared)
    sampling = 4.0 / math.sqrt(2.0 * d * d)
    orthogonal = Declared(forward.spectral_norm * math.sqrt(d)).near(forward.frobenius_norm, SAME)
    if scale.near(forward.weight_std, sampling):
        return ""
    if orthogonal:
        return "" if scale.near(forward.spectral_norm, SAME) else "orthogonal"
    if scale.near(forward.spectral_norm, SAME) or scale.near(forward.spectral_radius, SAME):
        return "rescaled"
    # A uniform draw on ±s has deviation s/√3.
    if scale.near(forward.weight_std * math.sqrt(3.0), sampling):
        return "half_width"
    # The relative error of a variance is twice that of the deviation.
    if scale.near(forward.weight_std**2, 2.0 * sampling):
        return "variance"
    return "scale_disagrees"
