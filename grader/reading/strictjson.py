"""Strict JSON: every way in which a text is not the JSON a person meant is a fault with its place.

The standard library's decoder accepts NaN, repeated keys and 1e400 in silence, stops at nested
input with a RecursionError, and forgets how a number was written. Here each of these is a `Fault`,
and the spelling of a number stays known: its rounding is half a unit of the last digit written.

Source: RFC 8259 (JSON) and RFC 7493 (I-JSON), sections 2.1 to 2.3.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from grader.model import Finding, Outcome, Problem, Value

MAX_DEPTH = 20
"""Deeper than any sensible layout of two curves, and far below Python's recursion limit."""

MAX_VALUES = 50_000
"""Fifteen times the 3,200 numbers of fifty hidden states of both nets; bounds time to a second."""

MAX_NAMES = 2_000_000
"""Characters of the paths of all values together: one key of 400 kB before 2,000 numbers, each of
which is known by its path, took 1.6 GB. Forty for each of MAX_VALUES leave honest names room."""

MAX_FAULTS = 200
"""Two for each of the hundred norms; more of them say nothing new."""

MAX_DIGITS = 308
"""An integer of more digits may not fit float64 (largest value 1.8e308)."""

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?(?![\w.+])")
_WORD = re.compile(r"-?[A-Za-z]+(?![\w.(])")
_TOKEN = re.compile(r"[^\s,\]}]{1,40}|.", re.DOTALL)
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}
_NOT_FINITE = frozenset({"NaN", "-NaN", "Infinity", "-Infinity"})
_STRING = json.JSONDecoder()
_HEADS = frozenset('{["')


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a number or a bare word stands (both counted from 1) and how it is written."""

    line: int
    column: int
    literal: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a text as JSON; `path` is "" where it concerns all of it."""

    kind: str
    path: str
    line: int
    data: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text read as JSON.

    `value` is the document, with None in place of numbers that have no finite value; it means
    nothing where `complete` is False. `spots` gives the place and spelling of each number and bare
    word by its JSON path, `lines` the line of every value.
    """

    value: object
    complete: bool
    spots: Mapping[str, Spot] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)

    def problem(self, fault: Fault, code: str, file: str) -> Problem:
        """Return `fault` as a finding of the check `code`.

        Where the rest of the text could be read, it is graded, and half the points stay.
        """
        weight, keeps = (Outcome.PARTIAL, 0.5) if self.complete else (Outcome.FAIL, 0.0)
        path = fault.path or None
        finding = Finding(
            fault.kind, weight, fault.data, file=file, path=path, line=fault.line, keeps=keeps
        )
        return Problem(code, finding)


class _StopReading(Exception):  # noqa: N818 - ends the reading of one text, is no error of ours
    pass


def join(path: str, key: str | int) -> str:
    """Return the JSON path of the member `key` of what stands at `path` ("" is the document)."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if _PLAIN_KEY.fullmatch(key):
        return f"{path}.{key}" if path else key
    return f"{path}[{json.dumps(key, ensure_ascii=False)}]"


def half_unit(literal: str) -> float:
    """Return half a unit of the last digit of a JSON number: "1.50e-3" → 0.5e-5.

    The result is 0.0 where that is below the range of float64.
    """
    mantissa, _, exponent = literal.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    # An exponent of more than five digits is far outside float64 either way.
    power = int(exponent or "0") if len(exponent) <= 6 else (-1 if "-" in exponent else 1) * 10**6
    return float(f"5e{power - decimals - 1}")


def parse_json(text: str) -> Parsed:
    """Read `text` as one JSON value.

    Parameters
    ----------
    text : str
        The decoded file, without a byte-order mark.

    Returns
    -------
    Parsed
        The value, the place and spelling of its numbers, and every fault. Reading stops at the
        first fault of syntax, depth or size; the others are collected, up to MAX_FAULTS.
    """
    reader = _Reader(text)
    try:
        value = reader.document()
    except _StopReading:
        return Parsed(None, complete=False, faults=tuple(reader.faults))
    scalars = {path: spot.line for path, spot in reader.spots.items()}
    return Parsed(
        value,
        complete=True,
        spots=reader.spots,
        faults=tuple(reader.faults),
        lines=reader.lines | scalars,
    )


class _Reader:
    """A recursive-descent reader; every method takes an offset and returns a value and the next."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.faults: list[Fault] = []
        self.spots: dict[str, Spot] = {}
        self.lines: dict[str, int] = {}  # of texts, lists and objects; a spot has its own
        self.values = 0
        self.names = 0
        self.breaks = [match.start() for match in re.finditer("\n", text)]

    def document(self) -> object:
        value, at = self._value(self._skip(0), "", 0)
        at = self._skip(at)
        if at < len(self.text):
            self._note("trailing", "", at, token=self._token(at))
        return value

    def _place(self, at: int) -> tuple[int, int]:
        row = bisect_left(self.breaks, at)
        return row + 1, at - (self.breaks[row - 1] if row else -1)

    def _note(self, kind: str, path: str, at: int, **data: Value) -> None:
        line, column = self._place(at)
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(kind, path, line, {"column": column, **data}))

    def _stop(self, kind: str, path: str, at: int, **data: Value) -> NoReturn:
        del self.faults[MAX_FAULTS - 1 :]  # what stops the reading is told in any case
        self._note("truncated" if at >= len(self.text) else kind, path, at, **data)
        raise _StopReading

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def _token(self, at: int) -> str:
        match = _TOKEN.match(self.text, at)
        return match.group() if match else ""

    def _value(self, at: int, path: str, depth: int) -> tuple[object, int]:
        self.values += 1
        self.names += len(path)
        if depth > MAX_DEPTH:
            self._stop("too_deep", path[:80], at, limit=MAX_DEPTH)
        if self.values > MAX_VALUES:
            self._stop("too_many", path[:80], at, limit=MAX_VALUES)
        if self.names > MAX_NAMES:
            self._stop("long_names", path[:80], at, limit=MAX_NAMES)
        head = self.text[at : at + 1]
        if head in _HEADS:
            self.lines[path] = self._place(at)[0]
        if head == "{":
            return self._object(at, path, depth)
        if head == "[":
            return self._array(at, path, depth)
        if head == '"':
            return self._string(at, path)
        return self._scalar(at, path)

    def _array(self, at: int, path: str, depth: int) -> tuple[list[object], int]:
        items: list[object] = []
        at = self._skip(at + 1)
        if self.text[at : at + 1] == "]":
            return items, at + 1
        closed = False
        while not closed:
            item, at = self._value(at, join(path, len(items)), depth + 1)
            items.append(item)
            at, closed = self._separator(at, path, "]")
        return items, at

    def _object(self, at: int, path: str, depth: int) -> tuple[dict[str, object], int]:
        members: dict[str, object] = {}
        at = self._skip(at + 1)
        if self.text[at : at + 1] == "}":
            return members, at + 1
        closed = False
        while not closed:
            start = at
            if self.text[at : at + 1] != '"':
                self._stop("key", path, at, token=self._token(at))
            key, at = self._string(at, path)
            here = join(path, key)
            if key in members:
                self._note("duplicate_key", here, start, key=key)
            at = self._skip(at)
            if self.text[at : at + 1] != ":":
                self._stop("syntax", here, at, token=self._token(at), wanted=[":"])
            members[key], at = self._value(self._skip(at + 1), here, depth + 1)
            at, closed = self._separator(at, path, "}")
        return members, at

    def _separator(self, at: int, path: str, close: str) -> tuple[int, bool]:
        at = self._skip(at)
        found = self.text[at : at + 1]
        if found == close:
            return at + 1, True
        if found != ",":
            self._stop("syntax", path, at, token=self._token(at), wanted=[",", close])
        return self._skip(at + 1), False

    def _string(self, at: int, path: str) -> tuple[str, int]:
        try:
            value, end = _STRING.raw_decode(self.text, at)
        except json.JSONDecodeError as error:
            self._stop("string", path, error.pos, token=self._token(error.pos))
        text = str(value)
        if any("\ud800" <= character <= "\udfff" for character in text):
            self._note("surrogate", path, at)
            text = text.encode("utf-8", "replace").decode("utf-8")
        return text, end

    def _scalar(self, at: int, path: str) -> tuple[object, int]:
        if number := _NUMBER.match(self.text, at):
            whole = number.group(1) is None and number.group(2) is None
            return self._number(at, path, number.group(), whole=whole), number.end()
        word = _WORD.match(self.text, at)
        if word is None or word.group() not in {*_WORDS, *_NOT_FINITE}:
            self._stop("value", path, at, token=self._token(at))
        self.spots[path] = Spot(*self._place(at), word.group())
        if word.group() in _NOT_FINITE:
            self._note("not_finite", path, at, literal=word.group())
        return _WORDS.get(word.group()), word.end()

    def _number(self, at: int, path: str, literal: str, *, whole: bool) -> int | float | None:
        self.spots[path] = Spot(*self._place(at), literal)
        if whole:
            digits = len(literal.lstrip("-"))
            if digits <= MAX_DIGITS:
                return int(literal)
            self._note("huge_integer", path, at, digits=digits, limit=MAX_DIGITS)
            return None
        value = float(literal)
        if value in {float("inf"), float("-inf")}:
            self._note("overflow", path, at, literal=literal)
            return None
        return value
