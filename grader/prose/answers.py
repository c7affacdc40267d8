"""Does a write-up answer the lab's four questions? Evidence by keywords, generous, never a grade.

A question counts as answered where one paragraph holds a word of each group the answer can't do
without. The heading above, or the number in front ("2."), may name the subject; the rest must
stand in sentences of the student's own: no question, no placeholder, nothing copied from the lab.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, TypeAlias

from grader.prose.labtext import is_copied
from grader.prose.numerals import numbers
from grader.prose.placeholders import placeholders
from grader.prose.scope import is_compared
from grader.prose.sentences import Sentence
from grader.prose.terms import DECAY, GRU, ORDERS, RNN, words

Question: TypeAlias = Literal["rnn_rate", "gru_rate", "practice", "attention"]
QUESTIONS: tuple[Question, ...] = ("rnn_rate", "gru_rate", "practice", "attention")

LEARN = words(
    r"learn|train|updat|remember|optimi[sz]|captur|weight|signal|aprend|entren|actuali[sz]|record"
    r"|memori|peso|se[ñn]al|model|forget|olvid|blind|cieg|parameter"
    r"|acquir|adquir|pick up|deaf\b|sord[ao]|par[aá]metro|influen|influy|affect|afect|contribut"
    r"|contribuy|huella"
)
DISTANT = words(
    r"long|early|earli|first|distant|far\b|past|begin|initial|start|t\s*=\s*0|h_?0|depend|tempran"
    r"|primer|larg|lejan|distan|inici|principio|comienzo|ago\b|back\b|atr[aá]s|pasado|pas[oó]\b|hace\b|remot|old\b"
)
DENIED = words(
    r"no\b|not|can'?t|cannot|never|unable|nothing|fail|impossib|useless|lost|below|vanish|zero"
    r"|too small|out of reach|forget|negligible|n't|without|barely|hardly|ning|nada|nunca"
    r"|jam[aá]s|incapa|imposib|in[uú]til|pierd|perd|desvanec|cero|apenas|sin\b|tampoco|olvid|\w+n't"
)
ATTENTION = words(r"(?:self-)?attention|(?:auto)?atenci[oó]n|transformers?|softmax")
DIRECT = words(
    r"one|single|direct|short|path|softmax|weight|preserv|constant|skip|instead|without|surviv"
    r"|bypass|hop|1\b|distance|length|matri|product|multipl|jacobian|step|un[ao]?\b|[uú]nic|solo"
    r"|s[oó]lo|camin|cort|atajo|peso|conserv|vez de|lugar de|sin\b|salto|distancia|longitud|paso"
)
COUNTED = re.compile(
    r"(?:t|T|length|longitud|seed|semilla|position|posici[oó]n|step|paso|lab|file"
    r"|archivo)\s*=?\s*$",
    re.IGNORECASE,
)
UNIT_OF_DECAY = re.compile(ORDERS, re.IGNORECASE)
UNIT = re.compile(r"\s*-?\s*(?:time|steps?|pasos?|tokens?|units?|unidades)\b", re.IGNORECASE)
LABEL = re.compile(
    r"\W*(?:(?:q|p|question|pregunta)\s*([1-4])\b|([1-4])\s*[.):\-](?!\d))", re.IGNORECASE
)
SUBJECT: dict[str, str] = {"1": "RNN decay", "2": "GRU decay", "3": "", "4": "attention"}


@dataclass(frozen=True, slots=True)
class Answers:
    """The sentences that answer each question found, and those that answer none.

    `words` counts the words of all sentences, headings and code left out.
    """

    found: dict[Question, tuple[Sentence, ...]]
    placeholders: tuple[Sentence, ...]
    copied: tuple[Sentence, ...]
    words: int


@functools.lru_cache(maxsize=4)
def read_answers(sentences: tuple[Sentence, ...]) -> Answers:
    """Look for answers to the four questions.

    Parameters
    ----------
    sentences : tuple of Sentence
        From `sentences.plain_sentences`.

    Returns
    -------
    Answers

    Source
    ------
    The lab, block D.
    """
    body = [s for s in sentences if not s.is_heading and not s.is_code]
    left = placeholders(sentences)
    copied = tuple(s for s in body if is_copied(s.text))
    idle = {id(s) for s in (*copied, *left)}
    own = [s for s in body if id(s) not in idle and not s.text.endswith("?")]
    wholes = {place: list(group) for place, group in groupby(body, key=_place)}
    found: dict[Question, tuple[Sentence, ...]] = {}
    for paragraph in (list(group) for _, group in groupby(own, key=_place)):
        whole = wholes[_place(paragraph[0])]
        lead, asked = whole[0], " ".join(s.text for s in whole if s.text.endswith("?"))
        for question in QUESTIONS:
            answer = _answer(question, paragraph, lead, asked)
            # A table gives the number; what a person is to read is the text around it.
            if answer and (question not in found or _is_better(answer, found[question])):
                found[question] = tuple(answer)
    return Answers(found, left, copied, sum(len(s.text.split()) for s in body))


def _is_better(answer: Sequence[Sentence], known: Sequence[Sentence]) -> bool:
    return known[0].is_cell and not answer[0].is_cell


def _place(sentence: Sentence) -> tuple[int, bool]:
    return sentence.paragraph, sentence.is_quoted


def _labelled(sentence: Sentence) -> str:
    """Return the subject that the number in front of a paragraph or its heading stands for."""
    labels = (LABEL.match(text) for text in (sentence.heading, sentence.label))
    return " ".join(SUBJECT[label[1] or label[2]] for label in labels if label)


def _answer(
    question: Question, paragraph: list[Sentence], lead: Sentence, asked: str
) -> list[Sentence]:
    about = " ".join([lead.heading, *lead.above, _labelled(lead), lead.text, asked])
    text = " ".join(sentence.text for sentence in paragraph)
    if question in {"rnn_rate", "gru_rate"}:
        return _rate(RNN if question == "rnn_rate" else GRU, paragraph, lead)
    if question == "practice":
        here = [s for s in paragraph if LEARN.search(s.text) and DENIED.search(s.text)]
        return here if DISTANT.search(f"{about} {text}") else []
    here = [s for s in paragraph if DIRECT.search(s.text) and len(s.text.split()) >= 3]
    named = [s for s in here if ATTENTION.search(s.text)]
    return named or (here if ATTENTION.search(f"{about} {text}") else [])


def _rate(net: re.Pattern[str], paragraph: list[Sentence], lead: Sentence) -> list[Sentence]:
    """Return the sentences that give a net's decay a number."""
    heading = next((said for said in lead.above if RNN.search(said) or GRU.search(said)), "")
    heading = heading if net.search(heading) else ""
    told = [said for said in lead.above if net.search(said) or UNIT_OF_DECAY.search(said)]
    topic = " ".join([*told, _labelled(lead), lead.text])
    rates = [s for s in paragraph if states_number(s.text) and DECAY.search(f"{topic} {s.text}")]
    named = [s for s in rates if net.search(s.text)]
    subject = f"{heading} {_labelled(lead)} {lead.text}"
    if named or not any(net.search(text) for text in (subject, *(s.text for s in paragraph))):
        return named
    other = GRU if net is RNN else RNN
    return [s for s in rates if is_compared(s.text, other)]


def states_number(text: str) -> bool:
    """Say whether a text gives a number that is no position and no count of steps."""
    return any(
        not COUNTED.search(text[max(0, number.start - 20) : number.start])
        and not UNIT.match(text, number.end)
        for number in numbers(text)
    )


def numbered(sentences: Iterable[Sentence], named: Sequence[re.Pattern[str]]) -> list[bool]:
    """Say of each net whether any paragraph, table or printed output gives its decay a number."""
    said = [False] * len(named)
    groups = groupby(sentences, key=lambda sentence: sentence.paragraph)
    for paragraph in (list(group) for _, group in groups):
        about = " ".join([*(s.text for s in paragraph), *paragraph[0].above])
        about = f"{_labelled(paragraph[0])} {about}"
        if any(states_number(s.text) for s in paragraph) and DECAY.search(about):
            said = [
                known or bool(net.search(about)) for known, net in zip(said, named, strict=True)
            ]
    return said
