"""What every command of the command line does alike."""

from __future__ import annotations

import argparse
from typing import NoReturn

from grader.clean import terminal

USAGE_ERROR = 2
"""Exit status where the path or an option cannot be used."""


class OneLineParser(argparse.ArgumentParser):
    """A parser that says in one line what is off, without repeating how the command is used."""

    def error(self, message: str) -> NoReturn:
        """Report a usage error in one line and leave with status 2."""
        self.exit(USAGE_ERROR, f"vangrad: {terminal(message)}\n")
