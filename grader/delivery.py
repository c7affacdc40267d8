"""Where reports go: which format to which file, and how it gets there."""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import stat
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.arguments import UsageError
from grader.model import Report
from grader.report import FORMATS, render
from grader.texts import Catalogue

STANDARD_OUTPUT = "-"
COLOURS: Mapping[str, bool | None] = {"auto": None, "always": True, "never": False}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One report to write: its format, and the file ("" where none was named, "-" for stdout)."""

    form: str
    target: str = ""

    @property
    def printed(self) -> bool:
        """Whether it goes to standard output."""
        return self.target in ("", STANDARD_OUTPUT)


class _InOrder(argparse.Action):
    """Keep formats and outputs in the order they were given: it says what belongs together."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        del parser, option_string
        kept = getattr(namespace, self.dest) or ()
        setattr(namespace, self.dest, (*kept, (self.option_strings[0], str(values))))


def add_options(parser: argparse.ArgumentParser, texts: Catalogue) -> None:
    """Give `parser` the options --format and --output, each as often as wanted, and --colour."""

    def say(name: str) -> str:
        return texts.say(f"cli.{name}").replace("%", "%%")

    order = functools.partial(parser.add_argument, dest="deliveries", action=_InOrder)
    order("--format", choices=FORMATS, help=say("format"))
    order("--output", metavar="FILE", help=say("output"))
    parser.add_argument("--colour", choices=tuple(COLOURS), default="auto", help=say("colour"))


def paired(given: Iterable[tuple[str, str]], texts: Catalogue) -> list[Delivery]:
    """Return what to deliver: a file belongs to the format named before it.

    Where there is at most one of each, their order does not matter.

    Raises
    ------
    UsageError
        If a file has no format of its own, or two reports would go to one place.
    """
    given = list(given)
    forms = [value for option, value in given if option == "--format"]
    targets = [value for option, value in given if option == "--output"]
    if len(forms) <= 1 and len(targets) <= 1:
        return [Delivery(*(forms or ["text"]), *targets)]
    found: list[Delivery] = []
    for option, value in given:
        if option == "--format":
            found.append(Delivery(value))
        elif found and not found[-1].target:
            found[-1] = Delivery(found[-1].form, value)
        else:
            raise UsageError(texts.say("cli.output_without_format", {"path": value}))
    _demand_apart(found, texts)
    return found


def _demand_apart(found: Sequence[Delivery], texts: Catalogue) -> None:
    """Refuse two reports in one place, where one would overwrite or garble the other."""
    unnamed = [one.form for one in found if not one.target]
    if len(unnamed) > 1:
        raise UsageError(texts.say("cli.format_without_output", {"names": unnamed}))
    files = [os.path.realpath(one.target) for one in found if not one.printed]
    twice = next((one for one in files if files.count(one) > 1), None)
    if twice is not None:
        raise UsageError(texts.say("cli.output_twice", {"path": twice}))


def deliver(report: Report, deliveries: Iterable[Delivery], texts: Catalogue, colour: str) -> None:
    """Write the report in every format to its place.

    Raises
    ------
    UsageError
        If a file cannot be written; the other reports are written all the same.
    """
    refused: list[str] = []
    for one in deliveries:
        if one.printed:
            _show(report, one.form, texts, colour)
            continue
        try:
            write_atomically(Path(one.target), render(one.form, report, texts.language))
        except OSError as error:
            data = {"path": one.target, "reason": error.strerror or str(error)}
            refused.append(texts.say("cli.cannot_write", data))
    if refused:
        raise UsageError(" ".join(refused))


def _show(report: Report, form: str, texts: Catalogue, colour: str) -> None:
    """Write one report to standard output, in colours where it is a terminal."""
    if form == "text" and (colour == "always" or (colour == "auto" and sys.stdout.isatty())):
        from grader.report.text import show

        show(report, texts.language, sys.stdout, colour=COLOURS[colour])
        return
    sys.stdout.write(_encodable(report, form, texts, sys.stdout.encoding or "utf-8"))
    sys.stdout.flush()


def _encodable(report: Report, form: str, texts: Catalogue, encoding: str) -> str:
    """Return a report of signs that the encoding has; the others are escaped as the form does."""
    if form == "text":
        from grader.report.text import render as render_text
        from grader.report.text import shows_marks

        text = render_text(report, texts.language, ascii_only=not shows_marks(encoding))
    else:
        text = render(form, report, texts.language)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        if form == "json":
            return json.dumps(json.loads(text), indent=2) + "\n"
        if form == "brief":
            from grader.report.text import ASCII_MARKS

            text = text.translate(ASCII_MARKS)
        errors = "xmlcharrefreplace" if form in ("html", "markdown") else "backslashreplace"
        return text.encode(encoding, errors).decode(encoding)
    return text


def write_atomically(path: Path, text: str) -> None:
    """Write `text` to `path` whole or not at all: a temporary file beside it, synced, renamed."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(_mode(path))
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _mode(path: Path) -> int:
    """Return the permissions of the file there, or of a new one: mkstemp shuts out others."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
