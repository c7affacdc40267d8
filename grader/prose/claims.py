"""The numbers that a write-up gives as its own measurement, each of a net and a quantity."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from grader.model import Kind
from grader.prose.numerals import Number
from grader.prose.quantities import Told, quantity_of, read
from grader.prose.scope import COMPARED, Clause, is_compared, is_own, reported
from grader.prose.sentences import Sentence
from grader.prose.terms import GRU, ORDERS, PATTERNS, PERIOD, RNN, nets

Bound: TypeAlias = Literal["", "at_least", "at_most"]

LETTER = re.compile(
    r"(?<!\w)([NM])(?:\s*\([^()\d]{0,40}\))?\s*(?:=|≈|~|\bis\b|\bes\b|:)\s*"
    r"(?:log[^,;=]{0,40}[=≈]\s*)?[≈~]?\s*$"
)
OWNER = re.compile(
    r"\s*(?:(?:lost|loss|left|of loss)\s+)?(?:for|in|of|by|para|en|de|del|con|\(|[-–—:])\s*"
    r"(?:(?:the|my|our|la|el|una?|red|line|curve|case of)\s+){0,3}",
    re.IGNORECASE,
)
MEASURED_IN = re.compile(rf"{ORDERS}|{PERIOD.pattern}", re.IGNORECASE)
RELATIVE_CLAUSE = re.compile(r"\b(?:which|whose|that|que|cuy[oa])\b[^,.;]*$", re.IGNORECASE)
OTHERWISE = re.compile(
    r";|\b(?:but|while|whereas|the other|the latter|the former|the second|otr[oa]|pero|mientras"
    r"|[eé]sta|segund[oa]|primer[oa]|aquell[oa])\b",
    re.IGNORECASE,
)
"""After one of these it may be another net that is spoken of, under a name that is not known."""

RESPECTIVELY = re.compile(r"\brespectiv\w+", re.IGNORECASE)
NEGATED = re.compile(
    r"(?:\b(?:not|never|rather than|instead of|nor|no|n't|ni|nunca|en vez de|en lugar de|sino)"
    r"|n't)\b[^,.;:]{0,40}$",
    re.IGNORECASE,
)
ONE_SIDED: dict[Bound, re.Pattern[str]] = {
    "at_least": re.compile(
        r"(?:more than|over|at least|above|beyond|upwards? of|>=?|≥|m[aá]s de|al menos"
        r"|por lo menos|como m[ií]nimo|por encima de)\s*$",
        re.IGNORECASE,
    ),
    "at_most": re.compile(
        r"(?:less than|fewer than|under|below|(?<!add )(?<!adds )up to|at most|<=?|≤|menos de"
        r"|hasta|a lo sumo"
        r"|como mucho|por debajo de)\s*$",
        re.IGNORECASE,
    ),
}
ROUGHLY = re.compile(
    r"(?:about|around|roughly|approximately|approx|some|nearly|almost|circa|close to|like|more or"
    r" less|≈|~|unos|unas|casi|cerca de|alrededor de|aprox|aproximadamente|del orden de|order of"
    r"|m[aá]s o menos)\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A number said of one net.

    Parameters
    ----------
    model : {"rnn", "gru"}
    told : Told
        What it measures.
    number : Number
    sentence : Sentence
    rough : bool
        Whether the text says "about".
    bound : {"", "at_least", "at_most"}
        "More than 11 orders" is no value, but it can be wrong.
    sure : bool
        Whether net and quantity stand in the number's own clause.
    """

    model: Kind
    told: Told
    number: Number
    sentence: Sentence
    rough: bool = False
    bound: Bound = ""
    sure: bool = True

    @property
    def value(self) -> float:
        """Return the number's likeliest reading."""
        return self.number.readings[-1]


def claims(sentences: Sequence[Sentence]) -> Iterator[Claim]:
    """Yield the claims of a write-up.

    Parameters
    ----------
    sentences : sequence of Sentence
        From `sentences.plain_sentences`.
    """
    topics = _topics(sentences)
    for sentence in reported(sentences):
        yield from _claims(sentence, topics.get(sentence, ""))


def _topics(sentences: Sequence[Sentence]) -> dict[Sentence, str]:
    """Return, for each sentence, the last one before it in its paragraph that names a net."""
    topics: dict[Sentence, str] = {}
    topic, paragraph = "", -1
    for sentence in sentences:
        if sentence.paragraph != paragraph:
            topic, paragraph = "", sentence.paragraph
        topics[sentence] = topic
        topic = sentence.text if nets(sentence.text) else topic
    return topics


def _claims(sentence: Sentence, previous: str) -> Iterator[Claim]:
    reading = read(sentence)
    told = {n: quantity for n in reading.found if (quantity := quantity_of(reading, n))}
    order = _in_order(sentence.text, list(told))
    for number, quantity in told.items():
        clause = reading.clause(number)
        lead = sentence.text[clause.start : number.start]
        if NEGATED.search(lead) or not is_own(clause):
            continue
        model, sure = _owner(sentence, clause, number, previous)
        model = order.get(number, model)
        if quantity.quantity == "radius":
            model, sure = (None if _of_gru(clause) else "rnn"), True
        if model is None and quantity.quantity == "g_0":
            model, sure = "rnn", False  # of which net, is not said: `meanings` holds the other's
        if model is None:
            continue
        bound: Bound = next((b for b, p in ONE_SIDED.items() if p.search(lead)), "")
        rough = bool(ROUGHLY.search(lead))
        yield Claim(model, quantity, number, sentence, rough, bound, sure and quantity.sure)


def _of_gru(clause: Clause) -> bool:
    """Say whether a clause is about a matrix of the GRU's."""
    return nets(clause.text) == {"gru"}


def _in_order(text: str, found: Sequence[Number]) -> dict[Number, Kind]:
    """Return the nets of numbers that stand in the order of their nets: "… respectively"."""
    if not RESPECTIVELY.search(text) or len(found) != 2:
        return {}
    named = sorted((m.start(), kind) for kind, p in PATTERNS.items() for m in [p.search(text)] if m)
    if len(named) != 2:
        return {}
    return {n: kind for n, (_, kind) in zip(found, named, strict=True)}


def _owner(
    sentence: Sentence, clause: Clause, number: Number, previous: str
) -> tuple[Kind | None, bool]:
    """Return the net a number belongs to, and whether its own clause says so."""
    text = sentence.text
    letter = LETTER.search(text[: number.start])
    if letter:
        return ("rnn" if letter[1] == "N" else "gru"), True
    within = nets(clause.text)
    after = _named_after(text, number)
    if after:
        return after, True
    if len(within) == 1:
        (kind,) = within
        alone = not is_compared(clause.text, PATTERNS[kind])
        other: Kind = "gru" if kind == "rnn" else "rnn"
        if not alone and nets(text) == {kind} and nets(previous) == {other}:
            return other, False  # "It loses 2.2 orders, less than the RNN"
        if alone or nets(text) == within:
            return kind, alone
    last = _last_named(text[: number.start])
    if last:
        between = len(within) == 2 and bool(PATTERNS[last].search(text, clause.start))
        alone = nets(text) == {last} and not OTHERWISE.search(text[: number.start])
        return last, between or alone
    return _context(sentence, previous)


def _named_after(text: str, number: Number) -> Kind | None:
    """Return the net in "2.4 for the RNN", "0.45 orders (GRU)"."""
    ends = [m for p in (RNN, GRU) for m in [p.search(text, number.end)] if m]
    if not ends:
        return None
    first = min(ends, key=lambda match: match.start())
    between = MEASURED_IN.sub(" ", text[number.end : first.start()])
    if not OWNER.fullmatch(between):
        return None
    return "rnn" if first.re is RNN else "gru"


def _last_named(before: str) -> Kind | None:
    """Return the net named last before a number, unless only something is compared with it."""
    named = [(m.start(), kind) for kind, p in PATTERNS.items() for m in p.finditer(before)]
    which = RELATIVE_CLAUSE.search(before)
    subjects = [
        (start, kind)
        for start, kind in named
        if not COMPARED.search(before[:start]) or (which and start < which.start() <= start + 25)
    ]
    return max(subjects)[1] if subjects else None


def _context(sentence: Sentence, previous: str) -> tuple[Kind | None, bool]:
    """Return the one net that the rest of the sentence, or what stands before it, is about.

    A heading or the item above that names one net is as good as the sentence's own word, where the
    paragraph names none.
    """
    for text in (sentence.text, previous):
        named = {kind for kind in nets(text) if not is_compared(text, PATTERNS[kind])}
        if named:
            return (next(iter(named)), False) if len(named) == 1 else (None, False)
    for text in sentence.above:
        named = nets(text)
        if named:
            return (next(iter(named)), True) if len(named) == 1 else (None, False)
    return None, False
