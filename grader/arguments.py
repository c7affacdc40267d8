"""What every command of the command line does alike."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from grader.clean import terminal
from grader.model import REQUIRED_FILES
from grader.texts import Catalogue, catalogue

USAGE_ERROR = 2
"""Exit status where the path or an option cannot be used."""


class UsageError(Exception):
    """The command line asks for something that cannot be done; the message is for the person."""


class OneLineParser(argparse.ArgumentParser):
    """A parser that says in one line, in the language of `texts`, what is off.

    It does not repeat how the command is used.
    """

    def __init__(self, texts: Catalogue | None = None, **options: Any) -> None:  # noqa: ANN401 - argparse's own
        self._texts = texts or catalogue("en")
        with _speaking(self._texts):
            super().__init__(**options)

    def parse_args(  # type: ignore[override]  # no namespace of the caller's is ever filled
        self, args: Sequence[str] | None = None
    ) -> argparse.Namespace:
        """Read the options; leave with status 2 where they cannot be used."""
        with _speaking(self._texts):
            return super().parse_args(args)

    def error(self, message: str) -> NoReturn:
        """Report a usage error in one line and leave with status 2."""
        self.exit(USAGE_ERROR, f"vangrad: {terminal(message)}\n")


@contextmanager
def _speaking(texts: Catalogue) -> Iterator[None]:
    """Let argparse use the words of `texts`.

    It looks its words up by gettext, which reads compiled files of its own only; here the look-up
    is answered from the texts, and what they lack stays as it is.
    """
    english = catalogue("en").entry("cli")["argparse"]
    words = {said: texts.entry(f"cli.argparse.{name}") for name, said in english.items()}
    before = vars(argparse)["_"]
    vars(argparse)["_"] = lambda said: words.get(said, before(said))
    try:
        yield
    finally:
        vars(argparse)["_"] = before


def seconds(text: str) -> float:
    """Read a time limit, in seconds."""
    value = number(text)
    if not 0.1 <= value <= 3600.0:
        raise argparse.ArgumentTypeError(f"{text}: 0.1 … 3600")
    return value


def points(text: str) -> int:
    """Read a score, in whole points of 100."""
    value = number(text)
    if not (0 <= value <= 100 and value == int(value)):
        raise argparse.ArgumentTypeError(f"{text}: 0, 1, 2 … 100")
    return int(value)


def isolation(text: str) -> str:
    """Read the name of a protection."""
    from grader.isolation.tiers import ALIASES

    if text.lower() not in ALIASES:
        raise argparse.ArgumentTypeError(f"{text}: {', '.join(ALIASES)}")
    return text.lower()


def number(text: str) -> float:
    """Return the number, NaN for what is none: no range holds it."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def demand_submission(path: Path, texts: Catalogue) -> None:
    """Refuse a path that is no submission at all, and say what was expected."""
    data = {"path": str(path), "names": ", ".join(REQUIRED_FILES)}
    if not os.path.lexists(path):
        raise UsageError(texts.say("cli.no_such_path", data))
    if not path.is_dir():
        raise UsageError(texts.say("cli.not_a_folder", data))
    known = {name.casefold() for name in REQUIRED_FILES}
    try:
        names = {name.casefold() for name in os.listdir(path)}  # noqa: PTH208 - names are all that is wanted
    except OSError:
        names = set()
    if not known & names:
        raise UsageError(texts.say("cli.nothing_there", data))
