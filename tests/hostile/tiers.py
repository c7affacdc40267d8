"""Which tiers of isolation this machine offers to whoever grades in an arena."""

from __future__ import annotations

import functools
import os

from grader.grading import Options
from tests.hostile.trial import undisturbed

KNOWN = "ABE"
"""Tiers that are measured; C needs a container's daemon and an image."""


@functools.cache
def is_offered(tier: str) -> bool:
    """Say whether a right submission can be graded in a tier here."""
    if os.name != "posix" or (tier != "E" and "isolation" not in Options.__slots__):
        return False
    try:
        undisturbed(tier)
    except RuntimeError:
        return False
    return True


def offered() -> str:
    """Return the letters of the tiers this machine offers."""
    return "".join(tier for tier in KNOWN if is_offered(tier))
