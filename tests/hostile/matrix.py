"""Every attack in every tier: `python -m tests.hostile.matrix [--tiers ABE] [--family NAME …]`.

Prints which attacks succeed, and what to correct where the tables of `attacks/` say otherwise; the
exit status is then 1. `--kept FILE` goes on where an earlier call ended. `--readme` writes the
compact form between the marks in README.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.hostile.arena import ROOT
from tests.hostile.attacks import ALL, FAMILIES
from tests.hostile.model import Attack
from tests.hostile.tiers import offered
from tests.hostile.trial import attempt, crews

Succeeded = Mapping[str, Mapping[str, Sequence[str]]]
"""By tier and name of the attack: what it achieved; nothing where it was stopped."""

BEGIN, END = "<!-- attacks: begin -->", "<!-- attacks: end -->"


def measured(
    tiers: str, attacks: Sequence[Attack], kept: Path | None = None
) -> dict[str, dict[str, list[str]]]:
    """Try every attack in every tier; progress goes to standard error.

    What `kept` holds of an earlier call is not tried again, and what is found is added to it.
    """
    found: dict[str, dict[str, list[str]]] = {tier: {} for tier in tiers}
    if kept is not None and kept.exists():
        found |= json.loads(kept.read_text(encoding="utf-8"))
    for crew in crews(attacks):
        for tier in tiers:
            if all(attack.name in found[tier] for attack in crew):
                continue
            achieved = attempt(tier, crew)
            found[tier] |= achieved
            for name, what in achieved.items():
                sign = "!" if what else "."
                print(f"{tier} {sign} {name} {'; '.join(what)[:300]}", file=sys.stderr, flush=True)  # noqa: T201
            if kept is not None:
                kept.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return found


def surprises(found: Succeeded) -> list[str]:
    """Say which attacks came out otherwise than their tables say."""
    told = []
    for tier, rows in found.items():
        for attack in ALL:
            if attack.name not in rows or tier in attack.varies_in:
                continue
            if bool(rows[attack.name]) == (tier in attack.open_in):
                continue
            did = "succeeds" if rows[attack.name] else "no longer succeeds"
            told.append(f"{attack.name} {did} in tier {tier}: {'; '.join(rows[attack.name])[:500]}")
    return told


def table(found: Succeeded) -> str:
    """Return the compact form: counts by family and tier, and the names of what succeeds."""
    tiers = sorted(found)
    lines = [f"| family | attacks | {' | '.join(tiers)} |", f"|---|--:|{'--:|' * len(tiers)}"]
    total: dict[str, int] = defaultdict(int)
    tried = [attack for attack in ALL if all(attack.name in found[tier] for tier in tiers)]
    for family in FAMILIES:
        members = [attack.name for attack in tried if attack.family == family]
        if not members:
            continue
        counts = {tier: sum(bool(found[tier][name]) for name in members) for tier in tiers}
        for tier, count in counts.items():
            total[tier] += count
        cells = " | ".join(str(counts[tier]) for tier in tiers)
        lines.append(f"| {family} | {len(members)} | {cells} |")
    cells = " | ".join(str(total[tier]) for tier in tiers)
    lines += [f"| **succeeded** | {len(tried)} | {cells} |", ""]
    for tier in tiers:
        names = [attack.name for attack in tried if found[tier][attack.name]]
        lines.append(f"Tier {tier} does not stop: {', '.join(names) or 'none of them'}.  ")
    if len(tried) < len(ALL):
        lines.append(f"Tried so far: {len(tried)} of {len(ALL)}.")
    return "\n".join(lines)


def write_readme(text: str) -> None:
    """Put the table between its marks in the README."""
    path = ROOT / "README.md"
    before, rest = path.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="tests.hostile.matrix", description=__doc__)
    parser.add_argument("--tiers", default=offered(), help="for instance ABE; by default all here")
    parser.add_argument("--family", nargs="*", choices=FAMILIES, default=FAMILIES)
    parser.add_argument("--kept", type=Path, help="go on from what this file holds")
    parser.add_argument("--readme", action="store_true")
    chosen = parser.parse_args(arguments)
    attacks = [attack for attack in ALL if attack.family in chosen.family]
    found = measured(chosen.tiers, attacks, chosen.kept)
    text = table(found)
    print(text)  # noqa: T201 - the command's own voice
    for surprise in surprises(found):
        print(surprise)  # noqa: T201 - as above
    if chosen.readme:
        write_readme(text)
    return int(bool(surprises(found)))


if __name__ == "__main__":
    sys.exit(main())
