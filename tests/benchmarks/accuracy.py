"""How accurate the oracles are: run as ``python -m tests.benchmarks.accuracy``.

Worst relative error over all fifty-one gradients, as vectors, against 256-bit ball arithmetic,
beside the worst tolerance the grader would derive without that truth.
"""

from __future__ import annotations

import sys

from tests.golden.cases import CASES, measure


def main() -> int:
    """Print the table."""
    sys.stdout.write(
        "| configuration | g_0 | finite differences | derived tolerance | complex step "
        "| derived tolerance | BPTT |\n|---|---|---|---|---|---|---|\n"
    )
    for case in CASES:
        found = measure(case)
        cells = (
            found.differences,
            found.differences_tolerance,
            found.complex_step,
            found.complex_tolerance,
            found.by_hand,
        )
        numbers = " | ".join(f"{cell.max():.1e}" for cell in cells)
        sys.stdout.write(f"| {case.name} | 1e{found.log10_g_0:.1f} | {numbers} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
