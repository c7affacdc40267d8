"""Where in a script to look: a statement where only one can be meant, else a function.

The code is read and never run. What `step` and `loss` use is the forward pass and left out, and so
is what stands under the other model's name.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from grader.diagnosis.catalogue import BY_NAME
from grader.facts import Diagnosis
from grader.model import KINDS, Kind
from grader.scripts.scan import MAX_SOURCE

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
FORWARD = ("step", "loss", "init_params", "make_sequence", "update_gate", "initial_state")
PRODUCTS = frozenset({"dot", "matmul", "einsum", "inner", "tensordot"})
NORMS = frozenset({"norm", "sqrt", "abs", "hypot", "fabs", "absolute", "sum", "mean", "max", "std"})
OTHERWISE = frozenset({"eigvals", "eig", "eigvalsh", "svd", "print", "plt", "ax", "log10"})
OTHER: Mapping[str, Kind] = {"rnn": "gru", "gru": "rnn"}


@dataclass(frozen=True, slots=True)
class Spot:
    """A statement: the file and function it stands in, and whether inside a loop."""

    file: str
    function: str
    function_line: int
    node: ast.stmt
    looped: bool


def located(diagnosis: Diagnosis, sources: Mapping[str, bytes]) -> Diagnosis:
    """Return the diagnosis with file and line to look at; unchanged where none can be told.

    Parameters
    ----------
    sources : mapping of bytes
        The scripts, by name.
    """
    names = diagnosis.candidates[0] if diagnosis.candidates else ()
    groups = {BY_NAME[name].group for name in names}
    if not groups:
        return diagnosis
    script = Script(sources)
    group = next(iter(groups)) if len(groups) == 1 else ""
    if any(name.startswith("record-") for name in names):
        place = _one(list(filter(_records, script.outside())), exactly=group == "record")
    else:
        spots = script.backward(diagnosis.model)
        telling = PREDICATES.get(group)
        # The product stands beside the derivative of tanh, or it is another product.
        sloped = {spot.function_line for spot in spots if _has_slope(spot)}
        found = [spot for spot in spots if telling and telling(spot)]
        place = _one([s for s in found if s.function_line in sloped], exactly=True)
        broader = _head if group == "head" else _has_slope
        if group != "index" and names[0] != "rnn-stored-dz":
            place = place or _one(list(filter(broader, spots)), exactly=False)
        place = place or script.line_of("bptt")
    return diagnosis if place is None else replace(diagnosis, file=place[0], line=place[1])


def _one(found: Sequence[Spot], *, exactly: bool) -> tuple[str, int] | None:
    """Return the line of the one statement (where `exactly`), else of the one function."""
    if exactly and len(found) == 1:
        return found[0].file, found[0].node.lineno
    functions = {(spot.file, spot.function_line) for spot in found}
    if len(functions) == 1 and all(spot.function_line for spot in found):
        return functions.pop()
    return None


class Script:
    """The functions of all scripts of a submission, by name, methods among them."""

    def __init__(self, sources: Mapping[str, bytes]) -> None:
        # By name: the file and the class, as "file:class", and the function.
        self.functions: dict[str, list[tuple[str, Function]]] = {}
        self.trees: dict[str, ast.Module] = {}
        left = MAX_SOURCE
        for file in sorted(sources, key=lambda name: (name != "bptt_norm.py", name)):
            left -= len(sources[file])
            if left < 0:
                continue
            try:
                tree = ast.parse(sources[file])
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
            self.trees[file] = tree
            for owner, node in _defined(tree.body, ""):
                self.functions.setdefault(node.name, []).append((f"{file}:{owner}", node))

    def line_of(self, name: str) -> tuple[str, int] | None:
        """Return where the first function of this name is defined."""
        found = self.functions.get(name)
        return (_file(found[0][0]), found[0][1].lineno) if found else None

    def backward(self, kind: Kind) -> list[Spot]:
        """Return the statements that only the backward pass of this model runs."""
        forward = set(self._reached(FORWARD, kind))
        spots: list[Spot] = []
        for name in self._reached(("bptt",), kind):
            if name not in forward:
                bodies = [[*_spots(file, node, kind)] for file, node in self.functions[name]]
                bodies = [body for body in bodies if body]
                # Of several methods of one name, nothing here says which one is this model's.
                spots.extend(bodies[0] if len(bodies) == 1 else ())
        return spots

    def outside(self) -> list[Spot]:
        """Return the statements that neither the five functions nor what they call hold."""
        inside = {name for kind in KINDS for name in self._reached((*FORWARD, "bptt"), kind)}
        spots: list[Spot] = []
        for name, found in self.functions.items():
            if name not in inside:
                for file, node in found:
                    spots.extend(_spots(file, node, None))
        for file, tree in self.trees.items():
            body = [node for node in tree.body if not isinstance(node, DEFINITIONS)]
            spots.extend(_statements(body, Spot(file, "", 0, tree.body[0], looped=False), None))
        return spots

    def _reached(self, start: Sequence[str], kind: Kind) -> Iterator[str]:
        """Yield the functions that are called from some, as far as names tell."""
        seen: set[str] = set()
        waiting = list(start)
        while waiting:
            name = waiting.pop()
            if name in seen or name not in self.functions:
                continue
            seen.add(name)
            yield name
            for file, node in self.functions[name]:
                for spot in _spots(file, node, kind):
                    waiting.extend(_called(spot.node))


DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
LOOPS = (ast.For, ast.While)


def _defined(body: Sequence[ast.stmt], owner: str) -> Iterator[tuple[str, Function]]:
    """Yield the functions of a body and of the classes in it, each with its class."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield owner, node
        elif isinstance(node, ast.ClassDef):
            yield from _defined(node.body, node.name)


def _file(place: str) -> str:
    return place.partition(":")[0]


def _spots(place: str, node: Function, kind: Kind | None) -> Iterator[Spot]:
    called = f"{place} {node.name}".lower()
    if kind is not None and OTHER[kind] in called and kind not in called:
        return
    start = Spot(_file(place), node.name, node.lineno, node, looped=False)
    yield from _statements(node.body, start, kind)


def _statements(body: Sequence[ast.stmt], at: Spot, kind: Kind | None) -> Iterator[Spot]:
    """Yield the simple statements of a body, and the heads of compound ones."""
    for node in body:
        if isinstance(node, DEFINITIONS):
            continue
        if isinstance(node, ast.If):
            yield from _branches(node, at, kind)
            if kind is not None and _model_asked(node.test) == kind and _leaves(node.body):
                return  # what follows is for the other model
            continue
        inner = [
            part for name in ("body", "orelse", "finalbody") for part in getattr(node, name, ())
        ]
        if inner:
            looped = at.looped or isinstance(node, LOOPS)
            yield from _statements(inner, replace(at, looped=looped), kind)
        else:
            yield replace(at, node=node)


def _leaves(body: Sequence[ast.stmt]) -> bool:
    return isinstance(body[-1], ast.Return | ast.Raise | ast.Continue)


def _branches(node: ast.If, at: Spot, kind: Kind | None) -> Iterator[Spot]:
    """Yield the statements of the branches that this model can take."""
    asked = _model_asked(node.test)
    if kind is None or asked is None or asked == kind:
        yield from _statements(node.body, at, kind)
    if kind is None or asked is None or asked != kind:
        yield from _statements(node.orelse, at, kind)


def _model_asked(test: ast.expr) -> Kind | None:
    """Return the model for which a condition such as `kind == "gru"` is true."""
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1):
        return None
    values = [n.value for n in ast.walk(test) if isinstance(n, ast.Constant)]
    known: list[Kind] = [kind for kind in OTHER.values() if kind in values]
    if len(known) != 1:
        return None
    if isinstance(test.ops[0], ast.Eq):
        return known[0]
    return OTHER[known[0]] if isinstance(test.ops[0], ast.NotEq) else None


def _called(node: ast.AST) -> Iterator[str]:
    """Yield the names of the functions that a statement mentions."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
        elif isinstance(part, ast.Attribute):
            yield part.attr


def _has_product(spot: Spot) -> bool:
    return any(
        isinstance(part, ast.MatMult) or (isinstance(part, ast.Attribute) and part.attr in PRODUCTS)
        for part in ast.walk(spot.node)
    )


def _steps_product(spot: Spot) -> bool:
    """Say whether a product stands in the loop, or in a helper that makes one step."""
    return _has_product(spot) and (spot.looped or spot.function != "bptt") and not _is_forward(spot)


def _is_forward(spot: Spot) -> bool:
    """Say whether a statement computes a new state: a tanh that nothing is subtracted from."""
    return "tanh" in set(_called(spot.node)) and not _has_slope(spot)


def _has_slope(spot: Spot) -> bool:
    """Say whether a statement holds 1 − … or 1 + …, the derivative of tanh or of a sigmoid."""
    return any(_is_slope(part) for part in ast.walk(spot.node))


def _is_slope(part: ast.AST) -> bool:
    return (
        isinstance(part, ast.BinOp)
        and isinstance(part.op, ast.Sub | ast.Add)
        and isinstance(part.left, ast.Constant)
        and part.left.value == 1
    )


def _tanh_slope(spot: Spot) -> bool:
    """Say whether a statement holds 1 − x² for some x."""
    return any(
        _is_slope(part) and any(isinstance(inner, ast.Pow) for inner in ast.walk(part))
        for part in ast.walk(spot.node)
    )


def _head(spot: Spot) -> bool:
    return _has_product(spot) and not spot.looped and not _is_forward(spot)


def _records(spot: Spot) -> bool:
    """Say whether a statement may turn vectors into norms; what speaks of eigenvalues does not."""
    names = set(_called(spot.node))
    return bool(NORMS & names) and not OTHERWISE & names


PREDICATES: Mapping[str, Callable[[Spot], bool]] = {
    "rnn-matrix": _steps_product,
    "rnn-order": lambda spot: _steps_product(spot) and _has_slope(spot),
    "rnn-slope": _has_slope,
    "gru-candidate": _tanh_slope,
}
"""For each group of mistakes, what the statement to look at has; it counts where it is the only."""
