"""A recording: what a script did with its arrays, operation by operation, element by element.

Every element of every floating array has an id of its own; an operation reads elements and makes
new ones. Moving elements about (indexing, reshaping, stacking) is no operation: it moves ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from grader.facts import Array

Ids: TypeAlias = npt.NDArray[np.int64]

CONSTANT = -1
"""The id of an element that nothing recorded made."""


@dataclass(frozen=True, slots=True, eq=False)
class Operand:
    """What an operation read: ids and values of one shape; the value of a `CONSTANT` counts."""

    ids: Ids
    values: Array


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation: `out` holds the ids it made, `options` an axis, subscripts and the like.

    `file` and `line` are the place in the student's script.
    """

    name: str
    operands: tuple[Operand, ...]
    out: Ids
    options: Mapping[str, object] = field(default_factory=dict)
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """An array that came from outside: from a generator, a constructor, a file."""

    ids: Ids
    origin: str
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Lost:
    """A place where elements lost their ids, or an operation nobody knows."""

    what: str
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """The whole of it, in the order of time; `values[i]` is the value of element i.

    `exact` says whether the numbers were computed as in a run without recording, bit by bit;
    `artefacts` are the files the recorded run wrote; `stopped` names the bound at which the
    recording ended before the script did, or is "".
    """

    operations: tuple[Operation, ...]
    leaves: tuple[Leaf, ...]
    values: Array
    lost: tuple[Lost, ...] = ()
    exact: bool = True
    artefacts: Mapping[str, bytes] = field(default_factory=dict)
    stopped: str = ""
