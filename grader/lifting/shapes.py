"""Shapes that a recorded operation must have, known before anything is computed."""

from __future__ import annotations

import math

import numpy as np

from grader.lifting.operations import ELEMENTWISE
from grader.lifting.recording import Operation

MOST_WORK = 400_000_000
"""Multiplications of one recording: 1 s of einsum at 2.5 ns each, and 1,000 times what two nets of
the lab's size need."""

Shape = tuple[int, ...]


def work_of(operation: Operation) -> int:
    """Return how many products one operation takes, after its shapes are held to each other.

    Raises
    ------
    ValueError
        If the shapes of operands and result do not belong together.
    """
    shapes = [operand.ids.shape for operand in operation.operands]
    if operation.name in ELEMENTWISE:
        _demand(np.broadcast_shapes(*shapes) == operation.out.shape, operation)
    elif operation.name == "matmul":
        _demand(_product(*shapes) == operation.out.shape, operation)
        return int(operation.out.size * (shapes[0][-1] + 1))
    elif operation.name == "einsum":
        return _einsum(operation, shapes)
    return int(operation.out.size) + sum(math.prod(shape) for shape in shapes)


def _demand(right: bool, operation: Operation) -> None:  # noqa: FBT001 - the one thing asked
    if not right:
        raise ValueError(f"{operation.name} cannot have these shapes")


def _product(a: Shape, b: Shape) -> Shape:
    """Return the shape of a @ b."""
    if not a or not b:
        raise ValueError("matmul of a number")
    rows, columns = (a[-2:-1] if len(a) > 1 else ()), (b[-1:] if len(b) > 1 else ())
    if a[-1] != (b[-2] if len(b) > 1 else b[-1]):
        raise ValueError("matmul of unequal lengths")
    return (*np.broadcast_shapes(a[:-2], b[:-2]), *rows, *columns)


def _einsum(operation: Operation, shapes: list[Shape]) -> int:
    """Return the product of all letters' sizes."""
    inputs, arrow, output = str(operation.options.get("subscripts", "")).partition("->")
    terms = inputs.split(",")
    _demand(bool(arrow) and len(terms) == len(shapes), operation)
    sizes: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        _demand(len(term) == len(shape) and (term.isalpha() or not term), operation)
        for letter, size in zip(term, shape, strict=True):
            _demand(sizes.setdefault(letter, size) == size, operation)
    _demand(tuple(sizes.get(letter, -1) for letter in output) == operation.out.shape, operation)
    return math.prod(sizes.values())
