"""The rubric: what each check is worth and depends on, from TOML, with an instructor's changes."""

from __future__ import annotations

import copy
import functools
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from grader.model import Value

TOTAL_POINTS = 100


class RubricError(Exception):
    """The rubric cannot be used: the reason's name in the texts, and what fills the sentence."""

    def __init__(self, reason: str, **data: Value) -> None:
        super().__init__(reason, data)
        self.reason, self.data = reason, data


@dataclass(frozen=True, slots=True)
class Row:
    """One check's line in the rubric."""

    code: str
    points: int
    required: bool = False
    requires: tuple[str, ...] = ()
    per_model: bool = False
    manual: bool = False
    needs_run: bool = False
    stop_condition: int | None = None


@dataclass(frozen=True, slots=True)
class Rubric:
    """All rows, in the rubric's order, the thresholds, and the SHA-256 of what is in force."""

    rows: Mapping[str, Row]
    thresholds: Mapping[str, float]
    sha256: str

    def order(self) -> tuple[str, ...]:
        """Return the codes so that every check comes after what it requires."""
        graph = {code: row.requires for code, row in self.rows.items()}
        return tuple(TopologicalSorter(graph).static_order())


def load_rubric(changes: Mapping[str, Any] | None = None) -> Rubric:
    """Return the rubric that ships with the grader, with `changes` on top of it.

    Parameters
    ----------
    changes : mapping, optional
        Tables "thresholds" and "checks" of the form that the rubric itself has; what they do not
        name stays as it is.

    Raises
    ------
    RubricError
        If the points no longer make 100, or a check that is left to a person would carry some.
    """
    document = copy.deepcopy(_shipped())
    for name, value in (changes or {}).get("thresholds", {}).items():
        document["thresholds"][name] = value
    for family, rows in (changes or {}).get("checks", {}).items():
        for name, row in rows.items():
            document["checks"][family][name].update(row)
    rows = {row.code: row for row in _rows(document["checks"])}
    _check_whole(rows)
    # Of what is in force, however it is written: a comment more is no other rubric.
    content = json.dumps(document, sort_keys=True, allow_nan=False)
    return Rubric(rows, document["thresholds"], hashlib.sha256(content.encode()).hexdigest())


@functools.cache
def _shipped() -> dict[str, Any]:
    source = Path(__file__).with_name("rubric.toml").read_text(encoding="utf-8")
    return tomllib.loads(source)


def _rows(families: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[Row]:
    return [
        Row(
            code=f"{family}.{name}",
            points=row["points"],
            required=row.get("required", False),
            requires=tuple(row.get("requires", ())),
            per_model=row.get("per_model", False),
            manual=row.get("manual", False),
            needs_run=row.get("evidence") == "run",
            stop_condition=row.get("stop_condition"),
        )
        for family, rows in families.items()
        for name, row in rows.items()
    ]


def _check_whole(rows: Mapping[str, Row]) -> None:
    """Hold the rows to what a schema cannot say."""
    for row in rows.values():
        if row.manual and (row.points or row.required):
            raise RubricError("manual", code=row.code)
    total = sum(row.points for row in rows.values())
    if total != TOTAL_POINTS:
        raise RubricError("total", found=total, expected=TOTAL_POINTS)
