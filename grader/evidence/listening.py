"""What NumPy's functions and methods do to ids, and the hook on every call of the script."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import tracing  # type: ignore[import-not-found]  # its RECORDER is replaced when a script begins
from tracing import (  # type: ignore[import-not-found]  # loaded beside this file, in the child
    HANDLERS,
    Decision,
    Scalar,
    Traced,
    bare,
    ids_of,
    plain,
    traced,
)
from ufuncs import external  # type: ignore[import-not-found]  # as above

MOVES = frozenset((
    "reshape", "transpose", "ravel", "squeeze", "swapaxes", "concatenate", "stack", "hstack",
    "vstack", "dstack", "split", "array_split", "copy", "flip", "flipud", "fliplr", "roll",
    "rot90", "tile", "repeat", "take", "take_along_axis", "expand_dims", "atleast_1d",
    "atleast_2d", "atleast_3d", "moveaxis", "rollaxis", "diagonal", "diag", "broadcast_to",
    "broadcast_arrays", "column_stack", "row_stack", "vsplit", "hsplit", "append", "delete",
    "insert", "resize", "compress", "extract", "choose", "triu", "tril", "pad", "permute_dims",
    "unstack", "matrix_transpose", "block"
))  # fmt: skip
"""Functions that only move elements; where they fill with zeros, these are constants."""

DATA = {
    **dict.fromkeys(("take", "compress", "extract", "delete"), (0,)),
    **dict.fromkeys(("concatenate", "stack", "hstack", "vstack", "dstack", "column_stack"), (0,)),
    **dict.fromkeys(("row_stack", "block"), (0,)),
    "append": (0, 1),
    "choose": (1,),
    "insert": (0, 2),
}
"""Which arguments hold elements where others are indices; else all that are arrays do."""

MEANS = frozenset(("sum", "mean", "max", "min", "amax", "amin"))
OF_LISTS = frozenset(("multi_dot",))
OVERWRITING = frozenset(("copyto", "put", "place", "putmask", "fill_diagonal", "put_along_axis"))
SAME_SHAPE = frozenset(("zeros_like", "ones_like", "empty_like", "full_like"))
DATA_ONLY = frozenset((
    "shape", "ndim", "size", "array_equal", "allclose", "isclose", "isfinite", "isnan", "isinf",
    "argmax", "argmin", "argsort", "array_repr", "array_str", "array2string", "save", "savetxt",
    "savez", "all", "any", "count_nonzero", "nonzero", "flatnonzero", "searchsorted", "can_cast",
    "result_type", "may_share_memory", "shares_memory"
))  # fmt: skip


def mapped(value: Any, change: Callable[[Any], Any], *, numbers: bool = False) -> Any:  # noqa: ANN401 - any nest
    """Apply `change` to everything with ids and every array in `value`, and to `numbers` if so."""
    if isinstance(value, (Traced, Scalar, np.ndarray, np.floating)):
        return change(value)
    if type(value) in (list, tuple):
        return type(value)(mapped(item, change, numbers=numbers) for item in value)
    return change(value) if numbers and isinstance(value, (int, float)) else value


def _moved(function: Callable[..., Any], args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:  # noqa: ANN401 - as NumPy gives
    """Do to the ids what is done to the values; what is filled in has no id."""
    result = function(*plain(args), **plain(keywords))
    name = function.__name__
    data = DATA.get(name)
    given = tuple(
        plain(a)
        if data is not None and i not in data
        else mapped(a, _shifted, numbers=data is not None)
        for i, a in enumerate(args)
    )
    filled = {"constant_values": 0} if "constant_values" in keywords else {}
    ids = function(*given, **{**plain(keywords), **filled})
    return _joined(result, ids)


def _shifted(value: Any) -> np.ndarray:  # noqa: ANN401 - an array or scalar
    """Return ids plus one, so that zeros that a function fills in mean: no id."""
    if not isinstance(value, (Traced, Scalar)) and np.asarray(value).dtype.kind != "f":
        return np.zeros(np.shape(value), dtype=np.int64)
    return np.asarray(ids_of(value)) + 1


def _joined(result: Any, ids: Any) -> Any:  # noqa: ANN401 - arrays or sequences of arrays
    if isinstance(result, (list, tuple)):
        return type(result)(_joined(a, b) for a, b in zip(result, ids, strict=True))
    if not isinstance(result, np.ndarray) or result.dtype.kind != "f":
        return result
    return traced(result, np.asarray(ids) - 1)


def on_function(function: Any, args: Any, keywords: Any) -> Any:  # noqa: ANN401 - NumPy's protocol
    """Answer one of NumPy's functions for listening arrays."""
    name = getattr(function, "__name__", "")
    known = FUNCTIONS.get(name) if getattr(function, "__module__", "").startswith("numpy") else None
    known = known or (_moved if name in MOVES else None)
    if known is not None and isinstance(keywords.get("out"), Traced):
        without = {key: value for key, value in keywords.items() if key != "out"}
        keywords["out"][...] = on_function(function, args, without)
        return keywords["out"]
    if known is not None:
        # Either the student's own mistake, raised again below, or a use we do not know.
        with contextlib.suppress(TypeError, ValueError, IndexError, KeyError, AttributeError):
            return known(function, args, keywords)
    if name in OVERWRITING:
        return _overwritten(function, args, keywords)
    return _unknown(name, function(*plain(args), **plain(keywords)), args, keywords)


def _unknown(name: str, result: Any, args: Any, keywords: Any) -> Any:  # noqa: ANN401 - as NumPy gives
    """Return what a function gave that has no arithmetic, or none that is known."""
    if name in SAME_SHAPE:
        return tracing.RECORDER.leaf(result, name)
    if name in DATA_ONLY:
        return result
    if type(result) in (list, tuple):
        return type(result)(external(name, (args, keywords), part) for part in result)
    return external(name, (args, keywords), result)


def _overwritten(function: Any, args: Any, keywords: Any) -> Any:  # noqa: ANN401 - NumPy's protocol
    """Change an array in place, its ids in the same way."""
    target = args[0]
    ids = np.array(target._ids) + 1 if isinstance(target, Traced) else None
    result = function(*plain(args), **plain(keywords))
    if ids is not None:
        function(ids, *(mapped(a, _shifted_values) for a in args[1:]), **plain(keywords))
        target._ids[...] = ids - 1
    return result


def _shifted_values(value: Any) -> Any:  # noqa: ANN401 - an array or scalar
    if isinstance(value, (Traced, Scalar)):
        return ids_of(value) + 1
    return np.zeros_like(value, dtype=np.int64) if value.dtype.kind == "f" else value


def _options(args: Any, keywords: Any, first: int = 1) -> dict[str, Any]:  # noqa: ANN401 - as given
    axis = keywords.get("axis", args[first] if len(args) > first else None)
    axis = list(map(int, axis)) if isinstance(axis, tuple) else axis if axis is None else int(axis)
    return {"axis": axis, "keepdims": bool(keywords.get("keepdims", False) is True)}


def _reduction(function: Any, args: Any, keywords: Any) -> Any:  # noqa: ANN401 - NumPy's protocol
    if set(keywords) - {"axis", "keepdims"}:
        raise TypeError
    result = function(*plain(args), **plain(keywords))
    name = {"amax": "max", "amin": "min"}.get(function.__name__, function.__name__)
    return tracing.RECORDER.operation(name, (_array(args[0]),), result, _options(args, keywords))


def _array(value: Any) -> Any:  # noqa: ANN401 - an array, or a nest that becomes one
    if isinstance(value, (Traced, Scalar, np.ndarray)):
        return value
    return as_array(np.array, (value,), {})


def _norm(function: Any, args: Any, keywords: Any) -> Any:  # noqa: ANN401 - NumPy's protocol
    x = _array(args[0])
    order = keywords.get("ord", args[1] if len(args) > 1 else None)
    options = _options(args, keywords, 2)
    result = function(*plain(args), **plain(keywords))
    vectors = x.ndim == 1 or isinstance(options["axis"], int)
    if order in (None, "fro") or (order == 2 and vectors):
        return tracing.RECORDER.operation("norm", (x,), result, options)
    if vectors and order in (1, np.inf):
        name = "norm1" if order == 1 else "norminf"
        return tracing.RECORDER.operation(name, (x,), result, options)
    raise TypeError


def _dot(function: Any, args: Any, keywords: Any) -> Any:  # noqa: ANN401 - NumPy's protocol
    a, b = map(_array, args[:2])
    if keywords or len(args) > 2:
        raise TypeError
    if a.ndim == 0 or b.ndim == 0:
        return np.multiply(a, b)
    if function.__name__ == "vdot":
        a, b = a.reshape(-1), b.reshape(-1)
    if function.__name__ == "inner" and b.ndim == 2:
        b = b.T if isinstance(b, Traced) else traced(b, ids_of(b)).T
    if a.ndim > 2 or b.ndim > 2:
        raise TypeError
    result = np.dot(plain(a), plain(b))
    return tracing.RECORDER.operation("matmul", (a, b), result)


def _einsum(function: Any, args: Any, keywords: Any) -> Any:  # noqa: ANN401 - NumPy's protocol
    text = args[0].replace(" ", "")
    if "." in text or set(keywords) - {"optimize"}:
        raise TypeError
    if "->" not in text:
        letters = sorted(c for c in set(text) - {","} if text.count(c) == 1)
        text = f"{text}->{''.join(letters)}"
    result = function(*plain(args), **plain(keywords))
    return tracing.RECORDER.operation(
        "einsum", [_array(a) for a in args[1:]], result, {"subscripts": text}
    )


def _outer(function: Any, args: Any, keywords: Any) -> Any:  # noqa: ANN401, ARG001 - NumPy's protocol
    a, b = (_array(x).reshape(-1) for x in args[:2])
    return np.multiply(a[:, None], b[None, :])


def _tensordot(function: Any, args: Any, keywords: Any) -> Any:  # noqa: ANN401 - NumPy's protocol
    a, b = map(_array, args[:2])
    axes = keywords.get("axes", args[2] if len(args) > 2 else 2)
    if isinstance(axes, int):
        left, right = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        left, right = (list(np.atleast_1d(x)) for x in axes)
    names = [chr(97 + i) for i in range(a.ndim + b.ndim)]
    ours, theirs = names[: a.ndim], names[a.ndim :]
    for i, j in zip(left, right, strict=True):
        theirs[j % b.ndim] = ours[i % a.ndim]
    out = [n for n in ours if n not in theirs] + [n for n in theirs if n not in ours]
    text = f"{''.join(ours)},{''.join(theirs)}->{''.join(out)}"
    result = function(*plain(args), **plain(keywords))
    return tracing.RECORDER.operation("einsum", (a, b), result, {"subscripts": text})


def _where(function: Any, args: Any, keywords: Any) -> Any:  # noqa: ANN401 - NumPy's protocol
    if len(args) != 3:
        return function(*plain(args), **keywords)
    chosen, first, second = args
    if isinstance(chosen, Decision) and getattr(chosen, "_ids", None) is not None:
        made = traced(np.asarray(bare(chosen), dtype=np.float64), chosen._ids)
        result = function(bare(chosen), plain(first), plain(second))
        return tracing.RECORDER.operation("where", (made, first, second), result)
    result = function(*plain(args))
    if np.asarray(result).dtype.kind != "f":
        return result
    mask = np.broadcast_to(np.asarray(plain(chosen), dtype=bool), np.shape(result))
    ids = np.where(mask, ids_of(first), ids_of(second))
    return traced(np.array(result), ids)


def _clip(function: Any, args: Any, keywords: Any) -> Any:  # noqa: ANN401, ARG001 - NumPy's protocol
    """Clip: an entry within the bounds keeps its id, one beyond takes the bound's."""
    x, low, high = [*args, None, None][:3]
    low = keywords.get("a_min", keywords.get("min", low))
    high = keywords.get("a_max", keywords.get("max", high))
    if low is not None:
        x = np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


def _round(function: Any, args: Any, keywords: Any) -> Any:  # noqa: ANN401 - NumPy's protocol
    digits = int(keywords.get("decimals", args[1] if len(args) > 1 else 0))
    result = function(*plain(args), **keywords)
    return tracing.RECORDER.operation("round", (_array(args[0]),), result, {"decimals": digits})


def _spread(function: Any, args: Any, keywords: Any) -> Any:  # noqa: ANN401 - NumPy's protocol
    if set(keywords) - {"axis"}:
        raise TypeError
    x, axis = _array(args[0]), keywords.get("axis", args[1] if len(args) > 1 else None)
    centred = x - np.mean(x, axis=axis, keepdims=True)
    variance = np.mean(centred * centred, axis=axis)
    return variance if function.__name__ == "var" else np.sqrt(variance)


def _tidied(function: Any, args: Any, keywords: Any) -> Any:  # noqa: ANN401, ARG001 - NumPy's protocol
    if not np.isfinite(plain(args[0])).all():
        raise TypeError
    return args[0]


def as_array(function: Any, args: Any, keywords: Any) -> Any:  # noqa: ANN401 - as np.array takes
    """Make an array of anything with ids in it: np.array itself would drop them."""
    value = function(*plain(args), **plain(keywords))
    if value.dtype.kind != "f":
        return value
    if isinstance(args[0], Traced) and value.base is not None and function is not np.array:
        return args[0]
    ids = np.array(ids_of(args[0])).reshape(value.shape)
    return traced(np.array(value, dtype=np.float64), ids) if value.ndim else traced(value, ids)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(MEANS, _reduction),
    "norm": _norm,
    **dict.fromkeys(("dot", "vdot", "inner"), _dot),
    "multi_dot": lambda _, args, __: functools.reduce(np.matmul, map(_array, args[0])),
    "einsum": _einsum,
    "outer": _outer,
    "tensordot": _tensordot,
    "where": _where,
    "clip": _clip,
    **dict.fromkeys(("round", "around", "round_"), _round),
    **dict.fromkeys(("std", "var"), _spread),
    "nan_to_num": _tidied,
}
HANDLERS["function"] = on_function
