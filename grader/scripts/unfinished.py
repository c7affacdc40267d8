"""Parts of a script that its author left for later: each `raise NotImplementedError`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from grader.scripts.scan import Script, walk


class Part(NamedTuple):
    """One part still to do: its line, and what the exception says of it."""

    line: int
    said: str


def unfinished(script: Script) -> Iterator[Part]:
    """Yield the parts of one script, in the order of their lines."""
    found = []
    for node in walk(script):
        if not isinstance(node, ast.Raise) or node.exc is None:
            continue
        call = node.exc if isinstance(node.exc, ast.Call) else None
        name = call.func if call is not None else node.exc
        if isinstance(name, ast.Name) and name.id == "NotImplementedError":
            first = call.args[0] if call is not None and call.args else None
            said = first.value if isinstance(first, ast.Constant) else ""
            found.append(Part(node.lineno, str(said)[:120]))
    yield from sorted(found)
