"""A file of settings, held to its schema and to the rubric it changes; faults have lines."""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.model import Value
from grader.reading.schema import Violation, schema, shown, violations
from grader.rubric import Rubric, RubricError, load_rubric

LARGEST = 64_000
"""Bytes; with every check named, a file of settings holds a tenth of it."""

Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason why a file cannot be used: its name in the texts, and the line (0: no line)."""

    reason: str
    data: Mapping[str, Value]
    line: int = 0


class ConfigError(Exception):
    """The file cannot be used, for all of `faults`."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.faults)


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """What a file of settings says, and the rubric it makes; `text` is the file as it stands."""

    path: Path | None
    text: str
    document: Mapping[str, Any] = field(default_factory=dict)
    rubric: Rubric = field(default_factory=load_rubric)


def read(path: Path | None) -> ConfigFile:
    """Read the settings at `path`; without one there are none.

    Raises
    ------
    ConfigError
        If it cannot be read, is no TOML, breaks its schema, names what does not exist, or makes a
        rubric that cannot be graded by.
    """
    if path is None:
        return ConfigFile(None, "")
    text = _text(path)
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        # Its message ends in "(at line 3, column 5)", or says that it is the end of the document.
        raise ConfigError([Fault("toml", {"reason": str(error)})]) from error
    faults = list(_faults(document))
    if not faults:
        try:
            return ConfigFile(path, text, document, load_rubric(document))
        except RubricError as error:
            code = str(error.data.get("code", ""))
            steps: Steps = ("checks", *code.split(".")) if code else ("checks",)
            faults = [(steps, error.reason, error.data)]
    lines = positions(text)
    placed = [Fault(name, data, _line(lines, steps)) for steps, name, data in faults]
    raise ConfigError(sorted(placed, key=lambda fault: fault.line))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise ConfigError([Fault("large", {"limit": LARGEST})])
        return data.decode("utf-8-sig")
    except (OSError, ValueError) as error:  # UnicodeDecodeError is a ValueError
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError([Fault("unreadable", {"reason": reason})]) from error


def positions(text: str) -> dict[Steps, int]:
    """Return the line on which each key of a TOML document gets its value, from 1.

    The parser of the standard library tells places in broken documents only. But the first lines
    of a document are a document, wherever they end between values: a key stands on the last line
    of the shortest beginning that holds it.
    """
    found: dict[Steps, int] = {}
    lines = text.splitlines(keepends=True)
    for number in range(1, len(lines) + 1):
        try:
            beginning = tomllib.loads("".join(lines[:number]))
        except (tomllib.TOMLDecodeError, RecursionError):
            continue  # in the middle of a value
        for steps in _paths(beginning):
            found.setdefault(steps, number)
    return found


def _paths(node: Mapping[str, Any], before: Steps = ()) -> Iterator[Steps]:
    for key, value in node.items():
        yield (*before, key)
        if isinstance(value, dict):
            yield from _paths(value, (*before, key))


def _line(lines: Mapping[Steps, int], steps: Steps) -> int:
    """Return the line of `steps`, or of the nearest table above that has one."""
    ends = (steps[:end] for end in range(len(steps), 0, -1))
    return next((lines[one] for one in ends if one in lines), 0)


Found = tuple[Steps, str, Mapping[str, Value]]


def _faults(document: Mapping[str, Any]) -> Iterator[Found]:
    """Yield (where, reason, data) of everything that the file must not say."""
    yield from _unknown(document)
    thresholds = document.get("thresholds")
    for name, value in thresholds.items() if isinstance(thresholds, dict) else ():
        if isinstance(value, float) and math.isnan(value):
            # TOML knows NaN, and no comparison of a schema refuses it.
            steps = ("thresholds", name)
            yield steps, "type", {"key": _dotted(steps), "found": "nan", "expected": "number"}
    for one in violations("config", document):
        if one.rule not in ("additionalProperties", "propertyNames"):
            yield one.steps, _reason(one), {"key": _dotted(one.steps), **_told(one)}


def _reason(violation: Violation) -> str:
    named = ("type", "enum", "const", "minimum", "maximum", "minProperties")
    return violation.rule if violation.rule in named else "other"


def _told(violation: Violation) -> dict[str, Value]:
    limit = violation.limit
    expected = ", ".join(map(str, limit)) if isinstance(limit, list) else str(limit)
    value = violation.value
    try:
        found = shown(value)
    except TypeError:  # a date or a time, which JSON has no form for
        found = str(value)
    return {"found": found, "expected": expected}


def _unknown(document: Mapping[str, Any]) -> Iterator[Found]:
    """Yield each key that nothing is known by, with the nearest that there is."""
    shipped = load_rubric()
    form = schema("config")
    yield from _strange(document, (), list(form["properties"]))
    yield from _strange(document.get("thresholds"), ("thresholds",), list(shipped.thresholds))
    checks = document.get("checks")
    families = list(dict.fromkeys(code.partition(".")[0] for code in shipped.rows))
    for family, rows in checks.items() if isinstance(checks, dict) else ():
        at: Steps = ("checks", family)
        if family not in families:
            yield from _strange({family: rows}, ("checks",), families)
            continue
        names = [code.partition(".")[2] for code in shipped.rows if code.startswith(f"{family}.")]
        yield from _strange(rows, at, names)
        for name, row in rows.items() if isinstance(rows, dict) else ():
            if name in names:
                yield from _strange(row, (*at, name), list(form["$defs"]["check"]["properties"]))


def _strange(node: object, at: Steps, known: Sequence[str]) -> Iterator[Found]:
    for key in node if isinstance(node, dict) else ():
        if key not in known:
            near = difflib.get_close_matches(key, known, 1, 0.5)
            data: dict[str, Value] = {"key": _dotted((*at, key)), "known": list(known)}
            if near:
                data["close"] = near[0]
            yield (*at, key), "unknown_near" if near else "unknown", data


def _dotted(steps: Steps) -> str:
    return ".".join(map(str, steps))
