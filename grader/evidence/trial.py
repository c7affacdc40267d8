"""Each layer of a tier put to the test in a real child: what it allows, and what it refuses."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.evidence.sandbox import Child, ChildDiedError
from grader.isolation.places import INSIDE, environment
from grader.isolation.refusal import IsolationRefusedError
from grader.isolation.tiers import Protection

SCRIPT = "trial.py"
ENOUGH_S, SHORT_S = 30.0, 0.5
FORBIDDEN = {
    "landlock": {"EACCES"},
    "seccomp": {"EPERM"},
    "namespaces": {"ENOENT"},
    "memory_disk": {"ENOSPC"},
}
"""The errors by which a layer refuses, where another layer might have refused in its place."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One layer: whether it allowed what a script needs, and refused what it must not do.

    `said` holds each attempt's outcome, "done" or the name of an error.
    """

    layer: str
    allowed: bool
    refused: bool
    said: Mapping[str, str]

    @property
    def works(self) -> bool:
        """Whether the layer does both."""
        return self.allowed and self.refused


def try_layers(protection: Protection) -> tuple[Tried, ...] | IsolationRefusedError:
    """Try every layer of a tier; return why where not even the child could be set up."""
    with tempfile.TemporaryDirectory(prefix="vangrad-outside-") as name:
        outside = Path(name).resolve() / "outside.txt"
        outside.write_text("not yours", encoding="utf-8")
        os.chmod(name, 0o755)  # noqa: S103, PTH101 - only a layer may keep a child out, no permission
        try:
            tried = _attempts(protection, str(outside))
            stopped = _stopped(protection, str(outside))
        except IsolationRefusedError as error:
            return error
    found = []
    for layer in protection.isolation.layers:
        said = {name: how for name, how in tried.items() if name.partition(".")[0] == layer}
        if layer == "time":
            found.append(Tried(layer, allowed=bool(tried), refused=stopped, said={}))
        else:
            found.append(_judged(layer, said))
    return tuple(found)


def _judged(layer: str, said: Mapping[str, str]) -> Tried:
    errors = FORBIDDEN.get(layer)
    good = [how for name, how in said.items() if ".allowed" in name]
    bad = [how for name, how in said.items() if ".refused" in name]
    refused = [how != "done" if errors is None else how in errors for how in bad]
    return Tried(
        layer,
        allowed=bool(good) and all(how == "done" for how in good),
        refused=bool(bad) and all(refused),
        said=dict(said),
    )


def _files(protection: Protection, outside: str, *, forever: bool) -> dict[str, bytes]:
    asked = {
        "layers": [] if forever else list(protection.isolation.layers),
        "parent": os.getpid(),
        "session": os.getsid(0) if hasattr(os, "getsid") else 0,
        "variable": next((n for n in os.environ if n not in environment("")), ""),
        "outside": outside,
        "forever": forever,
    }
    return {SCRIPT: (INSIDE / SCRIPT).read_bytes(), "asked.json": json.dumps(asked).encode()}


def _request(child: Child) -> dict[str, object]:
    home = child.home
    return {"op": "run", "folder": home, "cwd": home, "script": SCRIPT, "name": "__main__"}


def _attempts(protection: Protection, outside: str) -> dict[str, str]:
    files = _files(protection, outside, forever=False)
    with Child(protection, files, ENOUGH_S) as child:
        try:
            child.ask(_request(child), timeout_s=ENOUGH_S)
        except ChildDiedError:
            return {}
        data = child.read(("tried.json",), 1 << 16)
    return json.loads(data) if data is not None else {}


def _stopped(protection: Protection, outside: str) -> bool:
    """Say whether a script that never ends is ended in time."""
    files = _files(protection, outside, forever=True)
    with Child(protection, files, ENOUGH_S) as child:
        started = child.begun()
        try:
            child.ask(_request(child), timeout_s=SHORT_S)
        except ChildDiedError as died:
            return died.death == "timeout" and time.monotonic() - started < ENOUGH_S
    return False
