"""Finding where a script changes its weights by a gradient times a rate: training.

What looks alike and is none: finite differences (`W[i, j] += eps`), gradients that add up
(`dW += …`), initialisation (`W *= 0.9 / rho`), power iteration. Names are the evidence, so a find
is "sure" only where target, gradient and rate are all named as such, or where the code calls it
training itself.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from grader.scripts.scan import KEPT, Script, walk, written

WEIGHT = re.compile(
    r"(?!(?:d|grad|g_|delta)[A-Z_])"
    r"(?:[WUVE](?:_?\w{0,6})?|[WUVE]_\w+|w|b|b_\w+|p|param|theta\w*"
    r"|\w*(?:weights?|params?|parameters|bias(?:es)?|embeddings?))"
)
GRADIENT = re.compile(
    r"d[A-Z]\w*|d_?(?:w|b|u|v|theta|param)\w*|g|\w*grads?(?:_\w+)?|\w*gradients?|m_?hat|velocity"
)
RATE = re.compile(
    r"lr|lr_\w+|\w+_lr|learn(?:ing)?_?rate|LR|LEARNING_RATE|step_size|tasa\w*", re.IGNORECASE
)
WEAK_RATE = re.compile(r"alpha|eta|rate|mu", re.IGNORECASE)
NUDGE = re.compile(r"eps\w*|h|delta\w*|step|tol\w*|perturb\w*", re.IGNORECASE)
CALLED_TRAINING = re.compile(
    r"(?:^|_)(?:train\w*|fit|epochs?|sgd|adam|optimi[sz]\w*|entren\w*|epocas?)(?:_|$)"
)
OPTIMISER = re.compile(r"opt|optim\w*|sgd|adam\w*|trainer|rmsprop", re.IGNORECASE)


LONGEST = 200  # characters of what surrounds a statement
MOST_NODES = 150  # of what a statement adds to a weight


@dataclass(frozen=True, slots=True)
class Update:
    """One place where weights are changed: sure, or only looking like it."""

    line: int
    text: str
    sure: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """What surrounds a statement."""

    in_loop: bool = False
    words: str = ""
    function: str = ""
    switched: bool = False


@lru_cache(maxsize=KEPT)
def updates(script: Script, called: frozenset[str]) -> tuple[Update, ...]:
    """Return the statements of `script` that change weights along a gradient, by line.

    Parameters
    ----------
    script : Script
    called : frozenset of str
        The names used anywhere in the scripts that run: a function nobody names trains nothing.

    Source
    ------
    The lab, "Constraints": "No training. Random-init models."
    """
    return tuple(sorted(_updates(script, called), key=lambda update: update.line))


def _updates(script: Script, called: frozenset[str]) -> Iterator[Update]:
    stack: list[tuple[ast.AST, _Place]] = [(script.tree, _Place())]
    while stack:
        node, place = stack.pop()
        found = _optimiser(node) if isinstance(node, ast.Call) else _update(node)
        if found is not None:
            doubted = place.switched or (place.function and place.function not in called)
            sure = found.sure or (found.likely and bool(CALLED_TRAINING.search(place.words)))
            yield Update(found.line, found.text, sure and place.in_loop and not doubted)
            if isinstance(node, ast.Call):
                continue  # what it is made of is part of it
        within = _around(node, place)
        stack.extend((child, within) for child in ast.iter_child_nodes(node))


@lru_cache(maxsize=KEPT)
def names_used(script: Script) -> frozenset[str]:
    """Return every name and attribute that `script` reads."""
    names: set[str] = set()
    for node in walk(script):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
    return frozenset(names)


@dataclass(frozen=True, slots=True)
class _Found:
    line: int
    text: str
    sure: bool
    likely: bool


def _around(node: ast.AST, place: _Place) -> _Place:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return replace(place, function=node.name, words=_beside(place, f"_{node.name}"))
    if isinstance(node, ast.For):
        return replace(place, in_loop=True, words=_beside(place, f"_{written(node.target)}_"))
    if isinstance(node, ast.While | ast.comprehension | ast.DictComp):
        return replace(place, in_loop=True)
    if isinstance(node, ast.If) and CALLED_TRAINING.search("_".join(_words(node.test)).lower()):
        return replace(place, switched=True)
    return place


def _beside(place: _Place, words: str) -> str:
    return (place.words + words[:LONGEST])[-10 * LONGEST :]


def _words(node: ast.AST) -> list[str]:
    """Return the names inside `node`, attributes included."""
    found = []
    for part in islice(ast.walk(node), MOST_NODES):
        if isinstance(part, ast.Name):
            found.append(part.id)
        elif isinstance(part, ast.Attribute):
            found.append(part.attr)
    return found


def _root(node: ast.expr) -> str:
    """Return the name of what is changed: `W` for `W[i]`, `W_hh` for `self.W_hh[:]`."""
    while isinstance(node, ast.Subscript):
        node = node.value
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _update(node: ast.AST) -> _Found | None:
    """Recognise `W -= c * g`, `W = W - c * g`, `W += -c * g` and comprehensions of them."""
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Sub | ast.Add):
        return _judge(node, node.target, node.value)
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        value = node.value
        if isinstance(value, ast.DictComp):
            value = value.value
        left, right = _difference(value)
        target = _root(node.targets[0])
        if left is not None and right is not None and target and _root(left) == target:
            return _judge(node, node.targets[0], right)
    return None


def _difference(value: ast.expr) -> tuple[ast.expr | None, ast.expr | None]:
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Sub | ast.Add):
        return value.left, value.right
    if isinstance(value, ast.Call) and len(value.args) >= 2 and _ends(value.func, {"subtract"}):
        return value.args[0], value.args[1]
    return None, None


def _ends(function: ast.expr, names: set[str]) -> bool:
    return isinstance(function, ast.Attribute) and function.attr in names


def _judge(node: ast.stmt | ast.Call, target: ast.expr, change: ast.expr) -> _Found | None:
    if not WEIGHT.fullmatch(_root(target)) or not _is_product(change):
        return None
    words = _words(change)
    rate = any(RATE.fullmatch(word) for word in words)
    if any(NUDGE.fullmatch(word) for word in words) and not rate:
        return None
    gradient = any(GRADIENT.fullmatch(word) for word in words)
    weak = any(WEAK_RATE.fullmatch(word) for word in words)
    if not (rate or gradient):
        return None
    return _Found(node.lineno, written(node), rate or (gradient and weak), gradient)


def _is_product(node: ast.expr) -> bool:
    return any(
        isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mult | ast.Div)
        for part in islice(ast.walk(node), MOST_NODES)
    )


def _optimiser(call: ast.Call) -> _Found | None:
    """Recognise `optimiser.step()` and `np.subtract(W, c * g, out=W)`."""
    if _ends(call.func, {"subtract"}) and len(call.args) >= 2:
        out = next((word.value for word in call.keywords if word.arg == "out"), None)
        if out is not None and _root(out) == _root(call.args[0]):
            return _judge(call, out, call.args[1])
    steps = _ends(call.func, {"step", "zero_grad"})
    if steps and OPTIMISER.fullmatch(_root(getattr(call.func, "value", call.func))):
        return _Found(call.lineno, written(call), sure=True, likely=True)
    return None
