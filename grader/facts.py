"""What running a submission's code showed: numbers and bytes, no judgement.

Arrays are float64 in the order of time: index t of a `(T+1,)` array belongs to h_t.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]
Death: TypeAlias = Literal["", "raised", "exit", "killed", "timeout", "memory", "output", "silent"]
Place: TypeAlias = Literal["folder", "root"]


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception of the student's code; `line` is their own last line in the traceback."""

    type: str
    message: str
    file: str = ""
    line: int = 0
    missing_module: str = ""


@dataclass(frozen=True, slots=True)
class ScriptRun:
    """One fresh run of the script. `death` is "" where it came to its end."""

    death: Death
    exit_status: int | None
    raised: Raised | None
    artefacts: Mapping[str, bytes]
    place: Place
    misplaced: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunFacts:
    """The two fresh runs (`second` is None where the first gave nothing to compare)."""

    first: ScriptRun
    second: ScriptRun | None
    timeout_s: float
    tier: str
    layers: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """A way in which a function breaks its agreement; `name` is the finding's kind."""

    name: str
    function: str
    data: Mapping[str, str | int | float] = field(default_factory=dict)
    raised: Raised | None = None


@dataclass(frozen=True, slots=True)
class PointFacts:
    """The gradient at one pair of parameters and sequence.

    All errors are relative (2-norms). `step_error[t-1]` compares dh[t-1] with J_tᵀ dh[t],
    `chain_error[t]` dh[t] with the chained λ_t (declared parameters only). `gap` says whether a
    value is missing because it left the range of its dtype.
    """

    label: Literal["declared", "hidden", "hot"]
    seed: int
    length: int
    scale: float
    head_error: float
    head_tolerance: float
    head_sign: float
    step_error: Array
    step_tolerance: Array
    log10_student: Array
    chain_error: Array | None = None
    chain_tolerance: Array | None = None
    log10_numeric: Array | None = None
    amplification: float = float("nan")
    method: str = ""


@dataclass(frozen=True, slots=True)
class ForwardFacts:
    """How `step` compares with the lab's model.

    `residual` is the largest deviation from the rebuilt forward pass over states up to radius 1 and
    beyond the trajectory, `tolerance` what rounding allows; `model` names what was recognised,
    `told` is the share of units whose sum saturation does not hide.
    """

    recognised: bool = False
    model: str = ""
    residual: float = 0.0
    tolerance: float = 0.0
    roles_found: bool = False
    told: float = 1.0
    radii_agree: bool = True
    worst_radius: float = 0.0
    gate_mean: float = float("nan")
    gate_std: float = float("nan")
    gate_form: str = ""
    spectral_radius: float = float("nan")
    spectral_norm: float = float("nan")
    frobenius_norm: float = float("nan")
    weight_std: float = float("nan")


@dataclass(frozen=True, slots=True)
class LossFacts:
    """Whether exp(−loss) sums to one over the targets and its log-odds are affine in h."""

    recognised: bool = False
    reason: str = ""
    total_probability: float = float("nan")
    affine_residual: float = float("nan")
    tolerance: float = 0.0
    classes: int = 0


@dataclass(frozen=True, slots=True)
class ProbeFacts:
    """All that calling the five functions of one model showed."""

    status: Literal["probed", "no-functions", "not-run", "broken"]
    missing_functions: tuple[str, ...] = ()
    misbehaviours: tuple[Misbehaviour, ...] = ()
    d_hidden: int = 0
    seed: int = 0
    seed_source: str = ""
    dtype: str = "float64"
    points: tuple[PointFacts, ...] = ()
    forward: ForwardFacts | None = None
    loss: LossFacts | None = None
    not_hot: str = ""
    recorded_seed: int | None = None

    def point(self, label: str) -> PointFacts | None:
        """Return the first point called `label`, if it was reached."""
        return next((point for point in self.points if point.label == label), None)
