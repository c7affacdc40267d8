"""Explains the vectors a `bptt` returned, each step from the vector it started from.

Row t-1 must be one step back from the student's own row t, so a mistake in the step shows in every
row by itself, whatever the head gradient was, and no error of a later row spoils an earlier one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from grader.diagnosis import heads
from grader.diagnosis.backward import Choices, back
from grader.diagnosis.carries import CARRIED, PARAMETER
from grader.diagnosis.catalogue import Mistake, merged, of_kind
from grader.diagnosis.hypothesis import Compared, Match
from grader.diagnosis.rows import Rows
from grader.diagnosis.walk import Index
from grader.model import Kind

FEW = 3
"""Rows of a scene that a hypothesis must meet before it is held to all."""


class StepSearch:
    """Which mistakes in the backward step lead from each row to the one before."""

    def __init__(self, rows: Sequence[Rows]) -> None:
        self.rows = rows
        self.few = [part.some(_spread(len(part.dh))) for part in rows]
        self.kind = rows[0].steps.scene.kind

    def right(self) -> Compared:
        """Hold every row to the right formula."""
        return self._linear({})

    def singles(self) -> list[Match]:
        """Return the single mistakes that explain every row."""
        return list(self._explained(of_kind(self.kind, "step", "add", "carry")))

    def pairs(self) -> list[Match]:
        """Return the pairs of mistakes that explain every row."""
        found: list[Match] = []
        for names, choices in step_pairs(self.kind):
            held = self._linear(choices)
            if held.agree:
                found.append(Match(names, held.deviation))
        for step in of_kind(self.kind, "step"):
            for choices in step.variants:
                others = of_kind(self.kind, "add", "carry")
                matches = (self._one(other, choices) for other in others)
                found.extend(Match((step.name,)).joined(match) for match in matches if match)
        return found

    def nearest(self) -> Match | None:
        """Return the single mistake in the step that comes closest."""
        tried = [
            Match((mistake.name,), self._linear(choices, few=False).deviation)
            for mistake in of_kind(self.kind, "step")
            for choices in mistake.variants
        ]
        return min(tried, key=lambda match: match.deviation, default=None)

    def _explained(self, mistakes: Iterator[Mistake]) -> Iterator[Match]:
        for mistake in mistakes:
            if mistake.part != "step":
                match = self._one(mistake, {})
                if match is not None:
                    yield match
                continue
            for choices in mistake.variants:
                held = self._linear(choices)
                if held.agree:
                    yield Match((mistake.name,), held.deviation)
                    break

    def _linear(self, choices: Choices, *, few: bool = True) -> Compared:
        """Hold the rows to a formula, a few of them first."""
        for part in self.few if few else ():
            first = part.held(back(part.steps, part.dh, choices))
            if not first.agree:
                return first
        return _worst(part.held(back(part.steps, part.dh, choices)) for part in self.rows)

    def _one(self, mistake: Mistake, choices: Choices) -> Match | None:
        """Try a mistake that works on a whole step, after the formula of `choices`."""
        if mistake.part == "add":
            return self._added(mistake, choices)
        predicted = [back(part.steps, part.dh, choices) for part in self.rows]
        if not all(np.isfinite(step).all() for step in predicted):
            return None
        found = CARRIED[mistake.name](self.rows, predicted, choices)
        if found is None:
            return None
        made, value = found
        held = _worst(part.held(step) for part, step in zip(self.rows, made, strict=True))
        if not held.agree:
            return None
        return Match(
            (mistake.name,), held.deviation, {} if value is None else {mistake.name: value}
        )

    def _added(self, mistake: Mistake, choices: Choices) -> Match | None:
        targets = heads.same_target if mistake.name == "head-every-step" else heads.next_token
        for variant in mistake.variants:
            worst: list[Compared] = []
            for part in self.rows:
                scene = part.steps.scene
                extra = _head_factor(part) * heads.at_every_state(scene, targets(scene))
                if variant["own"] == "before":
                    extra[-1] = 0.0  # dL/dh_T is the head gradient already
                    joined = part.dh + extra[part.steps.t] / part.unit
                    predicted = back(part.steps, joined, choices)
                else:
                    extra[0] *= variant["own"] == "yes"
                    predicted = back(part.steps, part.dh, choices)
                    predicted = predicted + extra[part.steps.t - 1] / part.unit
                held = part.held(predicted)
                worst.append(held)
                if not held.agree:
                    break
            if all(held.agree for held in worst):
                return Match((mistake.name,), _worst(worst).deviation)
        return None


def step_pairs(kind: Kind) -> Iterator[tuple[tuple[str, str], Choices]]:
    """Yield every two mistakes in the step that can be made together, with their choices."""
    for first, second in combinations(of_kind(kind, "step"), 2):
        for a in first.variants:
            for b in second.variants:
                choices = merged(a, b)
                if choices is not None:
                    yield (first.name, second.name), choices


def _spread(n: int) -> Index:
    """Return a few rows, the last step first: that is where a backward pass begins."""
    return np.unique(np.linspace(0, n - 1, min(n, FEW)).round().astype(np.intp))


def _worst(held: Iterator[Compared] | Sequence[Compared]) -> Compared:
    """Return the common verdict of several scenes."""
    agree, deviation = True, 0.0
    for part in held:
        agree &= part.agree
        deviation = max(deviation, part.deviation)
    return Compared(agree, deviation)


def _head_factor(part: Rows) -> float:
    """Return by what the student's head gradient exceeds the right one; 1 where not parallel."""
    truth = heads.right(part.steps.scene)
    size = float(truth @ truth)
    factor = float(part.last @ truth) / size if size > 0 else 1.0
    parallel = np.linalg.norm(part.last - factor * truth) <= PARAMETER * np.linalg.norm(part.last)
    return factor if parallel and factor != 0 else 1.0
