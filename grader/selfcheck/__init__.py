"""The grader held to its own corpora: how often it is wrong, in either direction."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence

from grader.arguments import OneLineParser
from grader.report.text import Line, fold
from grader.selfcheck.bounds import CONFIDENCE
from grader.selfcheck.card import Card, Share, card
from grader.selfcheck.running import Graded, run
from grader.texts import LANGUAGES, Catalogue
from grader.version import __version__

MOST_SEEDS = 1000
MOST_JOBS = 256
WIDTH = 100
USUAL_SEEDS = {"quick": 1, "full": 8}


def selfcheck(words: Sequence[str], texts: Catalogue) -> int:
    """Grade generated submissions and print the report card; 1 on any wrong verdict."""
    arguments = _parser(texts).parse_args(words)
    seeds = arguments.seeds or USUAL_SEEDS[arguments.profile]
    graded: list[Graded] = []
    for one in run(arguments.profile, seeds, arguments.jobs):
        graded.append(one)
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{len(graded)} {one.name:<60.60}")
    if sys.stderr.isatty():
        sys.stderr.write("\r" + " " * 72 + "\r")
    found = card(graded)
    if arguments.json:
        document = {"profile": arguments.profile, "seeds": seeds, **_document(found, graded)}
        sys.stdout.write(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join(fold(line, WIDTH) for line in _lines(found, texts)) + "\n")
    return 0 if found.sound else 1


def _parser(texts: Catalogue) -> argparse.ArgumentParser:
    def say(name: str) -> str:
        return texts.say(f"selfcheck.{name}").replace("%", "%%")

    parser = OneLineParser(texts, prog="vangrad selfcheck", description=say("description"))
    parser.add_argument(
        "--profile", choices=("quick", "full"), default="quick", help=say("profile")
    )
    parser.add_argument("--seeds", type=_count(MOST_SEEDS), metavar="N", help=say("seeds"))
    parser.add_argument("--jobs", type=_count(MOST_JOBS), metavar="N", help=say("jobs"))
    parser.add_argument("--json", action="store_true", help=say("json"))
    parser.add_argument("--lang", choices=LANGUAGES, help=texts.say("cli.lang"))
    return parser


def _count(most: int) -> argparse._ActionType:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text}: 1 … {most}")
        return int(text)

    return read


def _lines(found: Card, texts: Catalogue) -> Iterator[Line]:
    for name in ("accepted", "refused", "accused", "singles", "pairs", "lifted"):
        share: Share = getattr(found, name)
        if share.trials:
            low, high = (100.0 * end for end in share.bounds)
            data = {"hits": share.hits, "trials": share.trials, "low": low, "high": high}
            yield Line(texts.say(f"selfcheck.{name}", data))
    data = {"median": found.median_s, "slowest": found.slowest_s}
    yield Line(texts.say("selfcheck.time", data))
    confused = {pair: n for pair, n in found.confusion.items() if pair[0] != pair[1]}
    yield Line("")
    yield Line(texts.say("selfcheck.confusion" if confused else "selfcheck.no_confusion"))
    for (planted, said), count in sorted(confused.items()):
        yield Line(f"{planted} → {said}: {count}", "  ", 4)
    for one in found.faulty:
        yield Line(f"{one.name}: {'; '.join(one.faults)}", "  ✗ ", 4)
    yield Line(texts.say("selfcheck.sound" if found.sound else "selfcheck.unsound"))


def _document(found: Card, graded: Sequence[Graded]) -> dict[str, object]:
    names = ("accepted", "refused", "accused", "singles", "pairs", "lifted")
    return {
        "grader": __version__,
        "confidence": CONFIDENCE,
        "sound": found.sound,
        "shares": {name: _share(getattr(found, name)) for name in names},
        "seconds": {"median": found.median_s, "slowest": found.slowest_s},
        "confusion": [
            {"planted": planted, "said": said, "count": count}
            for (planted, said), count in sorted(found.confusion.items())
        ],
        "faulty": [{"name": one.name, "faults": list(one.faults)} for one in found.faulty],
        "trials": [
            {
                "name": one.name,
                "right": one.right,
                "planted": list(one.planted),
                "verdict": one.verdict,
                "level": one.level,
                "said": [[list(names) for names in candidates] for candidates in one.said],
                "seconds": round(one.seconds, 3),
            }
            for one in graded
        ],
    }


def _share(share: Share) -> dict[str, object]:
    return {"hits": share.hits, "trials": share.trials, "bounds": list(share.bounds)}
