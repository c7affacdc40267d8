"""Right and wrong plots, drawn at random, before the check that looks at decay.png.

`python -m tests.benchmarks.looking [FIRST] [LAST]` draws two pictures for each seed, a right one
and a wrong one. Constants were tuned on seeds below 60, those of the labels on 600 to 849; of those
below 1500 the failures were seen.

Each is judged by its pixels alone, and with what a fresh run shows: the same picture, or where
another student's is handed in, one's own, drawn in the same manner (even seeds) or in another. A
right one is judged a third time beside a fresh picture in another manner.
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
from tests.random_renderings import own, rendering
from tests.toys import decay, loaded, material, run, runs

HOW = ("pixels alone", "fresh run", "restyled")
ELSEWHERE = 100_000  # seeds of manners, far from those of pictures


def given(one, fresh):
    """Return the material for one rendering, and what a fresh run draws, if it does."""
    known = material(decay=decay(one.curves["rnn"], one.curves["gru"]), run=None)
    files = {"decay.png": loaded("decay.png", one.data)}
    known = replace(known, submission=replace(known.submission, files=files))
    if fresh is None:
        return known
    figure = figure_from([{"file": "decay.png", **described(fresh.figure)}])
    again = run(artefacts={"decay.png": fresh.data}, figure=figure)
    return replace(known, run=runs(again))


def drawn(one, how):
    """Return what a fresh run draws: nothing, the picture itself or one's own, or it restyled."""
    if how == "pixels alone":
        return None
    if how == "restyled":
        return own(one, seed=one.seed + ELSEWHERE)
    if not one.what.startswith("another"):
        return one
    return own(one) if one.seed % 2 == 0 else own(one, seed=one.seed + ELSEWHERE)


def answer(one, how):
    """Return "right", "wrong" or "unsure", the kinds found, and the seconds taken."""
    known = given(one, drawn(one, how))
    start = time.process_time()
    found = [
        f
        for check in (plot.curves, plot.fresh)
        for f in check(known)
        if f.outcome is not Outcome.NOTE
    ]
    seconds = time.process_time() - start
    if any(finding.outcome in WRONG for finding in found):
        said = "wrong"
    else:
        said = "unsure" if found else "right"
    return said, ",".join(finding.kind for finding in found), seconds


def main():
    """Print how many of each were called what, and which were called wrongly."""
    first, last = (int(word) for word in (*sys.argv[1:], *("1500", "1650")[len(sys.argv) - 1 :]))
    counts, seconds, kinds = Counter(), [], Counter()
    for seed in range(first, last):
        for right in (True, False):
            one = rendering(seed, right=right)
            for how in HOW if right else HOW[:2]:
                plot._looked.cache_clear()
                said, kind, taken = answer(one, how)
                counts[right, how, said] += 1
                kinds[right, how, one.what, said] += 1
                seconds += [taken] if how == "pixels alone" else []
                if said != ("right" if right else "wrong"):
                    sys.stdout.write(f"{seed} {one.what} {how}: {said} ({kind}); {one.how}\n")
    lines = [
        f"{'right' if right else 'wrong'} {what:15} {how:12} {said} {count}"
        for (right, how, what, said), count in sorted(kinds.items())
    ]
    for how in HOW:
        lines.append(f"{how}:")
        for right in (True, False):
            row = {said: counts[right, how, said] for said in ("right", "wrong", "unsure")}
            lines.append(f"  {'right' if right else 'wrong'} ones: {row}")
    lines.append(f"time: median {np.median(seconds):.3f} s, worst {max(seconds):.3f} s")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
