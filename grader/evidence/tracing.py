"""Arrays that listen: every element carries an id, every operation leaves a record.

Loaded by `record.py` in the child, beside a stranger's script; nothing here is believed by the
parent, which computes every recorded operation again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np

Ids: TypeAlias = np.ndarray
CONSTANT, LOST = -1, -2


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


RECORDER: Any = None
"""Keeps what is heard; `ledger.begin` puts it here, one a process."""


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
        values = bare(self)
        if self._ids is not None:
            ids = ids_of(value)
            shape = values[key].shape
            if shape and (ids == CONSTANT).all():
                # h[0] = 0 makes a vector of constants as np.zeros(d) does: one can start from it.
                full = np.full(shape, plain(value), dtype=np.float64)
                ids = RECORDER.leaf(full, "full")._ids
            self._ids[key] = ids
        values[key] = plain(value)

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
