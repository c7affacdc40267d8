"""Right and wrong plots, drawn at random, before the check that looks at decay.png.

`python -m tests.benchmarks.looking [FIRST] [LAST]` draws two pictures for each seed, a right one
and a wrong one. Constants were tuned on seeds below 60; of those below 300 the failures were seen.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import replace

import numpy as np

from grader.checks import plot
from grader.evidence.drawn import figure_from
from grader.evidence.figures import described
from grader.model import WRONG, Outcome
from tests.random_renderings import rendering
from tests.toys import decay, loaded, material, run, runs


def given(one, *, told):
    """Return the material for one rendering; where `told`, a fresh run draws the same picture."""
    known = material(decay=decay(one.curves["rnn"], one.curves["gru"]), run=None)
    files = {"decay.png": loaded("decay.png", one.data)}
    known = replace(known, submission=replace(known.submission, files=files))
    if not told or one.what.startswith("another"):
        return known  # another student's plot is not what the script draws
    figure = figure_from([{"file": "decay.png", **described(one.figure)}])
    again = run(artefacts={"decay.png": one.data}, figure=figure)
    return replace(known, run=runs(again))


def answer(one, *, told):
    """Return "right", "wrong" or "unsure", the kinds found, and the seconds taken."""
    known = given(one, told=told)
    start = time.process_time()
    found = [f for f in plot.curves(known) if f.outcome is not Outcome.NOTE]
    seconds = time.process_time() - start
    if any(finding.outcome in WRONG for finding in found):
        said = "wrong"
    else:
        said = "unsure" if found else "right"
    return said, ",".join(finding.kind for finding in found), seconds


def main():
    """Print how many of each were called what, and which were called wrongly."""
    first, last = (int(word) for word in (*sys.argv[1:], *("300", "450")[len(sys.argv) - 1 :]))
    counts, seconds, kinds = Counter(), [], Counter()
    for seed in range(first, last):
        for right in (True, False):
            one = rendering(seed, right=right)
            for told in (False, True):
                plot._looked.cache_clear()
                said, kind, taken = answer(one, told=told)
                counts[right, told, said] += 1
                kinds[right, told, one.what, said] += 1
                seconds += [] if told else [taken]
                if said != ("right" if right else "wrong"):
                    sys.stdout.write(
                        f"{seed} {one.what} told={told}: {said} ({kind}); {one.how}" + "\n"
                    )
    lines = [
        f"{'right' if right else 'wrong'} {what:15} {'told' if told else 'pixels':7} {said} {count}"
        for (right, told, what, said), count in sorted(kinds.items())
    ]
    for told in (False, True):
        lines.append("with the figure as recorded:" if told else "pixels alone:")
        for right in (True, False):
            row = {said: counts[right, told, said] for said in ("right", "wrong", "unsure")}
            lines.append(f"  {'right' if right else 'wrong'} ones: {row}")
    lines.append(f"time: median {np.median(seconds):.3f} s, worst {max(seconds):.3f} s")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
