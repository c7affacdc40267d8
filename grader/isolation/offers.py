"""What this machine offers, found out by asking it: cheap enough to be done before each grade."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader.isolation import places, users
from grader.isolation.commands import bubblewrap
from grader.isolation.inside import landlock, seccomp
from grader.isolation.tiers import TIERS, Tier

IMAGE = "vangrad-sandbox"
"""What containers are made of, unless VANGRAD_IMAGE names something else."""

ENGINES = ("docker", "podman")
PROBE_TIMEOUT_S = 10.0


def image() -> str:
    """Return the name of the image that containers are made of."""
    return os.environ.get("VANGRAD_IMAGE", IMAGE)


@dataclass(frozen=True, slots=True)
class Offers:
    """What there is and what is not.

    Parameters
    ----------
    lacking : mapping of tuples of str
        For each tier the probes that failed, by name; none where the tier can be had.
    landlock_abi : int
        0 where there is no Landlock.
    root : bool
        Whether this process is root, so that a child has to step down.
    reachable : bool
        Whether any user can reach the interpreter and the folder for scratch copies.
    free_user : bool
        Whether a user was found that a child can become.
    engine : str
        The command that starts containers.
    said : mapping of str
        What a failed probe said, by its name.
    """

    lacking: Mapping[Tier, tuple[str, ...]]
    landlock_abi: int = 0
    root: bool = False
    reachable: bool = True
    free_user: bool = True
    engine: str = ""
    said: Mapping[str, str] = field(default_factory=dict)

    def has(self, tier: Tier) -> bool:
        """Say whether a tier can be had."""
        return not self.lacking[tier]

    @property
    def strongest(self) -> Tier:
        """The strongest tier that can be had; E always can."""
        return next(tier for tier in TIERS if self.has(tier))


@functools.cache
def offers() -> Offers:
    """Ask the kernel and bubblewrap; containers are asked about apart, for their answer is slow."""
    abi, filters = landlock_abi(), has_seccomp()
    kernel: tuple[str, ...] = () if abi else ("no_landlock",)
    kernel += () if filters else ("no_seccomp",)
    said = ""
    namespaces: tuple[str, ...] = ()
    if not kernel:
        namespaces, said = _bubblewrap()
    root = users.is_root()
    scratch = places.scratch_parent(for_everyone=True)
    return Offers(
        lacking={"A": namespaces or kernel, "B": kernel, "C": ("no_container",), "E": ()},
        landlock_abi=abi,
        root=root,
        reachable=all(map(places.open_to_all, [*map(Path, places.interpreter()), scratch])),
        free_user=not root or users.pick() is not None,
        said={namespaces[0]: said} if namespaces else {},
    )


def landlock_abi() -> int:
    """Return the version of Landlock, 0 without it."""
    return landlock.abi(ctypes.CDLL(None, use_errno=True)) if sys.platform == "linux" else 0


def has_seccomp() -> bool:
    """Say whether the kernel filters system calls, on a processor there is a filter for."""
    if sys.platform != "linux" or not seccomp.supported(os.uname().machine):
        return False
    kill_process = ctypes.c_uint32(0x80000000)
    numbers = {"x86_64": 317, "aarch64": 277}
    libc = ctypes.CDLL(None, use_errno=True)
    # SECCOMP_GET_ACTION_AVAIL changes nothing and says whether filters can kill.
    asked = libc.syscall(numbers[os.uname().machine], 2, 0, ctypes.byref(kill_process))
    return bool(asked == 0)


def _bubblewrap() -> tuple[tuple[str, ...], str]:
    """Start the sandbox of tier A around `true`; return what failed and what it said."""
    program = shutil.which("bwrap")
    if program is None:
        return ("no_bubblewrap",), ""
    command = bubblewrap(program, root=users.is_root(), environment={})
    try:
        tried = subprocess.run(  # noqa: S603 - the sandbox itself, around nothing
            [*command, "/usr/bin/true"],
            capture_output=True,
            timeout=PROBE_TIMEOUT_S,
            check=False,
            env={},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return ("bubblewrap_refused",), str(error)
    if tried.returncode:
        return ("bubblewrap_refused",), tried.stderr.decode("utf-8", "replace").strip()[-300:]
    return (), ""


def with_containers(found: Offers) -> Offers:
    """Return the offers with what container engines answer: seconds, where a daemon hangs."""
    said = ""
    for engine in ENGINES:
        program = shutil.which(engine)
        if program is None:
            continue
        failed, said = _engine(program)
        if not failed:
            lacking: dict[Tier, tuple[str, ...]] = {**found.lacking, "C": ()}
            return _replaced(found, lacking, program, found.said)
        lacking = {**found.lacking, "C": (failed,)}
        found = _replaced(found, lacking, "", {**found.said, failed: said})
    return found


def _replaced(
    found: Offers, lacking: Mapping[Tier, tuple[str, ...]], engine: str, said: Mapping[str, str]
) -> Offers:
    return Offers(
        lacking, found.landlock_abi, found.root, found.reachable, found.free_user, engine, said
    )


def _engine(program: str) -> tuple[str, str]:
    """Ask one engine whether it runs and has the image."""
    for failed, words in (
        ("no_daemon", ["version", "--format", "{{.Server.Version}}"]),
        ("no_image", ["image", "inspect", "--format", "{{.Id}}", image()]),
    ):
        said = ""
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            tried = subprocess.run(  # noqa: S603 - the engine's own questions
                [program, *words], capture_output=True, timeout=PROBE_TIMEOUT_S, check=False
            )
            if tried.returncode == 0:
                continue
            said = tried.stderr.decode("utf-8", "replace").strip()[-300:]
        return failed, said
    return "", ""
