"""What running a submission's code showed: numbers and bytes, no judgement.

Arrays are float64 in the order of time: index t of a `(T+1,)` array belongs to h_t.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from grader.isolated import Isolation

Array: TypeAlias = "npt.NDArray[np.float64]"
Death: TypeAlias = Literal[
    "", "raised", "exit", "killed", "timeout", "memory", "output", "wrote", "silent"
]
Place: TypeAlias = Literal["folder", "root"]
Refused: TypeAlias = Literal["", "processes", "shell", "network", "files", "call", "disk"]


DIFFERENCES = 0.75
"""States a token and component that show differences of `step`: one-sided ones take 1."""

MANY_HELPERS = 24.0
"""States a token that a helper for every product of a hand-written GRU may give."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception of the student's code; `line` is their own last line in the traceback.

    `refused` names what the isolation did not let the code do, where that is what it ran into.
    """

    type: str
    message: str
    file: str = ""
    line: int = 0
    missing_module: str = ""
    refused: Refused = ""


@dataclass(frozen=True, slots=True, eq=False)
class DrawnCurve:
    """A line or a scatter as the script's process tells it: data, and each point's place.

    `column` and `row` are shares of the canvas, from its lower left; all arrays are `(n,)`.
    """

    colour: str
    label: str
    x: Array
    y: Array
    column: Array
    row: Array


@dataclass(frozen=True, slots=True, eq=False)
class DrawnAxes:
    """One pair of axes: names of its scales, labels, texts (title, legend, notes), curves."""

    xscale: str
    yscale: str
    xlabel: str
    ylabel: str
    texts: tuple[str, ...]
    curves: tuple[DrawnCurve, ...]


@dataclass(frozen=True, slots=True, eq=False)
class DrawnFigure:
    """A figure while it was saved: the script's own word, for pixels to confirm."""

    file: str
    axes: tuple[DrawnAxes, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScriptRun:
    """One fresh run of the script. `death` is "" where it came to its end.

    `figure` is the one that went into decay.png, None where none was seen.
    """

    death: Death
    exit_status: int | None
    raised: Raised | None
    artefacts: Mapping[str, bytes]
    place: Place
    misplaced: Mapping[str, str] = field(default_factory=dict)
    figure: DrawnFigure | None = None


@dataclass(frozen=True, slots=True)
class RunFacts:
    """The two fresh runs (`second` is None where the first gave nothing to compare)."""

    first: ScriptRun
    second: ScriptRun | None
    timeout_s: float
    isolation: Isolation


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
    `told` is the share of what passes gradient that neither saturation nor noise hides; `tied` says
    whether no other RNN, with inputs of its own, goes through the same states.

    At the declared parameters, over steps and units: `gate_high` and `gate_low` are the shares of
    entries where the candidate weighs more than 0.9 and less than 0.1, `gate_shares` those of its
    weight in twentieths from 0 to 1, `saturated` that of states
    beyond 0.99, `dead` that of states that are exactly 0; `tanh_slope` is the mean of 1 - h²,
    `input_std` the deviation of what input and biases add to the RNN's pre-activation.
    """

    recognised: bool = False
    model: str = ""
    residual: float = 0.0
    tolerance: float = 0.0
    roles_found: bool = False
    told: float = 1.0
    tied: bool = True
    radii_agree: bool = True
    worst_radius: float = 0.0
    gate_mean: float = float("nan")
    gate_std: float = float("nan")
    gate_form: str = ""
    spectral_radius: float = float("nan")
    spectral_norm: float = float("nan")
    frobenius_norm: float = float("nan")
    weight_std: float = float("nan")
    gate_high: float = float("nan")
    gate_low: float = float("nan")
    gate_shares: tuple[float, ...] = ()
    saturated: float = float("nan")
    dead: float = float("nan")
    tanh_slope: float = float("nan")
    input_std: float = float("nan")


@dataclass(frozen=True, slots=True)
class LossFacts:
    """Whether exp(−loss) sums to one over the targets and its log-odds are affine in h."""

    recognised: bool = False
    reason: str = ""
    total_probability: float = float("nan")
    affine_residual: float = float("nan")
    tolerance: float = 0.0
    classes: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A forward pass at one place, with all that a backward pass could read of it.

    Row t of `states` is h_t, (T+1, d); of the arrays with T rows, row t-1 belongs to step t.

    Parameters
    ----------
    kind : {"rnn", "gru"}
    label : str
        The place: "declared", "hidden" or "hot".
    tokens, target
        x_1 … x_T as token ids, empty where they are not known, and y.
    states : ndarray, shape (T+1, d)
    recurrent : mapping of ndarray, shape (d, d)
        "h" (RNN), or "z", "r", "c" (GRU): what each pre-activation multiplies h_{t-1} by from the
        left, U @ h.
    gates : mapping of ndarray, shape (T, d)
        GRU only: update gate "z" as the student defines it, reset gate "r", candidate "c".
    keeps : bool
        Whether z weighs the old state, h = z h' + (1 - z) c, and not the candidate.
    reset_after : bool
        Whether the candidate is tanh(a + r ∘ inside), inside = U_c h' + b, and not
        tanh(a + U_c (r ∘ h')).
    inside : ndarray, shape (T, d), or None
        Only where `reset_after`.
    probabilities : ndarray, shape (V,)
        The softmax at h_T.
    readout : ndarray, shape (V, d)
        W_ho: dL/dh_T = readoutᵀ (p − onehot). With `readout_exact` False every row may lack one
        common vector, which the softmax does not see.
    inputs, input_weights
        x_t, (T, e), and the matrix, (d, e), by the keys of `recurrent`; None and empty where
        they could not be told.
    relative : float
        Relative error of `recurrent`, as it was measured.
    """

    kind: Literal["rnn", "gru"]
    label: str
    tokens: tuple[int, ...]
    target: int
    states: Array
    recurrent: Mapping[str, Array]
    probabilities: Array
    readout: Array
    readout_exact: bool = True
    gates: Mapping[str, Array] = field(default_factory=dict)
    keeps: bool = False
    reset_after: bool = False
    inside: Array | None = None
    inputs: Array | None = None
    input_weights: Mapping[str, Array] = field(default_factory=dict)
    relative: float = 1e-12

    @property
    def length(self) -> int:
        """T."""
        return len(self.states) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Numbers of a student to be explained, for one scene; index t belongs to h_t.

    `vectors` is what `bptt` returned, (T+1, d), or None; `recorded` the list of decay.json,
    g_0 … g_49, or None; `rounding` the half unit of the last digit written, per entry;
    `relative` the relative error that the arithmetic of the script may leave in a right list.
    """

    vectors: Array | None = None
    recorded: Array | None = None
    rounding: Array | None = None
    relative: float = 1e-9


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What explains a student's numbers.

    Parameters
    ----------
    model : {"rnn", "gru"}
    explains : {"bptt", "recorded"}
        Which numbers: the vectors that `bptt` returned, or the list of decay.json.
    candidates : tuple of tuples of str
        Each a set of one or two mistakes, by name, that reproduces the numbers; simplest first;
        more than one where the numbers cannot tell them apart; none where nothing known does.
    deviation, tolerance : float
        Largest relative deviation of the first candidate, and what rounding allows.
    nearest : tuple of str
        Where nothing explains the numbers: what came closest, and how close (`deviation`).
    values : mapping of float
        What a mistake with a number in it was found to have, by its name: a factor, a bound, an
        index, a number of steps.
    tried : int
        How many known mistakes were tried alone.
    file, line
        Where in the script to look; "" and 0 where that cannot be told.
    predicted : tuple of float
        log10 of the list of norms that the first candidate gives, T values; empty where it cannot
        be computed anew.
    """

    model: Literal["rnn", "gru"]
    explains: Literal["bptt", "recorded"]
    candidates: tuple[tuple[str, ...], ...]
    deviation: float
    tolerance: float
    nearest: tuple[str, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)
    tried: int = 0
    file: str = ""
    line: int = 0
    predicted: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class NotLifted:
    """Why a script's forward pass could not be lifted out of its recording, and where it got lost.

    `what` names the operation concerned.
    """

    reason: str
    file: str = ""
    line: int = 0
    what: str = ""


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
    level: Literal["probe", "lifted"] = "probe"
    not_lifted: NotLifted | None = None
    diagnoses: tuple[Diagnosis, ...] = ()
    states_per_token: float = 0.0
    """How many different states a token one function of the script gave while `bptt` ran."""

    @property
    def numerical(self) -> bool:
        """Whether `bptt` evaluates as many states as differences of `step` take."""
        return self.states_per_token > max(MANY_HELPERS, DIFFERENCES * self.d_hidden)

    def point(self, label: str) -> PointFacts | None:
        """Return the first point called `label`, if it was reached."""
        return next((point for point in self.points if point.label == label), None)
