"""What a diagnosed mistake gives: its list of norms, computed from the scene alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from grader.diagnosis.catalogue import BY_NAME, Mistake
from grader.diagnosis.chains import Pass
from grader.diagnosis.records import ORDERS, RECORDS, norms, record
from grader.diagnosis.stored import STORES
from grader.facts import Array, Diagnosis, Given, Scene

SEEN = 0.02
"""Distance of logarithms that a picture can show: what is further from the numbers explained is
another variant of the mistake than the student's, or one that cannot be computed anew."""

TRIMS: Mapping[str, Callable[[Array, float], Array]] = {
    "record-sign": lambda g, _: -g,
    "record-scaled": lambda g, factor: factor * g,
    "record-floored": np.maximum,
    "record-floor-added": lambda g, floor: g + floor,
    "record-rounded": lambda g, places: np.round(g, int(places)),
}


def predicted(diagnosis: Diagnosis, evidence: Sequence[tuple[Scene, Given]]) -> tuple[float, ...]:
    """Return log10 of the list that the first candidate gives at the declared scene.

    Parameters
    ----------
    diagnosis : Diagnosis
    evidence : sequence of pairs of Scene and Given
        As the search for the diagnosis had it.

    Returns
    -------
    tuple of float
        T values, -inf for zero and NaN where there is no logarithm; empty where the mistake cannot
        be computed from the scene, or no variant of it comes as near as a picture shows.
    """
    if not diagnosis.candidates or not evidence or evidence[0][0].label != "declared":
        return ()
    scene, given = evidence[0]
    mistakes = [BY_NAME[name] for name in diagnosis.candidates[0]]
    shown = _shown(diagnosis, given)
    if shown is None or any(not _known(mistake) for mistake in mistakes):
        return ()
    made = [_log10(one) for one in _lists(mistakes, diagnosis.values, scene, given)]
    target = _log10(shown)
    nearest = min(made, key=lambda one: _distance(one, target), default=None)
    if nearest is None or _distance(nearest, target) > SEEN:
        return ()
    return tuple(nearest.tolist())


def _shown(diagnosis: Diagnosis, given: Given) -> Array | None:
    """Return the list that was explained, (T,)."""
    if diagnosis.explains == "recorded":
        return given.recorded
    return norms(given.vectors)[:-1] if given.vectors is not None else None


def _known(mistake: Mistake) -> bool:
    return mistake.name not in ("bptt-clipped-value", "bptt-from-head")


def _lists(
    mistakes: Sequence[Mistake], values: Mapping[str, float], scene: Scene, given: Given
) -> Iterator[Array]:
    """Yield the list of every variant of the mistakes."""
    late = ("record", "order", "trim")
    recording = [mistake for mistake in mistakes if mistake.part in late]
    chain = [mistake for mistake in mistakes if mistake.part not in late]
    if given.vectors is not None and not chain:
        yield _recorded(recording, values, given.vectors, scene)
        return
    for vectors in _vectors(chain, values, scene):
        yield _recorded(recording, values, vectors, scene)


def _recorded(
    mistakes: Sequence[Mistake], values: Mapping[str, float], vectors: Array, scene: Scene
) -> Array:
    """Return what is recorded of the vectors, (T,)."""
    names = {mistake.part: mistake.name for mistake in mistakes}
    kind = names.get("record", "record-right").removeprefix("record-")
    order = names.get("order", "record-right").removeprefix("record-")
    found = ORDERS[order](record(kind if kind in RECORDS else "right", vectors, scene))
    for mistake in mistakes:
        if mistake.part == "trim":
            found = TRIMS[mistake.name](found, values.get(mistake.name, 1.0))
    return found


def _vectors(
    mistakes: Sequence[Mistake], values: Mapping[str, float], scene: Scene
) -> Iterator[Array]:
    """Yield the vectors (T+1, d) of every variant of a backward pass with the mistakes."""
    stores = [store for m in mistakes if m.part == "store" for store in STORES[m.name]]
    varied = [m for m in mistakes if m.part in ("step", "add")]
    for variants in itertools.product(*(mistake.variants for mistake in varied)):
        one = Pass()
        for mistake, variant in zip(varied, variants, strict=True):
            if mistake.part == "add":
                one = replace(one, names=(mistake.name,), extra=variant["own"])
            else:
                one = replace(one, choices={**one.choices, **variant})
        for mistake in mistakes:
            one = _with(one, mistake, values.get(mistake.name, 1.0), scene)
        rows = [*one.vectors(scene)][::-1]
        whole = np.concatenate([*rows, one.start(scene)[None]])
        yield from (store(whole, scene) for store in stores) if stores else (whole,)


def _with(one: Pass, mistake: Mistake, value: float, scene: Scene) -> Pass:
    """Return the pass with one mistake more, of those that have a number and no variants."""
    name = mistake.name
    if mistake.part == "head":
        other = name == "head-other-target"
        return replace(one, target=int(value)) if other else replace(one, head=name[5:])
    factors = {
        "head-sign": -1.0,
        "head-divided-by-length": 1.0 / scene.length,
        "head-divided-by-classes": 1.0 / len(scene.probabilities),
        "head-scaled": value,
    }
    if mistake.part == "scale":
        return replace(one, factor_head=factors[name])
    if name in ("bptt-truncated", "bptt-not-carried"):
        return replace(one, reach=int(value))
    if name == "bptt-clipped-norm":
        return replace(one, bound=value)
    if name == "bptt-scaled":
        return replace(one, factor=value)
    return replace(one, unit_rows=True) if name == "bptt-normalised" else one


def _log10(values: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log10(values))


def _distance(a: Array, b: Array) -> float:
    """Return the largest distance of two logarithmic lists; what both lack is no distance."""
    if a.shape != b.shape:
        return np.inf
    with np.errstate(invalid="ignore"):
        apart = np.abs(a - b)
    both = ~np.isfinite(a) & ~np.isfinite(b)
    apart = np.where(both, 0.0, np.where(np.isfinite(apart), apart, np.inf))
    return float(apart.max()) if apart.size else np.inf
