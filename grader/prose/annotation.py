"""The numbers N and M in the texts of a plot: by how many orders each net's gradient decays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grader.model import Kind
from grader.prose import placeholders as blanks
from grader.prose.claims import ROUGHLY
from grader.prose.notation import plain
from grader.prose.numerals import Number, numbers
from grader.prose.sentences import Sentence
from grader.prose.terms import EACH, GRU, ORDERS, RNN, STEP

CLAUSE = re.compile(
    r"[;|]|,\s|\s[—–-]\s|\b(?:while|whereas|but|and|vs|mientras(?: que)?|pero|y)\b", re.IGNORECASE
)
DECAYS = re.compile(
    r"(?:\b(?:by|en)|\b(?:decays?|falls?|drops?|loses?|lost|decae|cae|pierde|baja)\s*[:=≈~]?"
    r"|\b[NM]\s*[=≈:~])\s*(?:about|around|roughly|approximately|unos|unas|aproximadamente|casi"
    r"|[≈~])?\s*$",
    re.IGNORECASE,
)
FOLLOWED = re.compile(rf"\s*{ORDERS}", re.IGNORECASE)
RATE = re.compile(rf"{EACH}\s*(?:10|ten|diez){STEP}|(?:per|/|por)\s*(?:step|paso)", re.IGNORECASE)
COUNT = re.compile(r"\s*-?\s*(?:time[\s-]*)?(?:steps?|pasos?|tokens?|times|veces|x\b|%)", re.I)
NAMED = {"rnn": re.compile(r"\bN\s*[=≈:~]\s*$"), "gru": re.compile(r"\bM\s*[=≈:~]\s*$")}


@dataclass(frozen=True, slots=True)
class Total:
    """A number said to be the orders that a net loses in all; `rough` where it says "about"."""

    model: Kind
    number: Number
    rough: bool
    text: str


def totals(texts: Iterable[str]) -> Iterator[Total]:
    """Yield the totals that the texts of a plot give, net by net.

    A number counts where its clause names one net (or it is called N or M) and says that it is
    orders, or by how much the gradient decays; a rate per ten steps is none.
    """
    for text in texts:
        shown = plain(text)
        for clause in CLAUSE.split(shown):
            for number in numbers(clause):
                model = _model(clause, number)
                if model is not None and _is_total(clause, number):
                    before = clause[: number.start]
                    yield Total(model, number, bool(ROUGHLY.search(before)), shown)


def placeholders(texts: Iterable[str]) -> Iterator[str]:
    """Yield the texts in which the letters N and M, or a mark to fill in, stand for numbers."""
    yield from (t for t in map(plain, texts) if blanks.placeholders([Sentence(t, 1, 0)]))


def _model(clause: str, number: Number) -> Kind | None:
    before = clause[: number.start]
    if NAMED["rnn"].search(before):
        return "rnn"
    if NAMED["gru"].search(before):
        return "gru"
    rnn, gru = RNN.search(clause), GRU.search(clause)
    if bool(rnn) == bool(gru):
        return None
    return "rnn" if rnn else "gru"


def _is_total(clause: str, number: Number) -> bool:
    before, after = clause[: number.start], clause[number.end :]
    if number.power or COUNT.match(after) or RATE.search(clause):
        return False
    return bool(FOLLOWED.match(after) or DECAYS.search(before))
