"""Which exceptions of a script are the isolation's doing and not the script's.

What the child says of an exception may be forged; all that can be gained by it is to be called
"not executed" in place of wrong.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any

from grader.facts import Refused

PROCESSES = frozenset({"multiprocessing", "concurrent", "joblib", "loky"})
SHELL = frozenset({"subprocess"})
NETWORK = frozenset({
    "socket", "ssl", "urllib", "http", "ftplib", "smtplib",
    "requests", "urllib3", "httpx", "aiohttp",
})  # fmt: skip
"""Modules through which an exception came."""

DENIED = (errno.EPERM, errno.EACCES, errno.EROFS)
FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


def refused(data: Mapping[str, Any]) -> Refused:
    """Return what the child's account of an exception was refused, "" for an error of its own."""
    named = data.get("through")
    through = {str(name) for name in named} if isinstance(named, list) else set()
    number = data.get("errno")
    if data.get("type") == "BrokenProcessPool":
        return "processes"
    if not isinstance(number, int):
        return ""
    if number in FULL:
        return "disk"
    if through & PROCESSES:
        return "processes"
    if through & NETWORK:
        return "network"
    return _denied(number, through, bool(data.get("path")))


def _denied(number: int, through: set[str], path: bool) -> Refused:  # noqa: FBT001 - whether there is one
    if number not in DENIED:
        return ""
    if through & SHELL:
        return "shell"
    return "files" if path and number != errno.EPERM else "call"
