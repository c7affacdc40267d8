"""What each tier adds to a grade: tiers in turn, medians over the rounds, ratios within a round.

Run as `python -m tests.benchmarks.bench_isolation`. Whole grades in this process, so that what a
tier costs is not hidden behind imports. Tier E is the baseline: it does nothing but what any child
process needs.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from pathlib import Path

from grader.grading import Options, grade
from grader.isolation.policy import Wish, protection
from grader.isolation.refusal import IsolationRefusedError

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "14-vanishing-grad"


def cpu_s() -> float:
    """Return processor time of this process and of the children that ended, in seconds."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    """Print medians of wall and processor time by tier, and their ratios to tier E."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    tiers = [tier for tier in ("E", "B", "A") if _there(tier)]
    wall: dict[str, list[float]] = {tier: [] for tier in tiers}
    cpu: dict[str, list[float]] = {tier: [] for tier in tiers}
    for number in range(rounds + 1):
        # The order turns, so that no tier always follows the same other.
        for tier in tiers[number % len(tiers) :] + tiers[: number % len(tiers)]:
            begun, used = time.perf_counter(), cpu_s()
            grade(EXPERIMENT, Options(isolation=tier, unsafe=True))
            if number:
                wall[tier].append(time.perf_counter() - begun)
                cpu[tier].append(cpu_s() - used)
    for tier in tiers:
        ratios = [
            statistics.median(a / b for a, b in zip(found[tier], found["E"], strict=True))
            for found in (wall, cpu)
        ]
        print(  # noqa: T201 - a command's output
            f"{tier}: wall {1000 * statistics.median(wall[tier]):6.0f} ms, "
            f"cpu {1000 * statistics.median(cpu[tier]):6.0f} ms; "
            f"beside E: wall {ratios[0]:.3f}, cpu {ratios[1]:.3f}"
        )


def _there(tier: str) -> bool:
    try:
        protection(Wish(tier))
    except IsolationRefusedError:
        return False
    return True


if __name__ == "__main__":
    main()
