"""An instructor's settings: a TOML file named by --config, and options that go before it.

No file is ever looked for: what lies in a graded tree was written by whoever is graded.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from grader.arguments import UsageError, isolation, points, seconds
from grader.config.reading import ConfigError, ConfigFile, read
from grader.model import Language, Value
from grader.rubric import Rubric
from grader.texts import LANGUAGES, Catalogue, catalogue

DEFAULTS: Mapping[str, Any] = {
    "language": None,
    "minimum_score": None,
    "isolation": "auto",
    "time_limit": 60.0,
}
"""What is in force where neither an option nor a file says anything."""

OPTIONS: Mapping[str, str] = {
    "language": "lang",
    "minimum_score": "min_score",
    "isolation": "isolation",
    "time_limit": "timeout",
}
"""The option of the command line that goes before each setting of a file."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is in force.

    `values` holds each setting of `DEFAULTS`; `given` names those that an option decided, `file`
    what was read, if anything was.
    """

    values: Mapping[str, Any]
    rubric: Rubric
    given: frozenset[str]
    file: ConfigFile

    def texts(self, spoken: Catalogue) -> Catalogue:
        """Return the sentences of the language in force; `spoken` where nothing asks for one."""
        chosen: Language | None = self.values["language"]
        return catalogue(chosen) if chosen is not None else spoken


def add_settings(parser: argparse.ArgumentParser, texts: Catalogue) -> None:
    """Give `parser` the option --config, and those that go before what it names."""

    def say(name: str) -> str:
        return texts.say(f"cli.{name}").replace("%", "%%")

    parser.add_argument("--config", type=Path, metavar="FILE", help=say("config.option"))
    parser.add_argument("--timeout", type=seconds, metavar="S", help=say("timeout"))
    parser.add_argument("--isolation", type=isolation, help=say("isolation"))
    parser.add_argument("--unsafe-run", action="store_true", help=say("unsafe_run"))
    parser.add_argument("--min-score", type=points, metavar="N", help=say("min_score"))
    parser.add_argument("--lang", choices=LANGUAGES, help=say("lang"))


def settle(arguments: argparse.Namespace, texts: Catalogue, graded: Path | None = None) -> Settings:
    """Return what is in force: options, then the file, then what the grader ships with.

    Parameters
    ----------
    graded : Path, optional
        The folder of the submission: settings that lie in it are its author's.

    Raises
    ------
    UsageError
        If the file cannot be used; one line for each reason, with its line in the file.
    """
    path: Path | None = arguments.config
    if path is not None and graded is not None:
        places = [path.absolute(), Path(os.path.realpath(path))]
        if any(one.is_relative_to(os.path.realpath(graded)) for one in places):
            raise UsageError(texts.say("cli.config.inside", {"path": str(path)}))
    try:
        file = read(path)
    except ConfigError as error:
        raise UsageError(refusal(error, path, texts)) from error
    options = {name: getattr(arguments, option, None) for name, option in OPTIONS.items()}
    given = {name: value for name, value in options.items() if value is not None}
    written = {name: value for name, value in file.document.items() if name in DEFAULTS}
    values = {**DEFAULTS, **written, **given}
    values["time_limit"] = float(cast(float, values["time_limit"]))
    return Settings(values, file.rubric, frozenset(given), file)


def refusal(error: ConfigError, path: Path | None, texts: Catalogue) -> str:
    """Return why the file at `path` cannot be used: one line for each fault."""
    lines: list[str] = []
    for one in error.faults:
        data: dict[str, Value] = {
            "path": str(path or ""),
            "line": one.line,
            "said": texts.say(f"cli.config.fault.{one.reason}", one.data),
        }
        lines.append(texts.say(f"cli.config.{'at' if one.line else 'of'}", data))
    return "\n".join(lines)
