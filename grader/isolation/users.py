"""A user that nothing on this machine belongs to, for a child to become."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys

FIRST, LAST = 65000, 65533
"""Numbers that distributions leave free, and that containers with 65,536 users still have."""


def is_root() -> bool:
    """Say whether this process may do everything."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def unused(number: int) -> bool:
    """Say whether no account, no group and no process has this number."""
    import grp
    import pwd

    with contextlib.suppress(KeyError):
        pwd.getpwuid(number)
        return False
    with contextlib.suppress(KeyError):
        grp.getgrgid(number)
        return False
    try:
        os.getpriority(os.PRIO_USER, number)
    except ProcessLookupError:
        return _mapped(number)
    return False


def _mapped(number: int) -> bool:
    """Say whether this user namespace has the number at all."""
    try:
        with open("/proc/self/uid_map", encoding="ascii") as table:  # noqa: PTH123 - not a file of ours
            rows = [tuple(map(int, line.split())) for line in table]
    except (OSError, ValueError):
        return sys.platform != "linux"
    return any(start <= number < start + count for start, _, count in rows)


def pick() -> int | None:
    """Return an unused number, another one each time; None where there is none."""
    count = LAST - FIRST + 1
    start = secrets.randbelow(count)
    numbers = (FIRST + (start + step) % count for step in range(count))
    return next((number for number in numbers if unused(number)), None)
