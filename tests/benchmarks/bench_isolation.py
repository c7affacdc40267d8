"""What each tier adds: to the start of a child, and to a grade; tiers in turn, so that a drift of
the machine meets all of them; medians over the rounds, and of the ratios within a round.

Run as `python -m tests.benchmarks.bench_isolation`. Tier E is the baseline: it does nothing but
what any child process needs. A grade starts two children, side by side.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from grader.evidence.sandbox import Child
from grader.grading import Options, grade
from grader.isolation.policy import Wish, protection
from grader.isolation.refusal import IsolationRefusedError

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "14-vanishing-grad"


def start(tier: str) -> None:
    """Start a child, wait until a script could run in it, and end it."""
    with Child(protection(Wish(tier)), {"script.py": b""}, 10.0) as child:
        child.begun()


def whole(tier: str) -> None:
    """Grade the reference experiment."""
    grade(EXPERIMENT, Options(isolation=tier, unsafe=True))


def measure(what: Callable[[str], None], tiers: list[str], rounds: int) -> None:
    """Print the median of each tier, its difference to tier E and its ratio to it."""
    times: dict[str, list[float]] = {tier: [] for tier in tiers}
    for number in range(rounds + 1):
        # The order turns, so that no tier always follows the same other.
        for tier in tiers[number % len(tiers) :] + tiers[: number % len(tiers)]:
            begun = time.perf_counter()
            what(tier)
            if number:
                times[tier].append(time.perf_counter() - begun)
    for tier, found in times.items() if rounds else ():
        pairs = list(zip(found, times["E"], strict=True))
        print(  # noqa: T201 - a command's output
            f"{what.__name__} {tier}: {1000 * statistics.median(found):6.0f} ms; beside E "
            f"{1000 * statistics.median(a - b for a, b in pairs):+.0f} ms, "
            f"× {statistics.median(a / b for a, b in pairs):.3f}"
        )


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=21)
    parser.add_argument("--grades", type=int, default=7)
    arguments = parser.parse_args()
    tiers = [tier for tier in ("E", "B", "A") if _there(tier)]
    measure(start, tiers, arguments.starts)
    measure(whole, tiers, arguments.grades)


def _there(tier: str) -> bool:
    try:
        protection(Wish(tier))
    except IsolationRefusedError:
        return False
    return True


if __name__ == "__main__":
    main()
