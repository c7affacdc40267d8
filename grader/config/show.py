"""`python -m grader config`: what is in force, and where each value came from."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grader.arguments import OneLineParser
from grader.clean import printable
from grader.config import OPTIONS, Settings, add_settings, settle
from grader.config.reading import Steps, positions
from grader.model import Value
from grader.texts import Catalogue
from grader.version import __version__

RUBRIC_FILE = "rubric.toml"


def config(words: Sequence[str], texts: Catalogue) -> int:
    """Print every setting with its value and its origin; the exit status is 0.

    Raises
    ------
    UsageError
        If the file of settings cannot be used.
    """
    parser = OneLineParser(
        texts, prog="vangrad config", description=texts.say("cli.config.description")
    )
    # What is in force is all there is to show; the word says so where the command is read.
    parser.add_argument("--show", action="store_true", help=texts.say("cli.config.show"))
    add_settings(parser, texts)
    settings = settle(parser.parse_args(words), texts)
    texts = settings.texts(texts)
    rows = [*_settings(settings, texts), *_rubric(settings, texts)]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    sha256 = settings.rubric.sha256
    lines = [texts.say("cli.config.head", {"version": __version__, "sha256": sha256})]
    for name, value, origin in rows:
        lines.append(f"{name:<{widths[0]}}  {value:<{widths[1]}}  {origin}")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


Row = tuple[str, str, str]


def _settings(settings: Settings, texts: Catalogue) -> Iterator[Row]:
    lines = positions(settings.file.text)
    for name, value in settings.values.items():
        if name in settings.given:
            option = OPTIONS[name].replace("_", "-")
            origin = texts.say("cli.config.origin.option", {"option": f"--{option}"})
        elif (name,) in lines:
            origin = _in_file(settings, lines, (name,), texts)
        elif name == "language":
            origin = texts.say("cli.config.origin.environment")
        else:
            origin = texts.say("cli.config.origin.default")
        shown = texts.language if name == "language" and value is None else value
        yield name, "–" if shown is None else _number(shown), origin


def _rubric(settings: Settings, texts: Catalogue) -> Iterator[Row]:
    lines = positions(settings.file.text)
    for name, value in settings.rubric.thresholds.items():
        steps = ("thresholds", name)
        yield ".".join(steps), _number(value), _origin(settings, lines, [steps], texts)
    for code, row in settings.rubric.rows.items():
        at: Steps = ("checks", *code.split("."))
        given = [(*at, "points"), (*at, "required")]
        worth = texts.say("cli.worth", {"points": row.points})
        if row.required:
            worth += f", {texts.say('cli.required')}"
        yield f"checks.{code}", worth, _origin(settings, lines, given, texts)


def _origin(
    settings: Settings, lines: Mapping[Steps, int], given: Sequence[Steps], texts: Catalogue
) -> str:
    told = [_in_file(settings, lines, steps, texts) for steps in given if steps in lines]
    return "; ".join(dict.fromkeys(told)) or RUBRIC_FILE


def _in_file(settings: Settings, lines: Mapping[Steps, int], steps: Steps, texts: Catalogue) -> str:
    data: dict[str, Value] = {"path": printable(str(settings.file.path)), "line": lines[steps]}
    return texts.say("cli.config.origin.file", data)


def _number(value: Any) -> str:  # noqa: ANN401 - whatever a setting holds
    """Return a value as a file of settings would say it, without a point that says nothing."""
    return f"{value:g}" if isinstance(value, float) else str(value)
