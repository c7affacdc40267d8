"""Scenes for the diagnosis: the forward pass of a stranger's functions, as it was measured.

Matrices are read off differences first. Where one of the parameters is that matrix to within the
differences' error, it is taken instead, for it is exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from grader import tolerances
from grader.diagnosis.engine import explain
from grader.diagnosis.predicted import predicted
from grader.evidence.calls import MisbehaviourError
from grader.evidence.differences import Derivatives, Differentiator
from grader.evidence.forward import recurrent_matrix
from grader.evidence.losses import MAX_LOSSES, rebuilt
from grader.evidence.points import Place, wrong_labels
from grader.evidence.roles import GruRoles
from grader.evidence.seeds import Plan
from grader.facts import Array, Diagnosis, Given, ProbeFacts, Scene
from grader.model import STEPS, Kind
from grader.recorded import RecordedList

SAME = 1e-6
"""A parameter within this of a measured matrix is that matrix: drawn weights differ by 1."""

EXACT = 1e-14
"""Relative error of matrices that are the submission's own parameters: roundoff."""


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A place where a student's gradient was measured: parameters, trajectory, dh, Jacobians."""

    place: Place
    arrays: Mapping[str, Array]
    states: Array
    dh: Array
    parts: Derivatives | None = None


class StepRoles(Protocol):
    """Gates of a GRU that are known as parts of its steps, and not as parts of its parameters."""

    convention: str
    reset: str

    def gates(
        self, arrays: Mapping[str, Array], tokens: Sequence[int], states: Array
    ) -> tuple[Array, Array, Array]:
        """Return update gate, reset gate and candidate of every step, (T, d) each."""
        ...

    def scene_parts(self, site: Site) -> dict[str, Any] | None:
        """Return matrices and gates at a site; None where the formula does not hold."""
        ...


Roles = GruRoles | StepRoles


class SceneBuilder:
    """Builds the scenes of one model."""

    def __init__(
        self,
        kind: Kind,
        forward: Differentiator,
        classes: int,
        roles: Roles | None,
        rng: np.random.Generator,
    ) -> None:
        self.kind = kind
        self.forward = forward
        self.classes = classes
        self.roles = roles
        self.rng = rng

    def build(self, site: Site) -> Scene | None:
        """Return the scene at a site; None where the roles of the parameters are not known.

        Raises
        ------
        MisbehaviourError
            Where the functions cannot be asked any more.
        """
        cell = self._rnn(site) if self.kind == "rnn" else self._gru(site)
        if cell is None:
            return None
        place, last = site.place, site.states[-1]
        probabilities = np.exp(-self._losses(place.handle, last))
        readout, exact = self._readout(site)
        if readout is None:
            return None
        return Scene(
            kind=self.kind,
            label=place.label,
            tokens=self.forward.calls.token_ids(place.tokens),
            target=place.target,
            states=site.states,
            probabilities=probabilities,
            readout=readout,
            readout_exact=exact,
            **cell,
        )

    def _losses(self, handle: str, state: Array) -> Array:
        """Return the loss of one state against every target, shape (V,)."""
        rows = np.repeat(state[None], self.classes, axis=0)
        return self.forward.calls.losses(handle, rows, list(range(self.classes)))

    def _rnn(self, site: Site) -> dict[str, Any] | None:
        states, handle = site.states, site.place.handle
        parts = site.parts or self.forward.jacobians(handle, site.place.tokens, states[:-1])
        measured = recurrent_matrix(parts.value, states)
        if not np.isfinite(measured).all():
            return None  # some unit never leaves saturation, which hides its weights
        error = recurrent_matrix(parts.error, states)
        relative = float(np.linalg.norm(error) / np.linalg.norm(measured))
        d = states.shape[1]
        exact = _nearest(_blocks(site.arrays, d, d), measured)
        W = measured if exact is None else exact
        found: dict[str, Any] = {
            "recurrent": {"h": W},
            "relative": relative if exact is None else EXACT,
        }
        with np.errstate(divide="ignore"):
            added = np.arctanh(states[1:]) - states[:-1] @ W.T
        calls = self.forward.calls
        tokens = calls.token_ids(site.place.tokens)
        inputs = _inputs(site, added, tokens, calls.embeddings(handle, site.arrays))
        if inputs is not None:
            found["inputs"], found["input_weights"] = inputs[0], {"h": inputs[1]}
        return found

    def _gru(self, site: Site) -> dict[str, Any] | None:
        roles = self.roles
        if roles is None or roles.reset == "none":
            return None
        if not isinstance(roles, GruRoles):
            return roles.scene_parts(site)
        tokens, before = list(site.place.tokens), site.states[:-1]
        flat, ids = roles.layout.flatten(site.arrays), np.asarray(tokens, dtype=np.intp)
        d = before.shape[1]
        U = {gate: vectors.at(flat, np.arange(d)).T for gate, vectors in roles.recurrent.items()}
        z, r, c = roles.gates(site.arrays, tokens, before)
        found: dict[str, Any] = {
            "recurrent": U,
            "gates": {"z": z, "r": r, "c": c},
            "keeps": not roles.convention.startswith("(1-z)"),
            "reset_after": roles.reset == "after",
            "relative": EXACT,
        }
        if roles.reset == "after":
            found["inside"] = roles.inside(flat, ids, before)
        if roles.embedding is not None:
            x = roles.embedding.at(flat, ids)
            width = np.arange(x.shape[1])
            found["inputs"] = x
            found["input_weights"] = {g: v.at(flat, width).T for g, v in roles.inputs.items()}
        return found

    def _readout(self, site: Site) -> tuple[Array | None, bool]:
        """Return W_ho, (V, d), and whether it is exact or lacks one vector common to all rows."""
        handle, d = site.place.handle, site.states.shape[1]
        states = np.concatenate((np.zeros((1, d)), self.rng.uniform(-0.5, 0.5, (2, d))))
        losses = np.stack([self._losses(handle, state) for state in states])
        moved = losses[:1] - losses[1:]
        moved -= moved[:, :1]
        for block in _blocks(site.arrays, self.classes, d):
            logits = states[1:] @ block.T
            logits -= logits[:, :1]
            if np.linalg.norm(logits - moved) <= SAME * np.linalg.norm(moved):
                return block, True
        if self.classes * (d + 1) > MAX_LOSSES:
            return None, False
        return rebuilt(self.forward.calls, handle, self.classes, d, self.rng).W, False


def _blocks(arrays: Mapping[str, Array], rows: int, columns: int) -> Iterator[Array]:
    """Yield every block of this shape at an edge of a matrix among the parameters, or turned."""
    for array in arrays.values():
        if array.ndim != 2:
            continue
        for matrix in (array, array.T):
            if matrix.shape[0] < rows or matrix.shape[1] < columns:
                continue
            for top in {0, matrix.shape[0] - rows}:
                for left in {0, matrix.shape[1] - columns}:
                    yield np.array(matrix[top : top + rows, left : left + columns])


def _nearest(blocks: Iterator[Array], measured: Array) -> Array | None:
    """Return the block that is the measured matrix, or None."""
    size = float(np.linalg.norm(measured))
    for block in blocks:
        if np.linalg.norm(block - measured) <= SAME * size:
            return block
    return None


def _inputs(
    site: Site, added: Array, tokens: Sequence[int], embeddings: Sequence[Array]
) -> tuple[Array, Array] | None:
    """Return x_t, (T, e), and W_x, (d, e), whose product is what each step adds, but for a bias.

    Parameters
    ----------
    added : ndarray, shape (T, d)
        W_x x_t + b, from the states; not finite where a unit is saturated.
    tokens : sequence of int
        Nothing where they are not known.
    embeddings : sequence of ndarray
        Matrices that may have a row for each token.
    """
    usable = np.isfinite(added).all(axis=0)
    moved = (added - added[:1])[:, usable]
    if not tokens or not usable.any() or not moved.any():
        return None
    d = added.shape[1]
    for table in embeddings:
        if max(tokens) >= len(table) or min(tokens) < 0:
            continue
        x = table[list(tokens)]
        for weights in _blocks(site.arrays, d, x.shape[1]):
            product = ((x - x[:1]) @ weights.T)[:, usable]
            if np.linalg.norm(product - moved) <= SAME * np.linalg.norm(moved):
                return x, weights
    return None


class Probed(Protocol):
    """What a probe leaves behind that a diagnosis needs."""

    kind: Kind
    plan: Plan
    rng: np.random.Generator
    forward: Differentiator
    roles: Roles | None


def explained(facts: ProbeFacts, probed: Probed, sites: Sequence[Site]) -> tuple[Diagnosis, ...]:
    """Explain what is wrong with a probed model's numbers; nothing where nothing is wrong.

    Parameters
    ----------
    facts : ProbeFacts
        All that was measured: where the forward pass or the loss is not the lab's, there is no
        right gradient to hold the student's to.
    """
    if not sites or facts.loss is None or not facts.loss.recognised:
        return ()
    if facts.forward is None or not facts.forward.recognised:
        return ()
    shown = _shown(facts, probed)
    if shown.recorded is None and not wrong_labels(facts.points) and not _chain_is_wrong(facts):
        return ()
    builder = SceneBuilder(
        probed.kind, probed.forward, facts.loss.classes, probed.roles, probed.rng
    )
    try:
        scenes = [builder.build(site) for site in sites]
    except MisbehaviourError:
        return ()
    declared = [replace(shown, vectors=sites[0].dh)]
    given = declared + [Given(vectors=site.dh) for site in sites[1:]]
    pairs = zip(scenes, given, strict=True)
    evidence = [(scene, numbers) for scene, numbers in pairs if scene is not None]
    return tuple(replace(one, predicted=predicted(one, evidence)) for one in explain(evidence))


def _chain_is_wrong(facts: ProbeFacts) -> bool:
    point = facts.point("declared")
    if point is None or point.chain_error is None or point.chain_tolerance is None:
        return False
    return not bool(np.all(point.chain_error <= point.chain_tolerance))


def _shown(facts: ProbeFacts, probed: Probed) -> Given:
    """Return the recorded list where it is not the norms of the code's own vectors, else none."""
    kind, plan, point = probed.kind, probed.plan, facts.point("declared")
    recorded = np.asarray(plan.curves.get(kind, ()))
    if point is None or recorded.size != STEPS or facts.recorded_seed is not None:
        # A list that the same code gives at some seed has nothing wrong in its recording.
        return Given()
    rounding = np.asarray(plan.half_unit[kind])
    relative = tolerances.recorded(facts.dtype, facts.d_hidden, STEPS)
    single = facts.dtype == "<f4"
    with np.errstate(under="ignore"):
        own = 10.0**point.log10_student
    known = RecordedList(recorded, rounding, relative, own, "", facts.d_hidden, single)
    if known.is_(own[:STEPS]):
        return Given()
    return Given(recorded=recorded, rounding=rounding, relative=relative)
