"""What a write-up claims about its own measurement, where net and quantity are beyond doubt.

Sentences about a theory, a condition, other seeds or both nets at once are left out: a missed
contradiction costs a person a look, a false one costs a student's trust.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from grader.model import Kind
from grader.prose.answers import GRU, RNN
from grader.prose.numerals import Number, numbers
from grader.prose.sentences import Sentence

Quantity: TypeAlias = Literal["per_ten", "total", "g_0", "radius"]

WINDOW = 100  # characters before a number that can say what it is
TINY = 0.01  # above, what stands beside t = 0 may be anything
ORDERS = (
    r"(?:full |whole )?(?:orders?|[oó]rden(?:es)?|decades?|d[eé]cadas?)"
    r"(?: of magnitude| de magnitud)?"
)
STEPS = r"[\s-]*(?:time[\s-]*)?(?:steps?|pasos?)"
PER_TEN = rf"(?:per|every|each|for each|/|por|cada|a)\s*(?:cada\s*)?(?:10|ten|diez){STEPS}"
TOTAL = (
    r"(?:(?:over|in|across|through|along|throughout|durante|en|tras|after|a lo largo de)"
    r"(?: all| the| los| las)*\s*(?:50|49|fifty|cincuenta)[\s-]*(?:time[\s-]*)?"
    r"(?:steps?|pasos?|tokens?)"
    r"|in total|overall|altogether|in all|en total|from t\s*=\s*49 to t\s*=\s*0)"
)
AFTER = re.compile(rf"\s*{ORDERS}[\s,:(]{{0,3}}(?:(?P<ten>{PER_TEN})|(?P<all>{TOTAL}))?", re.I)
LABELLED = re.compile(rf"{ORDERS}[^.;:]{{0,12}}{PER_TEN}[^:]{{0,60}}:\s*$", re.I)
BEFORE_PER_TEN = re.compile(rf"{PER_TEN}[^\d]{{0,30}}$", re.I)
BEFORE_TOTAL = re.compile(rf"^\s*{TOTAL}", re.I)
CELL = re.compile(rf"{LABELLED.pattern[:-1]}[≈~]?\s*-?[\d.,]+\s*$", re.I)  # of a table
FIRST_GRADIENT = re.compile(
    r"(?:g_?\(?0\)?|t\s*=\s*0)[^\d.;<>]{0,30}(?:=|≈|~|\bis\b|\bvale\b|\bes\b|:)[^\d.;<>]{0,12}$",
    re.I,
)
RADIUS = re.compile(
    r"(?:spectral radius|radio espectral|ρ|\brho\b)[^\d.;<>≤≥]{0,30}(?:=|≈|~|\bis\b|\bof\b"
    r"|\bes\b|\bde\b|:)"
    r"[^\d.;<>≤≥]{0,12}$",
    re.I,
)
ONE_SIDED = re.compile(
    r"(?:more than|over|at least|less than|under|below|above|up to|at most|beyond|only|[<>≤≥]"
    r"|m[aá]s de"
    r"|menos de|al menos|hasta|por encima de|por debajo de|by a factor of|another|further"
    r"|otr[oa]s?)\s*$",
    re.I,
)
ONLY = re.compile(r"only\s*$", re.I)
ROUGHLY = re.compile(
    r"(?:about|around|roughly|approximately|some|nearly|almost|circa|[≈~]|unos|unas|casi"
    r"|cerca de|alrededor de"
    r"|aproximadamente|del orden de|order of)\s*$",
    re.I,
)
RANGE = re.compile(r"(?P<end>\d)\s*(?:[-–—]|to|and|or|a|y|o)\s*$", re.I)
ELSEWHERE = re.compile(
    r"\b(?:if|would|were|could|say|suppose|assum\w+|imagine|expect\w*|predict\w*|theor\w*"
    r"|general|typical\w*"
    r"|example|si|ser[ií]an?|har[ií]an?|podr[ií]an?|perder[ií]an?|suponga\w*|digamos|ejemplo"
    r"|esper\w+"
    r"|predi\w+|te[oó]r\w+|other|another|otr[oa]s?|seeds|semillas|lstm|instead|alone|first|last"
    r"|primer\w*|[uú]ltim\w*"
    r"|between|papers?|than|compar\w+|versus|vs|frente|respectiv\w+|que la|against|difference"
    r"|diferencia"
    r"|b_z|literal|float32)\b",
    re.I,
)
ESTIMATE = re.compile(
    r"\b(?:if|would|were|suppose|sqrt|circular|estim\w+|si|theor\w+|te[oó]r\w+)\b|[√σ]|\bsigma\b",
    re.I,
)
CLAUSE = re.compile(
    r"[;()]|,\s|\s[—–-]\s|\b(?:while|whereas|but|and the|mientras(?: que)?|pero|y la|y el)\b", re.I
)
VANISHES_NOT = re.compile(
    r"(?:does not|doesn't|do not|don't|never|not|no(?: se)?|nunca se|sin) "
    r"(?:vanish(?:es|ing)?|desvanec\w+|deca(?:y|e)\w*)\s*(?:at all|en absoluto"
    r"|nada)?\s*[.,;!]?\s*$",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A number said of one net; `rough` where the text says "about"."""

    model: Kind
    quantity: Quantity
    number: Number
    rough: bool
    sentence: Sentence

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
    nets = paragraph_nets(sentences)
    for sentence in sentences:
        if sentence.is_heading:
            continue
        clauses = [sentence.text] if CELL.search(sentence.text) else CLAUSE.split(sentence.text)
        for clause in clauses:
            model = _subject(clause, sentence.text, nets[sentence.paragraph])
            for number in numbers(clause) if model else ():
                quantity = _quantity(clause, number, sentence.text)
                if model and quantity:
                    rough = bool(
                        ROUGHLY.search(clause[max(0, number.start - WINDOW) : number.start])
                    )
                    yield Claim(model, quantity, number, rough, sentence)


def denials(sentences: Sequence[Sentence]) -> Iterator[Sentence]:
    """Yield the sentences that say, without reserve, that the GRU's gradient does not vanish."""
    for sentence in sentences:
        for clause in CLAUSE.split(sentence.text):
            denied = _nets(clause) == {"gru"} and VANISHES_NOT.search(clause)
            if denied and not ELSEWHERE.search(sentence.text):
                yield sentence


def paragraph_nets(sentences: Sequence[Sentence]) -> dict[int, set[Kind]]:
    """Return the nets that each paragraph names, its heading included."""
    nets: dict[int, set[Kind]] = {}
    for sentence in sentences:
        nets.setdefault(sentence.paragraph, set()).update(
            _nets(sentence.text), _nets(sentence.heading)
        )
    return nets


def _nets(text: str) -> set[Kind]:
    found: set[Kind] = {"rnn"} if RNN.search(text) else set()
    return found | {"gru"} if GRU.search(text) else found


def _subject(clause: str, sentence: str, paragraph: set[Kind]) -> Kind | None:
    """Return the one net a clause is about: its own, else its sentence's, else its paragraph's."""
    for nets in (_nets(clause), _nets(sentence), paragraph):
        if nets:
            return next(iter(nets)) if len(nets) == 1 else None
    return None


def _quantity(clause: str, number: Number, sentence: str) -> Quantity | None:
    """Return what a number in a clause measures, or None where that is open to doubt."""
    before = clause[max(0, number.start - WINDOW) : number.start]
    if (ONE_SIDED.search(before) and not ONLY.search(before)) or RANGE.search(before):
        return None
    if RADIUS.search(before):
        return None if ESTIMATE.search(sentence) else "radius"
    if ELSEWHERE.search(sentence):
        return None
    tiny = max(map(abs, number.readings)) < TINY
    return "g_0" if tiny and FIRST_GRADIENT.search(before) else _orders(clause, number)


def _orders(clause: str, number: Number) -> Quantity | None:
    before = clause[max(0, number.start - WINDOW) : number.start]
    after = AFTER.match(clause, number.end)
    if LABELLED.search(before):
        return "per_ten"
    if after is None:
        return None
    if after["ten"] or BEFORE_PER_TEN.search(before):
        return "per_ten"
    return "total" if after["all"] or BEFORE_TOTAL.search(before) else None
