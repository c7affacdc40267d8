"""`python -m grader`, and the console script: the command line in a process of its own."""

import contextlib
import gc
import io
import os
import sys
from typing import NoReturn


def run() -> NoReturn:
    """Run the command line and end the process with its exit status."""
    # A process that ends in seconds gains nothing from looking for cycles: importing alone makes
    # the collector run a hundred times. What a submission can make is bounded.
    gc.disable()
    from grader.apart import companion

    if isinstance(sys.stdout, io.TextIOWrapper):
        # Reports see to it themselves; of all else, a sign that a pipe's encoding lacks (cp1252 on
        # Windows has no check mark) is told by its number, and is no fault of the grader.
        sys.stdout.reconfigure(errors="backslashreplace")
    with companion(sys.argv[1:]) as second:
        from grader.cli import main  # while the second process imports what it needs

        status = main(companion=second)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # whoever read it may have gone
            stream.flush()
    # Everything is written and every child has ended: taking the interpreter apart piece by piece
    # would take longer than grading from files.
    os._exit(status)


if __name__ == "__main__":
    run()
