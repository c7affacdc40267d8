"""Students who make each mistake of the catalogue, in scenes of their own."""

from dataclasses import replace

import numpy as np

from grader.diagnosis.backward import back
from grader.diagnosis.chains import Pass
from grader.diagnosis.heads import right
from grader.diagnosis.records import ORDERS, record
from grader.diagnosis.stored import STORES
from grader.diagnosis.walk import Steps
from grader.facts import Given
from tests.scenes import norms, pair, vectors

BOUND, REACH, FACTOR, CLASS, PLACES = 0.2, 5, 0.7, 4, 4
CARRIES = {
    "bptt-not-carried": {"reach": 1},
    "bptt-truncated": {"reach": REACH},
    "bptt-clipped-norm": {"bound": BOUND},
    "bptt-normalised": {"unit_rows": True},
    "bptt-scaled": {"factor": FACTOR},
}
TRIMS = {
    "record-scaled": lambda g: 2.5 * g,
    "record-floor-added": lambda g: g + 1e-6,
    "record-floored": lambda g: np.maximum(g, float(np.sort(g)[3])),
    "record-rounded": lambda g: np.round(g, PLACES),
    "record-sign": lambda g: -g,
}


def scenes_for(mistake, kind, seed, **form):
    """Return scenes in which a mistake shows: a target that is no token, V = d where it must be."""
    scenes = pair(kind, seed, **form)
    made = []
    for scene in scenes:
        others = [y for y in range(1, 11) if y not in scene.tokens and y != CLASS]
        # Every token may occur: then only the first and the last must differ from the target.
        ends = {scene.tokens[0], scene.tokens[-1], CLASS}
        target = others[0] if others else next(y for y in range(1, 11) if y not in ends)
        changed = {"target": target}
        if mistake.name == "head-no-readout":
            d = scene.states.shape[1]
            p = scene.probabilities[:d] / scene.probabilities[:d].sum()
            changed = {"probabilities": p, "readout": scene.readout[:d], "target": target % d}
        made.append(replace(scene, **changed))
    return made


def _looped(scene, step):
    """Return the vectors of a backward loop whose every step is `step(t, dh, head)`."""
    rows = [right(scene)]
    for t in range(len(scene.tokens), 0, -1):
        rows.insert(0, step(t, rows[0], rows[-1]))
    return np.array(rows)


def _one(scene, t, dh):
    return back(Steps(scene, np.array([t])), dh[None])[0]


def _head(scene, name):
    """Return a backward pass that starts from a wrong head gradient."""
    factors = {
        "head-sign": -1.0,
        "head-divided-by-length": 1.0 / len(scene.tokens),
        "head-divided-by-classes": 1.0 / len(scene.probabilities),
        "head-scaled": 3.0,
    }
    if name in factors:
        return Pass((name,), factor_head=factors[name])
    if name == "head-other-target":
        return Pass((name,), target=CLASS)
    return Pass((name,), head=name.removeprefix("head-"))


def vectors_with(scene, mistake, variant):
    """Return the vectors of a student who makes a mistake of one scene."""
    name = mistake.name
    if name == "bptt-from-head":
        return _looped(scene, lambda t, _, head: _one(scene, t, head))
    if name == "bptt-clipped-value":
        return _looped(scene, lambda t, dh, _: np.clip(_one(scene, t, dh), -0.05, 0.05))
    if mistake.part == "store":
        return STORES[name][0](vectors(scene), scene)
    if mistake.part == "step":
        made = Pass((name,), choices=variant)
    elif mistake.part == "add":
        made = Pass((name,), extra=variant["own"])
    else:
        made = Pass((name,), **CARRIES[name]) if name in CARRIES else _head(scene, name)
    return vectors(scene, made)


def list_with(scene, mistake):
    """Return the list of a student who computes the right vectors and records them wrongly."""
    right_ones, bare = vectors(scene), mistake.name.removeprefix("record-")
    if mistake.part == "order":
        return ORDERS[bare](norms(right_ones))
    if mistake.part == "trim":
        return TRIMS[mistake.name](norms(right_ones)[:-1])
    return ORDERS["right"](record(bare, right_ones, scene))


def evidence(mistake, variant, scenes):
    """Return what a grader has: vectors everywhere, the list where the declared parameters are."""
    if mistake.part not in ("record", "order", "trim"):
        return [(scene, Given(vectors=vectors_with(scene, mistake, variant))) for scene in scenes]
    shown = list_with(scenes[0], mistake)
    given = [Given(vectors=vectors(scenes[0]), recorded=shown, rounding=np.zeros(len(shown)))]
    given += [Given(vectors=vectors(scene)) for scene in scenes[1:]]
    return list(zip(scenes, given, strict=True))
