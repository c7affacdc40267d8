"""Does a write-up answer the lab's four questions? Evidence by keywords, generous, never a grade.

A question counts as answered where one paragraph holds a word of each group the answer can't do
without. The heading above, or the number in front ("2."), may name the subject; the rest must
stand in sentences of the student's own: no question, no placeholder, nothing copied from the lab.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, TypeAlias

from grader.prose.numerals import numbers
from grader.prose.sentences import Sentence

Question: TypeAlias = Literal["rnn_rate", "gru_rate", "practice", "attention"]
QUESTIONS: tuple[Question, ...] = ("rnn_rate", "gru_rate", "practice", "attention")


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{pattern})", re.IGNORECASE)


RNN = _words(r"vanilla|(?:simple |elman )?rnns?\b|elman|red(?:es)? (?:recurrentes? )?simples?")
GRU = _words(r"grus?\b")
DECAY = _words(
    r"order|[oó]rden|decade|d[eé]cada|magnitud|factor|slope|pendiente|rate|tasa|ritmo|deca[eyií]"
    r"|vanish|desvanec|shr[iau]nk|ca[eií]|disminuy|drop|fall|per (?:10|ten|time|step)|cada|por paso"
)
LEARN = _words(
    r"learn|train|updat|remember|optimi[sz]|captur|weight|signal|aprend|entren|actuali[sz]|record"
    r"|memori|peso|se[ñn]al|model"
)
DISTANT = _words(
    r"long|early|earli|first|distant|far\b|past|begin|initial|start|t\s*=\s*0|h_?0|depend|tempran"
    r"|primer|larg|lejan|distan|inici|principio|pasado|remot|old"
)
DENIED = _words(
    r"no\b|not|can'?t|cannot|never|unable|nothing|fail|impossib|useless|lost|below|vanish|zero"
    r"|too small"
    r"|negligible|n't|without|barely|hardly|ning|nada|nunca|jam[aá]s|incapa|imposib|in[uú]til"
    r"|pierd|perd"
    r"|desvanec|cero|apenas|sin\b|tampoco|\w+n't"
)
ATTENTION = _words(r"(?:self-)?attention|(?:auto)?atenci[oó]n|transformers?|softmax")
DIRECT = _words(
    r"one|single|direct|short|path|softmax|weight|preserv|constant|skip|instead|without|surviv"
    r"|bypass|hop"
    r"|distance|length|matri|product|multipl|jacobian|step|un[ao]?\b|[uú]nic|solo|s[oó]lo|camin"
    r"|cort|atajo|peso"
    r"|conserv|vez de|lugar de|sin\b|salto|distancia|longitud|paso"
)
COUNTED = re.compile(
    r"(?:t|T|length|longitud|seed|semilla|position|posici[oó]n|step|paso|lab|file"
    r"|archivo)\s*=?\s*$",
    re.IGNORECASE,
)
UNIT = re.compile(r"\s*-?\s*(?:time|steps?|pasos?|tokens?|units?|unidades)\b", re.IGNORECASE)
LABEL = re.compile(r"^\W*(?:q|p|question|pregunta)?\s*([1-4])\s*[.):\-](?!\d)", re.IGNORECASE)
PLACEHOLDER = re.compile(
    r"\bTODO\b(?=\s*(?:[:\])\-]|$))|[\[(<]\s*TODO|\bTBD\b|\bFIXME\b|\[[NM]\]|<[NM]>|\?{3,}"
    r"|\bX\.XX?\b|\bXX+\b"
    r"|[Ll]orem ipsum|\b[NM] (?:orders|órdenes|ordenes)\b|\b(?:by|decae|en) [NM]\b(?! ?[=≈])"
    r"|\[(?:[Yy]our|[Tt]u|[Ii]nsert|[Ff]ill|[Cc]omplet|[Rr]ellen|[Rr]espuesta"
    r"|[Aa]nswer)[^\]]{0,80}\]"
)
SUBJECT: dict[str, str] = {"1": "RNN decay", "2": "GRU decay", "3": "", "4": "attention"}

LAB = """
How many orders of magnitude per 10 steps? Compare to the theoretical prediction in theory 03
vanishing gradient md: with W_hh scaled around 0.1, the spectral radius is small, so the decay is
fast. Cite your spectral radius estimate. How many orders per 10 steps? Should be substantially
less than vanilla RNN that's the additive path doing its job. If the model's gradient at t = 0 is,
say, 10^-15, can the model learn anything about the early tokens? No that's below FP32 precision and
indistinguishable from zero update. State this as the practical fact: Attention's gradient from a
loss at position 50 to the input embedding at position 0 flows through one softmax weight, not 50
matrix multiplications. The gradient signal is preserved in one step. Phase 15 derives this.
Goal: measure the gradient decay through time on a vanilla RNN. Confirm theory file 03 with numbers
from your own machine.
"""
"""The lab's questions, without the fact it asks to have stated (block D, question 3)."""
SHINGLE = 5
LEAST_COPIED = 8  # words: shorter sentences are anybody's
COPIED = 0.8


@dataclass(frozen=True, slots=True)
class Answers:
    """The sentence that answers each question found, and the sentences that answer none."""

    found: dict[Question, Sentence]
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
    body = [sentence for sentence in sentences if not sentence.is_heading]
    placeholders = tuple(s for s in sentences if PLACEHOLDER.search(s.text))
    copied = tuple(s for s in body if is_copied(s.text))
    others = {*copied, *placeholders}
    own = [s for s in body if s not in others and not s.text.endswith("?")]
    leads: dict[int, Sentence] = {}
    for sentence in body:
        leads.setdefault(sentence.paragraph, sentence)
    found: dict[Question, Sentence] = {}
    for _, group in groupby(own, key=lambda sentence: sentence.paragraph):
        paragraph = list(group)
        lead = leads[paragraph[0].paragraph]
        for question in QUESTIONS:
            answer = _answer(question, paragraph, lead)
            if answer is not None:
                found.setdefault(question, answer)
    return Answers(found, placeholders, copied, sum(len(s.text.split()) for s in body))


def _labelled(sentence: Sentence) -> str:
    """Return the subject that the number in front of a paragraph or its heading stands for."""
    labels = (LABEL.match(text) for text in (sentence.heading, sentence.text))
    return " ".join(SUBJECT[label[1]] for label in labels if label)


def _answer(question: Question, paragraph: list[Sentence], lead: Sentence) -> Sentence | None:
    about = f"{lead.heading} {_labelled(lead)} {lead.text}"
    text = " ".join(sentence.text for sentence in paragraph)
    if question in {"rnn_rate", "gru_rate"}:
        return _rate(RNN if question == "rnn_rate" else GRU, paragraph, lead)
    if question == "practice":
        here = [s for s in paragraph if LEARN.search(s.text)]
        complete = DISTANT.search(f"{about} {text}") and DENIED.search(text)
        return here[0] if here and complete else None
    here = [s for s in paragraph if DIRECT.search(s.text) and len(s.text.split()) >= 5]
    return here[0] if here and ATTENTION.search(f"{about} {text}") else None


def _rate(net: re.Pattern[str], paragraph: list[Sentence], lead: Sentence) -> Sentence | None:
    """Return the sentence that gives a net's decay a number."""
    heading = lead.heading if net.search(lead.heading) else ""
    topic = f"{heading} {_labelled(lead)} {lead.text}"
    rates = [s for s in paragraph if states_number(s.text) and DECAY.search(f"{topic} {s.text}")]
    named = [s for s in rates if net.search(s.text)]
    if named or not any(net.search(text) for text in (topic, *(s.text for s in paragraph))):
        return named[0] if named else None
    other = GRU if net is RNN else RNN
    anonymous = [s for s in rates if not other.search(s.text)]
    return anonymous[0] if anonymous else None


def states_number(text: str) -> bool:
    """Say whether a text gives a number that is no label, no position and no count of steps."""
    label = LABEL.match(text)
    start = label.end() if label else 0
    return any(
        number.start >= start
        and not COUNTED.search(text[max(0, number.start - 20) : number.start])
        and not UNIT.match(text, number.end)
        for number in numbers(text)
    )


def is_copied(text: str) -> bool:
    """Say whether at least four fifths of a sentence stand in the lab's questions word for word."""
    words = re.findall(r"\w+", text.lower())
    if len(words) < LEAST_COPIED:
        return False
    covered: set[int] = set()
    for start in range(len(words) - SHINGLE + 1):
        if tuple(words[start : start + SHINGLE]) in LAB_SHINGLES:
            covered.update(range(start, start + SHINGLE))
    return len(covered) >= COPIED * len(words)


def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return frozenset(tuple(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1))


LAB_SHINGLES = _shingles(LAB)
