"""Reading a script without running it: what it imports, by whatever road, and what it reaches.

Names are followed as far as a reader would follow them: aliases (`f = __import__`), strings put
together from constants, code inside a string given to `exec`. What can't be followed is said to be
unclear, never guessed.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from grader.model import LoadedFile
from grader.quiet import quiet
from grader.scripts.names import Names, Purse

IMPORTERS = {
    "__import__",
    "importlib.import_module",
    "importlib.__import__",
    "pkgutil.resolve_name",
    "pydoc.locate",
    "runpy.run_module",
}
FINDERS = {"importlib.util.find_spec", "importlib.find_loader", "pkgutil.find_loader"}
FILE_LOADERS = {
    "runpy.run_path",
    "importlib.util.spec_from_file_location",
    "importlib.machinery.SourceFileLoader",
}
EVALUATORS = {"exec", "eval"}
PASSED_ON = {name.rpartition(".")[2] for name in IMPORTERS | {"exec"}}
PROCESSES = re.compile(r"subprocess\.\w+|os\.(system|popen|exec\w+|spawn\w+|posix_spawn\w*)")
IN_COMMAND = re.compile(r"(?:\bfrom|(?<!\w)(?:import|-m))\s+(\w+)(?:[.\w]*\s+import\b)?")
NESTED_CODE = 3  # code in a string in a string: as deep as a reader would follow
MAX_SOURCE = 150_000  # bytes of all scripts together: parsing takes 400 times the memory of a text
MAX_NODES = 60_000  # of all scripts together: a quarter of a script's bytes, as people write
FIRST = "bptt_norm.py"
KEPT = 4
"""Scripts whose trees are kept for the next check: one of `MAX_NODES` takes 30 MB, and the checks
of a submission come one after another."""

Road: TypeAlias = Literal["import", "dynamic", "look-up", "file", "unclear"]


@dataclass(frozen=True, slots=True)
class Import:
    """One road by which other code comes in.

    `road` is "import" (a statement), "dynamic" (a call), "look-up" (asks whether a module exists,
    does not load it), "file" (a script by its file name, held by `module`) or "unclear" (the name
    can't be told; `module` is ""). `how` names the statement or the function.
    """

    module: str
    line: int
    road: Road
    how: str = "import"


@dataclass(frozen=True, slots=True)
class Script:
    """A parsed script; `names` follows its aliases and constants, `size` counts its nodes.

    The tree is empty where the script alone is beyond `MAX_NODES`.
    """

    name: str
    tree: ast.Module
    names: Names
    size: int


def read_all(files: Mapping[str, LoadedFile]) -> tuple[dict[str, Script], list[str]]:
    """Parse scripts, bptt_norm.py first.

    Returns
    -------
    scripts : dict of str to Script
        Those that are Python, by file name.
    left_out : list of str
        Those that were not read because all together are beyond `MAX_SOURCE` or `MAX_NODES`.
    """
    scripts: dict[str, Script] = {}
    left_out: list[str] = []
    bytes_left, nodes_left = MAX_SOURCE, MAX_NODES
    for name in sorted(files, key=lambda name: (name != FIRST, name)):
        bytes_left -= len(files[name].data)
        script = parse(name, files[name].data) if bytes_left >= 0 else None
        nodes_left -= script.size if script is not None else 0
        if bytes_left < 0 or nodes_left < 0:
            left_out.append(name)
        elif script is not None:
            scripts[name] = script
    return scripts, left_out


@functools.lru_cache(maxsize=KEPT)
def parse(name: str, source: bytes | str) -> Script | None:
    """Parse a script, in the encoding it declares; several checks ask for the same one.

    Parameters
    ----------
    name : str
        File name, for reports.
    source : bytes or str
        What the file holds.

    Returns
    -------
    Script or None
        None where it is not Python this interpreter can parse.
    """
    return _parsed(name, source, Purse())


def _parsed(name: str, source: bytes | str, purse: Purse) -> Script | None:
    try:
        with quiet():  # an invalid escape sequence is no error
            tree = ast.parse(source)
        size = sum(1 for _ in ast.walk(tree))
        if size > MAX_NODES:
            tree = ast.Module(body=[], type_ignores=[])
        return Script(name, tree, Names(tree, purse), size)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def written(node: ast.AST) -> str:
    """Return a piece of a script as text, "" where Python would not write it.

    That is what is nested too deeply, and an integer of thousands of digits.
    """
    try:
        return ast.unparse(node)
    except (RecursionError, ValueError):
        return ""


def walk(script: Script) -> Iterator[ast.AST]:
    """Yield every node but those that only a type checker reads (`if TYPE_CHECKING:`)."""
    rebound = "TYPE_CHECKING" in script.names.values
    stack: list[ast.AST] = [script.tree]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, ast.If) and not rebound and _is_type_check(script, node):
            stack.extend(node.orelse)
        else:
            stack.extend(ast.iter_child_nodes(node))


def _is_type_check(script: Script, node: ast.If) -> bool:
    return script.names.dotted(node.test) == "typing.TYPE_CHECKING"


@functools.lru_cache(maxsize=KEPT)
def imports(script: Script) -> tuple[Import, ...]:
    """Return every road by which `script` brings in other code; see `_roads`."""
    return tuple(_roads(script, 0))


def _roads(script: Script, depth: int) -> Iterator[Import]:
    """Yield every road by which `script` brings in other code, in no particular order.

    Parameters
    ----------
    script : Script
    depth : int
        How many strings of code this one is inside.
    """
    handled: set[int] = set()
    for node in walk(script):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, "import") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from _from(node)
        elif isinstance(node, ast.Call):
            handled.add(id(node.func))
            yield from _call(script, node, depth)
        elif isinstance(node, ast.Assign):
            handled.add(id(node.value))  # an alias: followed where it is called
        elif isinstance(node, ast.Subscript):
            yield from _module_table(script, node)
        if isinstance(node, ast.Name | ast.Attribute) and id(node) not in handled:
            yield from _passed_on(script, node)


def _from(node: ast.ImportFrom) -> Iterator[Import]:
    if not node.level:
        yield Import(node.module or "", node.lineno, "import")
        return
    for module in [node.module] if node.module else [alias.name for alias in node.names]:
        yield Import(f"{module.partition('.')[0]}.py", node.lineno, "file")


def _module_table(script: Script, node: ast.Subscript) -> Iterator[Import]:
    if isinstance(node.ctx, ast.Load) and script.names.dotted(node.value) == "sys.modules":
        for module in script.names.strings(node.slice) or ():
            yield Import(module, node.lineno, "dynamic", "sys.modules")


def _passed_on(script: Script, node: ast.Name | ast.Attribute) -> Iterator[Import]:
    if isinstance(node.ctx, ast.Load):
        if isinstance(node, ast.Attribute) and node.attr not in PASSED_ON:
            return
        function = script.names.dotted(node)
        if function in IMPORTERS | {"exec"}:
            yield Import("", node.lineno, "unclear", function)


def _call(script: Script, call: ast.Call, depth: int) -> Iterator[Import]:
    function = script.names.dotted(call.func) or ""
    reader: Callable[[Script, ast.Call, str], Iterator[Import]]
    if function in IMPORTERS:
        reader = _importer
    elif function in FINDERS:
        reader = _finder
    elif function in FILE_LOADERS:
        reader = _file_loader
    elif PROCESSES.fullmatch(function):
        reader = _process
    elif function in EVALUATORS:
        yield from _evaluator(script, call, function, depth)
        return
    elif function in {"importlib.?", "builtins.?"}:
        yield Import("", call.lineno, "unclear", function)
        return
    else:
        return
    yield from reader(script, call, function)


def _importer(script: Script, call: ast.Call, function: str) -> Iterator[Import]:
    named = script.names.imported_by(call)
    if named is None:
        yield Import("", call.lineno, "unclear", function)
    for module in named or ():
        yield Import(module.replace(":", "."), call.lineno, "dynamic", function)


def _finder(script: Script, call: ast.Call, function: str) -> Iterator[Import]:
    road: Road = "dynamic" if _loads(script) else "look-up"
    for module in script.names.imported_by(call) or ():
        yield Import(module, call.lineno, road, function)


@functools.lru_cache(maxsize=KEPT)
def _loads(script: Script) -> bool:
    """Say whether what was found is loaded anywhere in a script."""
    return any(
        isinstance(node, ast.Attribute | ast.Name)
        and (script.names.dotted(node) or "").endswith(("module_from_spec", "load_module"))
        for node in ast.walk(script.tree)
    )


def _file_loader(script: Script, call: ast.Call, function: str) -> Iterator[Import]:
    files = _files(script, call)
    if not files:
        yield Import("", call.lineno, "unclear", function)
    for file in files:
        yield Import(file, call.lineno, "file", function)


def _files(script: Script, call: ast.Call) -> list[str]:
    """Return the `.py` files named anywhere in a call, without their folders."""
    texts = (part for text in script.names.constants(call) for part in text.split())
    return [re.split(r"[/\\]", text)[-1] for text in texts if text.endswith(".py")]


def _process(script: Script, call: ast.Call, function: str) -> Iterator[Import]:
    texts = script.names.constants(call)
    if not texts:
        yield Import("", call.lineno, "unclear", function)
    for module in IN_COMMAND.findall(" ".join(texts)):
        yield Import(module, call.lineno, "dynamic", function)
    for file in _files(script, call):
        yield Import(file, call.lineno, "file", function)


def _evaluator(script: Script, call: ast.Call, function: str, depth: int) -> Iterator[Import]:
    source = call.args[0] if call.args else None
    if isinstance(source, ast.Call) and script.names.dotted(source.func) == "compile":
        source = source.args[0] if source.args else None
    codes = script.names.strings(source) if source is not None else ()
    files = _files(script, call) if codes is None else []
    for file in files:
        yield Import(file, call.lineno, "file", function)
    pays = script.names.purse.pays(sum(len(code) + 100 for code in codes or ()))
    if (codes is None and not files) or depth >= NESTED_CODE or not pays:
        yield Import("", call.lineno, "unclear", function)
        return
    for code in codes or ():
        inner = _parsed(script.name, code.strip(), script.names.purse)
        for found in _roads(inner, depth + 1) if inner else ():
            yield replace(found, line=call.lineno, road=_inside(found.road), how=function)


def _inside(road: Road) -> Road:
    return "dynamic" if road == "import" else road


def reached(scripts: Mapping[str, Script], entries: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the scripts that running `entries` brings in, the entries first.

    Parameters
    ----------
    scripts : mapping of str to Script
        By file name; what is not in it stands outside the submission's folder.
    entries : tuple of str
        File names of the scripts that are run.
    """
    found: list[str] = []
    waiting = [entry for entry in entries if entry in scripts]
    while waiting:
        name = waiting.pop(0)
        if name in found:
            continue
        found.append(name)
        for road in imports(scripts[name]):
            file = road.module if road.road == "file" else f"{road.module.partition('.')[0]}.py"
            if file in scripts:
                waiting.append(file)
    return tuple(found)
