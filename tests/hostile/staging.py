"""The submission of an attack: a complete folder of the corpus with the attack planted."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
import textwrap
from collections.abc import Sequence
from pathlib import Path

from grader import corpus
from tests.hostile.arena import Arena, own
from tests.hostile.attacks import ALL
from tests.hostile.model import Attack, Place

SCRIPT = "bptt_norm.py"
ANCHORS: dict[Place, tuple[str, bool]] = {
    "top": ("import numpy as np\n", False),
    "main": ("def main():\n", True),
    "written": ("    plot(curves)\n", True),
    "step": ("def step(kind, params, token_id, h_prev):\n", True),
    "bptt": ('    """dh[t] = dL/dh_t for t = 0 .. T; only the last step has a loss."""\n', True),
    "init": ("def init_params(kind, seed):\n", True),
    "bottom": ('if __name__ == "__main__":\n    main()\n', False),
}
"""The line after which a piece of code goes, and whether it stands inside a function."""

SHARED = """
from types import SimpleNamespace
A = SimpleNamespace(**{known!r})
MARK = {mark!r}
LOOT = []
"""
QUIET = """
def _attack(MARK):
{body}
try:
    if _attack({mark!r}):
        LOOT.append({mark!r})
except BaseException:
    pass
"""
HOME = """
raise RuntimeError(" ".join(["LOOT", *LOOT, "END"]))
"""


def mark_of(attack: Attack) -> str:
    """Return the mark by which an attack's traces are known."""
    return f"vgx{[one.name for one in ALL].index(attack.name):03d}"


def case_of(attack: Attack) -> corpus.Case:
    """Return the case of the corpus that an attack is planted in, changed as its edits say."""
    case = corpus.by_name(attack.base)
    edits = (*case.edits, *((SCRIPT, edit) for edit in attack.edits))
    return dataclasses.replace(case, name=f"hostile-{attack.name}", edits=edits)


def stage(arena: Arena, attacks: Sequence[Attack]) -> Path:
    """Write the submission of one attack, or of several quiet ones, into the arena."""
    first = attacks[0]
    case = case_of(first)
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copytree(case.write(Path(scratch)), arena.here)
    script = arena.here / SCRIPT
    script.write_text(planted(script.read_text(), arena, attacks))
    for name, text in first.files.items():
        target = arena.here / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
    if first.change is not None:
        first.change(arena.here)
    own(arena)
    return arena.here


def planted(source: str, arena: Arena, attacks: Sequence[Attack]) -> str:
    """Return the script with the attacks in it."""
    first = attacks[0]
    known = arena.known_to_attacks()
    if not first.code:
        return source
    shared = SHARED.format(known=known, mark=mark_of(first))
    if first.quiet:
        bodies = (
            QUIET.format(body=textwrap.indent(one.code, "    "), mark=mark_of(one))
            for one in attacks
        )
        return _after(source, "top", shared + "".join(bodies)) + HOME
    source = _after(source, "top", shared)
    if first.place == "top":
        return source.replace(shared, shared + first.code + "\n", 1)
    return _after(source, first.place, first.code)


def _after(source: str, place: Place, code: str) -> str:
    anchor, inside = ANCHORS[place]
    if source.count(anchor) != 1:
        raise ValueError(f"{source.count(anchor)} places {place}")
    text = textwrap.indent(code, "    ") if inside else code
    return source.replace(anchor, f"{anchor}{text.rstrip()}\n", 1)
