"""What an attack is: a piece of a student's script, where it goes, and what it must not do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Place = Literal["top", "main", "written", "step", "bptt", "bottom", "init", "none"]
"""Where the code goes: below the imports, at the start or after the last line of main(), at the
start of a function ("init": init_params), at the end of the script, or nowhere."""

Aim = Literal["harm", "pass", "fair"]
"""harm: planted in a wrong submission, must change nothing. pass: tries to have a wrong gradient
passed. fair: a right submission that must not be refused."""


@dataclass(frozen=True)
class Attack:
    """One attack.

    `code` of a `quiet` one is the body of a function that returns whether it succeeded; many quiet
    ones share a run. The names A (paths and ports of the arena), MARK (the attack's own mark) and
    LOOT (what is brought home, in an exception the report shows) are there for all. `open_in`
    lists the tiers that are known not to stop it, with the reason in `because`; in those of
    `varies_in` it depends on the kernel and its settings. `edits` change the
    script before the run that makes its artefacts. A change of a path that holds `touches` is this
    attack's doing, where no mark says whose it is. In the tiers of `varies_in` the kernel and its
    settings decide.
    """

    name: str
    about: str
    code: str = ""
    place: Place = "top"
    quiet: bool = False
    aim: Aim = "harm"
    base: str = "columns-rnn-w-not-transposed"
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    change: Callable[[Path], None] | None = None
    edits: tuple[tuple[str, str], ...] = ()
    timeout_s: float = 60.0
    open_in: str = ""
    because: str = ""
    touches: str = ""
    varies_in: str = ""
    family: str = ""


def quiet(
    name: str, about: str, code: str, open_in: str = "", because: str = "", **more: str
) -> Attack:
    """Return an attack that can share its run with others; `more` are fields of `Attack`."""
    return Attack(name, about, code, quiet=True, open_in=open_in, because=because, **more)
