"""Sentences without a number that a person should read beside the curves: "the RNN stays flat".

`contradictions` calls a sentence wrong, and so reads only what can be read in one way. Here more is
read, and only asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from grader.model import Kind
from grader.prose.cues import LOCAL, RADIUS_WORD
from grader.prose.scope import Clause, clauses, is_conditional, may_report, reported
from grader.prose.sentences import Sentence
from grader.prose.terms import PATTERNS, nets

Impression: TypeAlias = Literal["kept", "grows", "equal", "loses_more", "expands"]

KEPT = re.compile(
    r"\b(?:constant\w*|flat|horizontal|unchanged|intact|preserved|insignificant|negligible"
    r"|the same (?:size|magnitude|value|signal|order)|as large as|no trouble|perfectly usable"
    r"|enough to learn|(?:hardly|barely|scarcely) (?:decays?|changes?|falls?|drops?|shrinks?"
    r"|vanish\w*)|removes? the vanishing|constante|plan[oa]|horizontales?|intact[oa]|inalterad[oa]"
    r"|insignificante|despreciable|(?:la )?misma (?:señal|magnitud)|mismo (?:tamaño|valor)"
    r"|apenas (?:se )?(?:decae|cambia|cae|baja|pierde|desvanece)|elimina\w* (?:por completo )?el"
    r"|sí se aprenden?|almost nothing|casi nada)\b",
    re.IGNORECASE,
)
KEPT_BY_DENIAL = re.compile(
    r"\b(?:(?:does not|doesn't|did not|didn't|never) (?:\w+ )?(?:vanish|decay|shrink|lose|fade)"
    r"|no (?:se )?(?:pierde|decae|desvanece|cae)(?! (?:tan|as|so)\b)|problema \w+ desaparece"
    r"|no (?:vanishing|desvanecimiento)|no (?:muestr\w+|hay) desvanecimiento)\b",
    re.IGNORECASE,
)
GROWS = re.compile(
    r"\b(?:explod(?:es?|ed|ing)|grows?|grew|increases?|explotan?|explot[oó]|crecen?|crec[eí]a|aumentan?)\b",
    re.IGNORECASE,
)
EQUAL = re.compile(
    r"\b(?:no (?:significant |real |visible |clear |hay )?(?:apenas )?(?:difference|diferencia)"
    r"|(?:al )?(?:at )?(?:the same|mism[oa]) (?:rate|speed|slope|pace|ritmo|velocidad|pendiente)"
    r"|superpuest[oa]s|overlap\w*|on top of each other|identical|id[eé]ntic[oa]s|iguales)\b",
    re.IGNORECASE,
)
LOSES = (
    r"steep\w*|slopes?|pendiente|inclinad\w|empinad\w|fast\w*|quick\w*|r[aá]pid\w+|loses?|pierde"
    r"|cae\w*|decae\w*|decays?|drops?|falls?"
)
KEEPS = r"preserv\w+|keeps?|kept|conserva\w*|mantiene|retain\w*|gradients?|gradiente|norma?"
MORE = r"more|steeper|larger|greater|bigger|faster|better|higher|m[aá]s|mayor|mejor|superior"
LESS = (
    r"less|smaller|slower|flatter|lower|worse|weaker|(?<!por lo )(?<!al )menos|menor|peor|inferior"
    r"|m[aá]s peque[nñ]\w"
)
RANKED = re.compile(rf"\b(?:(?P<less>{LESS})|(?P<more>{MORE}))\b", re.IGNORECASE)
LOSS = re.compile(rf"\b(?:{LOSES})\b", re.IGNORECASE)
KEEP = re.compile(rf"\b(?:{KEEPS})\b", re.IGNORECASE)
OF_TWO = re.compile(r"\b(?:of the two|de las dos|de los dos|than|que(?! la que)|it is the)\b", re.I)
ABOVE_ONE = re.compile(
    r"\b(?:greater|larger|bigger|above|over|more|exceeds?|beyond|mayor|superior|por encima|supera"
    r"|m[aá]s)\b(?: than| de| que| a)?(?: l?a)? ?(?:1(?![.,]?\d)|one|uno|unity|unidad)\b",
    re.IGNORECASE,
)
BOTH = re.compile(r"\b(?:both|two|dos|amb[oa]s)\b", re.IGNORECASE)
END = re.compile(
    r"\b(?:first|last|primer|[uú]ltimo) (?:token|step|state|paso|estado)\b|t\s*=\s*(?:0|49|50)\b"
    r"|beginning of the sequence|principio de la secuencia",
    re.IGNORECASE,
)
"""Where a curve begins or ends: what is said of it there is said of the whole."""

DENIED = re.compile(
    r"\b(?:not|no|never|nor|nunca|tampoco|neither|without|sin|isn't|ni|cannot|rather|instead)\b"
    r"|n't\b",
    re.IGNORECASE,
)
RESERVED = re.compile(
    r"\b(?:think|thought|believe\w*|claim\w*|say(?:s|ing)?|said|wrong\w*|expect\w*|hoped|nobody"
    r"|question|whether|why|false|true|myth|cre[eo]\w*|pens\w+|dic\w+|fals[oa]|ciert[oa]|verdad"
    r"|nadie|por qu[eé]|esperaba\w*|attention|atenci[oó]n|softmax|transformers?|lstms?|always"
    r"|usual\w*|siempre|tend\w*|suele\w*|can|may|puede\w*|relative|relativ\w+|weights?|pesos?"
    r"|cells?|tasa|for both|para ambas|least|menos del?|exponential\w*|exponencial\w*|factor"
    r"|per step|por paso|each step|cada paso|logarithm\w*|log)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Impressed:
    """What a sentence seems to say: of `model`, or of both nets where it is None."""

    impression: Impression
    model: Kind | None
    sentence: Sentence


def impressions(sentences: Sequence[Sentence]) -> Iterator[Impressed]:
    """Yield what sentences seem to say of the curves or of ρ, one impression each at most.

    Parameters
    ----------
    sentences : sequence of Sentence
        From `sentences.plain_sentences`.
    """
    for sentence in reported(sentences):
        if RESERVED.search(sentence.text) or is_conditional(sentence.text):
            continue
        text = sentence.text
        whole = _of_both(text) if may_report(Clause(text, 0, len(text))) else None
        if whole:
            yield Impressed(*whole, sentence)
            continue
        for clause in clauses(text):
            found = _of_one(clause.text) if may_report(clause) else None
            if found:
                yield Impressed(*found, sentence)
                break


def _of_both(text: str) -> tuple[Impression, Kind | None] | None:
    """Return what a sentence says of one net beside the other."""
    match = EQUAL.search(text)
    if match and (len(nets(text)) == 2 or BOTH.search(text)):
        rest = text[: match.start()] + text[match.end() :]
        return None if DENIED.search(rest) else ("equal", None)
    ranked = None if DENIED.search(text) else _ranked(text)
    return ("loses_more", ranked) if ranked else None


def _of_one(text: str) -> tuple[Impression, Kind | None] | None:
    """Return what a clause says of the one net that it names."""
    denied = bool(DENIED.search(text))
    if RADIUS_WORD.search(text) and ABOVE_ONE.search(text) and not denied:
        return "expands", "rnn"
    named = nets(text)
    if len(named) != 1 or LOCAL.search(END.sub(" ", text)) or RANKED.search(text):
        return None
    (model,) = named
    if KEPT_BY_DENIAL.search(text) or (KEPT.search(text) and not denied):
        return "kept", model
    return ("grows", model) if GROWS.search(text) and not denied else None


def _ranked(text: str) -> Kind | None:
    """Return the net that is said to lose more than the other; None where that is open."""
    order = sorted((m.start(), kind) for kind, p in PATTERNS.items() for m in [p.search(text)] if m)
    ranks, beside = RANKED.search(text), OF_TWO.search(text)
    if not order or ranks is None or beside is None or len(RANKED.findall(text)) > 1:
        return None
    if order[0][0] > beside.end() and "of" not in beside[0] and "it" not in beside[0]:
        return None  # the one that is compared has no name here
    first: Kind = order[0][1]
    other: Kind = "gru" if first == "rnn" else "rnn"
    losing, keeping = bool(LOSS.search(text)), bool(KEEP.search(text))
    if losing == keeping:
        return None
    return first if losing == (ranks["less"] is None) else other
