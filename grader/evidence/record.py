"""The child that runs a script once and writes down its arithmetic.

Started like `worker.py`, with whose frames it answers the one request `record`. Every call in the
script, and in modules imported from its folder, passes through a hook that gives ids to the arrays
which come from outside and sees to the few functions that would drop them.
"""

from __future__ import annotations

import ast
import builtins
import importlib.abc
import importlib.machinery
import math
import os
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - before anything is imported
sys.path.insert(0, HERE)  # for our neighbours, by name; the folder leaves the path again
import worker  # type: ignore[import-not-found]  # noqa: E402 - from the folder above

# The worker brings the path on which NumPy is.
# isort: split
import ledger  # type: ignore[import-not-found]  # noqa: E402 - from the folder above
import listening  # type: ignore[import-not-found]  # noqa: E402 - as above
import methods  # type: ignore[import-not-found]  # noqa: E402, F401 - as above; it adds them
import stubs  # type: ignore[import-not-found]  # noqa: E402 - as above
import tracing  # type: ignore[import-not-found]  # noqa: E402 - as above

sys.path.remove(HERE)

import numpy as np  # noqa: E402 - after our neighbours, which import it

for _name in ("worker", "tracing", "ledger", "listening", "methods", "stubs", "ufuncs"):
    del sys.modules[_name]  # names that a submission may use for its own modules

HOOK = "__vangrad_heard__"
UNHOOKED = frozenset({"super", "locals", "globals", "vars", "dir", "eval", "exec", "__import__"})
MATH = {
    math.tanh: np.tanh,
    math.exp: np.exp,
    math.log: np.log,
    math.sqrt: np.sqrt,
    math.log10: np.log10,
    math.log2: np.log2,
    math.log1p: np.log1p,
    math.expm1: np.expm1,
    math.fabs: np.absolute,
    math.pow: np.power,
    math.sinh: np.sinh,
    math.cosh: np.cosh,
}
ARRAYS = (np.array, np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray)
NUMBERS = (float, np.float64, np.float32, np.double)
PASSED = (dict, list, tuple, set, zip, enumerate, map, filter, reversed, sorted, iter, next, print)


class Hooked(ast.NodeTransformer):
    """Turns each call f(a) into hook(f, a)."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Wrap one call."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in UNHOOKED:
            return node
        hook = ast.Name(HOOK, ast.Load())
        return ast.copy_location(ast.Call(hook, [node.func, *node.args], node.keywords), node)


def compiled(path: str) -> types.CodeType:
    """Return the code of a file with every call hooked."""
    tree = Hooked().visit(ast.parse(Path(path).read_bytes(), path))
    return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)


class Loader(importlib.machinery.SourceFileLoader):
    """Loads modules of the submission with their calls hooked."""

    def get_code(self, fullname: str) -> types.CodeType:
        """Return the hooked code of one module."""
        return compiled(self.get_filename(fullname))

    def exec_module(self, module: types.ModuleType) -> None:
        """Run the module with the hook in its namespace."""
        module.__dict__[HOOK] = heard
        super().exec_module(module)


def _own(function: Any) -> bool:  # noqa: ANN401 - anything callable
    """Say whether `function` is the student's own: what it computes was heard inside."""
    function = getattr(function, "__func__", function)
    code = getattr(function, "__code__", None)
    if code is not None:
        return str(code.co_filename).startswith(tracing.RECORDER.folder)
    if isinstance(function, type):
        module = sys.modules.get(function.__module__)
        return str(getattr(module, "__file__", "")).startswith(tracing.RECORDER.folder)
    return not isinstance(function, (types.BuiltinFunctionType, np.ufunc)) and not str(
        getattr(function, "__module__", None) or type(function).__module__
    ).startswith(("numpy", "builtins", "math"))


def heard(function: Any, /, *args: Any, **keywords: Any) -> Any:  # noqa: ANN401 - any call of a stranger
    """Do what `function(*args, **keywords)` does, and keep hold of ids."""
    try:
        special = SPECIAL.get(function)
    except Exception:  # noqa: BLE001 - what cannot be hashed or compared is nobody we know
        special = None
    if special is not None and not tracing.RECORDER.stopped:
        return special(function, args, keywords)
    if any(type(x) in (list, tuple) for x in args) and _is_numpy(function):
        args = tuple(_gathered(x) for x in args)
    result = function(*args, **keywords)
    kind = type(result)
    if kind is np.ndarray or kind in (list, tuple, np.float64, float):
        return _taken_in(function, args, keywords, result)
    return result


def _is_numpy(function: Any) -> bool:  # noqa: ANN401 - any call
    """Say whether this is a function of NumPy's that takes an array and not a list of arrays."""
    name = getattr(function, "__name__", "")
    return isinstance(function, np.ufunc) or (
        name in listening.FUNCTIONS and str(getattr(function, "__module__", "")).startswith("numpy")
    )


def _gathered(value: Any) -> Any:  # noqa: ANN401 - any argument
    """Make one array of a list with ids in it, as NumPy would, but with the ids."""
    if type(value) in (list, tuple) and next(tracing.listeners(value), None) is not None:
        return listening.as_array(np.array, (value,), {})
    return value


def _taken_in(function: Any, args: Any, keywords: Any, result: Any) -> Any:  # noqa: ANN401 - any call
    """Give ids to what a call from outside brought in."""
    recorder = tracing.RECORDER
    if recorder.stopped or any(function is known for known in PASSED) or _own(function):
        return result
    given = list(tracing.listeners((*args, *keywords.values())))
    me = getattr(function, "__self__", None)
    if isinstance(me, (tracing.Traced, tracing.Scalar)):
        given.insert(0, me)
    name = getattr(function, "__name__", type(function).__name__)
    if given and name not in listening.DATA_ONLY:
        if type(result) in (list, tuple):
            return type(result)(
                listening.external(name, given, x) if _bare(x) else x for x in result
            )
        return listening.external(name, given, result) if _bare(result) else result
    if type(result) in (list, tuple):
        return type(result)(recorder.leaf(x, name) if _array(x) else x for x in result)
    return recorder.leaf(result, name) if _array(result) else result


def _bare(value: Any) -> bool:  # noqa: ANN401 - anything
    return type(value) in (np.ndarray, float, np.float64) and np.asarray(value).dtype.kind == "f"


def _array(value: Any) -> bool:  # noqa: ANN401 - anything
    return type(value) is np.ndarray and value.dtype.kind == "f" and value.itemsize <= 8


def _as_array(function: Any, args: Any, keywords: Any) -> Any:  # noqa: ANN401 - np.array
    if args and next(tracing.listeners(args[0]), None) is not None:
        return listening.as_array(function, args, keywords)
    result = function(*args, **keywords)
    return tracing.RECORDER.leaf(result, function.__name__) if _array(result) else result


def _as_number(function: Any, args: Any, keywords: Any) -> Any:  # noqa: ANN401 - float(x)
    if len(args) == 1 and isinstance(args[0], tracing.Scalar):
        return args[0]
    if len(args) == 1 and isinstance(args[0], tracing.Traced) and args[0].size == 1:
        return args[0].reshape(())[()]
    return function(*args, **keywords)


def _as_math(function: Any, args: Any, keywords: Any) -> Any:  # noqa: ANN401 - math.tanh(x)
    result = function(*args, **keywords)
    if next(tracing.listeners(args), None) is None or (function is math.log and len(args) > 1):
        return result
    return tracing.RECORDER.operation(MATH[function].__name__, args, result)


def _as_type(function: Any, args: Any, keywords: Any) -> Any:  # noqa: ANN401 - type(x)
    known = {tracing.Traced: np.ndarray, tracing.Scalar: np.float64}
    result = function(*args, **keywords)
    return known.get(result, result) if len(args) == 1 else result


def _as_instance(function: Any, args: Any, keywords: Any) -> Any:  # noqa: ANN401 - isinstance(x, …)
    if len(args) == 2 and isinstance(args[0], tracing.Scalar):
        args = (np.float64(args[0]), args[1])
    return function(*args, **keywords)


SPECIAL: dict[Any, Callable[..., Any]] = {
    **dict.fromkeys(ARRAYS, _as_array),
    **dict.fromkeys(NUMBERS, _as_number),
    **dict.fromkeys(MATH, _as_math),
    type: _as_type,
    isinstance: _as_instance,
}


def run(header: dict[str, Any]) -> dict[str, Any]:
    """Run the scripts, hooked; return how the last one ended."""
    folder, root = header["folder"], header["root"]
    os.chdir(header["cwd"])
    sys.meta_path.insert(0, stubs.Stubs())
    hook = importlib.machinery.FileFinder.path_hook((Loader, [".py"]))
    sys.path_hooks.insert(0, lambda path: hook(path) if str(path).startswith(root) else _refuse())
    sys.path.insert(0, folder)
    raised = None
    for script in header["scripts"]:
        path = str(Path(folder, script))
        sys.argv = [script if header["cwd"] == folder else path]
        module = types.ModuleType("__main__")
        module.__dict__.update({"__file__": path, "__builtins__": builtins, HOOK: heard})
        sys.modules["__main__"] = module
        try:
            exec(compiled(path), module.__dict__)  # noqa: S102 - running the script is the purpose
        except SystemExit:
            pass
        except BaseException as error:  # noqa: BLE001 - anything a stranger's script may raise
            raised = raised or worker.describe(error, folder)
    return {"raised": raised}


def _refuse() -> Any:  # noqa: ANN401 - never returns
    raise ImportError


def packed(recorder: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:  # noqa: ANN401 - tracing.Recorder
    """Return the recording as header and arrays: the form of `schemas/recording.schema.json`."""
    shapes: dict[tuple[int, ...], int] = {}
    rows, ids, constants = [], [], []
    for shape, flat, values in recorder.tables:
        rows.append((shapes.setdefault(shape, len(shapes)), len(values) // 8))
        ids.append(flat)
        constants.append(values)
    words = list(recorder.words)
    header = {
        "words": words,
        "shapes": [list(shape) for shape in shapes],
        "lost": recorder.lost,
        "exact": recorder.exact,
        "stopped": recorder.stopped,
    }
    arrays = {
        "values": recorder.values[: recorder.count],
        "tables": np.array(rows, dtype="<i8").reshape(-1, 2),
        "ids": np.frombuffer(b"".join(ids), dtype="<i8"),
        "constants": np.frombuffer(b"".join(constants), dtype="<f8"),
        "operations": np.array(recorder.operations, dtype="<i8").reshape(-1, 7),
        "operands": np.array(recorder.operands, dtype="<i8"),
        "leaves": np.array(recorder.leaves, dtype="<i8").reshape(-1, 4),
    }
    return header, arrays


def main() -> None:
    """Answer one request to record, then end."""
    requests, answers = worker.streams()
    worker.send(answers, worker.STARTED, {})
    header, _ = worker.receive(requests)
    recorder = ledger.begin(header["root"])
    ended = run(header)
    said, arrays = packed(recorder)
    worker.send_exactly(answers, {"id": header["id"], **ended, **said}, arrays)
    os._exit(0)


if __name__ == "__main__":
    main()
