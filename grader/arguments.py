"""What every command of the command line does alike."""

from __future__ import annotations

import argparse
import math
import os
from pathlib import Path
from typing import NoReturn

from grader.model import REQUIRED_FILES
from grader.texts import Catalogue

USAGE_ERROR = 2
"""Exit status where the path or an option cannot be used."""


class UsageError(Exception):
    """The command line asks for something that cannot be done; the message is for the person."""


class OneLineParser(argparse.ArgumentParser):
    """A parser that says in one line what is off, without repeating how the command is used."""

    def error(self, message: str) -> NoReturn:
        """Report a usage error in one line and leave with status 2."""
        self.exit(USAGE_ERROR, f"vangrad: {message}\n")


def seconds(text: str) -> float:
    """Read a time limit, in seconds."""
    value = number(text)
    if not 0.1 <= value <= 3600.0:
        raise argparse.ArgumentTypeError(f"{text}: 0.1 … 3600")
    return value


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
