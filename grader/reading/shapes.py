"""Where the lists of numbers lie in a decay.json, whatever its layout.

A `Series` is a list of single values together with the keys that lead to it and the index it was
stored by. It may stand as a list, as a dict keyed "0" … "49", as a column of records, as pairs
[t, value], or beside a list that numbers its entries. What a series means is not decided here.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias, cast

from grader.reading.strictjson import join

Keys: TypeAlias = tuple[str, ...]
Object: TypeAlias = Mapping[str, object]

MAX_NESTING = 4
"""Levels of dicts searched: a model's name, a quantity and a wrapper or two."""

MAX_COLUMNS = 50
MAX_GROUPS = 10
"""Keys of a record and nets told apart by name; they keep a hostile table from costing minutes."""

FORWARD = frozenset(
    {"t", "time", "timestep", "timesteps", "time_step", "time_steps", "step", "steps", "index"}
    | {"indices", "i", "paso", "pasos", "tiempo"}
)
BACKWARD = frozenset(
    {"steps_back", "stepsback", "step_back", "back_steps", "lag", "lags", "distance_from_end"}
    | {"distance_to_end", "from_end", "steps_from_end", "steps_to_end", "pasos_atras"}
    | {"distancia_al_final", "retardo"}
)
_INDEX_KEY = re.compile(r"(|t|g|h|step|timestep|time_step|paso)[_= ]?([0-9]{1,6})")


@dataclass(frozen=True, slots=True)
class Axis:
    """The index a series was stored by: its name and one whole number for each entry."""

    name: str
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """Single values in the order of the file.

    `path` is the JSON path of the whole, with `*` where the index stands inside it; `paths` holds
    the path of each entry, `keys` the keys on the way.
    """

    path: str
    keys: Keys
    values: tuple[object, ...]
    paths: tuple[str, ...]
    axis: Axis | None = None


def name_of(key: str) -> str:
    """Return `key` in lower case with `_` between its words: "stepsBack" → "steps_back"."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", key)
    return re.sub(r"[\W_]+", "_", spaced).strip("_").lower()


def find_series(node: object, path: str = "", keys: Keys = (), depth: int = 0) -> Iterator[Series]:
    """Yield every series in the document `node`, in the order of the file.

    An empty list is a series without entries. Lists that number the entries of their neighbours
    ("t", "steps_back", …) become the `axis` of those and are yielded as well.
    """
    if isinstance(node, dict) and depth <= MAX_NESTING:
        if rows := _index_keyed(node, path):
            yield from _rows(rows, path, keys)
        else:
            yield from _members(node, path, keys, depth)
    elif isinstance(node, list):
        rows = [(None, join(path, index), value) for index, value in enumerate(node)]
        yield from _rows(rows, path, keys)


Row: TypeAlias = tuple[int | None, str, object]


def _members(node: Object, path: str, keys: Keys, depth: int) -> Iterator[Series]:
    axis = next(
        (found for key, value in node.items() if (found := _as_axis(name_of(key), value))), None
    )
    for key, child in node.items():
        for series in find_series(child, join(path, key), (*keys, key), depth + 1):
            fits = axis and series.axis is None and len(axis.positions) == len(series.values)
            yield replace(series, axis=axis) if fits else series


def _as_axis(name: str, value: object) -> Axis | None:
    if name not in FORWARD | BACKWARD or not isinstance(value, list):
        return None
    return _axis(name, value)


def _axis(name: str, values: list[object]) -> Axis | None:
    """Return an axis where all values are whole and different, else None."""
    whole = [_whole(value) for value in values]
    positions = [position for position in whole if position is not None]
    distinct = len(positions) == len(values) == len(set(positions))
    return Axis(name, tuple(positions)) if distinct and len(positions) > 1 else None


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        return None
    return int(value)


def _index_keyed(node: Object, path: str) -> list[Row]:
    """Return the entries of a dict keyed by one counting index, in its order; else nothing."""
    matches = [_INDEX_KEY.fullmatch(key.lower()) for key in node]
    found = [match for match in matches if match]
    if len(found) < 2 or len(found) < len(node) or len({match[1] for match in found}) > 1:
        return []
    order = sorted((int(match[2]), key) for match, key in zip(found, node, strict=True))
    return [(index, join(path, key), node[key]) for index, key in order]


def _rows(rows: list[Row], path: str, keys: Keys) -> Iterator[Series]:
    """Read rows that are single values, records or pairs."""
    values = [value for _, _, value in rows]
    index = _axis("t", [position for position, _, _ in rows])
    whole = join(path, "*") if index else path
    if all(not isinstance(value, list | dict) for value in values):
        paths = tuple(entry for _, entry, _ in rows)
        yield Series(whole, keys, tuple(values), paths, index)
    elif all(isinstance(value, dict) for value in values):
        yield from _records(rows, join(path, "*") if index else f"{path}[*]", keys, index)
    elif all(isinstance(value, list) and len(value) == 2 for value in values):
        yield from _pairs(rows, path, keys)


def _pairs(rows: list[Row], path: str, keys: Keys) -> Iterator[Series]:
    pairs = [cast(list[object], value) for _, _, value in rows]
    axis = _axis("t", [pair[0] for pair in pairs])
    if axis and not any(isinstance(pair[1], list | dict) for pair in pairs):
        paths = tuple(join(entry, 1) for _, entry, _ in rows)
        yield Series(f"{path}[*][1]", keys, tuple(pair[1] for pair in pairs), paths, axis)


def _records(rows: list[Row], path: str, keys: Keys, index: Axis | None) -> Iterator[Series]:
    """Turn records into columns; a column of names ("model": "rnn") splits the records by name."""
    flat = [dict(_flat(cast(Object, value), entry)) for _, entry, value in rows]
    names = next((key for key in [*flat[0]][:MAX_COLUMNS] if _names_a_group(key, flat)), None)
    if names is None:
        yield from _columns(flat, path, keys, index)
        return
    for group in dict.fromkeys(row[names][1] for row in flat):
        members = [row for row in flat if row[names][1] == group]
        rest = [{key: cell for key, cell in row.items() if key != names} for row in members]
        yield from _columns(rest, path, (*keys, str(group)), None)


Cell: TypeAlias = tuple[str, object]


def _flat(record: Object, path: str, keys: Keys = ()) -> Iterator[tuple[Keys, Cell]]:
    for key, value in record.items():
        if isinstance(value, dict) and not keys:
            yield from _flat(value, join(path, key), (key,))
        elif not isinstance(value, list | dict):
            yield (*keys, key), (join(path, key), value)


def _names_a_group(key: Keys, flat: list[dict[Keys, Cell]]) -> bool:
    cells = [row.get(key, ("", None))[1] for row in flat]
    texts = {cell for cell in cells if isinstance(cell, str)}
    return all(isinstance(cell, str) for cell in cells) and 1 < len(texts) <= MAX_GROUPS


def _columns(
    flat: list[dict[Keys, Cell]], path: str, keys: Keys, index: Axis | None
) -> Iterator[Series]:
    numbered = (
        _axis(name_of(key[-1]), [row.get(key, ("", None))[1] for row in flat])
        for key in [*flat[0]][:MAX_COLUMNS]
        if name_of(key[-1]) in FORWARD | BACKWARD
    )
    axis = next((found for found in numbered if found), index)
    for key in [*dict.fromkeys(key for row in flat for key in row)][:MAX_COLUMNS]:
        if name_of(key[-1]) in FORWARD | BACKWARD:
            continue
        cells = [row.get(key, ("", None)) for row in flat]
        yield Series(
            functools.reduce(join, key, path),
            (*keys, *key),
            tuple(value for _, value in cells),
            tuple(entry for entry, _ in cells),
            axis,
        )
