"""Whether a JSON report belongs to the files and the rubric it is shown with.

A report is text that anyone can write. Here its hashes are compared with what is there, and then
the files are graded again: verdict, outcomes and points must be the same. Sentences other than the
first, and the last digits of numbers, differ between machines and are not compared.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from grader.arguments import OneLineParser, UsageError, demand_submission
from grader.clean import printable
from grader.config import Settings, add_settings, settle
from grader.grading import PROBE_KEY, Options, grade
from grader.model import Report, Verdict
from grader.reading.loading import load
from grader.reading.schema import violations
from grader.reading.strictjson import parse_json
from grader.report.json import as_document
from grader.rubric import Rubric
from grader.texts import Catalogue
from grader.version import __version__

LARGEST = 8_000_000
"""Bytes; a report with two hundred findings in every check holds less."""

SHOWN = 20
"""Differences told; more are counted."""

BELONGS, DIFFERS, FAULT = 0, 1, 3


def verify(words: Sequence[str], texts: Catalogue) -> int:
    """Say whether a report belongs to a folder: 0 it does, 1 it does not, 3 where grading fails.

    Raises
    ------
    UsageError
        If a path cannot be read, or the rubric cannot be used.
    """
    arguments = _parser(texts).parse_args(words)
    demand_submission(arguments.path, texts)
    settings = settle(arguments, texts, arguments.path)
    texts = settings.texts(texts)
    claimed, reasons = _read(arguments.report, texts)
    if claimed is not None:
        reasons = list(_other_basis(claimed, arguments.path, settings.rubric, texts))
        again = (
            None
            if reasons
            else grade(arguments.path, _options(claimed, settings, unsafe=arguments.unsafe_run))
        )
        if again is not None and again.verdict is Verdict.GRADER_ERROR:
            return _tell([texts.say("cli.verify.fault")], FAULT)
        if again is not None:
            reasons = list(_differences(claimed, again, texts))
    if not reasons:
        return _tell([texts.say("cli.verify.belongs", {"path": str(arguments.path)})], BELONGS)
    more = len(reasons) - SHOWN
    cut = [texts.say("cli.verify.more", {"count": more})] if more > 0 else []
    return _tell([texts.say("cli.verify.not"), *reasons[:SHOWN], *cut], DIFFERS)


def _tell(lines: Sequence[str], status: int) -> int:
    sys.stdout.write("\n  ".join(lines) + "\n")
    return status


def _parser(texts: Catalogue) -> argparse.ArgumentParser:
    def say(name: str) -> str:
        return texts.say(f"cli.{name}").replace("%", "%%")

    parser = OneLineParser(texts, prog="vangrad verify", description=say("verify.description"))
    parser.add_argument("report", metavar="REPORT", type=Path, help=say("verify.report"))
    parser.add_argument("path", metavar="PATH", type=Path, help=say("path"))
    add_settings(parser, texts)
    return parser


def _options(claimed: Mapping[str, Any], settings: Settings, *, unsafe: bool) -> Options:
    """Return how the report says it was made, with the limits and the key of this machine."""
    return Options(
        run=claimed["scope"] == "full",
        timeout_s=settings.values["time_limit"],
        minimum=(claimed["score"] or {}).get("minimum"),
        rubric=settings.rubric,
        key=os.environ.get(PROBE_KEY, "").encode(),
        isolation=settings.values["isolation"],
        unsafe=unsafe,
    )


def _read(path: Path, texts: Catalogue) -> tuple[dict[str, Any] | None, list[str]]:
    """Return the report, or why the file is none."""
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        said = {"path": str(path), "reason": reason}
        raise UsageError(texts.say("cli.verify.unreadable", said)) from error
    if len(data) > LARGEST:
        return None, [texts.say("cli.verify.too_large", {"limit": LARGEST})]
    try:
        parsed = parse_json(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return None, [texts.say("cli.verify.no_json")]
    if parsed.faults or not isinstance(parsed.value, dict):
        return None, [texts.say("cli.verify.no_json")]
    broken = violations("report", parsed.value)
    if broken:
        places = [f"{one.path or '.'} ({one.rule})" for one in broken[:5]]
        return None, [texts.say("cli.verify.no_report", {"places": places})]
    return parsed.value, []


def _other_basis(
    claimed: Mapping[str, Any], path: Path, rubric: Rubric, texts: Catalogue
) -> Iterator[str]:
    """Yield why grading again could not give this report: another grader, rubric or file."""
    made = claimed["grader"]
    if made["version"] != __version__:
        data = {"claimed": made["version"], "found": __version__}
        yield texts.say("cli.verify.version", data)
    if made["rubric_sha256"] != rubric.sha256:
        data = {"claimed": made["rubric_sha256"], "found": rubric.sha256}
        yield texts.say("cli.verify.rubric", data)
    submission = load(path)
    present = {**submission.files, **submission.scripts}
    there = {printable(file.name): file.sha256 for file in present.values()}
    told = {one["name"]: one["sha256"] for one in claimed["submission"]["files"]}
    for name in sorted(there.keys() | told.keys()):
        if name not in there or name not in told:
            yield texts.say(f"cli.verify.{'missing' if name in told else 'added'}", {"name": name})
        elif there[name] != told[name]:
            data = {"name": name, "claimed": told[name], "found": there[name]}
            yield texts.say("cli.verify.changed", data)


def _differences(claimed: Mapping[str, Any], again: Report, texts: Catalogue) -> Iterator[str]:
    """Yield what the report says otherwise than the grader does now."""
    language = claimed["grader"]["language"]
    told, found = _facts(claimed), _facts(as_document(again, language))
    for name in dict.fromkeys([*found, *told]):
        if told.get(name) != found.get(name):
            data = {
                "name": name,
                "claimed": told.get(name, "—"),
                "found": found.get(name, "—"),
            }
            yield texts.say("cli.verify.differs", data)


def _facts(document: Mapping[str, Any]) -> dict[str, str]:
    """Return what must be the same on every machine, by its place in the report."""
    score = document["score"] or {}
    facts = {name: str(document[name]) for name in ("verdict", "exit_status", "headline")}
    facts["score"] = "/".join(str(score.get(name, "—")) for name in ("points", "out_of"))
    for item in document["evidence"]:
        facts[f"evidence {item['model']}"] = f"{item['level']}, {item['verified']}"
    for stop in document["stop_conditions"]:
        facts[f"stop_conditions {stop['number']}"] = stop["outcome"]
    for row in document["checks"]:
        facts[row["code"]] = f"{row['outcome']}, {row['points']}/{row['max_points']}"
    return facts
