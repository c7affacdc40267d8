"""A lifted model probed as one with functions is, as far as a recording of one run reaches."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from grader.diagnosis.engine import explain
from grader.diagnosis.predicted import predicted
from grader.evidence.calls import MisbehaviourError
from grader.evidence.differences import Differentiator
from grader.evidence.lifted_calls import DECLARED, LiftedCalls
from grader.evidence.notes import Notes
from grader.evidence.points import Place, hot_arrays, wrong_labels
from grader.evidence.prober import Prober
from grader.evidence.scenes import SceneBuilder, Site
from grader.evidence.seeds import Plan
from grader.facts import Array, Diagnosis, ForwardFacts, Given, Misbehaviour, ProbeFacts
from grader.lifting.gates import FITS, Cell, Gates, StepVectors, find_gates, fit, misfit
from grader.lifting.graph import TooSlowError
from grader.lifting.replay import NoWayError
from grader.model import STEPS

ALLOWED = 100.0 * FITS
"""Misfit of a step: fits of pre-activations up to 100, each to `FITS` of its size."""


ROLES_SHRINK = 0.5
"""Parameters at which gates are sought: large enough to tell, too small to saturate."""

STATES_PER_STEP = 4


class LiftedRoles:
    """Where the steps of a lifted GRU compute their gates, and with which matrices.

    What holds at one step is held to at every other, at each set of parameters asked about.
    """

    def __init__(self, calls: LiftedCalls, gates: Gates, rng: np.random.Generator) -> None:
        self._calls, self._gates, self._rng = calls, gates, rng
        self.convention = "zh+(1-z)c" if gates.keeps else "(1-z)h+zc"
        self.reset: str = gates.reset

    def _vectors(self, handle: str, step: int) -> StepVectors:
        states = self._calls.found.states
        return StepVectors(self._calls.replay(handle), states[step], states[step + 1])

    def cell(self, handle: str) -> tuple[Cell | None, float]:
        """Return the matrices at one set of parameters, and the largest misfit of all steps."""
        cell = fit(self._vectors(handle, 0), self._gates, self._rng)
        if cell is None:
            return None, np.inf
        worst = cell.misfit
        for step in range(self._calls.found.length):
            worst = max(worst, self._misfit(self._vectors(handle, step), cell))
        return cell, worst

    def _misfit(self, vectors: StepVectors, cell: Cell) -> float:
        states = self._rng.uniform(-1.0, 1.0, (STATES_PER_STEP, vectors.d))
        return misfit(vectors, self._gates, cell, states)

    def _along(self, handle: str) -> dict[str, Array]:
        """Return z, r and c along the recorded pass, (T, d) each."""
        places = {"z": self._gates.z, "r": self._gates.r, "c": self._gates.c}
        replay, d = self._calls.replay(handle), self._calls.found.states[0].size
        rows: dict[str, list[Array]] = {name: [] for name in places}
        for step in range(self._calls.found.length):
            ids = self._vectors(handle, step).ids
            for name, where in places.items():
                rows[name].append(np.ones(d) if where is None else replay.values[ids[where]])
        return {name: np.array(found) for name, found in rows.items()}

    def gates(
        self,
        arrays: Mapping[str, Array],  # noqa: ARG002 - as of roles found in arrays
        tokens: Sequence[int],  # noqa: ARG002
        states: Array,  # noqa: ARG002
    ) -> tuple[Array, Array, Array]:
        """Return update gate, reset gate and candidate along the declared pass, (T, d) each."""
        found = self._along(DECLARED)
        return found["z"], found["r"], found["c"]

    def scene_parts(self, site: Site) -> dict[str, Any] | None:
        """Return what a scene of a GRU needs beside its states; None where the formula fails."""
        cell, _ = self.cell(site.place.handle)
        if cell is None or self.reset == "none":
            return None
        parts: dict[str, Any] = {
            "recurrent": cell.matrices,
            "gates": self._along(site.place.handle),
            "keeps": self._gates.keeps,
            "reset_after": self.reset == "after",
            "relative": FITS,
        }
        if self.reset == "after":
            parts["inside"] = site.states[:-1] @ cell.matrices["c"].T + cell.added["inside"]
        return parts


class LiftedProber(Prober):
    """Probes one model out of a recording; it has one sequence and no other seeds."""

    def __init__(
        self, calls: LiftedCalls, plan: Plan, rng: np.random.Generator, *, single: bool
    ) -> None:
        self.kind = calls.kind
        self.plan = plan
        self.rng = rng
        self.optional = frozenset({"initial_state"})
        self.calls = calls
        self.gradient = calls
        self.forward = Differentiator(calls, rng)
        self.notes = Notes()
        self.arrays = {}
        self.floor = 0.0
        self.roles = None
        self._single = single

    def run(self) -> ProbeFacts:
        """Measure everything that a recording can show."""
        facts = super().run()
        placed = tuple(self._placed(diagnosis) for diagnosis in facts.diagnoses)
        return replace(facts, level="lifted", diagnoses=placed)

    def explain_list(self) -> tuple[Diagnosis, ...]:
        """Name what gives the recorded list, where no vectors were found behind it.

        Nothing is said of a list that no known mistake gives: what it is made of is not known.
        """
        tokens, target = self.calls.sequence(self.plan.seed, STEPS)
        self.arrays = self.calls.params(DECLARED, self.plan.seed)
        start = self.calls.initial(DECLARED, 0)
        self.notes.d = start.size
        place = Place("declared", DECLARED, self.plan.seed, tokens, target, start)
        try:
            states = self.forward.unroll(DECLARED, tokens, start)
            self.roles = self._find_roles({}, tokens) if self.kind == "gru" else None
            classes = self.calls.found.probabilities.size
            builder = SceneBuilder(self.kind, self.forward, classes, self.roles, self.rng)
            scene = builder.build(Site(place, self.arrays, states, np.empty(0)))
        except (MisbehaviourError, NoWayError, TooSlowError):
            return ()  # why no vectors were found is the reason to tell
        plan, kind = self.plan, self.kind
        given = Given(
            recorded=np.asarray(plan.curves[kind]), rounding=np.asarray(plan.half_unit[kind])
        )
        evidence = [(scene, given)] if scene is not None else []
        told = (found for found in explain(evidence) if found.candidates)
        return tuple(replace(one, predicted=predicted(one, evidence)) for one in told)

    def _placed(self, diagnosis: Diagnosis) -> Diagnosis:
        """Add where the numbers explained were computed."""
        names = diagnosis.candidates[0] if diagnosis.candidates else ()
        is_head = bool(names) and all(name.startswith("head-") for name in names)
        part = "recorded" if diagnosis.explains == "recorded" else "head" if is_head else "steps"
        file, line = self.calls.places.get(part, ("", 0))
        return replace(diagnosis, file=file, line=line)

    def _check_purity(self, *_: object) -> None:
        """Ask nothing twice: a recording answers the same each time."""

    def _count_states(self, *_: object) -> None:
        """Count nothing: what a recording follows is arithmetic, not calls."""

    def _elsewhere(self, tokens: Sequence[int], target: int, dh: Array) -> None:
        self._hot(tokens, target, dh)

    def _hot(self, tokens: Sequence[int], target: int, dh: Array) -> None:
        super()._hot(tokens, target, dh)
        if self.kind == "gru" and self.roles is None:
            # The gates are read at parameters of their own: a gradient that could not be followed
            # to enlarged ones is explained all the same.
            with contextlib.suppress(MisbehaviourError):
                self.roles = self._find_roles({}, tokens)

    def _sizes(self) -> list[int]:
        return [self.calls.found.probabilities.size]

    def _precision(self, dh: Array) -> str:
        return "<f4" if self._single else super()._precision(dh)

    def _sample(self, known: Sequence[int]) -> list[int]:
        return list(known)

    def _find_roles(self, hot: Mapping[str, Array], known: Sequence[int]) -> LiftedRoles | None:  # noqa: ARG002 - as asked of a child
        shrunk = hot_arrays(self.arrays, self.notes.d, ROLES_SHRINK, self.rng)
        self.calls.put("roles", DECLARED, shrunk)
        states = self.calls.found.states
        vectors = StepVectors(self.calls.replay("roles"), states[0], states[1])
        gates = find_gates(vectors, self.rng)
        return None if gates is None else LiftedRoles(self.calls, gates, self.rng)

    def _add_point(self, place: Place, arrays: Mapping[str, Array]) -> Site:
        site = super()._add_point(place, arrays)
        if self.calls.diverged(place.handle) and wrong_labels(self.notes.points[-1:]):
            # What the script does there was not recorded, and this is not it.
            self.notes.points.pop()
            raise MisbehaviourError(Misbehaviour("diverged", "bptt"))
        return site

    def _examine(self, place: Place, arrays: Mapping[str, Array], states: Array) -> None:
        earlier = self.notes.forward
        self._examine_step(place, arrays, states)
        handle = "roles" if self._known_roles() and place.label == "hot" else place.handle
        found = self.notes.forward
        if found is not None and not found.recognised and self.calls.diverged(handle):
            self.notes.forward = earlier

    def _known_roles(self) -> bool:
        return isinstance(self.roles, LiftedRoles)

    def _examine_step(self, place: Place, arrays: Mapping[str, Array], states: Array) -> None:
        roles = self.roles
        if not isinstance(roles, LiftedRoles):
            try:
                super()._examine(place, arrays, states)
            except MisbehaviourError as error:
                # Far from the recorded states a branch not taken may be the only finite one.
                if error.misbehaviour.name != "not_finite":
                    raise
            return
        # At enlarged parameters units may be saturated: the formula is read where none is.
        handle = "roles" if place.label == "hot" else place.handle
        cell, worst = roles.cell(handle)
        self._note_forward(
            ForwardFacts(
                recognised=cell is not None and worst <= ALLOWED and roles.reset != "none",
                model="gru" if roles.reset != "none" else "gru without reset gate",
                residual=worst,
                tolerance=ALLOWED,
                roles_found=True,
                gate_form=roles.convention,
            )
        )
