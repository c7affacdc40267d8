"""The tiers by name: what each is made of, what it leaves open, and in which order they come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from grader.isolated import Isolation

Tier: TypeAlias = Literal["A", "B", "C", "E"]

TIERS: tuple[Tier, ...] = ("A", "B", "C", "E")
"""From the strongest to the weakest."""

ALIASES: Mapping[str, str] = {
    "auto": "auto",
    "strict": "A",
    "kernel": "B",
    "container": "C",
    "limits": "E",
    "unsafe": "E",
    **{tier.lower(): tier for tier in TIERS},
}
"""What `--isolation` understands, in lower case."""

BARE = ("session", "limits", "time", "environment", "copy")
LAYERS: Mapping[Tier, tuple[str, ...]] = {
    "A": (*BARE, "landlock", "seccomp", "namespaces", "memory_disk"),
    "B": (*BARE, "landlock", "seccomp"),
    "C": (*BARE, "container"),
    "E": BARE,
}
MISSING: Mapping[Tier, tuple[str, ...]] = {
    "A": (),
    "B": ("disk", "metadata"),
    "C": ("disk",),
    "E": ("files", "network", "processes", "disk"),
}


@dataclass(frozen=True, slots=True)
class Protection:
    """How the children of one grade are started.

    Parameters
    ----------
    isolation : Isolation
        What a report says of it.
    step_down : bool
        Whether the child leaves root for a user that nothing else belongs to.
    keep_reading : bool
        Whether it keeps the capability to read, for an interpreter that only root can reach.
    engine, image : str
        Tier C only: the command that starts containers, and what they are made of.
    """

    isolation: Isolation
    step_down: bool = False
    keep_reading: bool = False
    engine: str = ""
    image: str = ""

    @property
    def tier(self) -> str:
        """The tier's letter."""
        return self.isolation.tier
