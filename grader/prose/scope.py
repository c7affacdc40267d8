"""What a sentence speaks of: this measurement, or a theory, a condition, another experiment.

Only what speaks of this measurement can contradict it. Doubt is resolved in favour of the writer: a
missed contradiction costs a person a look, a false one costs a student's trust.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from grader.prose.sentences import Sentence
from grader.prose.terms import nets

CONDITION = re.compile(
    r"\b(?:if(?! you (?:like|want|prefer|look))|unless|hypothe\w+|hipot[eé]t\w+"
    r"|let(?! me\b| us\b|'s\b)|(?<!o )sea|would|could|might|suppose|supposing|assum\w+|imagine"
    r"|say,|had it|had i\b|were it|should (?:it|the)"
    r"|si(?! (?:lo|la|se|quier\w+) ?(?:mir|ve\b|prefier)\w*)|supon\w+|imagin\w+|digamos"
    r"|\w{2,}r[íÍ]a[ns]?|fuera|fuese"
    r"|(?:se|da|perde|pod|ha|hab|tend|esta|debe|cae|queda)ria[ns]?"
    r"|tuvier\w+|hubier\w+|quiz[aá]s?|tal vez|perhaps|maybe|guess\w*|back of the envelope)\b",
    re.IGNORECASE,
)
NO_CONDITION = re.compile(
    r"(?:teor|mayor|minor|energ|categor|bater|ingenier|trayector|aver)[íÍ]as?|supone[n]?",
    re.IGNORECASE,
)
THEORY = re.compile(
    r"\b(?:expect\w*|predict\w*|theor\w*|anticip\w*|suggest\w*|impl(?:y|ies)|should|asymptot\w*"
    r"|te[oó]r\w+|predi(?:ce|cho|cha|cción)\w*|esper[aá]\w*|debe(?:r[ií]a)?\b|implica\w*|sugiere"
    r"|asint[oó]t\w*|law|ley)\b|-\s?10\s?[·*×]\s?log|⇒",
    re.IGNORECASE,
)
BY_THEORY = re.compile(
    r"^[^.;]{0,60}?(?:expected|predicted|by theory|from theory|in theory|theoretical\w*|esperad\w+"
    r"|predich\w+|te[oó]ric\w+|en teor[ií]a)\b",
    re.IGNORECASE,
)
AS_THEORY = re.compile(
    r"\b(?:as|like|just what|como|tal como|what|matches|agrees|coincide|lo que) [^,.;]{0,30}$",
    re.IGNORECASE,
)
OTHER_RUN = (
    r"\b(?:other (?:seeds?|runs?|inits?|initiali\w+|draws?|settings?|experiments?|scales?|biases)"
    r"|another|otr[oa]s? (?:semillas?|ejecuci\w+|prueba\w*|inicializaci\w+|experimento\w*|sorteos?"
    r"|escalas?|sesgos?|corridas?)|(?:seed|semilla)\s*=?\s*(?!42\b)\d+|seeds|semillas"
    r"|lstms?|(?:an?|my) (?:earlier|previous|older|second|first)"
    r" (?:run|version|attempt|try|draft|plot)"
    r"|in that (?:first )?run|not committed|bias (?:at|of|=) ?\+[1-9]|esa (?:primera )?ejecuci\w+"
    r"|earlier run|previous run|previously|first run|first attempt|first ran|at first|initially"
    r"|originally|before (?:fixing|changing|setting|correcting|i |the fix|that)|first try"
    r"|antes de|anteriormente|(?<!llegas )(?<!llega )al principio(?! del? )|inicialmente"
    r"|primer(?:a)? (?:prueba|intento|versi[oó]n"
    r"|ejecuci[oó]n)|versi[oó]n anterior|prob[eé]\b|i (?:also )?tried|we (?:also )?tried|tambi[eé]n"
    r" (?:prob|ejecut)\w+|as an experiment|out of curiosity|por curiosidad|for comparison"
    r"|(?:zero|no|without(?: an?| the)?) (?:gate |update[- ]gate )?bias"
    r"|bias(?: of)?(?: =)? (?:0|zero)"
    r"|sesgo(?: de)?(?: =)? (?:0|cero|nulo)|sin (?:el )?sesgo"
    r"|b_z\s*=\s*[-+]?\d|float32|fp32 run|half precision|literal (?:settings|configuration|values)"
    r"|default (?:settings|init\w*)|with(?: an?)? (?:orthogonal|larger|smaller|bigger)"
    r"|init(?:ial)?(?: scale)?(?: of)? \d|\bscale (?:of )?(?!0?[.,]1\b)0?[.,]\d+"
    r"|escala (?:de )?0[.,]\d"
    r"|(?<![_\w])T\s*=\s*(?!49\b|50\b)\d{2,4}|class ?mates?|compañer[oa]s?"
    r"|attempts?|partner\w*|friends?|colleagues?|neighbou?r\w*|team ?mates?|amig[oa]s?|colegas?"
    r"|(?:d|d_hidden|hidden size|width)\s*=\s*(?!32\b)\d+|N\(0, ?(?!0[.,]1\))"
    r"|last year\w*|previous year\w*|(?:año|curso) (?:pasado|anterior)"
    r"|report(?:s|ed)|quotes?|quoted|lecture|(?:course|class) notes|apuntes|someone|somebody"
    r"|alguien"
    r"|according to|seg[uú]n (?:el|la|los)|wikipedia|internet|(?:single|half|low\w*) precision"
    r"|precisi[oó]n simple|simple precisi[oó]n|float ?16|float 32|for some|some (?:seeds"
    r"|runs)|wonder"
    r"|(?:text)?book|libro|papers?|art[ií]culos?|et al|pascanu|bengio|hochreiter|literature"
    r"|literatura|typical\w*|t[ií]pic\w+|in general|en general|usually|normalmente"
    r"|the lab(?:'s| says| text| claims| states| hand)|lab(?:oratorio)? (?:dice|pone|afirma)"
    r"|(?:an?|una?) (?:\w+ ){0,2}(?:rnn|gru|lstm|net|network|red) (?:with(?!out doubt)|of"
    r"|without|con"
    r"|de|sin|whose|cuy[oa]))\b|[\u201c\"«](?=\S)|\b(?:my )?expectations?\b"
)
OTHER = re.compile(OTHER_RUN, re.IGNORECASE)
OPENS_OTHER = re.compile(
    r"\b(?:i (?:also |first |then )?(?:tried|ran|repeated)|we (?:also |first )?(?:tried|ran)"
    r"|prob[eé]\b|prob\w+ también|tambi[eé]n prob\w+|repet[ií]|as an experiment|out of curiosity"
    r"|por curiosidad|for comparison|another (?:run|seed|experiment)|an earlier run)\b",
    re.IGNORECASE,
)
RETURNS = re.compile(
    r"\b(?:final(?:ly)?|committed|submitted|in the end|now\b|back to|handed in|entreg\w+|al final"
    r"|finalmente|ahora|definitiv\w+|de vuelta)\b",
    re.IGNORECASE,
)
OTHER_HEADING = re.compile(
    r"\b(?:theor\w+|teor[ií]a|other|another|extra|bonus|additional|further|pitfalls?|what i tried"
    r"|otr[oa]s?|adicional\w*|dificultades|problemas|problems|debugging|references?|referencias"
    r"|bibliograf[ií]a|background|appendix|ap[eé]ndice|before|antes)\b",
    re.IGNORECASE,
)
CONTRAST = re.compile(
    r"\b(?:but|whereas|while|however|though|although|pero|mientras(?: que)?|sin embargo"
    r"|aunque)\b|;",
    re.IGNORECASE,
)
AND_IF = re.compile(
    r"\b(?:and if|and with (?:that|this)|that is|y si|y con (?:eso|ello|esto)|es decir|o sea)\b"
    r"|,\s*(?:(?:from )?which|(?:de )?lo (?:que|cual))\b",
    re.IGNORECASE,
)
"""Begins what a condition may be for; what stands before is said without one."""

BOUNDARY = re.compile(
    r";|[()]|,(?=\s)|\s[—–-]\s|—|\s[→]\s|\b(?:while|whereas|where|donde|but|and the"
    r"|and in the|and it|and so"
    r"|so that|and if|y si|y con eso|mientras(?: que)?|pero|y la|y el|y en la|versus"
    r"|vs|frente a|o sea|that is|es decir)\b",
    re.IGNORECASE,
)
ANNOTATION = re.compile(
    r"annotat\w*|\bplot\b|\bfigure\b|caption|legend|title|anota\w*|gr[aá]fic\w+|figura|leyenda"
    r"|decays? by [^.;]{1,20}over 50",
    re.IGNORECASE,
)
COMPARED = re.compile(
    r"\b(?:than|compared (?:to|with)|unlike|like|as|below|above|(?<!mientras )que"
    r"|comparad[oa] con|respecto a"
    r"|a diferencia de|en comparaci[oó]n con|beats?|beside"
    r"|(?:vs\.?|versus|against|frente a)\s+[^,;]{1,15}?\s+(?:for|in|of|de|en))\s+"
    r"(?:(?:that|those) of\s+)?(?:(?:the|a|my|la|el|una?|de|simple|vanilla)\s+){0,3}$",
    re.IGNORECASE,
)
HELD_AGAINST = re.compile(r"\b(?:check\w*|compar\w+|against|contra|frente)\b", re.IGNORECASE)
"""In a heading: what was measured is held against a theory there."""

QUOTES = re.compile(r"[\u201c\u201d\"«»]")


@dataclass(frozen=True, slots=True)
class Clause:
    """The part of a sentence from `start` to `end`."""

    sentence: str
    start: int
    end: int

    @property
    def text(self) -> str:
        """Return its words."""
        return self.sentence[self.start : self.end]


def clauses(text: str) -> list[Clause]:
    """Return the clauses of a sentence."""
    edges = [0, *(match.start() for match in BOUNDARY.finditer(text)), len(text)]
    return [Clause(text, start, end) for start, end in pairwise(edges) if end > start]


def is_own(clause: Clause) -> bool:
    """Say whether a clause speaks of this measurement.

    It doesn't where a condition or another experiment reaches it: from anywhere in its sentence, up
    to a "but", and in brackets from within them.
    """
    text, start, end = clause.sentence, clause.start, clause.end
    begin = max((m.start() for m in CONTRAST.finditer(text, 0, start + 1)), default=0)
    stop = min((m.start() for m in CONTRAST.finditer(text, end)), default=len(text))
    turn = min((m.start() for m in AND_IF.finditer(text, end, stop)), default=stop)
    inside = text[max(0, text.rfind("(", 0, end)) : end] if _in_brackets(text, start) else ""

    def said(until: int) -> str:
        part = inside or re.sub(r"\([^()]*\)?", " ", text[begin:until])
        return QUOTES.sub(" ", part) if ANNOTATION.search(text) else part

    return not OTHER.search(said(stop)) and not is_conditional(said(turn))


def may_report(clause: Clause) -> bool:
    """Say whether a clause may speak of this measurement: no condition stands in it or before it.

    Less is left out than by `is_own`: enough to ask about a number, too little to call it wrong.
    """
    text, end = clause.sentence, clause.end
    begin = max((m.start() for m in CONTRAST.finditer(text, 0, clause.start + 1)), default=0)
    said = QUOTES.sub(" ", text[begin:])
    return not OTHER.search(said) and not is_conditional(text[begin:end])


def _in_brackets(text: str, start: int) -> bool:
    return text.count("(", 0, start + 1) > text.count(")", 0, start + 1)


def is_compared(text: str, net: re.Pattern[str]) -> bool:
    """Say whether a text names a net, if it does, only as what another is compared with."""
    return all(COMPARED.search(text[: m.start()]) for m in net.finditer(text))


def is_conditional(text: str) -> bool:
    """Say whether a text supposes something rather than reporting it."""
    return any(not NO_CONDITION.fullmatch(m[0]) for m in CONDITION.finditer(text))


def is_predicted(clause: str, start: int, end: int) -> bool:
    """Say whether a number at `start` … `end` of a clause is what a theory gives."""
    if BY_THEORY.search(clause[end:]):
        return True
    said = THEORY.finditer(clause, clause.rfind(":", 0, start) + 1, start)
    return any(not AS_THEORY.search(clause[: m.start()]) for m in said)


def reported(sentences: Sequence[Sentence], *, quoted: bool = False) -> Iterator[Sentence]:
    """Yield the sentences that can report this measurement.

    Left out are headings, questions, sections on theory or on other experiments, and what follows,
    in a paragraph, the announcement of another experiment; unless `quoted`, code and quotations.
    """
    elsewhere = -1
    for sentence in sentences:
        if sentence.is_heading or ((sentence.is_quoted or sentence.is_code) and not quoted):
            continue
        if sentence.text.rstrip("\"'”»)* ").endswith("?"):
            continue
        if _is_elsewhere(sentence.heading):
            continue
        if sentence.paragraph == elsewhere and not RETURNS.search(sentence.text):
            continue
        elsewhere = -1
        if OPENS_OTHER.search(sentence.text):
            elsewhere = sentence.paragraph
        yield sentence


@functools.lru_cache(maxsize=64)
def _is_elsewhere(heading: str) -> bool:
    """Say whether a section is about a theory or another experiment."""
    heading = re.sub(r"\([^()]*\)", " ", heading)
    if OTHER.search(heading):
        return True
    named = nets(heading) or HELD_AGAINST.search(heading)
    return bool(OTHER_HEADING.search(heading)) and not named
