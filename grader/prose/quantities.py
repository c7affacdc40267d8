"""What a number in a sentence measures: orders of magnitude and over how many steps, ρ, g_0."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from grader.prose.numerals import TENS, UNITS, Number, numbers
from grader.prose.scope import Clause, clauses, is_predicted
from grader.prose.sentences import Sentence
from grader.prose.terms import ORDERS, PERIOD, nets, words

Quantity: TypeAlias = Literal["per_ten", "total", "orders", "g_0", "radius"]

TINY = 0.01
"""Above, what stands beside t = 0 may be anything."""

LAB_EXAMPLE = 1e-15
ASIDE_OF = 25
"""Characters before a clause, where it stands in brackets, that name what it is about."""

BEFORE = 160
"""Characters before a number that can say what it is."""

LEAST_ORDERS, MOST_ORDERS = 0.005, 400.0
"""Outside, a number without a unit is no count of orders of magnitude."""

LOSES = words(
    r"los[ei]|lost|go(?:es)? down|went down|encog|mengu|evapor|forget|forgot|olvid|gone|sheds?\b|decay|drop|fall|fell|shr[aiu]nk|vanish|diminish|pierd|perd|deca[eyi]|ca[eíy]|baj"
    r"|disminuy|desvanec|reduc"
)
NO_MEASURE = re.compile(r"\s*(?:%|percent|por ciento)")
KEPT = re.compile(
    r"\b(?:keep\w*|kept|retain\w*|remain\w*|fractions?|factors?|multipl\w+|conserva\w*|queda\w*"
    r"|fracci[oó]n|factor\w*)\b",
    re.IGNORECASE,
)
TOTALS = re.compile(r"\btotal\w*\b[^.;\d]{0,30}$", re.IGNORECASE)
UNIT = re.compile(rf"\s*(?:\([^()]{{0,25}}\)\s*)?(?P<orders>{ORDERS})", re.IGNORECASE)
LABEL = re.compile(rf"{ORDERS}", re.IGNORECASE)
DIFFERENCE = re.compile(
    r"\s*(?:more|fewer|less|apart|faster|slower|higher|lower|between|of difference|m[aá]s\b|menos\b"
    r"|de diferencia|of separation|below|above|smaller|larger|por debajo|por encima|steeper)",
    re.IGNORECASE,
)
GAP = re.compile(
    r"\b(?:gap|difference|differ\w*|diferencia|separat\w*|separaci[oó]n|apart|distance|distancia"
    r"|excess|another|further|further|extra|remaining|out of|de los)\b[^.;]{0,30}$",
    re.IGNORECASE,
)
LOCAL = re.compile(
    r"\b(?:first|last|initial|final|near|late|early|tail|primer\w*|[uú]ltim\w*|inicial\w*|window"
    r"|ventana|ten steps before|between t|entre t|stretch|tramo|beginning|steepest|locally"
    r"|localmente|start|middle|half of)\b",
    re.IGNORECASE,
)
SOME_STEPS = re.compile(
    r"\b(?:after|over|in|within|for|during|takes?|needs?|tras|en|durante|hacen falta|necesita\w*)\s+"
    r"(?:\w+\s){0,3}?(?:\d+|five|twenty|thirty|forty|cinco|veinte|treinta|cuarenta)\s*"
    r"(?:time )?(?:steps?|pasos?)|\b(?:steps?|pasos?)\s+\d+|\bt\s*=\s*(?!0\b|49\b|50\b)\d+",
    re.IGNORECASE,
)
RADIUS = re.compile(
    r"(?<![·*×/^√g0] )(?<![·*×/^√g0])(?:spectral radius|radio espectral|ρ|\brho\b"
    r"|(?:largest|biggest|leading|dominant) eigenvalue|\|?λ_?max\|?|max\s*\|λ\||autovalor (?:mayor"
    r"|m[aá]ximo|dominante)|(?:mayor|m[aá]ximo) (?:autovalor|eigenvalor|valor propio))(?P<between>(?:[^\d.;<>≤≥]|\.(?=[a-z])){0,90})$",
    re.IGNORECASE,
)
RADIUS_AFTER = re.compile(
    r"\s*(?:is|was|es|fue)\s+(?:the|my|our|its|el|mi)\s+(?:spectral radius|radio espectral)",
    re.IGNORECASE,
)
RADIUS_WORD = re.compile(r"spectral|espectral|ρ|\brho\b", re.IGNORECASE)
LOG_OF = re.compile(r"\blog(?:_?10)?\s*\(?\s*$", re.IGNORECASE)
ASIDE = re.compile(
    r",\s*(?:here|aqu[ií]|namely|which (?:is|was|for me is)|en mi caso|in my case|para m[ií]|que es"
    r"|concretamente|a saber|en este caso|in this case)\b"
    r"|,\s*(?:for which i (?:find|get|obtain|measure)|para (?:la|el) que (?:obtengo|mido))\b"
    r"|,\s*(?:which|that|que|computed|calculad[oa]|obtained|obtenid[oa])\s[^,]{1,50},",
    re.IGNORECASE,
)
NO_RADIUS = re.compile(
    r"\b(?:less|lower|smaller|below|above|under|more|greater|larger|menor|mayor|inferior|superior"
    r"|exceed\w*|near|close|log\w*|so|thus|then|gives?|step|paso|orders?|[oó]rdenes|norm\w*|norma"
    r"|scale|std|σ|sigma|times|factor|T|d|cerca|squared?)\b|[→⇒*×^√+]|-\s|,\s",
    re.IGNORECASE,
)
EXPLODES = re.compile(r"explo[dt]|\bgr(?:ows?|ew)\b|crec(?:e|en|er)\b", re.IGNORECASE)
ESTIMATE = re.compile(r"sqrt|√|circular|σ|\bsigma\b|estim\w+|approximat\w+ by", re.IGNORECASE)
FIRST = re.compile(
    r"\bg(?:_?0|\(0\)|\[0\])(?!\w)|\bt\s*=\s*0\b|initial gradient|first gradient|gradiente inicial"
    r"|primer gradiente|‖∂L/∂h_0‖",
    re.IGNORECASE,
)
NAMED_FIRST = re.compile(
    r"(?<!/)(?<!/ )\bg(?:_?0|\(0\)|\[0\])(?!\w|\s*/)[^\d;/]{0,40}$", re.IGNORECASE
)
NO_GRADIENT = re.compile(
    r"\b(?:fp ?32|float32|fp ?64|fp ?16|epsilon|eps|ε|precisi\w+|smallest|m[ií]nim\w+|normal"
    r"|learning rate|tasa|lr|tiny|tolerance|update of|relative|t\s*=\s*(?:49|50)|g_?49|g_?50"
    r"|less than|smaller than|below|from)\b[^.;]{0,40}$",
    re.IGNORECASE,
)
COMPUTED = re.compile(
    r"multipl|gives?\b|yields?\b|\bpower|product|theor|te[oó]r|predi|\bfifty times|update|\blr\b"
    r"|learning rate|tasa de aprendizaje|actualiz|\^\d+\s*[=≈]|\d\s*[·×*]\s*g_?0",
    re.IGNORECASE,
)
POWER = re.compile(r"\^\S{0,6}\s*[=≈~]\s*$|/\s*g_?(?:49|50)\S?\s*(?:=|≈|~|is|es)\s*$")
AT_LAST = re.compile(r"\s*\(?(?:at |en |for )?\s*(?:t\s*=\s*(?:49|50)|g_?49|g_?50)", re.IGNORECASE)
SUPPOSED = re.compile(r"\b(?:like|e\.?g|say|such as|como|por ejemplo|p ej)\W*$", re.IGNORECASE)
ELLIPSIS_BEFORE = re.compile(
    r"(?:^|[:,/(|&+\"“«]|\b(?:and|y|e|by|or|o|so|hence|thus|luego|makes?|only|just|merely|barely|apenas|s[oó]lo|solamente|solo|is|was|are"
    r"|es|son|fue|en|vs|versus|than|to|against|a|of|de|que|frente a|loses?|lost|losing|decays?|drops?"
    r"|falls?|fell|shrinks?|pierde|perdi[oó]|decae|cae|about|around|roughly|unos|casi|some|has|tiene"
    r"|gives?|da|with|con|the|at|get|got|measured?|mide|medid\w+|rnns?|grus?|vanilla|simple|nearly"
    r"|aprox\w*|alrededor de|adds? up to|total))\s*[=≈~:]?\s*[≈~]?\s*$|[=≈~]\s*[≈~]?\s*$",
    re.IGNORECASE,
)
ELLIPSIS_AFTER = re.compile(
    r"\s*(?:$|[,;.)\]|/(\"”»]|(?:for|in|on|of|by|and|y|e|vs|versus|against|frente|para|en|de|del|per|each"
    r"|every|cada|por|compared|while|mientras|respectiv\w+|altogether|overall|with|con|only|just"
    r"|over|across)\b)",
    re.IGNORECASE,
)
SYMBOL = re.compile(r"(?<!\w)(?!N\b|M\b|RNN|GRU)(?:\w+_\w+|\w{1,3}|\w̄)\s*[=≈~]\s*[≈~]?\s*$", re.I)
VARIABLE = re.compile(
    r"(?:(?<!\w)(?:T|t|d|z|b_z|b|seed|semilla|h|σ|std|std dev|bias|sesgo|init|scale|escala|position"
    r"|posici[oó]n|step|paso|question|pregunta|lab|option|opci[oó]n|phase|fase|fp|float|tokens?"
    r"|units|unidades|version|python|numpy|ρ|rho|radius|espectral|figure|section|\|[^|]*\||lr|times"
    r"|veces|factor(?: of| de)?|ratio|divid\w+(?: by| por| entre)?|multipl\w+(?: by| por)?)\s*(?:of|de|=|≈|~|is|es|:|at|en|a)?\s*[≈~]?\s*)$",
    re.IGNORECASE,
)
FORMULA = re.compile(
    r"(?:log|ln|√|sqrt|ρ|∏|σ)[^=]{0,40}[=≈]\s*$|(?:log\w*|ln|√|sqrt|exp)\s*\(?\s*$", re.IGNORECASE
)
OWN_LOG = re.compile(r"log\w*\s*\(?\s*g_?(?:49|50|T)\s*/\s*g_?0\s*\)?[^=≈\d]{0,12}[=≈]\s*$")
LETTERED = re.compile(r"(?<!\w)[NM](?:\s*\([^()\d]{0,40}\))?\s*(?:=|≈|~|is|es|:)\s*[≈~]?\s*$")
DERIVED = re.compile(
    r"(?:ρ|spectral radius|radio espectral)[^.;]{0,80}(?:\bso\b|gives?|means?|→|⇒|\bda\b|implica"
    r"|implies|log|predict|equals|i\.?e|=>|->|thus|luego)",
    re.IGNORECASE,
)


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

    def before(self, number: Number, reach: int = BEFORE) -> str:
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
    if before.rstrip().endswith("±") or NO_MEASURE.match(after) or reading.counts_steps(number):
        return None
    return _radius(reading, number) or _first(reading, number) or _orders(reading, number)


def _radius(reading: Reading, number: Number) -> Told | None:
    before, after = reading.before(number), reading.text[number.end :]
    if LOG_OF.search(before) and RADIUS_WORD.search(reading.text + reading.sentence.heading):
        return Told("radius")
    if RADIUS_AFTER.match(after):
        return Told("radius", estimate=bool(ESTIMATE.search(reading.text)))
    match = RADIUS.search(before)
    if match is None or EXPLODES.search(reading.text):
        return None
    between = match["between"].replace(",", " ") if reading.sentence.is_cell else match["between"]
    if NO_RADIUS.search(ASIDE.sub(" ", between)):
        return None
    if UNIT.match(after) or re.match(r"\s*(?:[*·×/^]|veces\b|times\b|-?th\b)", after):
        return None
    return Told("radius", estimate=bool(ESTIMATE.search(reading.text)))


def _first(reading: Reading, number: Number) -> Told | None:
    """Recognise g_0: a tiny number beside t = 0, and no constant of a number format."""
    before, after = reading.before(number), reading.text[number.end :]
    size = max(map(abs, number.readings))
    named = NAMED_FIRST.search(before)
    if named and LABEL.search(named[0]):
        return None
    if not 0 < size < (math.inf if named else TINY) or UNIT.match(after) or AT_LAST.match(after):
        return None
    if not named and (size == LAB_EXAMPLE or NO_GRADIENT.search(before[-60:])):
        return None
    part = reading.clause(number)
    clause = reading.text[max(0, part.start - ASIDE_OF) : part.end]
    if SUPPOSED.search(before) or POWER.search(before):
        return None
    if not named and (not FIRST.search(clause) or COMPUTED.search(clause)):
        return None
    return Told("g_0", sure=bool(named))


def _orders(reading: Reading, number: Number) -> Told | None:
    if not _is_orders(reading, number):
        return None
    clause = reading.clause(number)
    inside = reading.text[clause.start : number.start]
    if GAP.search(inside) or DERIVED.search(reading.before(number)) or _is_local(reading, clause):
        return None
    unit = UNIT.match(reading.text, number.end)
    if unit and DIFFERENCE.match(reading.text, unit.end()):
        return None
    if is_predicted(clause.text, number.start - clause.start, number.end - clause.start):
        return None
    return _period(reading, number)


def _is_local(reading: Reading, clause: Clause) -> bool:
    """Say whether a clause is about a part of the sequence."""
    said = reading.text
    for period in reading.periods:
        blank = " " * (period.end() - period.start())
        said = said[: period.start()] + blank + said[period.end() :]
    said = said[clause.start : clause.end]
    return bool(SOME_STEPS.search(said) or (LOCAL.search(said) and not reading.sentence.is_cell))


def _is_orders(reading: Reading, number: Number) -> bool:
    """Say whether a number counts orders of magnitude: by its unit, or by that of one beside it."""
    text, before = reading.text, reading.before(number)
    if UNIT.match(text, number.end):
        return True
    if LETTERED.search(before) or OWN_LOG.search(before):
        return True
    if VARIABLE.search(before) or SYMBOL.search(before):
        return False
    if number.power or FORMULA.search(before):
        return False
    after = text[number.end :]
    rated = any(0 <= m.start() - number.end <= 2 for m in reading.periods)
    bare = rated or (ELLIPSIS_BEFORE.search(before) and ELLIPSIS_AFTER.match(after))
    return (
        bool(bare)
        and LEAST_ORDERS < min(map(abs, number.readings)) < MOST_ORDERS
        and _is_spoken_of(reading, number)
    )


def _is_spoken_of(reading: Reading, number: Number) -> bool:
    """Say whether orders of magnitude are what a sentence, or the label above it, counts."""
    text, before = reading.text, reading.before(number)
    labels = (before, *reading.sentence.above) if ":" in before or reading.sentence.is_cell else ()
    if any(LABEL.search(label) for label in labels) or TOTALS.search(before):
        return True
    others = (n for n in reading.found if n is not number and not reading.counts_steps(n))
    if any(UNIT.match(text, other.end) for other in others):
        return True
    if KEPT.search(reading.clause(number).text):
        return False
    spans = [m for m in reading.periods if not m["one"]]
    near = any(abs(m.start() - number.end) < 4 or 0 < number.start - m.end() < 60 for m in spans)
    return near and bool(nets(text))


def _period(reading: Reading, number: Number) -> Told | None:
    """Return over how many steps the orders are lost: by what follows, what precedes, a label."""
    text, before = reading.text, reading.before(number)
    if LETTERED.search(before) or OWN_LOG.search(before):
        return Told("total")
    unit = UNIT.match(text, number.end)
    begin = unit.end() if unit else number.end
    later = [m for m in reading.periods if m.start() >= begin]
    if later and _belongs(reading, number, later[0], begin):
        return _told(later[0], sure=True)
    earlier = [m for m in reading.periods if m.end() <= number.start]
    if earlier:
        own = earlier[-1].start() >= reading.clause(number).start
        between = (n for n in reading.found if earlier[-1].end() <= n.start < number.start)
        return _told(earlier[-1], sure=own and not any(between))
    if later:
        return _told(later[0], sure=False)
    for label in reading.sentence.above:
        match = PERIOD.search(label)
        if match:
            return _told(match, sure=False)
    single = number.in_words and number.readings == (1.0,)
    return Told("orders", sure=False) if LOSES.search(text) and not single else None


def _belongs(reading: Reading, number: Number, period: re.Match[str], begin: int) -> bool:
    """Say whether nothing else stands between a number and the period that follows it."""
    between = reading.text[begin : period.start()]
    others = (n for n in reading.found if number.end <= n.start < period.start())
    return len(between) <= 45 and not re.search(r"[.;]", between) and not any(others)


def _told(match: re.Match[str], *, sure: bool) -> Told:
    if match["total"]:
        return Told("total", sure=sure)
    if match["one"]:
        return Told("per_ten", 1.0, sure)
    word = match["count"].lower()
    steps = float(word) if word.isdigit() else float({**UNITS, **TENS}.get(word, 10))
    return Told("total", sure=sure) if steps >= 45 else Told("per_ten", max(steps, 1.0), sure)
