"""Explains a recorded list from vectors: another norm, another order, a factor, a floor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from grader.diagnosis.hypothesis import Compared, Match, compared
from grader.diagnosis.records import ORDERS, RECORDS, record
from grader.facts import Array, Given, Scene

FACTOR = 1e-6
"""How far a factor read off one entry may be from the same read off another."""

PLACES = range(1, 20)
"""Decimal places that a list may have been rounded to."""

NEGLIGIBLE = 1e-10
"""A floor for the logarithm is below this; what it replaces was an exact zero."""


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """A recorded list, (T,), with the half units and the relative error it may carry."""

    values: Array
    rounding: Array
    relative: float

    def held(self, predicted: Array) -> Compared:
        """Compare a list with the recorded one; an exact zero may have become a tiny number."""
        with np.errstate(all="ignore"):
            size = np.abs(predicted)
            difference = np.abs(self.values - predicted)
            marked = (predicted == 0) & (np.abs(self.values) < NEGLIGIBLE)
            # A log of the norm loses what the norm loses, which is no share of the logarithm.
            difference = np.where(marked, 0.0, difference)
            return compared(difference, size, self.rounding + self.relative * np.maximum(size, 0.0))


def listed(given: Given, relative: float) -> Listed | None:
    """Return the recorded list of a student's numbers, if there is one."""
    if given.recorded is None:
        return None
    rounding = given.rounding if given.rounding is not None else np.zeros(len(given.recorded))
    return Listed(given.recorded, rounding, max(relative, given.relative))


def right_list(vectors: Array, scene: Scene) -> Array:
    """Return the list as the lab wants it: g_0 … g_{T-1}."""
    return ORDERS["right"](record("right", vectors, scene))


class ListSearch:
    """What was recorded in place of the norms of some vectors."""

    def __init__(self, shown: Listed, vectors: Array, scene: Scene) -> None:
        self.shown = shown
        self.vectors = vectors
        self.scene = scene
        self._kinds: dict[str, Array] = {}

    def singles(self) -> list[Match]:
        """Return the single mistakes in recording that give the list."""
        found = [
            Match((f"record-{name}",), held.deviation)
            for name in RECORDS
            if (held := self._held(name, "right")).agree
        ]
        found += [
            Match((f"record-{name}",), held.deviation)
            for name in ORDERS
            if name != "right" and (held := self._held("right", name)).agree
        ]
        # √d times too small is a root mean square before it is a factor.
        return found or list(self._trimmed(self._list("right", "right")))

    def pairs(self) -> Iterator[Match]:
        """Yield two mistakes in recording that give the list together."""
        orders = [order for order in ORDERS if order != "right"]
        for name in RECORDS:
            for order in orders:
                held = self._held(name, order)
                if held.agree:
                    yield Match((f"record-{name}", f"record-{order}"), held.deviation)
        lists = [(name, self._list(name, "right")) for name in RECORDS]
        lists += [(order, self._list("right", order)) for order in orders]
        for name, values in lists:
            for trim in self._trimmed(values):
                yield Match((f"record-{name}",)).joined(trim)

    def nearest(self) -> Match:
        """Return the single mistake in recording that comes closest."""
        return min(
            (Match((f"record-{name}",), self._held(name, "right").deviation) for name in RECORDS),
            key=lambda match: match.deviation,
        )

    def _list(self, kind: str, order: str) -> Array:
        if kind not in self._kinds:
            self._kinds[kind] = record(kind, self.vectors, self.scene)
        return ORDERS[order](self._kinds[kind])

    def _held(self, kind: str, order: str) -> Compared:
        return self.shown.held(self._list(kind, order))

    def _trimmed(self, values: Array) -> Iterator[Match]:
        """Yield what was done to every entry of a list afterwards."""
        given = self.shown.values
        if not np.isfinite(values).all():
            return
        for name, trimmed, value in _trims(values, given):
            held = self.shown.held(trimmed)
            if held.agree and not self.shown.held(values).agree:
                found: Mapping[str, float] = {} if value is None else {name: value}
                yield Match((name,), held.deviation, found)
                return


def _trims(values: Array, given: Array) -> Iterator[tuple[str, Array, float | None]]:
    """Yield lists that were negated, scaled, floored or rounded, the number read off `given`."""
    yield "record-sign", -values, None
    factors = given[values != 0] / values[values != 0]
    if factors.size:
        factor = float(np.median(factors))
        if factor != 0 and np.allclose(factors, factor, rtol=FACTOR, atol=0.0):
            yield "record-scaled", factor * values, factor
    lowest = float(given.min())
    if lowest > 0:
        yield "record-floored", np.maximum(values, lowest), lowest
    added = float(np.median(given - values))
    if added > 0:
        yield "record-floor-added", values + added, added
    for places in PLACES:
        yield "record-rounded", np.round(values, places), float(places)
