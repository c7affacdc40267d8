"""The report card: counts of wrong verdicts with their bounds, names given, and time taken."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grader.selfcheck.bounds import clopper_pearson
from grader.selfcheck.running import Graded

LEAST = {"singles": 0.98, "pairs": 0.90, "lifted": 0.95}
"""Shares that a sound grader reaches: names given rightly, and scripts verified as they are."""

NOTHING = "-"
"""Stands in a confusion matrix for no diagnosis, and for one that names nothing."""


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `trials`, and between what shares that puts the truth, with 95 % confidence."""

    hits: int
    trials: int

    @property
    def bounds(self) -> tuple[float, float]:
        """Ends of the interval of Clopper and Pearson."""
        return clopper_pearson(self.hits, self.trials)


@dataclass(frozen=True, slots=True)
class Card:
    """All that a run of trials showed.

    Parameters
    ----------
    accepted, refused : Share
        Wrong submissions passed; right ones refused or accused.
    singles, pairs : Share
        Single mistakes named first; pairs whose both mistakes are among the candidates.
    accused : Share
        Right submissions that were given a diagnosis.
    lifted : Share
        Right submissions that offer no functions and were verified.
    confusion : mapping of (planted, said) to a count
    faulty : sequence of Graded
        Trials of which something wrong was said.
    median_s, slowest_s : float
        Time to grade one submission, in seconds.
    """

    accepted: Share
    refused: Share
    singles: Share
    pairs: Share
    accused: Share
    lifted: Share
    confusion: Counter[tuple[str, str]]
    faulty: Sequence[Graded]
    median_s: float
    slowest_s: float

    @property
    def sound(self) -> bool:
        """Whether no verdict was wrong, nothing right was diagnosed, and enough was named."""
        return not (self.faulty or self.accused.hits or self.missed)

    @property
    def missed(self) -> tuple[str, ...]:
        """The shares that fall short of `LEAST`, by name."""
        shares: dict[str, Share] = {name: getattr(self, name) for name in LEAST}
        return tuple(n for n, share in shares.items() if share.hits < LEAST[n] * share.trials)


def card(graded: Sequence[Graded]) -> Card:
    """Sum up trials."""
    right = [one for one in graded if one.right]
    wrong = [one for one in graded if not one.right]
    singles = [one for one in wrong if len(one.planted) == 1]
    pairs = [one for one in wrong if len(one.planted) > 1]
    bare = [one for one in right if not one.offers_functions]
    return Card(
        accepted=Share(sum(one.accepted for one in wrong), len(wrong)),
        refused=Share(sum(one.refused for one in right), len(right)),
        singles=Share(sum(one.named_first for one in singles), len(singles)),
        pairs=Share(sum(one.named for one in pairs), len(pairs)),
        accused=Share(sum(bool(one.said) for one in right), len(right)),
        lifted=Share(sum(one.verdict == "passed" for one in bare), len(bare)),
        confusion=Counter(entry for one in singles for entry in _confused(one)),
        faulty=[one for one in graded if one.wrong_verdict],
        median_s=statistics.median(one.seconds for one in graded),
        slowest_s=max(one.seconds for one in graded),
    )


def _confused(one: Graded) -> Iterator[tuple[str, str]]:
    """Yield the mistake planted, with each name it was given."""
    told = [candidates[0] for candidates in one.said if candidates]
    for names in dict.fromkeys(told) or {(NOTHING,): None}:
        yield one.planted[0], " + ".join(names)
