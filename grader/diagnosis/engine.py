"""Which known mistakes explain a student's numbers: the simplest ones, told only where they prove.

Singles come before pairs; all equally simple ones that reproduce the numbers in every scene are
candidates. What the right formula reproduces is right and gets no diagnosis.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from grader.diagnosis.catalogue import ALL
from grader.diagnosis.chains import ChainSearch
from grader.diagnosis.headings import HeadSearch
from grader.diagnosis.hypothesis import MOST_CANDIDATES, RIGHT, Match
from grader.diagnosis.lists import Listed, ListSearch, listed, right_list
from grader.diagnosis.rows import COARSEST, rows_of, slack_of
from grader.diagnosis.steps import StepSearch
from grader.diagnosis.stored import StoreSearch
from grader.facts import Diagnosis, Given, Scene
from grader.tolerances import roundoff_of

AMPLIFICATION = 256.0
"""How much errors of single steps grow along fifty of them: 52-258 at the lab's parameters."""

Evidence = Sequence[tuple[Scene, Given]]


def explain(evidence: Evidence) -> tuple[Diagnosis, ...]:
    """Name the simplest known mistakes that reproduce the numbers given.

    Parameters
    ----------
    evidence : sequence of pairs of Scene and Given
        Scenes of one model, the declared one first, each with the student's numbers there: vectors
        in all of them or in none.

    Returns
    -------
    tuple of Diagnosis
        Empty where the numbers are right; else one for the vectors of `bptt`, one for the recorded
        list, or both. Without vectors there is at most one, for the list.
    """
    if not evidence:
        return ()
    if any(given.vectors is not None for _, given in evidence):
        of_bptt = _explain_vectors([pair for pair in evidence if pair[1].vectors is not None])
        of_list = _explain_list(evidence)
        return tuple(found for found in (of_bptt, of_list) if found is not None)
    found = _explain_chains(evidence)
    return (found,) if found is not None else ()


def _explain_vectors(evidence: Evidence) -> Diagnosis | None:
    scenes = [scene for scene, _ in evidence]
    vectors = [given.vectors for _, given in evidence if given.vectors is not None]
    rows = [rows_of(scene, given) for scene, given in zip(scenes, vectors, strict=True)]
    eps = max(roundoff_of(given) for given in vectors)
    tolerance = max(slack_of(scene, eps) for scene in scenes)
    head = HeadSearch(scenes, [given[-1] for given in vectors], tolerance)
    step = StepSearch(rows)
    head_right, step_right = head.right(), step.right().agree
    if head_right and step_right:
        return None
    found = _of_vectors(head, step, head_right=head_right, step_right=step_right)
    if not found or len(found[0].names) > 1:
        chain = min(AMPLIFICATION * tolerance, COARSEST)
        found = StoreSearch(scenes, vectors, chain).found(less_than=_size(found)) or found
    nearest = None
    if not found:
        nearest = step.nearest() if not step_right else head.nearest()
    return _diagnosis(scenes[0], "bptt", found, tolerance, nearest)


def _size(found: Sequence[Match]) -> int:
    return len(found[0].names) if found else 3


def _of_vectors(
    head: HeadSearch, step: StepSearch, *, head_right: bool, step_right: bool
) -> list[Match]:
    """Explain head gradient and steps apart, and join what explains them."""
    steps = [RIGHT] if step_right else step.singles()
    tops = [RIGHT] if head_right else head.singles()
    clipped = [m for m in steps for v in m.values.values() if not head_right and head.clipped(v)]
    if clipped:
        return clipped
    if not steps and head_right:
        steps = step.pairs()
    if not tops and step_right:
        tops = head.pairs()
    return [a.joined(b) for a in tops for b in steps]


def _explain_list(evidence: Evidence) -> Diagnosis | None:
    """Explain the list from the student's own vectors, right or wrong."""
    for scene, given in evidence:
        shown = listed(given, 0.0)
        if shown is None or given.vectors is None:
            continue
        if shown.held(right_list(given.vectors, scene)).agree:
            return None
        search = ListSearch(shown, given.vectors, scene)
        found = search.singles() or list(search.pairs())
        return _diagnosis(scene, "recorded", found, shown.relative, search.nearest())
    return None


def _explain_chains(evidence: Evidence) -> Diagnosis | None:
    """Explain lists alone, by whole backward passes."""
    shown: list[tuple[Scene, Listed]] = []
    for scene, given in evidence:
        here = listed(given, AMPLIFICATION * slack_of(scene, np.finfo(np.float64).eps))
        if here is not None:
            shown.append((scene, here))
    if not shown:
        return None
    search = ChainSearch(shown)
    if search.right():
        return None
    found = search.singles() or search.pairs()
    nearest = None if found else search.nearest()
    return _diagnosis(shown[0][0], "recorded", found, shown[0][1].relative, nearest)


def _diagnosis(
    scene: Scene, explains: str, found: Iterable[Match], tolerance: float, nearest: Match | None
) -> Diagnosis:
    """Put the simplest matches, each set of names once, into a diagnosis."""
    unique: dict[frozenset[str], Match] = {}
    for match in found:
        unique.setdefault(frozenset(match.names), match)
    least = min((len(names) for names in unique), default=0)
    simplest = [m for names, m in unique.items() if len(names) == least][:MOST_CANDIDATES]
    first = simplest[0] if simplest else nearest
    return Diagnosis(
        model=scene.kind,
        explains="bptt" if explains == "bptt" else "recorded",
        candidates=tuple(match.names for match in simplest),
        deviation=first.deviation if first is not None else float("inf"),
        tolerance=tolerance,
        nearest=() if simplest or first is None else first.names,
        values={name: value for match in simplest for name, value in match.values.items()},
        tried=sum(scene.kind in mistake.kinds for mistake in ALL),
    )
