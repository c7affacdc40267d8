"""What a number in a sentence measures: orders of magnitude and over how many steps, ρ, g_0."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from grader.prose import cues
from grader.prose.numerals import TENS, UNITS, Number, numbers
from grader.prose.scope import THEORY, Clause, clauses, is_predicted
from grader.prose.sentences import Sentence
from grader.prose.terms import PERIOD, nets

Quantity: TypeAlias = Literal["per_ten", "total", "orders", "g_0", "radius"]


@dataclass(frozen=True, slots=True)
class Told:
    """What a number measures.

    `steps` is over how many steps a rate is given, where that isn't ten; "orders" are orders of
    magnitude with nothing said on the steps; an `estimate` is called one; `sure` says that the
    number's own clause tells so.
    """

    quantity: Quantity
    steps: float = 10.0
    sure: bool = True
    estimate: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence with its clauses, its numbers and the periods it names."""

    sentence: Sentence
    parts: Sequence[Clause]
    found: Sequence[Number]
    periods: Sequence[re.Match[str]]

    @property
    def text(self) -> str:
        """Return the sentence's words."""
        return self.sentence.text

    def clause(self, number: Number) -> Clause:
        """Return the clause a number stands in."""
        return next((part for part in self.parts if part.end > number.start), self.parts[-1])

    def before(self, number: Number, reach: int = cues.BEFORE) -> str:
        """Return the text before a number."""
        return self.text[max(0, number.start - reach) : number.start]

    def counts_steps(self, number: Number) -> bool:
        """Say whether a number is that of "per 10 steps"."""
        return any(m.start() < number.end and number.start < m.end() for m in self.periods)


def read(sentence: Sentence) -> Reading:
    """Return a sentence taken apart; a cell of a table is one clause."""
    text = sentence.text
    found = numbers(text)
    if not found:
        return Reading(sentence, (), (), ())
    parts = [Clause(text, 0, len(text))] if sentence.is_cell else clauses(text)
    return Reading(sentence, parts, found, tuple(PERIOD.finditer(text)))


def quantity_of(reading: Reading, number: Number) -> Told | None:
    """Return what a number of a sentence measures; None where that is open to doubt.

    Parameters
    ----------
    reading : Reading
    number : Number
        One of `reading.found`.
    """
    before, after = reading.before(number), reading.text[number.end :]
    if (
        before.rstrip().endswith("±")
        or cues.EXPONENT.search(before)
        or cues.NO_MEASURE.match(after)
        or reading.counts_steps(number)
    ):
        return None
    return _radius(reading, number) or _first(reading, number) or _orders(reading, number)


def _radius(reading: Reading, number: Number) -> Told | None:
    before, after = reading.before(number), reading.text[number.end :]
    if cues.LOG_OF.search(before) and cues.RADIUS_WORD.search(
        reading.text + reading.sentence.heading
    ):
        return Told("radius")
    if cues.RADIUS_AFTER.match(after):
        return Told("radius", estimate=bool(cues.ESTIMATE.search(reading.text)))
    match = cues.RADIUS.search(before)
    if match is None or cues.EXPLODES.search(reading.text):
        return None
    between = match["between"]
    if reading.sentence.is_cell or re.match(r"\s*,", after):  # "the radius of W_hh, 0.65, says"
        between = between.replace(",", " ")
    if cues.NO_RADIUS.search(cues.ASIDE.sub(" ", between)):
        return None
    if cues.UNIT.match(after) or re.match(r"\s*(?:[*·×/^]|veces\b|times\b|-?th\b)", after):
        return None
    return Told("radius", estimate=bool(cues.ESTIMATE.search(reading.text)))


def _first(reading: Reading, number: Number) -> Told | None:
    """Recognise g_0: a tiny number beside t = 0, and no constant of a number format."""
    before, after = reading.before(number), reading.text[number.end :]
    size = max(map(abs, number.readings))
    named = cues.NAMED_FIRST.search(before)
    if (
        not 0 < size < (math.inf if named else cues.TINY)
        or cues.LOG_FIRST.search(before)
        or (named and cues.LABEL.search(named[0]))
        or cues.UNIT.match(after)
        or cues.AT_LAST.match(after)
    ):
        return None
    if size == cues.LAB_EXAMPLE and (not named or cues.GIVEN_FIRST.search(before)):
        return None
    if not named and cues.NO_GRADIENT.search(before[-60:]):
        return None
    part = reading.clause(number)
    clause = reading.text[max(0, part.start - cues.ASIDE_OF) : part.end]
    if cues.SUPPOSED.search(before) or cues.POWER.search(before):
        return None
    if not named and (not cues.FIRST.search(clause) or cues.COMPUTED.search(clause)):
        return None
    return Told("g_0", sure=bool(named))


def _orders(reading: Reading, number: Number) -> Told | None:
    if not _is_orders(reading, number):
        return None
    clause = reading.clause(number)
    inside = reading.text[clause.start : number.start]
    if (
        cues.GAP.search(inside)
        or cues.DERIVED.search(reading.before(number))
        or _is_local(reading, clause)
    ):
        return None
    unit = cues.UNIT.match(reading.text, number.end)
    if unit and cues.DIFFERENCE.match(reading.text, unit.end()):
        return None
    said = clause.text.replace(":", " ") if reading.sentence.is_cell else clause.text
    if is_predicted(said, number.start - clause.start, number.end - clause.start):
        return None
    return _period(reading, number)


def _is_local(reading: Reading, clause: Clause) -> bool:
    """Say whether a clause is about a part of the sequence."""
    said = reading.text
    for period in reading.periods:
        blank = " " * (period.end() - period.start())
        said = said[: period.start()] + blank + said[period.end() :]
    said = said[clause.start : clause.end]
    return bool(
        cues.SOME_STEPS.search(said) or (cues.LOCAL.search(said) and not reading.sentence.is_cell)
    )


def _is_orders(reading: Reading, number: Number) -> bool:
    """Say whether a number counts orders of magnitude: by its unit, or by that of one beside it."""
    text, before = reading.text, reading.before(number)
    if cues.UNIT.match(text, number.end):
        return True
    if cues.LETTERED.search(before) or cues.OWN_LOG.search(before):
        return True
    if cues.VARIABLE.search(before) or cues.SYMBOL.search(before):
        return False
    if number.power or cues.FORMULA.search(before) or cues.SETTING.search(before):
        return False
    after = text[number.end :]
    rated = any(0 <= m.start() - number.end <= 2 for m in reading.periods)
    bare = rated or (cues.ELLIPSIS_BEFORE.search(before) and cues.ELLIPSIS_AFTER.match(after))
    return (
        bool(bare)
        and cues.LEAST_ORDERS < min(map(abs, number.readings)) < cues.MOST_ORDERS
        and _is_spoken_of(reading, number)
    )


def _is_spoken_of(reading: Reading, number: Number) -> bool:
    """Say whether orders of magnitude are what a sentence, or the label above it, counts."""
    text, before = reading.text, reading.before(number)
    labels = (before, *reading.sentence.above) if ":" in before or reading.sentence.is_cell else ()
    if any(cues.LABEL.search(label) for label in labels) or cues.TOTALS.search(before):
        return True
    others = (n for n in reading.found if n is not number and not reading.counts_steps(n))
    for other in others:
        between = text[min(number.end, other.end) : max(number.start, other.start)]
        if cues.UNIT.match(text, other.end) and not THEORY.search(between):
            return True
    if cues.KEPT.search(reading.clause(number).text):
        return False
    spans = [m for m in reading.periods if not m["one"]]
    near = any(abs(m.start() - number.end) < 4 or 0 < number.start - m.end() < 60 for m in spans)
    return near and bool(nets(text))


def _period(reading: Reading, number: Number) -> Told | None:
    """Return over how many steps the orders are lost: by what follows, what precedes, a label."""
    text, before = reading.text, reading.before(number)
    if cues.LETTERED.search(before) or cues.OWN_LOG.search(before):
        return Told("total")
    unit = cues.UNIT.match(text, number.end)
    begin = unit.end() if unit else number.end
    later = [m for m in reading.periods if m.start() >= begin]
    earlier = [m for m in reading.periods if m.end() <= number.start]
    # "In ten steps it loses 2, over the sequence 10": what follows a comma has a number of its own.
    parted = bool(earlier and later) and text[: later[0].start()].rstrip().endswith(",")
    if later and not parted and _belongs(reading, number, later[0], begin):
        return told(later[0], sure=True)
    if earlier:
        own = earlier[-1].start() >= reading.clause(number).start
        between = (n for n in reading.found if earlier[-1].end() <= n.start < number.start)
        return told(earlier[-1], sure=own and not any(between))
    if later:
        return told(later[0], sure=False)
    for label in reading.sentence.above:
        match = PERIOD.search(label)
        if match:
            return told(match, sure=False)
    single = number.in_words and number.readings == (1.0,)
    return Told("orders", sure=False) if cues.LOSES.search(text) and not single else None


def _belongs(reading: Reading, number: Number, period: re.Match[str], begin: int) -> bool:
    """Say whether nothing else stands between a number and the period that follows it."""
    between = reading.text[begin : period.start()]
    others = (n for n in reading.found if number.end <= n.start < period.start())
    return len(between) <= 45 and not re.search(r"[.;]", between) and not any(others)


def told(match: re.Match[str], *, sure: bool) -> Told:
    """Return what a match of `terms.PERIOD` says: orders in all, or over how many steps."""
    if match["total"]:
        return Told("total", sure=sure)
    if match["one"]:
        return Told("per_ten", 1.0, sure)
    word = match["count"].lower()
    steps = float(word) if word.isdigit() else float({**UNITS, **TENS}.get(word, 10))
    return Told("total", sure=sure) if steps >= 45 else Told("per_ten", max(steps, 1.0), sure)
