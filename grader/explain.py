"""`explain CODE`: what a check wants, why, an example, how to fix it, where that is from."""

from __future__ import annotations

import difflib
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence

from grader.arguments import USAGE_ERROR, OneLineParser
from grader.report.text import Line, fold
from grader.rubric import Row, load_rubric
from grader.texts import LANGUAGES, Catalogue


def explain(words: Sequence[str], texts: Catalogue) -> int:
    """Print the explanation of one check, or the list of all; return the exit status."""
    parser = OneLineParser(
        texts, prog="vangrad explain", description=texts.say("cli.explain_description")
    )
    parser.add_argument("code", nargs="?", metavar="CODE", help=texts.say("cli.explain_code"))
    parser.add_argument("--lang", choices=LANGUAGES, help=texts.say("cli.lang"))
    code = parser.parse_args(words).code
    rows = load_rubric().rows
    if code is not None and code not in rows:
        sys.stderr.write(f"vangrad: {_unknown(code, list(rows), texts)}\n")
        return USAGE_ERROR
    width = shutil.get_terminal_size((100, 24)).columns
    found = _all(rows.values(), texts) if code is None else _one(rows[code], texts)
    sys.stdout.write("\n".join(fold(line, width) for line in found) + "\n")
    return 0


def _unknown(code: str, known: list[str], texts: Catalogue) -> str:
    close = difflib.get_close_matches(code, known, n=3)
    if close:
        return texts.say("cli.no_such_code", {"code": code, "close": ", ".join(close)})
    return texts.say("cli.no_such_code_at_all", {"code": code})


def _all(rows: Iterable[Row], texts: Catalogue) -> Iterator[Line]:
    for row in rows:
        yield Line(str(texts.entry(f"check.{row.code}.title")), f"{row.code:<24}", 24)


def _one(row: Row, texts: Catalogue) -> Iterator[Line]:
    entry = texts.entry(f"check.{row.code}")
    yield Line(f"{row.code}: {entry['title']}")
    worth = [texts.say("cli.worth", {"points": row.points})]
    worth += [texts.say("cli.required")] if row.required else []
    worth += [texts.say("cli.after", {"codes": list(row.requires)})] if row.requires else []
    yield Line("; ".join(worth), "  ", 2)
    for name in ("wants", "why", "example", "fix"):
        if entry[name]:
            yield Line("")
            yield Line(texts.say(f"cli.{name}"))
            for paragraph in entry[name].strip("\n").splitlines():
                indent = "  " + " " * (len(paragraph) - len(paragraph.lstrip()))
                yield Line(paragraph.strip(), indent, len(indent))
    yield Line("")
    yield Line(texts.say("cli.sources"))
    for source in entry["sources"]:
        yield Line(source, "  - ", 4)
