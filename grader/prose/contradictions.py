"""What a write-up says in words of its curves: that one vanishes not, explodes, is the steeper."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from grader.model import Kind
from grader.prose.cues import LOCAL
from grader.prose.scope import clauses, is_own, reported
from grader.prose.sentences import Sentence
from grader.prose.terms import nets

Assertion: TypeAlias = Literal["constant", "explodes", "faster", "equal"]

ENDS_HERE = (
    r"\s*(?:at all|here|away|gradients?|problem|whatsoever|either|in (?:this|my|our|the) \w+"
    r"|en absoluto"
    r"|nada|aqu[ií]|(?:del|de su|el|de los) gradientes?|en la gru|en la rnn|at any \w+)?"
    r"\s*[.,;!:)]*\s*$"
)
CONSTANT = re.compile(
    r"(?:(?:does not|doesn't|did not|didn't|do not|don't|never|is not|isn't) (?:really |actually )?"
    r"(?:vanish(?:ing|es)?|decay(?:ing|s)?|shrink(?:ing|s)?|disappear\w*"
    r"|(?:suffer|suffers)(?: from)?(?: the| any)? vanishing)"
    r"|(?:\bno|nunca|tampoco) (?:se )?(?:desvanec\w+|deca(?:e|en|y[oó])|sufren? (?:de |del |el )?"
    r"(?:desvanecimiento|gradiente que se desvanece)|hay desvanecimiento)"
    r"|(?<!not )(?<!n't )(?:stays?|remains?|keeps?|is) (?:perfectly |completely |almost )?"
    r"(?:constant|flat|intact|unchanged)"
    r"|(?<!no )se (?:mantiene|queda|conserva) (?:casi )?"
    rf"(?:constante|plan[oa]|intact[oa])){ENDS_HERE}",
    re.IGNORECASE,
)
EXPLODES = re.compile(
    r"\b(?:explod(?:es?|ed)|blows? up|blew up|explotan?|explot[oó])\b", re.IGNORECASE
)
DEFINITE = re.compile(
    r"\b(?:the|my|our|its|both|this|these|el|los|la|mi|mis|su|ambos|este|estos)\b[^.;]{0,30}"
    r"\bgrad\w+|\b(?:the|my|our|la|mi) (?:vanilla )?(?:rnn|gru)(?!s)",
    re.IGNORECASE,
)
GENERAL = re.compile(
    r"\b(?:can|may|tends?|when\w*|where|cuando|puede[n]?|suele[n]?|rnns|redes|networks|above"
    r"|exceeds?"
    r"|vanish\w*|desvanec\w+|spectral|radio|ρ|problem\w*|without|sin|instead|avoid\w*|evita\w*"
    r"|either|neither|nor|ni)\b|[><]",
    re.IGNORECASE,
)
NOT = re.compile(
    r"\b(?:not|no|never|nor|nunca|tampoco|hardly|barely|neither|isn't)\b|n't\b", re.IGNORECASE
)
OPINION = re.compile(
    r"\b(?:think|thought|believe\w*|claim\w*|say(?:s|ing)?|said|argue\w*|wrong\w*|expected|feared"
    r"|hoped|read|nobody|question|whether|why|false|myth|cre[eo]\w*|pens\w+|dic\w+|fals[oa]|mito"
    r"|nadie|por qu[eé])\b",
    re.IGNORECASE,
)
LOSES = (
    r"(?:decay(?:s|ed|ing)?|vanish(?:es|ed)?|falls?|fell|drops?|dropped|shrinks?|shrank|loses?|lost"
    r"|is|was|are|slope|curve|line|gradients?|decae\w*|se desvanece\w*|cae\w*|pierde\w*|baja\w*|es"
    r"|disminuye\w*|l[ií]nea|curva|pendiente)"
)
MUCH = (
    r"(?:\s(?:much|far|clearly|even|considerably|a lot|a bit|slightly|significantly|mucho|bastante"
    r"|algo|a[uú]n|incluso))?"
)
FASTER = (
    r"(?:faster|more quickly|quicker|more rapidly|steeper|more steeply|more orders|more"
    r"|m[aá]s (?:r[aá]pid\w+|deprisa|inclinad\w|empinad\w|pronunciad\w|[oó]rdenes)|m[aá]s)"
)
SLOWER = (
    r"(?:slower|more slowly|less steep(?:ly)?|flatter|fewer orders|less"
    r"|m[aá]s (?:despacio|lent\w+|plan\w|suave\w*)|menos (?:r[aá]pid\w+|[oó]rdenes)|menos)"
)
THAN = r"(?:\sof magnitude|\sde magnitud)?\s(?:than|que)\s"
COMPARISON = re.compile(
    rf"{LOSES}[^.;,]{{0,20}}?{MUCH}\s(?:(?P<faster>{FASTER})|(?P<slower>{SLOWER})){THAN}"
    r"(?P<other>[^.;,]{0,30})",
    re.IGNORECASE,
)
EQUAL = re.compile(
    r"(?:\bboth\b|\bthe two\b|ambas|ambos|las dos|los dos)[^.;,]{0,40}"
    r"(?:decay|vanish|fall|drop|shrink|lose|decaen|desvanecen|caen|pierden)\w*[^.;,]{0,8}?"
    r"(?:(?:at )?the same (?:rate|speed|pace|way)|equally(?: fast)?|just as fast"
    r"|al mismo ritmo|a la misma velocidad|por igual|lo mismo|igual)",
    re.IGNORECASE,
)

WORD_OF = re.compile(
    r"vanish|deca|shrink|disappear|desvanec|constant|flat|intact|unchanged|plan[oa]"
    r"|expl|bl(?:ow|ew)|faster|quick|steep|more|rapid|slow|less|fewer|m[aá]s|menos|same|equal|igual"
    r"|mism|sufre",
    re.IGNORECASE,
)
"""One of these stands in every statement: a sentence without is read no further."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement about the curves as a whole: of `model`, or of both where it is None.

    "faster" says that `model` loses more than the other net.
    """

    assertion: Assertion
    model: Kind | None
    sentence: Sentence


def statements(sentences: Sequence[Sentence]) -> Iterator[Statement]:
    """Yield what is said without reserve, condition or negation, of this measurement.

    Parameters
    ----------
    sentences : sequence of Sentence
        From `sentences.plain_sentences`.
    """
    for sentence in reported(sentences):
        if not WORD_OF.search(sentence.text):
            continue
        if OPINION.search(sentence.text):
            continue
        for clause in clauses(sentence.text):
            if is_own(clause):
                yield from _of_clause(clause.text, sentence)


def _of_clause(text: str, sentence: Sentence) -> Iterator[Statement]:
    named = nets(text)
    model = next(iter(named)) if len(named) == 1 else None
    match = EXPLODES.search(text)
    if match and _is_plain(text, match) and (model or not named):
        yield Statement("explodes", model, sentence)
    if LOCAL.search(text):
        return
    if model and CONSTANT.search(text):
        yield Statement("constant", model, sentence)
    match = EQUAL.search(text)
    if match and not NOT.search(text):
        yield Statement("equal", None, sentence)
    match = COMPARISON.search(text)
    faster = _faster(text, match) if match else None
    if faster:
        yield Statement("faster", faster, sentence)


def _is_plain(text: str, match: re.Match[str]) -> bool:
    """Say whether it is this gradient, and not gradients in general, that is said to explode."""
    rest = text[: match.start()] + text[match.end() :]
    return bool(DEFINITE.search(text)) and not NOT.search(rest) and not GENERAL.search(rest)


def _faster(text: str, match: re.Match[str]) -> Kind | None:
    """Return the net that is said to lose more; None where that can't be told."""
    before = text[: match.start()]
    subject, other = nets(before + text[match.start() : match.start("other")]), nets(match["other"])
    if len(subject) != 1 or len(other) != 1 or subject == other or NOT.search(text):
        return None
    (first,), (second,) = subject, other
    return first if match["faster"] else second
