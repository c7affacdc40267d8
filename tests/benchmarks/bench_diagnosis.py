"""Time to name a mistake: nothing where the gradient is right, and how much where it is wrong.

Run as `python -m tests.benchmarks.bench_diagnosis`. The search alone, inside whole gradings:
medians over the submissions of a kind, and the longest.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from grader import corpus
from grader.corpus.model import Case
from grader.evidence import prober
from grader.facts import Diagnosis, ProbeFacts
from grader.grading import grade


def seconds(cases: Sequence[Case]) -> list[float]:
    """Return the time of the search in each submission, both models together."""
    search, spent = prober.explained, [0.0]

    def timed(facts: ProbeFacts, probed: object, sites: object) -> tuple[Diagnosis, ...]:
        start = time.perf_counter()
        try:
            return search(facts, probed, sites)  # type: ignore[arg-type]
        finally:
            spent[0] += time.perf_counter() - start

    found = []
    prober.explained = timed  # type: ignore[assignment]
    try:
        for case in cases:
            spent[0] = 0.0
            with tempfile.TemporaryDirectory() as home:
                grade(case.write(Path(home)))
            found.append(spent[0])
    finally:
        prober.explained = search
    return found


def main() -> None:
    """Print medians and longest."""
    known = [case for case in corpus.wrong() if corpus.mistakes_in(case)]
    kinds = {
        "right (20 ms)": corpus.right()[:18],
        "wrong, with functions (1 s)": [case for case in known if case.has_functions][::6],
        "wrong, without functions": [case for case in known if not case.has_functions],
    }
    for name, cases in kinds.items():
        spent = seconds(cases)
        median, longest = 1000 * statistics.median(spent), 1000 * max(spent)
        print(f"{name:28} median {median:5.0f} ms, longest {longest:5.0f} ms of {len(cases)}")  # noqa: T201 - a command's output


if __name__ == "__main__":
    main()
