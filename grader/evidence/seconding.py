"""A second look, at the script's own arithmetic, where functions alone leave a model open.

Where no role of a GRU's parameter is known, its `step` can only be held to the form of a gate: one
that shows another Jacobian near its trajectory than farther out would not be noticed. Where tokens
hardly repeat, another RNN with inputs of its own goes through the same states. What the script
itself computed when it wrote decay.json does not know that it is examined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from grader.evidence.points import wrong_labels
from grader.facts import ProbeFacts
from grader.model import Kind


def seconded(
    found: Mapping[Kind, ProbeFacts], lift: Callable[[], Callable[[Kind], ProbeFacts]]
) -> dict[Kind, ProbeFacts]:
    """Return what was found, each open model held to what the lifted pass shows of it.

    Parameters
    ----------
    found : mapping of ProbeFacts
        From the five functions.
    lift : callable
        Records the script, and returns what lifts a model out of that; called only where a model
        is open.
    """
    open_ = [kind for kind, facts in found.items() if _is_open(facts)]
    if not open_:
        return dict(found)
    lifted = lift()
    return {
        kind: _judged(facts, lifted(kind)) if kind in open_ else facts
        for kind, facts in found.items()
    }


def _is_open(facts: ProbeFacts) -> bool:
    forward = facts.forward
    return (
        facts.status == "probed"
        and facts.level == "probe"
        and forward is not None
        and forward.recognised
        and not (forward.roles_found and forward.tied)
        and not wrong_labels(facts.points)
    )


def _judged(facts: ProbeFacts, second: ProbeFacts) -> ProbeFacts:
    """Return the first facts, completed by the second look or replaced where that refutes them."""
    forward, seen = facts.forward, second.forward
    if second.status != "probed" or forward is None or seen is None:
        return facts
    if not seen.recognised or wrong_labels(second.points):
        return second
    roles_found = forward.roles_found or seen.roles_found
    return replace(facts, forward=replace(forward, roles_found=roles_found, tied=True))
