"""Which numbers of a write-up come from the submission's own files, whoever they are said of.

To say that a number is wrong, one must know what it is said of, and no rule reads every sentence.
To say that nothing in the files accounts for it is easier, and holds in a letter, a table or a
program's printed output as well: a number beside a word of decay, a spectral radius or a gradient
is one of a few dozen values, or it is not.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Literal, TypeAlias

from grader.model import KINDS, STEPS, Kind, Material
from grader.prose.cues import FIRST, LABEL, MOST_ORDERS, RADIUS_WORD, TINY, UNIT, VARIABLE
from grader.prose.numerals import Number, numbers
from grader.prose.quantities import told
from grader.prose.scope import clauses, is_predicted, may_report, reported
from grader.prose.sentences import Sentence
from grader.prose.terms import PERIOD
from grader.truths import Truths, expected_radii

Subject: TypeAlias = Literal["orders", "radius", "norm", "any"]
"""What the nearest words say a number is: orders of decay, a spectral radius, a gradient's norm."""

BEHIND = 14
"""Characters after a number within which "per 10 steps" or "in total" belongs to it."""

BEFORE = 45
"""Characters before a number within which a word may say what it is."""

APART = re.compile(r"[\d,;.:]")
ASIDE = 16
"""Characters before a number within which a gate or an error may be what it is of."""

COMMENT = 60
"""Characters before a number in code within which a comment may begin."""

DEEPEST = 8

RELATIVE = 0.02
ROUND = 0.25
"""Of a whole number of orders, which is as often said as meant."""

LENGTHS = (1.0, 5.0, 10.0, 20.0, 49.0, 50.0)
"""Steps over which a rate may be told."""

FORMATS = (
    7.45e-9, 1.18e-38, 1.4e-45, 1.19e-7, 5.96e-8, 2.22e-16, 1.11e-16, 2.23e-308, 4.94e-324,
    9.77e-4, 5.96e-5,
)  # fmt: skip
"""Smallest numbers and spacings (at 0.1, at 1) of float16, float32 and float64; IEEE 754-2019."""

SETTINGS = (0.1, 0.9, 0.5, 1.0, 0.01, 0.001, 0.02, 49.0, 50.0)
"""Of the lab's text, rates of learning that come with "would it help?", an even weight, 1/50."""

RADIUS = re.compile(rf"{RADIUS_WORD.pattern}|eigval|eigenval|autoval|valor propio", re.IGNORECASE)
NORM = re.compile(rf"{FIRST.pattern}|gradient|\bnorm|\bg\b|[d∂]L ?/ ?[d∂]h", re.IGNORECASE)
CUE = re.compile(
    rf"(?P<radius>{RADIUS.pattern})|(?P<norm>{FIRST.pattern})|(?P<period>{PERIOD.pattern})"
    r"|(?P<orders>/ ?10(?!\d)|\btotal\w*)",
    re.IGNORECASE,
)
FACTOR = re.compile(r"10\^\(?-?(?P<whole>\d{1,3})(?P<fraction>[.,]\d{1,2})?\)?(?!\d)")
TIMES = re.compile(
    r"(?:factor\w*|veces|times|divid\w*|multipl\w*)(?: (?:of|by|de|por|entre))?\s*[≈~]?\s*$",
    re.IGNORECASE,
)
ABOUT_ELSE = re.compile(
    r"\bz(?:_t|̄)?\b|\bgates?\b|puertas?\b|tanh['′]|\berr\b|\bmean\b|\bmedia\b|\bdeviation|desv\w*"
    r"|spac\w*|separad\w*|maxim\w*|m[aá]xim\w*",
    re.IGNORECASE,
)
"""In the words before a number without a unit: a gate, an error, a spacing."""

BESIDE = re.compile(
    r"\b(?:more|less|fewer|than|apart|differ\w*|gap|ratio|times|twice|steeper|faster|slower|between"
    r"|both|excess|m[aá]s|menos|diferenci\w*|brecha|cociente|veces|doble|triple|entre|distancia"
    r"|respecto|below|above|debajo|encima|sav\w+|ahorr\w+|gain\w*|gan\w+|separa\w*|raz[oó]n"
    r"|relaci[oó]n)\b",
    re.IGNORECASE,
)
"""Where one net is set beside the other, a number may be a difference or a ratio."""

POWER = re.compile(r"\de[-+]?\d|10\s*\^|×", re.IGNORECASE)
SOMETHING_ELSE = re.compile(
    r"\s*(?:%|s\b|ms\b|sec|seg|min|h\b|hour|hora|[KMG]i?B\b|dpi|px|percent|por ciento|°|€|\$"
    r"|times\b|veces\b|[*×^]|/(?! ?(?:10|ten|diez|steps?|pasos?)\b))",
    re.IGNORECASE,
)
NAMED_ELSE = re.compile(
    r"(?:python|numpy|matplotlib|version|versi[oó]n|\bv|page|p[aá]gina|apartado|table|tabla"
    r"|§|chapter|cap[ií]tulo|\bp\.|figure|figura|section"
    r"|secci[oó]n|\blr|learning rate|tasa|alpha|σ|sigma|\bstd\b|scale|escala|init\w*|bias|sesgo"
    r"|\bb_?z|\bz|\bz_t|\bT|\bd|error\w*|differ\w*|diferenc\w*|toler\w*|\btol|epsilon|\beps|ε"
    r"|norm of W\w*|‖W\w*‖\S*|spectral norm|norma espectral|singular\w*|FP\d\d|float\d*"
    r"|[*×/^])\s*(?:of|de|is|es|at|=|≈|~|:|<|>|≤|≥|about|unos)*\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that looks like one of the measurement's: what it may be, and where it stands.

    `steps` is over how many steps its orders may be told.
    """

    number: Number
    sentence: Sentence
    subject: Subject
    steps: float = 10.0

    @property
    def value(self) -> float:
        """Return its likeliest reading."""
        return self.number.readings[-1]


@functools.lru_cache(maxsize=4)
def figures(sentences: tuple[Sentence, ...]) -> tuple[Figure, ...]:
    """Return the numbers beside a word of decay, of a spectral radius or of a gradient.

    Parameters
    ----------
    sentences : tuple of Sentence
        From `sentences.plain_sentences`. Conditions, other experiments and questions are left out;
        quotations and printed output are not.
    """
    return tuple(_found(sentences))


def _found(sentences: Sequence[Sentence]) -> Iterator[Figure]:
    for _, group in groupby(reported(sentences, quoted=True), key=lambda s: s.paragraph):
        paragraph = list(group)
        about = " ".join([*(s.text for s in paragraph), *paragraph[0].above[:1]])
        if any(cue.search(about) for cue in (LABEL, PERIOD, RADIUS, NORM)):
            for sentence in paragraph:
                yield from _figures(sentence, about)


def _figures(sentence: Sentence, about: str) -> Iterator[Figure]:
    text, found = sentence.text, list(_numbers(sentence.text))
    periods = [match.span() for match in PERIOD.finditer(text)] if found else []
    parts = clauses(text) if found else []
    for number in found:
        clause = next((part for part in parts if part.end > number.start), parts[-1])
        if any(a < number.end and number.start < b for a, b in periods):
            continue
        if not (sentence.is_code or may_report(clause)):
            continue
        if not sentence.is_code and is_predicted(
            clause.text, number.start - clause.start, number.end - clause.start
        ):
            continue
        subject, steps = _subject(sentence, number)
        if _is_measure(number, sentence, about):
            yield Figure(number, sentence, subject, steps)


def _numbers(text: str) -> Iterator[Number]:
    """Yield the numbers of a text; of a factor, 10^11.6, the exponent: it counts orders."""
    end = 0
    factors = {match.start(): match for match in FACTOR.finditer(text)}
    for number in numbers(text):
        match = factors.get(number.start)
        if match and (match["fraction"] or TIMES.search(text[: match.start()])):
            half = 0.5 * 10.0 ** -max(len(match["fraction"] or "") - 1, 0)
            value = float((match["whole"] + (match["fraction"] or "")).replace(",", "."))
            yield Number((value,), half, *match.span())
            end = match.end()
        elif number.start >= end:
            yield number


def _subject(sentence: Sentence, number: Number) -> tuple[Subject, float]:
    """Return what the words nearest to a number say it is: right behind it, else before it."""
    text = sentence.text
    unit = UNIT.match(text, number.end)
    begin = unit.end() if unit else number.end
    after = CUE.search(text, begin)
    if after and after["period"]:
        close = after.start() - begin <= (1 if sentence.is_code else BEHIND)
        if close and not APART.search(text[number.end : after.start()]):
            return _named(after)
    before = list(CUE.finditer(text, 0, number.start))
    near = bool(before) and number.start - before[-1].end() <= BEFORE
    if unit:
        return "orders", _named(before[-1])[1] if near else 10.0
    if near:
        return _named(before[-1])
    heads = sentence.above if sentence.is_cell else ()
    match = next((match for match in map(CUE.search, heads) if match), None)
    return _named(match) if match else ("any", 10.0)


def _named(match: re.Match[str]) -> tuple[Subject, float]:
    if match["radius"] or match["norm"]:
        return ("radius" if match["radius"] else "norm"), 10.0
    return "orders", told(match, sure=True).steps if match["period"] else 10.0


def _is_measure(number: Number, sentence: Sentence, about: str) -> bool:
    """Say whether a number is written as one measures: with decimals, or with its unit."""
    text, size = sentence.text, abs(number.readings[-1])
    before, after = text[: number.start], text[number.end :]
    if number.power or size == 0 or SOMETHING_ELSE.match(after) or NAMED_ELSE.search(before[-40:]):
        return False
    of_section = not before.strip() and not after.strip(" .:)")
    of_comment = sentence.is_code and "# " in before[-COMMENT:]
    if of_section or of_comment:
        return False
    if UNIT.match(after) or FACTOR.match(text, number.start):
        return True
    named = ABOUT_ELSE.search(before[-ASIDE:]) or (
        VARIABLE.search(before) and not RADIUS.search(before[-24:])
    )
    if number.in_words or number.half_unit >= 0.5 or named:
        return False
    return bool(NORM.search(about)) if size < TINY else size < MOST_ORDERS


def unaccounted(
    material: Material, both: Mapping[Kind, Truths], sentences: tuple[Sentence, ...]
) -> list[Figure]:
    """Return the figures that nothing in the submission's files accounts for.

    Parameters
    ----------
    material : Material
    both : mapping of Truths
        Of both nets; with fewer, nothing is said.
    sentences : tuple of Sentence

    Returns
    -------
    list of Figure
    """
    if len(both) < len(KINDS):
        return []
    return [figure for figure in figures(sentences) if not is_accounted(material, both, figure)]


def is_accounted(material: Material, both: Mapping[Kind, Truths], figure: Figure) -> bool:
    """Say whether a figure is one of the values that its subject has in the files."""
    written = ((value, 0.0) for value in (*SETTINGS, *FORMATS, *_written(material)))
    return any(
        _is(figure.number, value, slack + RELATIVE * abs(value))
        for value, slack in chain(written, _values(material, both, figure))
    )


def answered(
    both: Mapping[Kind, Truths], sentences: tuple[Sentence, ...]
) -> dict[Kind, tuple[Figure, ...]]:
    """Return, for each net, the figures that are its own orders of decay and not the other's.

    Parameters
    ----------
    both : mapping of Truths
    sentences : tuple of Sentence
    """
    if len(both) < len(KINDS):
        return {}
    rated = [
        f for f in figures(sentences) if f.subject in ("orders", "any") and abs(f.value) > TINY
    ]
    return {
        kind: tuple(
            figure
            for figure in rated
            if _is_of(figure, both[kind]) and not _is_of(figure, both[other])
        )
        for kind, other in zip(KINDS, reversed(KINDS), strict=True)
    }


def _is_of(figure: Figure, known: Truths) -> bool:
    return any(
        _is(figure.number, value, RELATIVE * value)
        for name in ("per_ten", "total")
        for value in known.known[name].values
    )


def _is(number: Number, value: float, slack: float) -> bool:
    near = number.half_unit + slack + (ROUND * abs(value) if number.half_unit >= 0.5 else 0.0)
    low = min(map(abs, number.readings))
    high = max(map(abs, (*number.readings, number.upper or 0.0)))
    if number.upper is not None:
        return low - near <= abs(value) <= high + near
    return any(abs(abs(reading) - abs(value)) <= near for reading in number.readings)


def _values(
    material: Material, both: Mapping[Kind, Truths], figure: Figure
) -> Iterator[tuple[float, float]]:
    """Yield what a figure may be and still come from the files, each with its slack."""
    subject, text, number = figure.subject, figure.sentence.text, figure.number
    power = POWER.search(text[number.start : number.end]) and not FACTOR.match(text, number.start)
    small = abs(figure.value) < TINY or power
    rhos = expected_radii(material)
    if small or subject == "norm":
        yield from ((value, 0.0) for value in _norms(material, both, everywhere=subject != "norm"))
    if small:
        return
    if subject != "radius":
        for name, scale in {("per_ten", figure.steps / 10.0), ("per_ten", 1.0), ("total", 1.0)}:
            yield from _counted(both, name, scale)
            if BESIDE.search(text):
                yield from _compared(both, name, scale)
        yield from ((math.log10(g), 0.0) for k in both.values() for g in k.known["g_0"].values)
    yield from ((steps * math.log10(rho), 0.0) for rho in rhos for steps in LENGTHS)
    if subject in {"radius", "any"} or RADIUS.search(text[: number.start]):
        yield from ((rho**power, 0.0) for rho in rhos for power in LENGTHS)


def _counted(both: Mapping[Kind, Truths], name: str, scale: float) -> Iterator[tuple[float, float]]:
    """Yield both nets' orders."""
    for known in (both[kind].known[name] for kind in KINDS):
        yield from ((value * scale, known.slack * scale) for value in known.values)


def _compared(
    both: Mapping[Kind, Truths], name: str, scale: float
) -> Iterator[tuple[float, float]]:
    """Yield by how much the orders of the nets differ, and their ratio."""
    one, other = (both[kind].known[name] for kind in KINDS)
    for mine, theirs in zip(one.values, other.values, strict=True):
        yield (mine - theirs) * scale, one.slack * scale
        if theirs:
            yield mine / theirs, 0.0


def _norms(material: Material, both: Mapping[Kind, Truths], *, everywhere: bool) -> Iterator[float]:
    """Yield g_0 and what is left of each gradient there, or the norms `everywhere`."""
    for kind in both:
        curve = material.decay.curves[kind] if material.decay else ()
        last = material.decay.last.get(kind) if material.decay else None
        yield from curve if everywhere else (curve[0], curve[-1])
        for head in filter(None, (curve[-1], last)):
            yield from (head, curve[0] / head, head / curve[0])
    rhos = expected_radii(material)
    yield from (rho**power for rho in rhos for power in LENGTHS)


def _written(material: Material) -> Iterator[float]:
    """Yield what else the files hold: settings, and single numbers beside the curves."""
    if material.manifest is not None:
        document = material.manifest.document
        yield from _leaves({key: document[key] for key in document if key != "results_summary"})
    if material.decay is not None:
        yield from _leaves(material.decay.document)


def _leaves(value: object, depth: int = 0) -> Iterator[float]:
    """Yield the numbers of nested objects; one of fifty entries and more is a curve."""
    if isinstance(value, Mapping) and depth < DEEPEST and len(value) < STEPS:
        for part in value.values():
            yield from _leaves(part, depth + 1)
    elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        yield float(value)
