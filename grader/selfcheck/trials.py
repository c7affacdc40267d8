"""What the grader is tried on: hands, mistakes, pairs of them, seeds, and defects of files."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from grader import corpus
from grader.corpus.catalog import MISTAKES, diagnosed_as
from grader.corpus.gradient_cases import planted, planted_pair, right_case
from grader.corpus.model import Case
from grader.corpus.styles import PLANTS, STYLES

Profile: TypeAlias = Literal["quick", "full"]

FIRST_SEED = 42
LIST_MISTAKES = ("norm-squared", "norm-l1", "norm-max", "list-reversed")
GRU_PAIRS = (
    ("gru-r-path-missing", "gru-z-prime-missing"),
    ("gru-z-path-missing", "gru-candidate-prime-missing"),
    ("gru-w-not-transposed", "gru-z-path-missing"),
    ("gru-reset-not-applied", "gru-r-path-missing"),
)
"""Pairs that occur together: two omissions in one derivation."""

PRIME = 7919  # so that a mistake's seeds are not its neighbour's


@dataclass(frozen=True, slots=True)
class Trial:
    """One submission: `right` if nothing is wrong in it; `names` the mistakes planted in it."""

    case: Case
    right: bool
    names: tuple[str, ...] = ()


def trials(profile: Profile, seeds: int) -> Iterator[Trial]:
    """Yield the submissions of a profile.

    Parameters
    ----------
    profile : {"quick", "full"}
        Quick: every hand right, and every mistake in one hand. Full: every hand with every mistake
        it can carry and with pairs of them, and the whole corpus with its defects of files.
    seeds : int
        How many seeds each hand and mistake is drawn with.
    """
    for number, style in enumerate(STYLES.values()):
        for seed in _seeds(number, seeds):
            yield Trial(_named(right_case(replace(style, seed=seed)), seed), right=True)
    yield from _planted(profile, seeds)
    if profile == "full":
        yield from _pairs(seeds)
        yield from _corpus()


def _seeds(number: int, count: int) -> list[int]:
    """Return the lab's own seed and others."""
    return [FIRST_SEED, *(1000 + PRIME * k + number for k in range(1, count))][:count]


def _named(case: Case, seed: int) -> Case:
    return case if seed == FIRST_SEED else replace(case, name=f"{case.name}-seed-{seed}")


def _planted(profile: Profile, seeds: int) -> Iterator[Trial]:
    for number, name in enumerate(MISTAKES):
        able = [hand for hand in STYLES if name in PLANTS[hand]]
        hands = able if profile == "full" else able[number % len(able) :][:1]
        for offset, hand in enumerate(hands):
            for seed in _seeds(100 * number + offset, seeds):
                case = planted(replace(STYLES[hand], seed=seed), name)
                yield Trial(_named(case, seed), right=False, names=(diagnosed_as(name),))


def _pairs(seeds: int) -> Iterator[Trial]:
    """Yield pairs of mistakes: one in gradient and one in list, or two in one derivation."""
    for number, (hand, style) in enumerate(STYLES.items()):
        steps = [name for name in PLANTS[hand] if name.startswith(("rnn-", "gru-", "head-"))]
        lists = [name for name in LIST_MISTAKES if name in PLANTS[hand]]
        wanted = [*itertools.product(steps, lists), *GRU_PAIRS]
        for first, second in wanted:
            if first not in PLANTS[hand] or second not in PLANTS[hand]:
                continue
            seed = _seeds(5000 + number, seeds)[-1]
            case = planted_pair(replace(style, seed=seed), first, second)
            if _applies(case):
                names = (diagnosed_as(first), diagnosed_as(second))
                yield Trial(case, right=False, names=names)


def _applies(case: Case) -> bool:
    """Say whether two mistakes are not in each other's way."""
    try:
        case.sources()
    except ValueError:
        return False
    return True


def _corpus() -> Iterator[Trial]:
    """Yield what is written once: documents, scripts, runs and functions, right and wrong."""
    known = {f"{hand}-{name}" for hand in STYLES for name in PLANTS[hand]}
    known |= {f"right-{hand}" for hand in STYLES}
    right_extreme, wrong_extreme = corpus.extreme()
    for cases, right in (
        ([*corpus.right(), *right_extreme], True),
        ([*corpus.wrong(), *wrong_extreme], False),
    ):
        for case in cases:
            if case.name not in known:
                yield Trial(case, right, corpus.mistakes_in(case))
