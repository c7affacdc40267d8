"""Which tier children run in: the strongest there is, never a weaker one without a word."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from grader.isolated import Isolation
from grader.isolation.offers import Offers, image, offers, with_containers
from grader.isolation.refusal import IsolationRefusedError
from grader.isolation.tiers import ALIASES, LAYERS, MISSING, TIERS, Protection, Tier

SAFE: tuple[Tier, ...] = ("A", "B")
"""What CI has to offer unless the weaker tier is asked for by name."""

BATCH: tuple[Tier, ...] = ("A", "B", "C")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for, and where.

    Parameters
    ----------
    tier : str
        "auto" or a name that `tiers.ALIASES` knows.
    unsafe : bool
        Whether a weak tier is taken where no strong one is to be had (`--unsafe-run`).
    batch : bool
        Whether strangers' submissions are graded, many at a time.
    ci : bool
        Whether this is a CI job.
    """

    tier: str = "auto"
    unsafe: bool = False
    batch: bool = False
    ci: bool = False


def in_ci(environment: Mapping[str, str] | None = None) -> bool:
    """Say whether the environment is a CI job's."""
    found = os.environ if environment is None else environment
    words = (found.get(name, "").lower() for name in ("CI", "GITHUB_ACTIONS"))
    return any(word not in ("", "0", "false") for word in words)


def protection(wish: Wish) -> Protection:
    """Return how to run children on this machine.

    Raises
    ------
    IsolationRefusedError
        If what is asked for can't be had, or nothing that can be had is safe enough.
    """
    found = offers()
    wanted = ALIASES.get(wish.tier.lower(), "")
    if wanted == "C" or (wanted == "auto" and found.strongest == "E"):
        found = with_containers(found)
    return choose(wish, found)


def choose(wish: Wish, found: Offers) -> Protection:
    """Return how to run children where `found` is all there is.

    Raises
    ------
    IsolationRefusedError
        As of `protection`.
    """
    wanted = ALIASES.get(wish.tier.lower())
    if wanted is None:
        raise IsolationRefusedError("unknown", tier=wish.tier)
    tier: Tier = (
        found.strongest if wanted == "auto" else next(one for one in TIERS if one == wanted)
    )
    if not found.has(tier):
        raise IsolationRefusedError("not_available", found.lacking[tier], tier)
    unsafe = wish.unsafe or wish.tier.lower() == "unsafe"
    made = _protection(tier, found, banner=unsafe or wish.ci or wish.batch)
    if wish.ci and tier not in SAFE and wanted == "auto" and not unsafe:
        raise IsolationRefusedError("ci", made.isolation.failed, tier)
    if wish.batch and not unsafe:
        _demand_safe_for_batch(made)
    return made


def _demand_safe_for_batch(made: Protection) -> None:
    """Refuse what a stranger's code could break out of, into everyone else's."""
    if made.tier not in BATCH:
        raise IsolationRefusedError("batch", made.isolation.failed, made.tier)
    if "root" in made.isolation.warnings:
        raise IsolationRefusedError("batch_root", made.isolation.failed, made.tier)


def _protection(tier: Tier, found: Offers, *, banner: bool) -> Protection:
    stronger = TIERS[: TIERS.index(tier)]
    failed = dict.fromkeys(name for one in stronger for name in found.lacking[one])
    # In tier B Landlock bounds what may be read, so that a way to an interpreter in root's own
    # folder may stay open; in tier E nothing would bound it.
    can_reach = found.reachable or tier in ("A", "B")
    step_down = found.root and found.free_user and can_reach and tier != "C"
    warnings = []
    if found.root and not step_down and tier != "C":
        warnings.append("root")
    if tier == "E" and banner:
        warnings.append("unsafe")
    return Protection(
        isolation=Isolation(
            tier=tier,
            layers=(*LAYERS[tier], *(("user",) if step_down else ())),
            missing=MISSING[tier],
            failed=tuple(failed),
            warnings=tuple(warnings),
            landlock_abi=found.landlock_abi if tier in SAFE else 0,
        ),
        step_down=step_down,
        keep_reading=step_down and tier == "B" and not found.reachable,
        engine=found.engine if tier == "C" else "",
        image=image() if tier == "C" else "",
    )
