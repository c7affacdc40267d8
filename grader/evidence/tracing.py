"""Arrays that listen: every element carries an id, every operation leaves a record.

Loaded by `record.py` in the child, beside a stranger's script; nothing here is believed by the
parent, which computes every recorded operation again.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

Ids: TypeAlias = np.ndarray
CONSTANT, LOST = -1, -2


# Two nets of the lab's size make 150,000 elements, 190,000 entries of tables and 4,000 operations.
# The bounds are ten times that and more, and together stay below the 64 MB of one answer.
MAX_ELEMENTS = 2_000_000
MAX_HELD = 2_500_000
MAX_OPERATIONS = 100_000
MAX_WORDS, MAX_WORD = 800, 1_000
MAX_LOST = 50


def bare(array: np.ndarray) -> np.ndarray:
    """Return the same memory as a plain array."""
    return np.ndarray.view(array, np.ndarray)


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever a stranger's call is given
    """Return `value` without listeners, down through lists, tuples and dicts."""
    kind = type(value)
    if kind is Traced:
        return bare(value)
    if kind is Scalar:
        return np.float64(value)
    if kind is Decision:
        return decided(value)
    if kind in (list, tuple):
        return kind(plain(item) for item in value)
    if kind is dict:
        return {key: plain(item) for key, item in value.items()}
    return value


def listeners(value: Any, depth: int = 4) -> Iterator[Any]:  # noqa: ANN401 - as above
    """Yield the traced arrays and scalars in `value`."""
    if isinstance(value, (Traced, Scalar)):
        yield value
    elif depth and isinstance(value, (list, tuple)):
        for item in value:
            yield from listeners(item, depth - 1)
    elif depth and type(value) is dict:
        for item in value.values():
            yield from listeners(item, depth - 1)


class Recorder:
    """All that was heard: values by id, id tables kept once each, operations in order."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.count = 0
        self.held = 0
        self.values = np.empty(1 << 16)
        self.tables: list[tuple[tuple[int, ...], bytes, bytes]] = []
        self.operations: list[tuple[int, ...]] = []
        self.operands: list[int] = []
        self.leaves: list[tuple[int, ...]] = []
        self.lost: list[tuple[str, str, int]] = []
        self.exact = True
        self.stopped = ""
        self.words: dict[str, int] = {}
        self._known: dict[tuple[tuple[int, ...], bytes, bytes], int] = {}

    def word(self, text: str) -> int:
        """Return the number of a word: operation names, files and options are sent once each."""
        if len(self.words) >= MAX_WORDS and text not in self.words:
            self.stopped = self.stopped or "words"
            return 0
        return self.words.setdefault(text[:MAX_WORD], len(self.words))

    def where(self) -> tuple[str, int]:
        """Return file and line of the student's code that is running."""
        frame = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename.startswith(self.folder):
                return frame.f_code.co_filename, frame.f_lineno
            frame = frame.f_back  # type: ignore[assignment]
        return "", 0

    def fresh(self, value: np.ndarray) -> Ids:
        """Give every element of `value` a new id, in its own memory layout."""
        size = value.size
        if self.count + size > MAX_ELEMENTS:
            self.stopped = self.stopped or "elements"
            return np.full(value.shape, LOST)
        while self.count + size > len(self.values):
            self.values = np.concatenate((self.values, np.empty_like(self.values)))
        ids = np.empty_like(value, dtype=np.int64, subok=False)
        ids[...] = np.arange(self.count, self.count + size).reshape(value.shape)
        self.values[self.count : self.count + size] = value.reshape(-1)
        self.count += size
        return ids

    def leaf(self, value: np.ndarray, origin: str) -> Traced:
        """Take in an array that came from outside."""
        if value.dtype != np.float64:
            self.exact = False
        kept = np.array(value, dtype=np.float64, order="K", subok=False)
        ids = self.fresh(kept)
        file, line = self.where()
        if not self.stopped:
            row = (self.table(ids, kept), self.word(origin[:80]), self.word(file), line)
            self.leaves.append(row)
        return traced(kept, ids)

    def table(self, ids: Ids, values: np.ndarray) -> int:
        """Return the number of a table of ids; ids whose values were changed unheard are lost."""
        flat, given = ids.reshape(-1), np.asarray(values, dtype=np.float64).reshape(-1)
        known = flat >= 0
        stored = self.values[np.where(known, flat, 0)]
        stale = known & (stored != given) & ~(np.isnan(stored) & np.isnan(given))
        if stale.any():
            flat = np.where(stale, LOST, flat)
            self.lose("changed through its memory")
        key = (ids.shape, flat.astype("<i8").tobytes(), given[flat < 0].astype("<f8").tobytes())
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = len(self.tables)
            self.tables.append(key)
            self.held += ids.size
            if self.held > MAX_HELD:
                self.stopped = self.stopped or "tables"
        return number

    def lose(self, what: str) -> None:
        """Note a place where the thread was lost."""
        if len(self.lost) < MAX_LOST:
            entry = (what[:80], *self.where())
            if entry not in self.lost:
                self.lost.append(entry)

    def operation(
        self,
        name: str,
        inputs: Sequence[Any],
        result: Any,  # noqa: ANN401 - an array or a scalar
        options: Mapping[str, object] | None = None,
    ) -> Any:  # noqa: ANN401 - the same with ids
        """Record that `name` made `result` of `inputs`, and return it with ids."""
        value = np.array(result, dtype=np.float64, order="K", subok=False)
        if self.stopped or len(self.operations) >= MAX_OPERATIONS:
            self.stopped = self.stopped or "operations"
            return plain(result)
        ids = self.fresh(value)
        numbers = [self.table(ids_of(x), values_of(x)) for x in inputs]
        if self.stopped:
            return plain(result)
        if name == "external":
            self.lose(str((options or {}).get("call", "")))
        file, line = self.where()
        row = (
            self.word(name),
            self.word(json.dumps(dict(options or {}))),
            self.word(file),
            line,
            self.table(ids, value),
            len(self.operands),
            len(numbers),
        )
        self.operations.append(row)
        self.operands.extend(numbers)
        return traced(value, ids)


RECORDER = Recorder("\0")


def begin(folder: str) -> Recorder:
    """Start listening to code under `folder`."""
    global RECORDER  # noqa: PLW0603 - one recorder a process, reached from NumPy's own protocols
    RECORDER = Recorder(folder)
    return RECORDER


def ids_of(value: Any) -> Ids:  # noqa: ANN401 - an array, a scalar, a nest of them
    """Return the ids of `value`, CONSTANT where it has none, LOST where it lost them."""
    if isinstance(value, (Traced, Scalar)):
        if value._ids is None:
            RECORDER.lose("an array that lost its ids")
            return np.full(np.shape(plain(value)), LOST)
        return value._ids
    if isinstance(value, (list, tuple)) and next(listeners(value), None) is not None:
        return np.array([ids_of(item) for item in value])
    return np.full(np.shape(plain(value)), CONSTANT)


def values_of(value: Any) -> np.ndarray:  # noqa: ANN401 - as above
    """Return the plain values of `value` as an array."""
    return np.asarray(plain(value))


def traced(value: Any, ids: Ids) -> Any:  # noqa: ANN401 - an array, or a scalar for shape ()
    """Join values and ids; no dimension gives a `Scalar`, as NumPy gives a scalar there."""
    if np.ndim(value) == 0:
        return Scalar.make(float(value), np.asarray(ids))
    array = np.asarray(value).view(Traced)
    array._ids = ids
    return array


class Traced(np.ndarray):
    """An array of float64 whose elements have ids; views share both memory and ids."""

    _ids: Any
    __class__ = property(lambda _: np.ndarray)  # type: ignore[assignment]

    def __array_finalize__(self, source: object) -> None:
        self._ids = None

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **keywords):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN003, ANN204 - NumPy's protocol
        return HANDLERS["ufunc"](ufunc, method, inputs, out, keywords)

    def __array_function__(self, function, types, args, keywords):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204 - NumPy's protocol
        from_numpy = HANDLERS["function"]
        return from_numpy(function, args, keywords)

    def __getitem__(self, key: Any) -> Any:  # noqa: ANN401 - NumPy's indices
        key = plain(key)
        found = bare(self)[key]
        if self._ids is None or not isinstance(found, (np.ndarray, np.floating)):
            return found
        return traced(found, self._ids[key])

    def __setitem__(self, key: Any, value: Any) -> None:  # noqa: ANN401 - NumPy's indices
        key = plain(key)
        if self._ids is not None:
            self._ids[key] = ids_of(value)
        bare(self)[key] = plain(value)

    def view(self, *how: Any, **named: Any) -> Any:  # noqa: ANN401 - NumPy's
        """Return the array itself under another name; other types have no ids."""
        if not named and how in ((), (np.ndarray,)):
            return self[...]
        return np.ndarray.view(bare(self), *how, **named)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __reduce__(self) -> Any:  # noqa: ANN401 - pickling gives up the ids
        return bare(self).__reduce__()

    def __copy__(self) -> Any:  # noqa: ANN401 - an array or a scalar
        return self.copy()

    def __deepcopy__(self, memo: object) -> Any:  # noqa: ANN401 - an array or a scalar
        return self.copy()

    def __format__(self, form: str) -> str:
        return format(self.item() if form and self.size == 1 else plain(self), form)

    def __float__(self) -> float:
        return float(plain(self))

    def __repr__(self) -> str:
        return repr(plain(self))

    def __str__(self) -> str:
        return str(plain(self))

    @property
    def flat(self) -> Any:  # type: ignore[override]  # noqa: ANN401 - a view where NumPy can make one
        """The elements in a row."""
        return self.reshape(-1)

    @property
    def T(self) -> Any:  # type: ignore[override]  # noqa: ANN401 - an array
        """The transpose."""
        return self.transpose()

    @property
    def real(self) -> Any:  # type: ignore[override]  # noqa: ANN401 - an array
        """The array: nothing here is complex."""
        return self


class Decision(np.ndarray):
    """What a comparison gave, with ids: `np.where` follows it, all else fixes what was decided."""

    _ids: Any

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **keywords):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN003, ANN204 - NumPy's protocol
        inputs = tuple(_as_number(x) if method == "__call__" else plain(x) for x in inputs)
        if out is None and any(isinstance(x, (Traced, Scalar)) for x in inputs):
            return HANDLERS["ufunc"](ufunc, method, inputs, None, keywords)
        given = {} if out is None else {"out": tuple(plain(x) for x in out)}
        return getattr(ufunc, method)(*plain(inputs), **given, **plain(keywords))

    def __array_function__(self, function, types, args, keywords):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204 - NumPy's protocol
        return HANDLERS["function"](function, args, keywords)

    def __getitem__(self, key: Any) -> Any:  # noqa: ANN401 - NumPy's indices
        return decided(self)[plain(key)]

    def __bool__(self) -> bool:
        return bool(decided(self))

    def __reduce__(self) -> Any:  # noqa: ANN401 - pickling gives up the ids
        return decided(self).__reduce__()

    def astype(self, dtype: Any, *args: Any, **keywords: Any) -> Any:  # noqa: ANN401 - NumPy's
        """Return 0 and 1 with ids where floats are asked for."""
        if np.dtype(dtype).kind == "f":
            return _as_number(self)
        return decided(self).astype(dtype, *args, **keywords)


def decision(made: Any, result: np.ndarray) -> Any:  # noqa: ANN401 - as recorded
    """Return what was compared as an array of bools with the ids of `made`."""
    if not isinstance(made, Traced):
        if isinstance(made, Scalar):
            RECORDER.operation("decided", (made,), np.empty(0))
        return result
    chosen = np.asarray(result).view(Decision)
    chosen._ids = made._ids
    return chosen


def decided(chosen: Decision) -> np.ndarray:
    """Return the bools and note that the script went by them: at other values it might not."""
    if getattr(chosen, "_ids", None) is not None:
        RECORDER.operation("decided", (_as_number(chosen),), np.empty(0))
    return bare(chosen)


def _as_number(value: Any) -> Any:  # noqa: ANN401 - a decision, or anything else unchanged
    if type(value) is not Decision or getattr(value, "_ids", None) is None:
        return value
    return traced(bare(value).astype(np.float64), value._ids)


class Scalar(float):
    """A number with an id; to json, math and format it is a float."""

    _ids: Any
    __class__ = property(lambda _: np.float64)  # type: ignore[assignment]
    shape: tuple[int, ...] = ()
    ndim, size, dtype = 0, 1, np.dtype(np.float64)

    @staticmethod
    def make(value: float, ids: Ids) -> Scalar:
        """Return a number with the id in `ids`, shape ()."""
        made = Scalar(value)
        made._ids = ids
        return made

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:  # noqa: ANN401 - NumPy's protocol
        return np.array(float(self), dtype=dtype or np.float64)

    __array_ufunc__ = Traced.__array_ufunc__
    __array_function__ = Traced.__array_function__

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever np.float64 has
        if name.startswith("__"):
            raise AttributeError(name)
        if name in ("item", "tolist", "copy", "squeeze", "astype", "conj"):
            return lambda *_, **__: self
        if name == "T":
            return self
        return getattr(np.float64(self), name)

    def __getitem__(self, key: Any) -> Any:  # noqa: ANN401 - `x[()]` and `x[None]`
        return traced(np.float64(self)[key], self._ids[key])

    def __reduce__(self) -> Any:  # noqa: ANN401 - pickling gives up the id
        return float, (float(self),)

    def __copy__(self) -> Scalar:
        return self

    def __deepcopy__(self, memo: object) -> Scalar:
        return self

    def __neg__(self) -> Any:  # noqa: ANN401 - a scalar
        return np.negative(self)

    def __pos__(self) -> Any:  # noqa: ANN401 - a scalar
        return self

    def __abs__(self) -> Any:  # noqa: ANN401 - a scalar
        return np.absolute(self)

    def __round__(self, digits: int | None = None) -> Any:  # noqa: ANN401 - int or a scalar
        if digits is None:
            return round(float(self))
        done = round(float(self), digits)
        return RECORDER.operation("round", (self,), done, {"decimals": int(digits)})


def _compared(ufunc: np.ufunc, name: str) -> None:
    plainly = getattr(float, f"__{name}__")

    def compare(self: Scalar, other: Any) -> Any:  # noqa: ANN401 - anything
        result = plainly(self, other)
        if result is not NotImplemented:
            made = RECORDER.operation(ufunc.__name__, (self, other), float(result))
            decision(made, result)
        return result

    setattr(Scalar, f"__{name}__", compare)


def _binary(ufunc: np.ufunc, name: str) -> None:
    def left(self: Scalar, other: Any) -> Any:  # noqa: ANN401 - numbers and arrays
        return ufunc(self, other) if _number(other) else NotImplemented

    def right(self: Scalar, other: Any) -> Any:  # noqa: ANN401 - numbers and arrays
        return ufunc(other, self) if _number(other) else NotImplemented

    setattr(Scalar, f"__{name}__", left)
    setattr(Scalar, f"__r{name}__", right)


def _number(value: object) -> bool:
    return isinstance(value, (int, float, np.ndarray, np.generic))


for _ufunc, _name in (
    (np.add, "add"),
    (np.subtract, "sub"),
    (np.multiply, "mul"),
    (np.divide, "truediv"),
    (np.power, "pow"),
):
    _binary(_ufunc, _name)
for _comparison, _name in (
    (np.less, "lt"),
    (np.less_equal, "le"),
    (np.greater, "gt"),
    (np.greater_equal, "ge"),
):
    _compared(_comparison, _name)


HANDLERS: dict[str, Callable[..., Any]] = {}
"""What answers NumPy's protocols: `ufuncs` and `listening` register there."""
