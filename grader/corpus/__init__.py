"""Right and wrong submissions, written independently of the grader, with what must be said of each.

`right()` and `wrong()` list the cases, `by_name(name)` finds one; `Case.write(directory)` writes
the complete submission folder. The artefacts come from really running each script once.
"""

from __future__ import annotations

import functools

from grader.corpus import (
    adversarial,
    gradient_cases,
    handwritten,
    right_documents,
    right_scripts,
    wrong_decay,
    wrong_documents,
    wrong_functions,
    wrong_imports,
    wrong_models,
    wrong_plots,
    wrong_runs,
)
from grader.corpus.catalog import diagnosed_as
from grader.corpus.model import Case, Expectation
from grader.corpus.styles import PLANTS, STYLES

__all__ = ["Case", "Expectation", "by_name", "extreme", "mistakes_in", "right", "wrong"]


@functools.cache
def _right() -> tuple[Case, ...]:
    modules = (right_documents, right_scripts)
    cases = (case for module in modules for case in module.cases())
    return (*gradient_cases.right_cases(), *handwritten.right_cases(), *cases)


@functools.cache
def _wrong() -> tuple[Case, ...]:
    modules = (
        wrong_decay,
        wrong_documents,
        wrong_functions,
        wrong_imports,
        wrong_models,
        wrong_plots,
        wrong_runs,
    )
    cases = (case for module in modules for case in module.cases())
    return (*gradient_cases.wrong_cases(), *handwritten.wrong_cases(), *cases)


def right() -> list[Case]:
    """Return the submissions in which nothing is wrong."""
    return list(_right())


def wrong() -> list[Case]:
    """Return the submissions that are each wrong in one way."""
    return list(_wrong())


def extreme() -> tuple[list[Case], list[Case]]:
    """Return right submissions at the edge of what is sound, and wrong ones made to deceive.

    They break what the plain oracles of this corpus rely on (a single float32 step, parameters
    that underflow, functions that know who asks), so that only the grader is tried on them.
    """
    return adversarial.cases_right(), adversarial.cases_wrong()


@functools.cache
def _mistakes() -> dict[str, tuple[str, ...]]:
    planted = {f"{hand}-{name}": (diagnosed_as(name),) for hand in STYLES for name in PLANTS[hand]}
    written = {handwritten.wrong_case(name).name: w.names for name, w in handwritten.WRONG.items()}
    return planted | written


def mistakes_in(case: Case) -> tuple[str, ...]:
    """Return the mistakes in a case's gradient or list, as a diagnosis knows them; often none."""
    return _mistakes().get(case.name, ())


def by_name(name: str) -> Case:
    """Return one case; raise KeyError where there is none of that name."""
    return {case.name: case for case in (*_right(), *_wrong())}[name]
