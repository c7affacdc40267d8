"""Explains a recorded list where no vectors are known: whole backward passes, each tried at once.

A hypothesis is followed from h_T backwards and dropped at the first entry that it misses, so most
cost one step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from grader.diagnosis import heads
from grader.diagnosis.backward import Choices, back
from grader.diagnosis.catalogue import BY_NAME, of_kind
from grader.diagnosis.hypothesis import Match
from grader.diagnosis.lists import Listed, ListSearch, right_list
from grader.diagnosis.records import norms
from grader.diagnosis.steps import step_pairs
from grader.diagnosis.walk import Steps
from grader.facts import Array, Scene

Carry = Callable[[Array, int], Array]


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """A hypothetical backward pass: its head gradient, its formula, what else each step does.

    `extra` says what a loss at every step adds to dL/dh_t for t < T, and whether before or after
    its norm is taken; `factor` multiplies each step; `reach` is
    the number of steps after which the gradient is cut; `bound` clips the norm (0: none).
    """

    names: tuple[str, ...] = ()
    head: str = "right"
    target: int = -1
    factor_head: float = 1.0
    choices: Choices = field(default_factory=dict)
    extra: str = ""
    factor: float = 1.0
    reach: int = -1
    bound: float = 0.0
    unit_rows: bool = False
    values: Mapping[str, float] = field(default_factory=dict)

    def start(self, scene: Scene) -> Array:
        """Return dL/dh_T as this pass has it."""
        if self.target >= 0:
            return heads.of_target(scene, self.target)
        return self.factor_head * heads.HEADS[self.head](scene)

    def extras(self, scene: Scene) -> Array | None:
        """Return what a loss at every step adds, (T+1, d)."""
        if not self.extra:
            return None
        targets = heads.same_target if self.names[-1] == "head-every-step" else heads.next_token
        added = heads.at_every_state(scene, targets(scene))
        if self.extra != "yes":
            added[0] = 0.0
        return added

    def vectors(self, scene: Scene) -> Iterator[Array]:
        """Yield dL/dh_{T-1}, dL/dh_{T-2}, … dL/dh_0, each (1, d)."""
        dh, added = self.start(scene)[None], self.extras(scene)
        T = scene.length
        for t in range(T, 0, -1):
            if added is not None and self.extra == "before" and t < T:
                dh = dh + added[t]
            dh = self.factor * back(Steps(scene, np.array([t])), dh, self.choices)
            if added is not None and self.extra != "before":
                dh = dh + added[t - 1]
            if self.reach >= 0 and T - t + 1 > self.reach:
                dh = np.zeros_like(dh)
            size = float(np.linalg.norm(dh))
            if self.unit_rows and size > 0:
                dh = dh / size
            if self.bound and size > self.bound:
                dh = dh * (self.bound / size)
            yield dh


class ChainSearch:
    """Which backward passes give the recorded lists of all scenes."""

    def __init__(self, evidence: Sequence[tuple[Scene, Listed]]) -> None:
        self.evidence = evidence
        self.kind = evidence[0][0].kind
        self.scene, self.shown = evidence[0]

    def follows(self, candidate: Pass) -> Match | None:
        """Return the match where the norms of a pass are the recorded lists."""
        worst = 0.0
        for scene, shown in self.evidence:
            T = scene.length
            for t, vector in zip(range(T - 1, -1, -1), candidate.vectors(scene), strict=True):
                held = _only(shown, t).held(norms(vector))
                if not held.agree:
                    return None
                worst = max(worst, held.deviation)
        return Match(candidate.names, worst, candidate.values)

    def full(self, candidate: Pass, scene: Scene) -> Array:
        """Return all vectors of a pass, (T+1, d)."""
        rows = [*candidate.vectors(scene)][::-1]
        return np.concatenate([*rows, candidate.start(scene)[None]])

    def right(self) -> bool:
        """Say whether every list is right."""
        return self.follows(Pass()) is not None

    def singles(self) -> list[Match]:
        """Return the single mistakes that give every list."""
        passes = (*self._heads(), *self._steps(), *self._carries(Pass()))
        found = [match for one in passes if (match := self.follows(one))]
        return found + self._recorded(Pass(), pairs=False)

    def pairs(self) -> list[Match]:
        """Return the pairs of mistakes that give every list."""
        found = [match for one in self._pairs() if (match := self.follows(one))]
        # A list alone cannot tell a factor in the head gradient from one in recording.
        scaled = {match.names[1] for match in found if match.names[0] == "head-scaled"}
        for one in self._steps():
            if one.names[0] in scaled:
                found += self._recorded(one, pairs=False)
        if found:
            return found
        found = self._recorded(Pass(), pairs=True)
        for one in (*self._steps(), *self._heads()):
            found += self._recorded(one, pairs=False)
        return found

    def nearest(self) -> Match:
        """Return the single mistake whose list comes closest."""
        tried = [
            Match(
                one.names,
                self.shown.held(right_list(self.full(one, self.scene), self.scene)).deviation,
            )
            for one in (*self._heads(), *self._steps())
        ]
        search = ListSearch(self.shown, self.full(Pass(), self.scene), self.scene)
        return min((*tried, search.nearest()), key=lambda match: match.deviation)

    def _recorded(self, one: Pass, *, pairs: bool) -> list[Match]:
        """Return the mistakes in recording that turn the norms of a pass into every list."""
        common: list[Match] | None = None
        for scene, shown in self.evidence:
            search = ListSearch(shown, self.full(one, scene), scene)
            here = list(search.pairs()) if pairs else search.singles()
            names = {match.names for match in here}
            common = here if common is None else [m for m in common if m.names in names]
            if not common:
                return []
        return [Match(one.names, 0.0, one.values).joined(match) for match in common or ()]

    def _steps(self) -> Iterator[Pass]:
        for mistake in of_kind(self.kind, "step"):
            for choices in mistake.variants:
                yield Pass((mistake.name,), choices=choices)

    def _heads(self) -> Iterator[Pass]:
        for mistake in of_kind(self.kind, "head"):
            name = mistake.name.removeprefix("head-")
            if name in heads.HEADS:
                yield Pass((mistake.name,), head=name)
        for target in range(len(self.scene.probabilities)):
            if target != self.scene.target:
                name = "head-other-target"
                yield Pass((name,), target=target, values={name: float(target)})
        factor = self._first_ratio(Pass())
        length, classes = self.scene.length, len(self.scene.probabilities)
        known = {1.0 / length: "head-divided-by-length", 1.0 / classes: "head-divided-by-classes"}
        name = next(
            (n for f, n in known.items() if np.isclose(f, factor, rtol=1e-6)), "head-scaled"
        )
        values = {name: factor} if name == "head-scaled" else {}
        yield Pass((name,), factor_head=factor, values=values)

    def _first_ratio(self, one: Pass) -> float:
        """Return the last recorded norm over that of a pass: a factor, if there is one."""
        first = float(norms(next(one.vectors(self.scene)))[0])
        ratio = float(self.shown.values[-1]) / first if first > 0 else 1.0
        return ratio if np.isfinite(ratio) and ratio > 0 else 1.0

    def _carries(self, base: Pass) -> Iterator[Pass]:
        """Yield a pass with each mistake that works on whole steps."""
        shown = self.shown.values
        zero = np.abs(shown) < ZERO
        reach = len(shown) - (int(np.argmin(zero)) if not zero.all() else len(shown))
        if reach < len(shown):
            name = "bptt-not-carried" if reach <= 1 else "bptt-truncated"
            yield _more(base, name, float(reach), reach=reach)
        top = float(shown.max())
        if np.count_nonzero(np.isclose(shown, top, rtol=1e-9)) > 1:
            yield _more(base, "bptt-clipped-norm", top, bound=top)
            yield _more(base, "bptt-normalised", None, unit_rows=True)
        factor = self._first_ratio(base)
        yield _more(base, "bptt-scaled", factor, factor=factor)
        for name in ("head-every-step", "head-next-token"):
            for variant in BY_NAME[name].variants:
                yield _more(base, name, None, extra=variant["own"])

    def _pairs(self) -> Iterator[Pass]:
        for names, choices in step_pairs(self.kind):
            yield Pass(names, choices=choices)
        for one in self._steps():
            for head in self._heads():
                if head.names != ("head-scaled",):
                    yield replace(head, names=head.names + one.names, choices=one.choices)
            factor = self._first_ratio(one)
            yield replace(
                one,
                names=("head-scaled", *one.names),
                factor_head=factor,
                values={"head-scaled": factor},
            )
            yield from self._carries(one)


ZERO = 1e-300
"""Below this a recorded norm counts as zero: a marker of underflow, or nothing carried."""


def _more(base: Pass, name: str, value: float | None, **changes: object) -> Pass:
    """Return a pass with one more mistake and the number found in it."""
    values = dict(base.values) if value is None else {**base.values, name: value}
    return replace(base, names=(*base.names, name), values=values, **changes)  # type: ignore[arg-type]  # the fields of Pass


def _only(shown: Listed, t: int) -> Listed:
    """Return the list that has only entry t."""
    return Listed(shown.values[t : t + 1], shown.rounding[t : t + 1], shown.relative)
