"""What a submission leaves to the draw, and what it does not; without NumPy."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from grader.model import Material

ONE_HOT = 0.1
"""Deviation of W x for one-hot tokens, and the middle of what embeddings N(0, 0.1) … N(0, 1) give
at the lab's scale: 0.04 … 0.4."""

MOST_UNITS = 4096


@dataclass(frozen=True, slots=True)
class Setting:
    """What networks of a submission have in common, whatever the seed.

    Parameters
    ----------
    width : int
        Hidden size d.
    scale : float
        Standard deviation of the recurrent weights; for "orthogonal", what multiplies an
        orthogonal matrix.
    inputs : float
        Standard deviation of what the input adds to a pre-activation, W x: the product of the
        sizes of embedding and input matrix, neither of which a manifest declares.
    bias : float
        Update-gate bias in h = (1-z)·h' + z·h̃.
    scheme : {"normal", "orthogonal"}
    option : {"A", "B"}
        The lab's repeated chain or random tokens.
    """

    width: int = 32
    scale: float = 0.1
    inputs: float = 0.04
    bias: float = 0.0
    scheme: Literal["normal", "orthogonal"] = "normal"
    option: Literal["A", "B"] = "A"


def setting_of(material: Material) -> Setting:
    """Return the setting of a submission: as measured where it was probed, else as declared."""
    document = material.manifest.document.get("config") if material.manifest is not None else None
    declared = document if isinstance(document, dict) else {}
    rnn = material.probe.get("rnn")
    forward = rnn.forward if rnn is not None else None
    width, scale = declared.get("d_hidden"), declared.get("init_scale_W_hh")
    if rnn is not None and rnn.d_hidden:
        width = rnn.d_hidden
    usual = Setting()
    known = Setting(
        width=width if type(width) is int and 2 <= width <= MOST_UNITS else usual.width,
        scale=_scale_of(scale, usual.scale),
        inputs=_clipped(forward.input_std if forward is not None else math.nan),
        option="B" if "b" in str(declared.get("synthetic_target", "")).lower()[-2:] else "A",
    )
    if forward is None or not forward.weight_std > 0:
        return known
    # ‖W‖_F = √d·‖W‖₂ of an orthogonal matrix only.
    if forward.spectral_norm * math.sqrt(known.width) <= 1.01 * forward.frobenius_norm:
        return replace(known, scheme="orthogonal", scale=forward.spectral_norm)
    return replace(known, scale=forward.weight_std)


def _scale_of(value: object, usual: float) -> float:
    """Return a declared scale, or the usual one for what is none."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return usual
    return float(value) if 1e-4 <= value <= 4.0 else usual


def _clipped(inputs: float) -> float:
    """Return a usable deviation of the inputs; one-hot inputs at the lab's scale if unknown."""
    return min(max(inputs, 1e-3), 2.0) if math.isfinite(inputs) else ONE_HOT
