"""Grade every trial as a student's submission is graded, several at a time."""

from __future__ import annotations

import functools
import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from grader.corpus.judging import judge
from grader.grading import Options, grade
from grader.selfcheck.trials import Profile, Trial, trials

TIMEOUT_S = 30.0
"""Time a script may take: ordinary ones take 0.2 s, and the machine is shared with other trials."""


@dataclass(frozen=True, slots=True)
class Graded:
    """What the grader said of one trial; `said` holds the candidates of each diagnosis."""

    name: str
    right: bool
    planted: tuple[str, ...]
    verdict: str
    accepted: bool
    refused: bool
    faults: tuple[str, ...]
    said: tuple[tuple[tuple[str, ...], ...], ...]
    offers_functions: bool
    level: str
    seconds: float

    @property
    def wrong_verdict(self) -> bool:
        """Whether anything that was said is wrong."""
        return bool(self.faults)

    @property
    def named_first(self) -> bool:
        """Whether each planted mistake comes first in a diagnosis of its own."""
        first = {candidates[0] for candidates in self.said if candidates}
        return bool(self.planted) and first == {(name,) for name in self.planted}

    @property
    def named(self) -> bool:
        """Whether each planted mistake is among the candidates of a diagnosis."""
        told = {name for candidates in self.said for names in candidates for name in names}
        return bool(self.planted) and set(self.planted) <= told


@functools.cache
def _all(profile: Profile, seeds: int) -> tuple[Trial, ...]:
    return tuple(trials(profile, seeds))


def run(profile: Profile, seeds: int, jobs: int | None = None) -> Iterator[Graded]:
    """Yield what is said of every trial, in the order of the trials.

    Parameters
    ----------
    profile, seeds
        As of `trials`.
    jobs : int, optional
        Submissions graded at a time; by default one a processor.
    """
    workers = jobs or os.cpu_count() or 1
    with ProcessPoolExecutor(max_workers=workers) as pool:
        each = functools.partial(graded, profile, seeds)
        for one in pool.map(each, range(len(_all(profile, seeds)))):
            if one is not None:
                yield one


def graded(profile: Profile, seeds: int, number: int) -> Graded | None:
    """Write, grade and judge one trial; cases hold functions, which do not cross processes.

    Returns
    -------
    Graded or None
        None for a pair of mistakes that stops its script before anything is written.
    """
    trial = _all(profile, seeds)[number]
    with tempfile.TemporaryDirectory(prefix="vangrad-selfcheck-") as home:
        try:
            folder = trial.case.write(Path(home))
        except RuntimeError:
            if len(trial.names) < 2:
                raise
            return None
        started = time.perf_counter()
        report = grade(folder, Options(timeout_s=TIMEOUT_S))
        seconds = time.perf_counter() - started
    judgement = judge(trial.case, report)
    return Graded(
        name=trial.case.name,
        right=trial.right,
        planted=trial.names,
        verdict=report.verdict.value,
        accepted=judgement.accepted,
        refused=judgement.refused,
        faults=judgement.faults,
        said=tuple(diagnosis.candidates for diagnosis in report.diagnoses),
        offers_functions=trial.case.has_functions,
        level=report.evidence[0].level if report.evidence else "files",
        seconds=seconds,
    )
