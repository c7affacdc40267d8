"""Numbers in prose, in the notations people use: 1e-15, 10^-15, 1,5·10^-12, 11–12, eleven, once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

DIGITS = re.compile(
    r"(?<![\w.,^/])(?P<sign>-?)"
    r"(?:(?P<ten>10)\s*(?:\^|\*\*)\s*\(?(?P<power>[-+]?\d{1,4})\)?"
    r"|(?P<mantissa>\d{1,15}(?:[.,]\d{1,15}){0,4})"
    r"(?:\s*[×x·*]\s*10\s*(?:\^|\*\*)\s*\(?(?P<exponent>[-+]?\d{1,4})\)?"
    r"|[eE](?P<e>[-+]?\d{1,4}))?)"
    r"(?![\w^])"
)
ENGLISH = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
)
SPANISH = "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince"
WORDS = {
    word: float(value) for names in (ENGLISH, SPANISH) for value, word in enumerate(names.split())
}
WORD = re.compile(rf"\b(?:{'|'.join(WORDS)})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a text.

    `readings` are the values it may have (1.234 is one or a thousand); `half_unit` half a unit of
    the last digit written; `power` says that only a power of ten was given.
    """

    readings: tuple[float, ...]
    half_unit: float
    start: int
    end: int
    power: bool = False


def numbers(text: str) -> Iterator[Number]:
    """Yield the numbers of a text (as `sentences.plain` leaves it), in digits and in words."""
    for match in DIGITS.finditer(text):
        yield _number(match)
    for match in WORD.finditer(text):
        yield Number((WORDS[match[0].lower()],), 0.5, *match.span())


def _number(match: re.Match[str]) -> Number:
    sign = -1.0 if match["sign"] else 1.0
    if match["ten"]:
        value = _scaled(1.0, int(match["power"]))
        return Number((sign * value,), value / 2, *match.span(), power=True)
    exponent = int(match["exponent"] or match["e"] or 0)
    readings, decimals = _readings(match["mantissa"])
    values = tuple(sign * _scaled(reading, exponent) for reading in readings)
    return Number(values, 0.5 * _scaled(1.0, exponent - decimals), *match.span())


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
