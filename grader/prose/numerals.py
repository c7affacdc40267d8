"""Numbers in prose, in the notations people use: 1e-15, 10^-15, 1,5·10^-12, 11–12, eleven, once."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

DIGITS = re.compile(
    r"(?<![\w.,^/])(?P<sign>-?)"
    r"(?:(?P<ten>10)\s*(?:\^|\*\*)\s*\(?(?P<power>[-+]?\d{1,4})\)?"
    r"|(?P<top>\d{1,4})/(?P<bottom>[1-9]\d{0,3})(?![\d/]|\s*-?\s*(?:time\s*)?(?:steps?|pasos?)\b)"
    r"|(?P<mantissa>\d{1,15}(?:[.,]\d{1,15}){0,4}|[.,]\d{1,15})"
    r"(?:\s*[×x·*]\s*10\s*(?:(?:\^|\*\*)\s*\(?(?P<exponent>[-+]?\d{1,4})\)?|(?P<flat>-\d{1,4}))"
    r"|[eE](?P<e>[-+]?\d{1,4}))?)"
    r"(?![\w^])"
)
ENGLISH = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
SPANISH = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince "
    "dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro "
    "veinticinco veintiséis veintisiete veintiocho veintinueve"
)
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90, "treinta": 30, "cuarenta": 40, "cincuenta": 50, "sesenta": 60, "setenta": 70,
    "ochenta": 80, "noventa": 90,
}  # fmt: skip
UNITS = {word: n for names in (ENGLISH, SPANISH) for n, word in enumerate(names.split())}
UNITS |= {"dieciseis": 16, "veintidos": 22, "veintitres": 23, "veintiseis": 26}
ORDER = r"(?=\s+(?:full |whole |solo )?(?:orders?|[oó]rden(?:es)?|decades?|d[eé]cadas?)\b)"
WORD = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(TENS)})(?:(?:-| y | )(?P<ones>{'|'.join(UNITS)}))?"
    rf"|(?P<units>{'|'.join(sorted(UNITS, key=len, reverse=True))})"
    rf"|(?P<article>(?<!half )(?<!of )(?<!medio )(?:an?|un){ORDER}))\b"
    rf"(?P<half> and a half| y medi[oa])?"
    rf"(?:\s(?:point|coma|punto)\s(?P<tenths>(?:(?:{'|'.join([*UNITS, *TENS])})\b(?: y |\s|-)?)"
    r"{1,4}))?"
    rf"|\b(?P<fraction>half|medi[oa]|a quarter of|un cuarto de)(?=\s+(?:an?|of an?|un)?\s*"
    r"(?:orders?|[oó]rden|decades?|d[eé]cada)\b)",
    re.IGNORECASE,
)
LINK = re.compile(r"\s*(?:-|–|—|to|and|or|a|y|e|o|u)\s*", re.IGNORECASE)
OPENING = re.compile(r"\b(?:between|from|entre|de|desde)\s+$", re.IGNORECASE)
CLOSED = frozenset({"-", "–", "—", "to", "or", "a", "o", "u"})
FRACTIONS = {"half": 0.5, "medio": 0.5, "media": 0.5, "a quarter of": 0.25, "un cuarto de": 0.25}


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a text.

    `readings` are the values it may have (1.234 is one or a thousand); `half_unit` half a unit of
    the last digit written; `power` says that only a power of ten was given; `upper` is the other
    end of a range, "11–12" or "between 11 and 12".
    """

    readings: tuple[float, ...]
    half_unit: float
    start: int
    end: int
    power: bool = False
    upper: float | None = None
    in_words: bool = False


@functools.lru_cache(maxsize=512)
def numbers(text: str) -> tuple[Number, ...]:
    """Return the numbers of a text (as `notation.plain` leaves it), in digits and in words."""
    found = [_digits(match) for match in DIGITS.finditer(text)]
    found += map(_worded, WORD.finditer(text))
    return tuple(_ranges(text, sorted(found, key=lambda number: number.start)))


def _ranges(text: str, found: list[Number]) -> Iterator[Number]:
    """Yield the numbers, two that are the ends of a range as one."""
    pending: Number | None = None
    for number in found:
        if pending is not None:
            if _is_range(text, pending, number):
                ends = sorted(abs(n.readings[-1]) for n in (pending, number))
                unit = max(pending.half_unit, number.half_unit)
                yield replace(
                    pending, readings=(ends[0],), upper=ends[1], half_unit=unit, end=number.end
                )
                pending = None
                continue
            yield pending
        pending = number
    if pending is not None:
        yield pending


def _is_range(text: str, first: Number, second: Number) -> bool:
    between = text[first.end : second.start]
    link = between.strip().lower()
    if len(between) > 5 or not LINK.fullmatch(between):
        return False
    if link in {"and", "y", "e"} and not OPENING.search(text[: first.start]):
        return False
    if link in {"a", "to"} and not between.startswith(" "):
        return False
    low, high = abs(first.readings[-1]), abs(second.readings[-1])
    return low < high <= max(4.0 * low, low + 3.0) or (first.power and second.power)


def _digits(match: re.Match[str]) -> Number:
    sign = -1.0 if match["sign"] else 1.0
    if match["ten"]:
        value = _scaled(1.0, int(match["power"]))
        return Number((sign * value,), value / 2, *match.span(), power=True)
    if match["top"]:
        value = int(match["top"]) / int(match["bottom"])
        return Number((sign * value,), 0.0, *match.span())
    exponent = int(match["exponent"] or match["flat"] or match["e"] or 0)
    readings, decimals = _readings(match["mantissa"])
    values = tuple(sign * _scaled(reading, exponent) for reading in readings)
    # 1e-13 with a bare digit in front is how machines write a power of ten.
    bare = bool(match["e"]) and match["mantissa"] == "1"
    half = 0.5 * _scaled(1.0, exponent - decimals)
    return Number(values, half, *match.span(), power=bare)


def _scaled(value: float, exponent: int) -> float:
    """Return value · 10^exponent; beyond float64 the nearest end of its range."""
    return float(f"{value!r}e{max(-330, min(exponent, 300))}") if value < 1e6 else value


def _readings(mantissa: str) -> tuple[list[float], int]:
    """Return the values of digits with points and commas, and the decimals of the last reading."""
    parts = re.split(r"[.,]", mantissa)
    marks = re.findall(r"[.,]", mantissa)
    if not marks:
        return [float(mantissa)], 0
    whole, tail = "".join(parts[:-1]), parts[-1]
    decimal, joined = float(f"{whole}.{tail}"), float(whole + tail)
    if len(marks) > 1 and marks[-1] == marks[0]:
        return [joined], 0
    could_be_thousands = len(marks) == 1 and len(tail) == 3 and parts[0] not in {"", "0"}
    return ([joined, decimal] if could_be_thousands else [decimal]), len(tail)


def _worded(match: re.Match[str]) -> Number:
    """Return a number in words: eleven and a half, treinta y dos, two point four."""
    said: Mapping[str, str] = {name: text.lower() for name, text in match.groupdict("").items()}
    if said["fraction"]:
        return Number((FRACTIONS[said["fraction"]],), 0.1, *match.span(), in_words=True)
    value: float = 1.0 if said["article"] else UNITS.get(said["units"], 0)
    if said["tens"]:
        value = TENS[said["tens"]] + UNITS.get(said["ones"], 0)
    if said["half"]:
        return Number((value + 0.5,), 0.25, *match.span(), in_words=True)
    digits = re.findall("|".join([*sorted(UNITS, key=len, reverse=True), *TENS]), said["tenths"])
    if not digits:
        return Number((value,), 0.5, *match.span(), in_words=True)
    written, places = _decimals(digits)
    end = match.start() + len(match[0].rstrip(" -"))
    half = 0.5 * 10.0**-places
    return Number((value + written,), half, match.start(), end, in_words=True)


def _decimals(words: list[str]) -> tuple[float, int]:
    """Return what stands behind the point, digit by digit or as one number, and its places."""
    values = [{**UNITS, **TENS}[word] for word in words]
    if len(values) == 2 and values[0] in TENS.values() and values[1] < 10:
        values = [values[0] + values[1]]
    text = "".join(map(str, values))
    return float(f"0.{text}"), len(text)
