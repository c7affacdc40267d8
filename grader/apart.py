"""Checks of texts and of schemas in a second process, while this one looks at everything else.

Reading prose and code takes as long as all other checks of files together: with two processors, a
grade from files takes half the time. Only the command line does so, in a process of its own without
threads, and before it imports anything that one of the two can do without.
"""

from __future__ import annotations

import importlib
import os
import pickle
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import BinaryIO, NoReturn

from grader.model import Finding, Material
from grader.runner import find_check, findings

SCHEMAS = ("decay.schema", "manifest.schema")
"""Checks that ask a JSON Schema; others require them."""

TEXTS = (
    *("readme.questions", "readme.read", "readme.numbers"),
    *("constraints.framework", "constraints.training", "constraints.same_inputs"),
)
"""Checks that read the write-up or the script, and need no NumPy."""

LIBRARIES = ("markdown_it",)
"""What these checks import when they are first used."""


class Companion:
    """A child of this process that is asked once for the findings of some checks.

    Without an answer, whatever became of the child, they are found here.
    """

    def __init__(self, child: int, requests: BinaryIO, answers: BinaryIO) -> None:
        self._child = child
        self._requests = requests
        self._answers = answers
        self._asked: frozenset[str] = frozenset()
        self._found: dict[str, tuple[Finding, ...]] = {}

    def ask(self, material: Material, codes: Sequence[str]) -> None:
        """Ask for the findings of `codes` in `material`; they are found while this goes on."""
        known = material.submission.files
        # The picture is large, and looked at here.
        files = {n: f if n != "decay.png" else replace(f, data=b"") for n, f in known.items()}
        asked = replace(material, submission=replace(material.submission, files=files))
        with suppress(OSError):  # it has died
            pickle.dump((asked, codes), self._requests)
            self._requests.flush()
            self._asked = frozenset(codes)

    def seek(self, code: str, material: Material) -> tuple[Finding, ...]:
        """Return the findings of `code`: those asked for are waited for, others found here."""
        while code in self._asked and code not in self._found:
            try:
                answer: tuple[str, tuple[Finding, ...]] = pickle.load(self._answers)  # noqa: S301 - from a child that runs our code alone
            except (EOFError, pickle.UnpicklingError):
                self._asked = frozenset()
            else:
                self._found[answer[0]] = answer[1]
        return self._found[code] if code in self._found else findings(code, material)

    def end(self) -> None:
        """End the child, whose answers are of nobody's interest any more."""
        # Where the end of children is ignored, as a starter may have it, none is left to wait for.
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
        for stream in (self._requests, self._answers):
            with suppress(OSError):  # what could not be written to it before
                stream.close()


@contextmanager
def companion(words: Sequence[str]) -> Iterator[Companion | None]:
    """Yield a companion for a command line that runs nothing of the submission, if one can be had.

    The process must have no other threads.
    """
    found = _forked() if "--no-run" in words and is_possible() else None
    try:
        yield found
    finally:
        if found is not None:
            found.end()


def is_possible() -> bool:
    """Say whether this system can fork a process safely, and has a processor to spare for it."""
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1


def _forked() -> Companion | None:
    # Files ask for little linear algebra: threads for it would take the processor from the child.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    asked, asking = os.pipe()
    told, telling = os.pipe()
    try:
        child = os.fork()
    except OSError:  # no more processes for this user
        for end in (asked, asking, told, telling):
            os.close(end)
        return None
    if not child:
        os.close(asking)
        os.close(told)
        _serve(asked, telling)
    os.close(asked)
    os.close(telling)
    return Companion(child, os.fdopen(asking, "wb"), os.fdopen(told, "rb"))


def _serve(asked: int, telling: int) -> NoReturn:
    """Find, tell and end, whatever happens: nothing else of this program runs in the child."""
    try:
        for code in (*SCHEMAS, *TEXTS):
            find_check(code)
        for name in LIBRARIES:
            importlib.import_module(name)
        with os.fdopen(asked, "rb") as requests, os.fdopen(telling, "wb") as answers:
            material, codes = pickle.load(requests)  # noqa: S301 - from the process that forked this one
            for code in codes:
                pickle.dump((code, findings(code, material)), answers)
                answers.flush()
    finally:
        os._exit(0)
