"""What NumPy's ufuncs do to ids: each call, reduction and outer product is one operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tracing  # type: ignore[import-not-found]  # loaded beside this file, in the child
from tracing import (  # type: ignore[import-not-found]  # as above
    CONSTANT,
    HANDLERS,
    Traced,
    ids_of,
    listeners,
    plain,
    traced,
)

UNARY = frozenset((
    "tanh", "sinh", "cosh", "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "square",
    "absolute", "negative", "positive", "sign", "reciprocal", "fabs", "conjugate"
))  # fmt: skip
BINARY = frozenset((
    "add", "subtract", "multiply", "divide", "power", "float_power", "maximum", "minimum",
    "logaddexp", "fmax", "fmin", "matmul", "vecdot"
))  # fmt: skip
COMPARISONS = frozenset(("less", "less_equal", "greater", "greater_equal"))
REDUCTIONS = {"add": "sum", "maximum": "max", "minimum": "min"}


def on_ufunc(
    ufunc: np.ufunc,
    method: str,
    inputs: tuple[Any, ...],
    out: Any,  # noqa: ANN401 - None, an array or a tuple of arrays
    keywords: dict[str, Any],
) -> Any:  # noqa: ANN401 - whatever the ufunc gives
    """Compute a ufunc on plain arrays and record it where it is a known one."""
    plains = [plain(x) for x in inputs]
    bare = {key: plain(value) for key, value in keywords.items() if key != "dtype"}
    before = [np.array(x, copy=True) for x in plains] if out is not None else plains
    if out is not None:
        target = out[0] if isinstance(out, tuple) else out
        getattr(ufunc, method)(*plains, out=plain(target), **bare)
        heard = [_with_value(x, y) for x, y in zip(inputs, before, strict=True)]
        made = _named(ufunc, method, heard, np.array(plain(target)), bare)
        if isinstance(target, Traced) and target._ids is not None:
            target._ids[...] = ids_of(made)
        return target
    result = getattr(ufunc, method)(*plains, **bare)
    if ufunc.__name__ in COMPARISONS and method == "__call__" and not bare:
        made = tracing.RECORDER.operation(ufunc.__name__, inputs, np.asarray(result, dtype=float))
        return tracing.decision(made, result)
    if isinstance(result, tuple):
        return tuple(external(ufunc.__name__, inputs, part) for part in result)
    if not isinstance(result, (np.ndarray, np.floating)) or result.dtype.kind != "f":
        return result
    return _named(ufunc, method, inputs, result, bare)


def _with_value(heard: Any, before: np.ndarray) -> Any:  # noqa: ANN401 - an array or scalar with ids
    """Return the input of an operation in place as it was before."""
    ids = ids_of(heard)
    return traced(before, np.array(ids)) if (ids != CONSTANT).any() else before


def _named(
    ufunc: np.ufunc,
    method: str,
    inputs: Sequence[Any],
    result: Any,  # noqa: ANN401 - an array or scalar
    keywords: Mapping[str, Any],
) -> Any:  # noqa: ANN401 - the same with ids
    name = {"true_divide": "divide"}.get(ufunc.__name__, ufunc.__name__)
    if method == "__call__" and name in UNARY | BINARY and keywords.get("where", True) is True:
        return tracing.RECORDER.operation(name, inputs, result)
    if method == "reduce" and name in REDUCTIONS and keywords.get("initial") in (None, np._NoValue):
        axis = keywords.get("axis", inputs[1] if len(inputs) > 1 else 0)
        options = {"axis": _axis(axis), "keepdims": bool(keywords.get("keepdims", False))}
        return tracing.RECORDER.operation(REDUCTIONS[name], inputs[:1], result, options)
    if method == "reduce" and name == "logaddexp" and not set(keywords) - {"axis", "keepdims"}:
        return _log_sum_exp(inputs[0], keywords.get("axis", 0), keywords.get("keepdims", False))
    if method == "outer" and name in BINARY:
        left, right = inputs
        shaped = np.reshape(left, (*np.shape(plain(left)), *(1 for _ in np.shape(plain(right)))))
        return tracing.RECORDER.operation(name, (shaped, right), result)
    return external(ufunc.__name__ + "." + method, inputs, result)


def _log_sum_exp(x: Any, axis: Any, keepdims: Any) -> Any:  # noqa: ANN401 - NumPy's
    """Compute log Σ exp in steps that are known one by one."""
    most = np.max(x, axis=axis, keepdims=True)
    total = np.log(np.sum(np.exp(x - most), axis=axis, keepdims=True)) + most
    return total if keepdims else np.squeeze(total, axis=axis)


def _axis(axis: Any) -> Any:  # noqa: ANN401 - None, an int or a tuple
    if axis is None:
        return None
    return [int(a) for a in axis] if isinstance(axis, tuple) else int(axis)


def external(call: str, inputs: Sequence[Any], result: Any) -> Any:  # noqa: ANN401 - as computed
    """Record an operation nobody knows: its inputs are known, its derivative is not."""
    if (
        not isinstance(result, (np.ndarray, np.floating, float))
        or np.asarray(result).dtype.kind != "f"
    ):
        return result
    return tracing.RECORDER.operation(
        "external", list(listeners(list(inputs))), result, {"call": call}
    )


HANDLERS["ufunc"] = on_ufunc
