"""What an array's own methods do to ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tracing  # type: ignore[import-not-found]  # its RECORDER is replaced when a script begins
from tracing import (  # type: ignore[import-not-found]  # loaded beside this file, in the child
    Traced,
    bare,
    plain,
    traced,
)
from ufuncs import external  # type: ignore[import-not-found]  # as above


def _moving(name: str) -> Callable[..., Any]:
    def method(self: Traced, *args: Any, **keywords: Any) -> Any:  # noqa: ANN401 - as ndarray's
        values = getattr(bare(self), name)(*plain(args), **plain(keywords))
        if self._ids is None:
            return values
        return traced(values, getattr(self._ids, name)(*plain(args), **plain(keywords)))

    return method


def _computing(name: str) -> Callable[..., Any]:
    def method(self: Traced, *args: Any, **keywords: Any) -> Any:  # noqa: ANN401 - as ndarray's
        if set(keywords) - {"axis", "keepdims", "decimals", "min", "max"}:
            values = getattr(bare(self), name)(*plain(args), **plain(keywords))
            return external(name, (self,), values)
        return getattr(np, name)(self, *args, **keywords)

    return method


def _astype(self: Traced, dtype: Any, *args: Any, **keywords: Any) -> Any:  # noqa: ANN401 - as ndarray's
    values = bare(self).astype(dtype, *args, **keywords)
    if values.dtype.kind != "f":
        return values
    if values.dtype != np.float64:
        tracing.RECORDER.exact = False
    return self.copy()


def _fill(self: Traced, value: Any) -> None:  # noqa: ANN401 - a number
    self[...] = value


def _tolist(self: Traced) -> Any:  # noqa: ANN401 - nested lists of numbers
    return [x.tolist() if isinstance(x, Traced) else x for x in self]


def _item(self: Traced, *args: Any) -> Any:  # noqa: ANN401 - a number
    if not args and self.size != 1:
        raise ValueError("can only convert an array of size 1 to a Python scalar")
    return self.reshape(-1)[args[0] if len(args) == 1 else 0] if len(args) < 2 else self[args]


for _name in (
    "reshape", "transpose", "ravel", "squeeze", "swapaxes", "repeat", "take", "flatten",
    "diagonal", "copy"
):  # fmt: skip
    setattr(Traced, _name, _moving(_name))
for _name in (
    "sum", "mean", "max", "min", "std", "var", "clip", "round", "dot", "cumsum", "trace"
):  # fmt: skip
    setattr(Traced, _name, _computing(_name))
for _name, _method in (("astype", _astype), ("fill", _fill), ("tolist", _tolist), ("item", _item)):
    setattr(Traced, _name, _method)
