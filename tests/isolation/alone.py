"""One script in one child of a tier: what it came to, what it left, whether it was kept in."""

import functools
from dataclasses import dataclass

import pytest

from grader.evidence.rerun import raised_from
from grader.evidence.sandbox import Child, ChildDiedError
from grader.facts import Raised
from grader.isolation.policy import Wish, protection
from grader.isolation.refusal import IsolationRefusedError

SCRIPT = "script.py"


@dataclass(frozen=True)
class Ended:
    """How a script ended: `death` is "" where it came to its end or raised."""

    death: str
    status: int | None
    raised: Raised | None
    left: bytes | None
    files: dict
    home: str


@functools.cache
def protected(tier):
    """Return the protection of a tier, or skip the test where the machine lacks it."""
    try:
        return protection(Wish(tier))
    except IsolationRefusedError as error:
        pytest.skip(f"tier {tier} is not to be had here: {', '.join(error.lacking)}")


def alone(tier, source, timeout_s=20.0, **files):
    """Run a script in a child of a tier; what it wrote to `out` is read back."""
    given = {SCRIPT: source.encode(), **{name: text.encode() for name, text in files.items()}}
    with Child(protected(tier), given, timeout_s) as child:
        request = {"op": "run", "folder": child.home, "cwd": child.home, "script": SCRIPT}
        death, status, raised = "", None, None
        try:
            answer, _ = child.ask({**request, "name": "__main__"}, timeout_s=timeout_s)
            raised, status = raised_from(answer["raised"]), answer["exit_status"]
        except ChildDiedError as died:
            death, status = died.death, died.exit_status
        left = child.read(("out",), 1 << 20)
        return Ended(death, status, raised, left, child.files(), child.home)
