"""The table of operations: what each computes, over a batch, and how a derivative passes back.

A value is an array with a leading batch axis, or without one where it is the same for the whole
batch. What is not in this table has no derivative here, which is a stop and never a zero.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Values: TypeAlias = npt.NDArray[Any]
Options: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Batch:
    """An operand: `values`, of shape (n, *shape) where `batched`, else `shape`."""

    values: Values
    batched: bool

    @property
    def ndim(self) -> int:
        """Number of axes beside the batch's."""
        return self.values.ndim - self.batched


def forward(name: str, operands: Sequence[Batch], options: Options) -> Values:
    """Compute one operation; the result has the batch axis if any operand has it.

    Raises
    ------
    KeyError
        For an operation that is not in the table.
    """
    if name in ELEMENTWISE:
        return np.asarray(ELEMENTWISE[name](*_aligned(operands)))
    return np.asarray(SHAPED[name](operands, options))


def _aligned(operands: Sequence[Batch]) -> list[Values]:
    """Give batched operands axes of length 1 after the batch's, so that broadcasting agrees."""
    deepest = max(operand.ndim for operand in operands)
    aligned = []
    for operand in operands:
        value = operand.values
        if operand.batched and operand.ndim < deepest:
            lead = (value.shape[0], *(1,) * (deepest - operand.ndim))
            value = value.reshape(*lead, *value.shape[1:])
        aligned.append(value)
    return aligned


def _absolute(x: Values) -> Values:
    # Along a complex step |x| is continued as ±x, which is what its derivative needs.
    return np.asarray(x * np.sign(x.real) if np.iscomplexobj(x) else np.abs(x))


def _sign(x: Values) -> Values:
    return np.asarray(np.sign(x.real))


def _logaddexp(a: Values, b: Values) -> Values:
    if not (np.iscomplexobj(a) or np.iscomplexobj(b)):
        return np.asarray(np.logaddexp(a, b))
    larger = np.maximum(a, b)
    return np.asarray(np.log(np.exp(a - larger) + np.exp(b - larger)) + larger)


ELEMENTWISE: dict[str, Callable[..., Values]] = {
    "tanh": np.tanh,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "log2": np.log2,
    "log10": np.log10,
    "sqrt": np.sqrt,
    "square": np.square,
    "absolute": _absolute,
    "fabs": _absolute,
    "negative": np.negative,
    "positive": np.positive,
    "conjugate": np.positive,
    "sign": _sign,
    "reciprocal": np.reciprocal,
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "power": np.power,
    "float_power": np.power,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "fmax": np.fmax,
    "fmin": np.fmin,
    "logaddexp": _logaddexp,
    "less": lambda a, b: (a.real < b.real).astype(np.float64),
    "less_equal": lambda a, b: (a.real <= b.real).astype(np.float64),
    "greater": lambda a, b: (a.real > b.real).astype(np.float64),
    "greater_equal": lambda a, b: (a.real >= b.real).astype(np.float64),
    "where": lambda chosen, a, b: np.asarray(np.where(np.not_equal(chosen.real, 0.0), a, b)),
}


def _matmul(operands: Sequence[Batch], _: Options) -> Values:
    a, b = operands
    if not (a.batched or b.batched):
        return np.asarray(a.values @ b.values)
    if b.batched and not a.batched and a.ndim == 2 and b.ndim == 1:
        return np.asarray(b.values @ a.values.T)
    if a.batched and not b.batched and a.ndim <= 2 and b.ndim <= 2:
        return np.asarray(a.values @ b.values)
    left = a.values[..., None, :] if a.ndim == 1 else a.values
    right = b.values[..., None] if b.ndim == 1 else b.values
    product = left @ right
    if b.ndim == 1:
        product = product[..., 0]
    return np.asarray(
        product[..., 0, :]
        if a.ndim == 1 and b.ndim > 1
        else product[..., 0]
        if a.ndim == 1
        else product
    )


def _einsum(operands: Sequence[Batch], options: Options) -> Values:
    inputs, output = str(options["subscripts"]).split("->")
    free = next(c for c in string.ascii_letters if c not in inputs)
    terms = [
        free + term if operand.batched else term
        for term, operand in zip(inputs.split(","), operands, strict=True)
    ]
    lead = free if any(operand.batched for operand in operands) else ""
    values = [operand.values for operand in operands]
    return np.asarray(np.einsum(f"{','.join(terms)}->{lead}{output}", *values, optimize=True))


def axes(operand: Batch, options: Options) -> tuple[int, ...]:
    """Return the axes that a reduction runs over, counted with the batch's."""
    axis: Any = options.get("axis")
    shift, ndim = int(operand.batched), operand.ndim
    if axis is None:
        return tuple(range(shift, ndim + shift))
    chosen = axis if isinstance(axis, list) else [axis]
    if any(not -ndim <= a < ndim for a in chosen):
        raise ValueError("a reduction runs over an axis that is not there")
    return tuple(a % ndim + shift for a in chosen)


def _reduction(reduce: Callable[..., Values]) -> Callable[[Sequence[Batch], Options], Values]:
    def run(operands: Sequence[Batch], options: Options) -> Values:
        (x,) = operands
        keep = options.get("keepdims") is True
        return reduce(x.values, axis=axes(x, options), keepdims=keep)

    return run


def _norm2(x: Values, **how: Any) -> Values:  # noqa: ANN401 - axis and keepdims
    return np.asarray(np.sqrt(np.sum(x * x, **how)))


def _round(operands: Sequence[Batch], options: Options) -> Values:
    return np.asarray(np.round(operands[0].values, int(str(options["decimals"]))))


SHAPED: dict[str, Callable[[Sequence[Batch], Options], Values]] = {
    "matmul": _matmul,
    "vecdot": lambda operands, _: _einsum(operands, {"subscripts": "i,i->"}),
    "einsum": _einsum,
    "sum": _reduction(np.sum),
    "mean": _reduction(np.mean),
    "max": _reduction(np.max),
    "min": _reduction(np.min),
    "norm": _reduction(_norm2),
    "norm1": _reduction(lambda x, **how: np.sum(_absolute(x), **how)),
    "norminf": _reduction(lambda x, **how: np.max(np.abs(x), **how)),
    "round": _round,
}
SUMS = frozenset({"matmul", "vecdot", "einsum", "sum", "mean", "norm", "norm1"})
"""Operations whose rounding grows with the number of their summands."""

Pull: TypeAlias = Callable[[Values, Sequence[Values], Values, Options], Sequence[Values]]
"""(adjoint of the result, operands, result, options) to the adjoint of each operand."""


def _unary(slope: Callable[[Values, Values], Values]) -> Pull:
    return lambda g, x, y, _: [g * slope(x[0], y)]


def _extreme(g: Values, x: Sequence[Values], y: Values, _: Options) -> Sequence[Values]:
    first = y == x[0]
    return [g * first, g * ~first]


def _power(g: Values, x: Sequence[Values], y: Values, _: Options) -> Sequence[Values]:
    base, exponent = x
    return [g * exponent * np.power(base, exponent - 1), g * y * np.log(np.abs(base) + (base == 0))]


def _pull_matmul(g: Values, x: Sequence[Values], _: Values, __: Options) -> Sequence[Values]:
    a, b = x
    if a.ndim == 1 and b.ndim == 1:
        return [g * b, g * a]
    if b.ndim == 1:
        return [g[..., None] * b, (np.swapaxes(a, -1, -2) @ g[..., None])[..., 0]]
    if a.ndim == 1:
        return [(b @ g[..., None])[..., 0], a[:, None] * g[..., None, :]]
    return [g @ np.swapaxes(b, -1, -2), np.swapaxes(a, -1, -2) @ g]


def _pull_einsum(g: Values, x: Sequence[Values], _: Values, options: Options) -> Sequence[Values]:
    inputs, output = str(options["subscripts"]).split("->")
    terms = inputs.split(",")
    pulled = []
    for i, term in enumerate(terms):
        if len(set(term)) < len(term):
            raise KeyError("einsum over a diagonal")
        others = [t for j, t in enumerate(terms) if j != i]
        values = [v for j, v in enumerate(x) if j != i]
        seen = set(output).union(*others)
        here = "".join(c for c in term if c in seen)
        part = np.einsum(f"{','.join([output, *others])}->{here}", g, *values)
        shape = [size if c in seen else 1 for c, size in zip(term, x[i].shape, strict=True)]
        pulled.append(np.broadcast_to(part.reshape(shape), x[i].shape))
    return pulled


def _spread(g: Values, x: Values, options: Options) -> Values:
    over = axes(Batch(x, batched=False), options)
    if options.get("keepdims") is not True:
        g = np.expand_dims(g, over)
    return np.broadcast_to(g, x.shape)


def _pull_mean(g: Values, x: Sequence[Values], y: Values, options: Options) -> Sequence[Values]:
    return [_spread(g, x[0], options) * (y.size / x[0].size)]


def _pull_extreme(g: Values, x: Sequence[Values], y: Values, options: Options) -> Sequence[Values]:
    return [_spread(g, x[0], options) * (_spread(y, x[0], options) == x[0])]


def _pull_norm(g: Values, x: Sequence[Values], y: Values, options: Options) -> Sequence[Values]:
    return [_spread(g / y, x[0], options) * x[0]]


def _pull_where(g: Values, x: Sequence[Values], _: Values, __: Options) -> Sequence[Values]:
    chosen = x[0] != 0.0
    return [0.0 * x[0], np.where(chosen, g, 0.0), np.where(chosen, 0.0, g)]


def _pull_decision(_: Values, x: Sequence[Values], __: Values, ___: Options) -> Sequence[Values]:
    return [np.zeros_like(operand) for operand in x]


PULLS: dict[str, Pull] = {
    "where": _pull_where,
    **dict.fromkeys(("less", "less_equal", "greater", "greater_equal"), _pull_decision),
    "tanh": _unary(lambda _, y: 1 - y * y),
    "sinh": _unary(lambda x, _: np.cosh(x)),
    "cosh": _unary(lambda x, _: np.sinh(x)),
    "exp": _unary(lambda _, y: y),
    "expm1": _unary(lambda _, y: y + 1),
    "log": _unary(lambda x, _: 1 / x),
    "log1p": _unary(lambda x, _: 1 / (1 + x)),
    "log2": _unary(lambda x, _: 1 / (x * np.log(2))),
    "log10": _unary(lambda x, _: 1 / (x * np.log(10))),
    "sqrt": _unary(lambda _, y: 0.5 / y),
    "square": _unary(lambda x, _: 2 * x),
    "absolute": _unary(lambda x, _: np.sign(x)),
    "fabs": _unary(lambda x, _: np.sign(x)),
    "negative": lambda g, _x, _y, _o: [-g],
    "positive": lambda g, _x, _y, _o: [g],
    "conjugate": lambda g, _x, _y, _o: [g],
    "sign": lambda g, _x, _y, _o: [0 * g],
    "reciprocal": _unary(lambda _, y: -y * y),
    "add": lambda g, _x, _y, _o: [g, g],
    "subtract": lambda g, _x, _y, _o: [g, -g],
    "multiply": lambda g, x, _y, _o: [g * x[1], g * x[0]],
    "divide": lambda g, x, y, _: [g / x[1], -g * y / x[1]],
    "power": _power,
    "float_power": _power,
    **dict.fromkeys(("maximum", "minimum", "fmax", "fmin"), _extreme),
    "logaddexp": lambda g, x, y, _: [g * np.exp(x[0] - y), g * np.exp(x[1] - y)],
    "matmul": _pull_matmul,
    "vecdot": _pull_matmul,
    "einsum": _pull_einsum,
    "sum": lambda g, x, _, options: [_spread(g, x[0], options)],
    "mean": _pull_mean,
    "max": _pull_extreme,
    "min": _pull_extreme,
    "norm": _pull_norm,
}
