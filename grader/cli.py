"""The command line: one submission graded, or one check explained."""

from __future__ import annotations

import argparse
import itertools
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import cast

from grader.apart import Companion
from grader.arguments import (
    USAGE_ERROR,
    OneLineParser,
    UsageError,
    demand_submission,
)
from grader.config import add_settings, settle
from grader.delivery import add_options, deliver, paired
from grader.isolation.refusal import IsolationRefusedError, said
from grader.model import Language
from grader.texts import Catalogue, catalogue
from grader.version import __version__

GRADER_FAULT = 3

COMMANDS: Mapping[str, str] = {
    "config": "config.show",
    "explain": "explain",
    "new": "starter",
    "package": "platforms",
    "sandbox": "sandbox",
    "selfcheck": "selfcheck",
    "verify": "verify",
}
"""First words that are no path, and the module with the function of that name."""


def main(arguments: Sequence[str] | None = None, companion: Companion | None = None) -> int:
    """Run the command line and return its exit status, as the README lists them.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the command's name; by default the process's own.
    companion : Companion, optional
        A second process that finds what it can where nothing is run.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    texts = catalogue(_language(words))
    try:
        command = _command(words[0] if words else "")
        if command is not None:
            return command(words[1:], texts)
        return _grade(words, texts, companion)
    except UsageError as error:
        print(f"vangrad: {error}", file=sys.stderr)  # noqa: T201 - the command line's own voice
        return USAGE_ERROR
    except IsolationRefusedError as error:
        print(f"vangrad: {said(error, texts)}", file=sys.stderr)  # noqa: T201 - as above
        return GRADER_FAULT
    except BrokenPipeError:
        _drop_output()
        return 0
    except Exception as error:  # noqa: BLE001 - no traceback ever reaches a student or a CI log
        fault = texts.say("cli.internal", {"error": repr(error), "version": __version__})
        print(f"vangrad: {fault}", file=sys.stderr)  # noqa: T201 - as above
        return GRADER_FAULT


def _command(name: str) -> Callable[[Sequence[str], Catalogue], int] | None:
    """Return the command of a name; None for a path to be graded."""
    if name not in COMMANDS:
        return None
    return cast(
        Callable[[Sequence[str], Catalogue], int],
        getattr(import_module(f"grader.{COMMANDS[name]}"), name),
    )


def _language(words: Sequence[str]) -> Language:
    """Return the language asked for by --lang, or by the environment, else English."""
    asked = [word.partition("=")[2] for word in words if word.startswith("--lang=")]
    asked += [after for word, after in itertools.pairwise(words) if word == "--lang"]
    asked += [
        os.environ.get(name, "") for name in ("VANGRAD_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    ]
    for value in asked:
        if value:
            return "es" if value.lower().startswith("es") else "en"
    return "en"


def _parser(texts: Catalogue) -> argparse.ArgumentParser:
    parser = OneLineParser(
        texts,
        prog="vangrad",
        description=texts.say("cli.description"),
        epilog=texts.say("cli.epilog"),
        allow_abbrev=False,
    )

    def say(name: str) -> str:
        return texts.say(f"cli.{name}").replace("%", "%%")

    parser.add_argument("path", metavar="PATH", help=say("path"))
    parser.add_argument("--no-run", action="store_true", help=say("no_run"))
    add_settings(parser, texts)
    add_options(parser, texts)
    parser.add_argument("--version", action="version", version=__version__, help=say("version"))
    return parser


def _grade(words: Sequence[str], texts: Catalogue, companion: Companion | None) -> int:
    arguments = _parser(texts).parse_args(words)
    deliveries = paired(arguments.deliveries or (), texts)
    path = Path(arguments.path)
    demand_submission(path, texts)
    settings = settle(arguments, texts, path)
    texts = settings.texts(texts)
    from grader.grading import PROBE_KEY, Options, grade

    options = Options(
        run=not arguments.no_run,
        timeout_s=settings.values["time_limit"],
        minimum=settings.values["minimum_score"],
        rubric=settings.rubric,
        key=os.environ.get(PROBE_KEY, "").encode(),
        isolation=settings.values["isolation"],
        unsafe=arguments.unsafe_run,
        manual=any(one.form != "brief" for one in deliveries),
    )
    report = grade(path, options, companion)
    try:
        deliver(report, deliveries, texts, arguments.colour)
    except BrokenPipeError:
        _drop_output()
    return report.exit_status


def _drop_output() -> None:
    """Let go of a pipe whose reader has seen enough: nothing buffered may raise again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
