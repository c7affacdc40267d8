"""What the names in a script stand for, as far as its text tells.

Scopes are not told apart: a name has every value it is given anywhere in the file, which errs
towards finding a road where there is one.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any, TypeAlias

DEPTH = 30  # nested expressions followed; hostile ones go deeper than any reader
MOST_VALUES = 32
MOST_PARTS = 200  # put together, or replaced
LONGEST = 4000  # of each part put together: the product of two stays small
LARGEST = 2**64  # of an integer: longer ones have no decimal form that Python would write


Texts: TypeAlias = tuple[str, ...] | None


class Purse:
    """What may still be spent on following one script, in characters and nodes.

    The same long text may stand behind a name that is used ten thousand times; what is left then
    is said to be unclear.
    """

    def __init__(self, left: int = 100_000) -> None:
        self.left = left

    def pays(self, cost: int) -> bool:
        """Spend `cost`; say whether there was enough."""
        self.left -= cost
        return self.left >= 0


class Names:
    """The values of names in one script.

    Attributes
    ----------
    imports : dict of str to str
        The dotted path behind a name bound by an import.
    values : dict of str to list
        The expressions a name is bound to; None stands for one that can't be told (a parameter).
    purse : Purse
        What is left to follow them with, shared with the code in strings.
    """

    def __init__(self, tree: ast.Module, purse: Purse | None = None) -> None:
        self.purse = purse or Purse()
        self.imports: dict[str, str] = {}
        self.values: dict[str, list[ast.expr | None]] = {}
        self._paths: dict[type[ast.expr], Callable[[Any, int], str | None]] = {
            ast.Name: self._name,
            ast.Attribute: self._attribute,
            ast.Subscript: self._entry,
            ast.Call: self._result,
            ast.NamedExpr: lambda node, depth: self.dotted(node.value, depth + 1),
        }
        self._folds: dict[type[ast.expr], Callable[[Any, int], Texts]] = {
            ast.Constant: lambda node, _depth: _text(node.value),
            ast.Name: self._string_name,
            ast.BinOp: self._sum,
            ast.JoinedStr: self._interpolated,
            ast.Subscript: self._slice,
            ast.Call: self._text_call,
        }
        self._strings: dict[str, Texts] = {}
        self._dotted: dict[str, str | None] = {}
        for node in ast.walk(tree):
            self._bind(node)

    def _bind(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                self.imports[bound] = alias.name if alias.asname else bound
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                self.imports[alias.asname or alias.name] = f"{node.module or ''}.{alias.name}"
        elif isinstance(node, ast.arg):
            self.values.setdefault(node.arg, []).append(None)
        else:
            for target, value in _bindings(node):
                self.values.setdefault(target, []).append(value)

    def dotted(self, node: ast.expr, depth: int = 0) -> str | None:
        """Return the dotted path `node` stands for, such as "importlib.import_module", or None.

        A part that can't be told is "?". The prefix `builtins` is dropped where the rest is known.
        """
        follow = self._paths.get(type(node)) if depth <= DEPTH else None
        return follow(node, depth) if follow else None

    def _attribute(self, node: ast.Attribute, depth: int) -> str:
        return _member(self.dotted(node.value, depth + 1), node.attr)

    def _name(self, node: ast.Name, depth: int) -> str | None:
        name = node.id
        if name in self.imports:
            return self.imports[name]
        if name not in self.values:
            return name
        if name not in self._dotted:
            self._dotted[name] = None  # while it is being looked up: `f = f` has no end
            found = (self.dotted(value, depth + 1) for value in self.values[name] if value)
            self._dotted[name] = next((path for path in found if path), name)
        return self._dotted[name]

    def _entry(self, node: ast.Subscript, depth: int) -> str | None:
        table = self.dotted(node.value, depth + 1) or ""
        key = (self.strings(node.slice, depth + 1) or ("?",))[0]
        if table.endswith(".__dict__"):
            return _member(table.removesuffix(".__dict__"), key)
        if table in {"__builtins__", "globals()", "builtins", "sys.modules"}:
            return key
        return None

    def _result(self, call: ast.Call, depth: int) -> str | None:
        function = self.dotted(call.func, depth + 1)
        if function == "getattr" and len(call.args) >= 2:
            key = (self.strings(call.args[1], depth + 1) or ("?",))[0]
            return _member(self.dotted(call.args[0], depth + 1), key)
        if function == "vars" and call.args:
            return _member(self.dotted(call.args[0], depth + 1), "__dict__")
        if function == "globals":
            return "globals()"
        if function in {"__import__", "importlib.import_module"}:
            return (self.imported_by(call) or (None,))[0]
        return None

    def imported_by(self, call: ast.Call) -> Texts:
        """Return the modules a call such as `import_module(name, package)` may name, or None."""
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        name = call.args[0] if call.args else keywords.get("name")
        named = self.strings(name) if name is not None else None
        if named and any(module.startswith(".") for module in named):
            package = call.args[1] if len(call.args) > 1 else keywords.get("package")
            return self.strings(package) if package is not None else None
        return named

    def strings(self, node: ast.expr, depth: int = 0) -> Texts:
        """Return the strings `node` may be, or None where they can't be told."""
        fold = self._folds.get(type(node)) if depth <= DEPTH else None
        return fold(node, depth) if fold else None

    def _interpolated(self, node: ast.JoinedStr, depth: int) -> Texts:
        parts = (v.value if isinstance(v, ast.FormattedValue) else v for v in node.values)
        return self._each(parts, "".join, depth)

    def _each(
        self,
        parts: Iterable[ast.expr],
        combine: Callable[[tuple[str, ...]], str],
        depth: int,
    ) -> Texts:
        options = []
        for part in parts:
            found = self.strings(part, depth + 1)
            if found is None:
                return None
            options.append(found)
        too_long = any(len(text) > LONGEST for option in options for text in option)
        if too_long or len(options) > MOST_PARTS or math.prod(map(len, options)) > MOST_VALUES:
            return None
        made = tuple(combine(combination) for combination in product(*options))
        return made if self.purse.pays(sum(map(len, made))) else None

    def _string_name(self, node: ast.Name, depth: int) -> Texts:
        name = node.id
        if name not in self._strings:
            self._strings[name] = None  # while it is being looked up: `s = s + "x"` has no end
            self._strings[name] = self._union(self.values.get(name, [None]), depth)
        return self._strings[name]

    def _union(self, values: list[ast.expr | None], depth: int) -> Texts:
        found: list[str] = []
        for value in values:
            texts = self.strings(value, depth + 1) if value is not None else None
            if texts is None:
                return None
            found += texts
        return tuple(dict.fromkeys(found)) if len(found) <= MOST_VALUES else None

    def _sum(self, node: ast.BinOp, depth: int) -> Texts:
        if isinstance(node.op, ast.Add):
            return self._each([node.left, node.right], "".join, depth)
        if isinstance(node.op, ast.Mod):
            values = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
            return self._each([node.left, *values], lambda texts: _fill("%s", texts), depth)
        return None

    def _slice(self, node: ast.Subscript, depth: int) -> Texts:
        try:
            index = eval_slice(node.slice)
            return self._each([node.value], lambda texts: texts[0][index], depth)
        except (ValueError, IndexError, TypeError):
            return None

    def _text_call(self, call: ast.Call, depth: int) -> Texts:
        if call.keywords:
            return None
        if self.dotted(call.func, depth + 1) == "chr" and len(call.args) == 1:
            return _character(call.args[0])
        if not isinstance(call.func, ast.Attribute):
            return None
        method, parts = call.func.attr, [call.func.value, *call.args]
        if method == "join" and isinstance(items := parts[-1], ast.List | ast.Tuple):
            parts = [parts[0], *items.elts]
        combine = TEXT_METHODS.get(method)
        return self._each(parts, combine, depth) if combine else None

    def constants(self, node: ast.AST) -> list[str]:
        """Return every string constant inside `node`, following each name once.

        Nothing is returned where the purse does not pay for all of it.
        """
        found: list[str] = []
        seen: set[str] = set()
        stack: list[ast.AST] = [node]
        while stack:
            part = stack.pop()
            if not self.purse.pays(1):
                return []
            if isinstance(part, ast.Constant):
                found += _text(part.value) or ()
            elif isinstance(part, ast.BinOp) and (texts := self.strings(part)):
                found += texts
                continue
            elif isinstance(part, ast.Name) and part.id not in seen:
                seen.add(part.id)
                stack.extend(value for value in self.values.get(part.id, []) if value is not None)
            stack.extend(reversed(list(ast.iter_child_nodes(part))))
        return found if self.purse.pays(sum(map(len, found))) else []


def _bindings(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield the names a statement or a loop binds, each with the expressions it may be."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _unpack(target, node.value)
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
        yield from _unpack(node.target, node.value)
    elif isinstance(node, ast.AugAssign):
        yield from _unpack(node.target, None)
    elif isinstance(node, ast.For | ast.comprehension):
        items = node.iter
        listed = isinstance(items, ast.List | ast.Tuple | ast.Set)
        # A name of more values than these stands for none that could be told.
        values = items.elts[: MOST_VALUES + 1] if listed else [None]  # type: ignore[attr-defined]
        for value in values:
            yield from _unpack(node.target, value)
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield from _unpack(node.optional_vars, None)


def _unpack(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, ast.expr | None]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple | ast.List):
        same = isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts)
        values = value.elts if same and isinstance(value, ast.Tuple | ast.List) else None
        for index, part in enumerate(target.elts):
            yield from _unpack(part, values[index] if values else None)


def _member(base: str | None, name: str) -> str:
    if base in {"builtins", "__builtins__"} and name not in {"?", "__dict__"}:
        return name
    return f"{base or '?'}.{name}"


def _text(value: object) -> Texts:
    if isinstance(value, bytes):
        return (value.decode("latin-1"),)
    return (value,) if isinstance(value, str) else None


def _fill(placeholder: str, texts: tuple[str, ...]) -> str:
    first, *gaps = texts[0].split(placeholder, len(texts) - 1)
    return first + "".join(value + gap for value, gap in zip(texts[1:], gaps, strict=False))


def _character(node: ast.expr) -> Texts:
    value = integer(node)
    return (chr(value),) if value is not None and 0 <= value < 0x110000 else None


def integer(node: ast.expr | None) -> int | None:
    """Return the integer literal `node` is, or None; one beyond `LARGEST` counts for none."""
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        sign, node = -1, node.operand
    if isinstance(node, ast.Constant) and type(node.value) is int and node.value < LARGEST:
        return sign * node.value
    return None


def eval_slice(node: ast.expr) -> slice | int:
    """Return the slice or index that `node` writes with integer literals; raises ValueError."""
    if isinstance(node, ast.Slice):
        return slice(integer(node.lower), integer(node.upper), integer(node.step))
    index = integer(node)
    if index is None:
        raise ValueError("not an integer literal")
    return index


# What a method makes of its own string and its arguments. `format` is not the real one, which obeys
# widths such as {:>999999999}.
TEXT_METHODS: dict[str, Callable[[tuple[str, ...]], str]] = {
    "join": lambda texts: texts[0].join(texts[1:]),
    "decode": lambda texts: texts[0],
    "format": lambda texts: _fill("{}", texts),
    "lower": lambda texts: texts[0].lower(),
    "upper": lambda texts: texts[0].upper(),
    "strip": lambda texts: texts[0].strip(*texts[1:2]),
    "replace": lambda texts: (
        texts[0].replace(*texts[1:], LONGEST // (len(texts[2]) + 1))
        if len(texts) == 3
        else texts[0]
    ),
}
