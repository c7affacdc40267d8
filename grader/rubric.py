"""The rubric: what each check is worth and depends on, from TOML, held to its schema."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from importlib import resources
from pathlib import Path
from typing import Any

from grader.reading.schema import validator

TOTAL_POINTS = 100


class RubricError(Exception):
    """The rubric cannot be used; the message says where and why."""


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
    """All rows, in the rubric's order, the thresholds and the SHA-256 of the file."""

    rows: Mapping[str, Row]
    thresholds: Mapping[str, float]
    sha256: str

    def order(self) -> tuple[str, ...]:
        """Return the codes so that every check comes after what it requires."""
        graph = {code: row.requires for code, row in self.rows.items()}
        return tuple(TopologicalSorter(graph).static_order())


def load_rubric(path: Path | None = None) -> Rubric:
    """Read the rubric at `path`, or the one that ships with the grader.

    Raises
    ------
    RubricError
        If it cannot be read, breaks its schema, does not make 100 points, or has a circle.
    """
    try:
        if path is None:
            data = resources.files("grader").joinpath("rubric.toml").read_bytes()
        else:
            data = path.read_bytes()
        document = tomllib.loads(data.decode("utf-8"))
    except (OSError, ValueError) as error:
        raise RubricError(f"{path or 'rubric.toml'}: {error}") from error
    if path is not None:  # the shipped one is held to the schema by the tests
        _validate(document, path)
    rows = {row.code: row for row in _rows(document["checks"])}
    rubric = Rubric(rows, document["thresholds"], hashlib.sha256(data).hexdigest())
    _check_whole(rubric, path)
    return rubric


def _validate(document: Mapping[str, Any], path: Path | None) -> None:
    error = next(iter(validator("rubric").iter_errors(document)), None)
    if error is not None:
        raise RubricError(f"{path or 'rubric.toml'}: {error.json_path}: {error.message}")


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


def _check_whole(rubric: Rubric, path: Path | None) -> None:
    """Hold the rubric to what its schema cannot say."""
    name = path or "rubric.toml"
    if path is not None:
        shipped = load_rubric()
        _demand_same(name, "checks", set(shipped.rows), set(rubric.rows))
        _demand_same(name, "thresholds", set(shipped.thresholds), set(rubric.thresholds))
    total = sum(row.points for row in rubric.rows.values())
    if total != TOTAL_POINTS:
        raise RubricError(f"{name}: the points make {total}, expected {TOTAL_POINTS}")
    unknown = {need for row in rubric.rows.values() for need in row.requires} - set(rubric.rows)
    if unknown:
        raise RubricError(f"{name}: requires unknown checks: {', '.join(sorted(unknown))}")
    try:
        rubric.order()
    except CycleError as error:
        raise RubricError(f"{name}: checks require each other: {error.args[1]}") from error


def _demand_same(name: Path | str, what: str, known: set[str], given: set[str]) -> None:
    if known != given:
        raise RubricError(f"{name}: {what} missing or unknown: {', '.join(sorted(known ^ given))}")
