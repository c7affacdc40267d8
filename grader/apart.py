"""Checks of texts in a second process, while this one looks at everything else.

Reading prose and code takes as long as all other checks of files together: with two processors, a
grade from files takes half the time. Only the command line does so, in a process of its own without
threads.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO, NoReturn, TypeAlias

from grader.model import Finding, Material
from grader.runner import Seek, findings

Found: TypeAlias = Mapping[str, tuple[Finding, ...]]

TEXTS = (
    *("readme.questions", "readme.read", "readme.numbers"),
    *("constraints.framework", "constraints.training", "constraints.same_inputs"),
)
"""Checks that read the write-up or the script, and need no NumPy."""


def is_possible() -> bool:
    """Say whether this system can fork a process safely, and has a processor to spare for it."""
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1


@contextmanager
def apart(material: Material, codes: Sequence[str]) -> Iterator[Seek]:
    """Seek the findings of `codes` in a child of this process, which must have no other threads.

    Yields what seeks the findings of any check: those of `codes` are waited for, others found here.
    Without an answer from the child, or without a child, they are found here too.
    """
    # Files ask for little linear algebra: threads for it would take the processor from the child.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    reader, writer = os.pipe()
    try:
        child = os.fork()
    except OSError:  # no more processes for this user
        os.close(reader)
        os.close(writer)
        yield findings
        return
    if not child:
        _answer(writer, material, codes)
    os.close(writer)
    found: Found | None = None

    def seek(code: str, asked: Material) -> tuple[Finding, ...]:
        nonlocal found
        if code not in codes:
            return findings(code, asked)
        if found is None:
            found = _heard(stream)
        return found[code] if code in found else findings(code, asked)

    with os.fdopen(reader, "rb") as stream:
        try:
            yield seek
        finally:
            os.kill(child, signal.SIGKILL)  # of nobody's interest any more; a zombie, mostly
            os.waitpid(child, 0)


def _answer(writer: int, material: Material, codes: Sequence[str]) -> NoReturn:
    """Find, write and end, whatever happens: nothing else of this program runs in the child."""
    try:
        found: Found = {code: findings(code, material) for code in codes}
        with os.fdopen(writer, "wb") as stream:
            pickle.dump(found, stream)
    finally:
        os._exit(0)


def _heard(stream: BinaryIO) -> Found:
    """Return what the child wrote; nothing if it ended before."""
    try:
        found: Found = pickle.load(stream)  # noqa: S301 - from a child that runs our code alone
    except (EOFError, pickle.UnpicklingError):
        return {}
    return found
