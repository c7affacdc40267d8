"""One model probed: at the declared parameters, at hidden seeds, and at enlarged parameters."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from grader.evidence import forward as forward_
from grader.evidence import losses
from grader.evidence.calls import Calls, MisbehaviourError
from grader.evidence.differences import Derivatives, Differentiator
from grader.evidence.notes import Notes
from grader.evidence.points import (
    Place,
    declared_point,
    directional_point,
    evenly_enlarged,
    hot_arrays,
    log10_norms,
    wrong_labels,
)
from grader.evidence.purity import demand_same_copy, same, unmoved
from grader.evidence.rerun import Session
from grader.evidence.roles import GruRoles
from grader.evidence.saturation import with_gate, with_states
from grader.evidence.scenes import Roles, Site, explained
from grader.evidence.seeds import Plan, recorded_seed
from grader.evidence.tanh_rnn import examine_rnn
from grader.facts import Array, ForwardFacts, Misbehaviour, ProbeFacts
from grader.model import STEPS, Kind
from grader.tolerances import roundoff_of, unit_roundoff

HIDDEN_POINTS = 2
HOT_LENGTH = 12
SHRINKS = (1.0, 0.5, 0.25, 0.1, 0.05)
"""Factors tried on the enlarged parameters until everything is finite and most units respond."""

SATURATED = 0.9999
DECLARED = "declared.64"
"""Handle of the declared parameters as float64."""

EVEN_FACTOR = 3.5
"""How much all matrices are enlarged together: from the lab's 0.1 to the recurrent 0.35."""


class Prober:
    """Probes one model."""

    def __init__(self, session: Session, plan: Plan, kind: Kind, rng: np.random.Generator) -> None:
        first, second = session.children
        self.kind = kind
        self.plan = plan
        self.rng = rng
        self.optional = frozenset(session.functions)
        self.gradient = Calls(first, kind, plan.timeout_s)
        self.forward = Differentiator(Calls(second, kind, plan.timeout_s), rng)
        self.notes = Notes()
        self.arrays: dict[str, Array] = {}
        self.floor = 0.0
        self.roles: Roles | None = None

    def run(self) -> ProbeFacts:
        """Measure everything that can be measured; the first misbehaviour ends the measuring."""
        try:
            self._measure()
        except MisbehaviourError as error:
            self.notes.misbehaviours.append(error.misbehaviour)
        if self.forward.calls.mutated:
            self.notes.misbehaviours.append(Misbehaviour("mutates_input", "step"))
        facts = self.notes.facts(self.plan)
        return replace(facts, diagnoses=explained(facts, self, self.notes.sites))

    def _note(self, name: str, function: str, **data: str | float) -> None:
        self.notes.misbehaviours.append(Misbehaviour(name, function, data))

    def _measure(self) -> None:
        seed = self.plan.seed
        tokens, target = self.gradient.sequence(seed, STEPS)
        self._make("declared", seed)
        dh_own = self.gradient.bptt("declared", tokens, target)
        self.notes.d = dh_own.shape[1]
        self.notes.dtype = self._precision(dh_own)
        self.notes.recorded_seed = recorded_seed(self.gradient, self.plan, dh_own, self.notes.dtype)
        dh = self._gradient(DECLARED, tokens, target)
        start = self._start(DECLARED)
        states = self.forward.unroll(DECLARED, tokens, start)
        self._check_purity(DECLARED, tokens, target, states, dh)
        self._examine_loss(DECLARED, target)
        place = Place("declared", DECLARED, seed, tokens, target, start, loss_floor=self.floor)
        point, parts = declared_point(place, self.forward, dh, states)
        own = log10_norms(dh_own)
        self.notes.points.append(replace(point, log10_student=own))
        self.notes.sites.append(Site(place, self.arrays, states, dh, parts))
        demand_same_copy(dh_own, dh, self.notes.dtype, point.amplification)
        self.notes.finished = True
        self._elsewhere(tokens, target, dh)
        self._examine(place, self.arrays, states)
        if self.notes.loss is not None:
            self.notes.loss = losses.confirm_loss(
                self.forward, DECLARED, self.notes.loss, target, self.notes.d, self.rng
            )
        self._describe(tokens, states, parts)
        self._count_states(tokens, target)

    def _make(self, handle: str, seed: int) -> dict[str, Array]:
        """Make parameters in both children as `handle`, and as float64 as `handle`.64."""
        arrays = self.gradient.params(handle, seed)
        again = self.forward.calls.params(handle, seed)
        if arrays.keys() != again.keys() or not all(
            np.array_equal(arrays[name], again[name]) for name in arrays
        ):
            raise MisbehaviourError(Misbehaviour("not_repeatable", "init_params"))
        self._put(f"{handle}.64", handle, arrays)
        self.arrays = arrays
        return arrays

    def _put(self, handle: str, source: str, arrays: Mapping[str, Array]) -> None:
        self.gradient.put(handle, source, arrays)
        self.forward.calls.put(handle, source, arrays)

    def _start(self, handle: str) -> Array:
        d = self.notes.d
        if "initial_state" in self.optional:
            try:
                return self.forward.calls.initial(handle, d)
            except MisbehaviourError:
                # A helper that happens to have the name of an optional function is no fault.
                self.optional -= {"initial_state"}
        return np.zeros(d)

    def _gradient(self, handle: str, tokens: Sequence[int], target: int) -> Array:
        return self.gradient.bptt(handle, tokens, target, self.notes.d)

    def _check_purity(
        self, handle: str, tokens: Sequence[int], target: int, states: Array, dh: Array
    ) -> None:
        """Ask again: a pure function gives the same answer, and its arguments matter."""
        some = self.rng.choice(len(tokens), size=6, replace=False)
        again = self.forward.steps(handle, [tokens[i] for i in some], states[some])
        if not same(again, states[some + 1]):
            raise MisbehaviourError(Misbehaviour("keeps_state", "step"))
        if not same(self._gradient(handle, tokens, target), dh):
            raise MisbehaviourError(Misbehaviour("keeps_state", "bptt"))
        if len(set(tokens)) > 1:
            two = list(dict.fromkeys(tokens))[:2]
            answers = self.forward.steps(handle, two, np.stack((states[1], states[1])))
            if np.array_equal(answers[0], answers[1]):
                self._note("ignores_tokens", "step")
            turned = [*tokens[1:], tokens[0]]
            if np.array_equal(self._gradient(handle, turned, target), dh):
                self._note("ignores_tokens", "bptt")
        if all(
            np.array_equal(self.arrays[name], value)
            for name, value in self.gradient.params("another", self.plan.seed + 1).items()
        ):
            self._note("ignores_seed", "init_params")

    def _examine_loss(self, handle: str, target: int) -> None:
        calls = self.forward.calls
        loss = losses.examine_loss(calls, handle, self._sizes(), target, self.notes.d, self.rng)
        self.notes.loss = loss
        if loss.recognised:
            self.floor = max(0.0, loss.total_probability - 1.0) / loss.classes

    def _sizes(self) -> list[int]:
        """Return the numbers among which that of the classes is."""
        return [size for value in self.arrays.values() for size in value.shape]

    def _elsewhere(self, tokens: Sequence[int], target: int, dh: Array) -> None:
        base = dict(self.arrays)
        for number in range(HIDDEN_POINTS):
            seed, length = int(self.rng.integers(1_000, 2**31)), int(self.rng.integers(10, 40))
            hidden, hidden_target = self.gradient.sequence(seed, length)
            self._make(f"hidden{number}", seed)
            handle = f"hidden{number}.64"
            start = self._start(handle)
            place = Place("hidden", handle, seed, hidden, hidden_target, start)
            self._add_point(place, self.arrays)
        self.arrays = base
        self._hot(tokens, target, dh)

    def _add_point(self, place: Place, arrays: Mapping[str, Array]) -> Site:
        """Measure along directions at `place`; return what was measured there."""
        place = replace(place, loss_floor=self.floor)
        dh = self._gradient(place.handle, place.tokens, place.target)
        states = self.forward.unroll(place.handle, place.tokens, place.start)
        if place.label == "hot" and np.mean(np.abs(states) > SATURATED) > 0.5:
            raise MisbehaviourError(Misbehaviour("saturated", "step"))
        point = directional_point(place, self.forward, dh, states, self.rng)
        self.notes.points.append(point)
        return Site(place, arrays, states, dh)

    def _hot(self, tokens: Sequence[int], target: int, dh: Array) -> None:
        """Enlarge the parameters, on resampled tokens; shrink until everything stays finite."""
        known = sorted(set(tokens))
        sample = self._sample(known)
        for shrink in SHRINKS:
            hot = hot_arrays(self.arrays, self.notes.d, shrink, self.rng)
            self._put("hot", "declared", hot)
            self.forward.asked.pop("hot", None)
            try:
                if self._is_hard_wired(tokens, target, dh):
                    return
                place = Place(
                    "hot", "hot", self.plan.seed, sample, target, self._start("hot"), shrink
                )
                site = self._add_point(place, hot)
            except MisbehaviourError as error:
                self.notes.not_hot = error.misbehaviour.name
                continue
            self.notes.not_hot = ""
            even = wrong_labels(self.notes.points) == {"hot"} and self._retry_evenly(place)
            self.notes.sites.append(even or site)
            if self.kind == "gru":
                self.roles = self._find_roles(hot, known)
            self._examine(place, hot, site.states)
            return

    def _precision(self, dh: Array) -> str:
        """Return the dtype that gradients were computed in, by the digits they have."""
        return "<f4" if roundoff_of(dh) > unit_roundoff("<f8") else "<f8"

    def _sample(self, known: Sequence[int]) -> list[int]:
        """Return the tokens of the sequence at enlarged parameters."""
        return [known[i] for i in self.rng.integers(len(known), size=HOT_LENGTH)]

    def _find_roles(self, hot: Mapping[str, Array], known: Sequence[int]) -> Roles | None:
        """Return the roles of a GRU's parameters, found at the enlarged ones."""
        return forward_.roles_of(self.forward, "hot", hot, self.notes.d, known, self.rng)

    def _retry_evenly(self, place: Place) -> Site | None:
        """Try one factor for all matrices: a weight kept in two arrays must stay one."""
        even = evenly_enlarged(self.arrays, EVEN_FACTOR)
        self._put("even", "declared", even)
        unevenly = self.notes.points.pop()
        try:
            return self._add_point(replace(place, handle="even"), even)
        except MisbehaviourError:
            self.notes.points.append(unevenly)
            return None

    def _is_hard_wired(self, tokens: Sequence[int], target: int, dh: Array) -> bool:
        """Note functions whose answers do not change with the parameters they are given."""
        states = self.rng.uniform(-0.5, 0.5, (2, self.notes.d))
        asked = [tokens[0], tokens[-1]]
        idle = unmoved(self.forward.calls, ("hot", DECLARED), asked, target, states)
        if np.array_equal(self._gradient("hot", tokens, target), dh):
            idle.insert(0, "bptt")
        for function in idle:
            self._note("ignores_params", function)
        if idle:
            self.notes.not_hot = "ignores_params"
        return bool(idle)

    def _examine(self, place: Place, arrays: Mapping[str, Array], states: Array) -> None:
        """Compare `step` with the lab's model at one set of parameters; the first failure stays."""
        if self.kind == "rnn":
            found = examine_rnn(self.forward, place, states, self.rng)
        else:
            roles = self.roles if isinstance(self.roles, GruRoles) else None
            found = forward_.examine_gru(self.forward, place, arrays, roles, states, self.rng)
        self._note_forward(found)

    def _note_forward(self, found: ForwardFacts) -> None:
        """Keep what was found of the forward pass; the first failure stays."""
        earlier = self.notes.forward
        if earlier is None or earlier.recognised:
            # Right at some parameters and wrong at others: a step that knows where it is asked.
            turned = earlier is not None and not found.recognised
            self.notes.forward = replace(found, radii_agree=False) if turned else found

    def _count_states(self, tokens: Sequence[int], target: int) -> None:
        """Count what `bptt` evaluates: differences of `step` take a state for every component."""
        with contextlib.suppress(MisbehaviourError):
            states = self.gradient.counted(DECLARED, tokens, target, self.notes.d)
            self.notes.states_per_token = states / len(tokens)

    def _describe(self, tokens: Sequence[int], states: Array, parts: Derivatives) -> None:
        """Add what the declared parameters say: the size of W_hh, the update gate."""
        facts = self.notes.forward
        if facts is None or not facts.recognised:
            return  # what was read off an unknown model is no W_hh and no gate
        if self.kind == "rnn":
            W = forward_.recurrent_matrix(parts.value, states)
            self.notes.forward = with_states(forward_.with_sizes(facts, W), states, W)
            return
        z = None
        if self.roles is not None:
            z = self.roles.gates(self.arrays, list(tokens), states[:-1])[0]
            z = z if self.roles.convention.startswith("(1-z)") else 1.0 - z
        elif "update_gate" in self.optional:
            with contextlib.suppress(MisbehaviourError):
                z = self.forward.calls.gates(DECLARED, tokens, states[:-1])
        share = forward_.candidate_share(parts.value, z, exact=self.roles is not None)
        self.notes.forward = with_states(with_gate(facts, share), states)
