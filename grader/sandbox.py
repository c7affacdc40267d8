"""`python -m grader sandbox`: what this machine can put around a stranger's code, tried out."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.arguments import OneLineParser
from grader.clean import printable
from grader.evidence.trial import Tried, try_layers
from grader.isolation.offers import Offers, offers, with_containers
from grader.isolation.policy import Wish, choose
from grader.isolation.refusal import IsolationRefusedError
from grader.isolation.tiers import TIERS, Tier
from grader.model import Term
from grader.report.text import Line, fold
from grader.texts import LANGUAGES, Catalogue
from grader.version import __version__

WIDTH = 100
REMEDY = "→ "


@dataclass(frozen=True, slots=True)
class Shown:
    """One tier: the probes that failed, or how each of its layers did in a real child."""

    tier: Tier
    lacking: tuple[str, ...]
    tried: tuple[Tried, ...]
    broken: str = ""

    @property
    def works(self) -> bool:
        """Whether every layer allowed and refused what it has to."""
        return bool(self.tried) and all(one.works for one in self.tried)


def sandbox(words: Sequence[str], texts: Catalogue) -> int:
    """Print what this machine offers and what would raise it; the exit status is 0."""
    parser = OneLineParser(
        prog="vangrad sandbox", description=texts.say("isolation.sandbox.description")
    )
    parser.add_argument("--json", action="store_true", help=texts.say("isolation.sandbox.json"))
    parser.add_argument("--lang", choices=LANGUAGES, help=texts.say("cli.lang"))
    arguments: argparse.Namespace = parser.parse_args(words)
    found = with_containers(offers())
    shown = [_shown(tier, found) for tier in TIERS]
    if arguments.json:
        print(json.dumps(_document(found, shown), indent=2))  # noqa: T201 - a command's output
    else:
        for line in _lines(found, shown, texts):
            # A remedy holds a command to be copied, and is not folded.
            text = line.first + line.text if line.first == REMEDY else fold(line, WIDTH)
            print(text)  # noqa: T201 - as above
    return 0


def _shown(tier: Tier, found: Offers) -> Shown:
    if not found.has(tier):
        return Shown(tier, found.lacking[tier], ())
    tried = try_layers(choose(Wish(tier), found))
    if isinstance(tried, IsolationRefusedError):
        return Shown(tier, (), (), printable(" ".join(tried.lacking)) or tried.reason)
    return Shown(tier, (), tried)


def _strongest(shown: Sequence[Shown]) -> Tier | None:
    return next((one.tier for one in shown if one.works), None)


def _to_raise(found: Offers, shown: Sequence[Shown]) -> list[str]:
    """Return what stands between this machine and tier A, by name; tier C leads nowhere higher."""
    best = _strongest(shown)
    if best == "A":
        return []
    stronger = TIERS[: TIERS.index(best)] if best is not None else TIERS
    return list(dict.fromkeys(name for tier in stronger for name in found.lacking[tier]))


def _lines(found: Offers, shown: Sequence[Shown], texts: Catalogue) -> Iterator[Line]:
    for one in shown:
        yield from _tier(one, found, texts)
    yield Line("")
    best = _strongest(shown)
    if best is None:
        yield Line(texts.say("isolation.sandbox.none"))
    else:
        yield Line(texts.say("isolation.sandbox.strongest", {"tier": best}))
    if found.landlock_abi:
        yield Line(texts.say("isolation.label.abi", {"abi": found.landlock_abi}))
    if found.root:
        name = "root" if found.reachable else "root_apart"
        yield Line(texts.say(f"isolation.sandbox.{name}"))
    for name in _to_raise(found, shown):
        said = texts.say("isolation.sandbox.raise"), texts.say(f"isolation.remedy.{name}")
        yield Line(" ".join(said), REMEDY)


def _tier(one: Shown, found: Offers, texts: Catalogue) -> Iterator[Line]:
    what = Term(f"isolation.tier.{one.tier}")
    title = texts.say("isolation.sandbox.tier", {"tier": one.tier, "what": what})
    yield Line(title, "✓ " if one.works else "✗ ", 2)
    for name in one.lacking:
        yield Line(texts.say(f"isolation.probe.{name}"), "    ", 6)
    for text in [found.said.get(name, "") for name in one.lacking] + [one.broken]:
        if text:
            yield Line(texts.say("isolation.sandbox.said", {"text": text}), "    ", 6)
    for layer in one.tried:
        yield Line(_layer(layer, texts), "    ✓ " if layer.works else "    ✗ ", 6)


def _layer(layer: Tried, texts: Catalogue) -> str:
    name = texts.say(f"isolation.layer.{layer.layer}")
    if layer.works:
        return name
    said = ", ".join(f"{attempt.partition('.')[2]}: {how}" for attempt, how in layer.said.items())
    return texts.say("isolation.sandbox.broken", {"layer": name, "said": said})


def _document(found: Offers, shown: Sequence[Shown]) -> Mapping[str, object]:
    return {
        "grader": __version__,
        "strongest": _strongest(shown),
        "landlock_abi": found.landlock_abi,
        "root": found.root,
        "interpreter_reachable": found.reachable,
        "tiers": [
            {
                "tier": one.tier,
                "works": one.works,
                "lacking": list(one.lacking),
                "said": one.broken or " ".join(found.said.get(name, "") for name in one.lacking),
                "layers": [
                    {
                        "layer": layer.layer,
                        "allowed": layer.allowed,
                        "refused": layer.refused,
                        "tried": dict(layer.said),
                    }
                    for layer in one.tried
                ],
            }
            for one in shown
        ],
        "to_raise": _to_raise(found, shown),
    }
