"""The command lines around a child: bubblewrap for tier A, a container for tier C."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.isolation import places

HOME = "/scratch"
"""Where the scratch folder lies inside tiers A and C."""

DISK_BYTES = 64 << 20
MEMORY = "2g"
MOST_PROCESSES = 64
NOBODY = 65534
"""Who a child in a container is, where the grader is root."""


def bubblewrap(program: str, *, root: bool, environment: Mapping[str, str]) -> list[str]:
    """Return the command up to what is run in the sandbox.

    Parameters
    ----------
    program : str
        The path of bwrap.
    root : bool
        As root the sandbox needs no user namespace, which some systems refuse to others: the child
        keeps what it takes to become an unused user, and loses it by that.
    environment : mapping of str
        All that the child sees of the environment.
    """
    words = [program, "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    words += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--hostname", "sandbox"]
    words += ["--cap-drop", "ALL"]
    if root:
        for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_CHOWN"):
            words += ["--cap-add", capability]
    else:
        words += ["--unshare-user"]
    words += _mounts(root=root)
    words += ["--proc", "/proc", "--dev", "/dev"]
    words += ["--size", str(DISK_BYTES), "--tmpfs", HOME, "--chdir", HOME, "--remount-ro", "/"]
    words += ["--clearenv"]
    for name, value in environment.items():
        words += ["--setenv", name, value]
    return [*words, "--"]


def _mounts(*, root: bool) -> list[str]:
    """Return what of the machine's files there is inside, all of it read-only."""
    words: list[str] = []
    for entry in (*places.SYSTEM, *places.SETTINGS):
        path = Path(entry)
        if path.is_symlink() and path.parent == Path("/"):
            words += ["--symlink", str(path.readlink()), entry]
        else:
            words += ["--ro-bind-try", entry, entry]
    known = {Path("/"), *map(Path, places.SYSTEM)}
    for entry in places.interpreter():
        # Folders on the way are made as root's own, where the child is to be somebody else.
        for above in reversed(Path(entry).parents) if root else ():
            if above not in known:
                words += ["--perms", "0755", "--dir", str(above)]
                known.add(above)
        words += ["--ro-bind-try", entry, entry]
    return words


def container(
    engine: str, image: str, name: str, home: Path, environment: Mapping[str, str]
) -> list[str]:
    """Return the command up to what is run in the container.

    Parameters
    ----------
    engine : str
        The path of docker or podman.
    image : str
        An image with Python, NumPy and matplotlib.
    name : str
        What the container is called, so that it can be ended by name.
    home : Path
        The scratch folder of this machine that appears as `HOME` inside.
    environment : mapping of str
        All that the child sees of the environment.
    """
    words = [engine, "run", "--rm", "--interactive", "--name", name, "--init"]
    words += ["--network", "none", "--ipc", "none", "--read-only", "--cap-drop", "ALL"]
    words += ["--security-opt", "no-new-privileges", "--pids-limit", str(MOST_PROCESSES)]
    words += ["--memory", MEMORY, "--memory-swap", MEMORY, "--user", _user(home)]
    if Path(engine).name == "podman" and hasattr(os, "geteuid") and os.geteuid():
        words += ["--userns", "keep-id"]  # else the owner of the scratch folder is another inside
    words += ["--tmpfs", "/tmp:rw,nosuid,nodev,size=16m"]  # noqa: S108 - inside the container
    words += ["--mount", _bound(home, HOME, writable=True)]
    for folder in (places.INSIDE, places.PROGRAMS):
        words += ["--mount", _bound(folder, f"/grader/{folder.name}", writable=False)]
    words += ["--workdir", HOME]
    for variable, value in environment.items():
        if variable != "PATH":  # where its Python lies is the image's to say
            words += ["--env", f"{variable}={value}"]
    return [*words, image]


def _bound(source: Path, target: str, *, writable: bool) -> str:
    # The value is a row of CSV: a comma in a path has to be quoted, and a quote doubled.
    text = str(source).replace('"', '""')
    return f'type=bind,"source={text}",target={target}' + ("" if writable else ",readonly")


def _user(home: Path) -> str:
    """Return who owns the scratch folder: nobody of this machine's, where that is root."""
    if not hasattr(os, "getuid"):
        return f"{NOBODY}:{NOBODY}"
    owner = home.stat()
    return f"{owner.st_uid}:{owner.st_gid}" if owner.st_uid else f"{NOBODY}:{NOBODY}"


def stage(interpreter: str, folder: str, *, packages_apart: bool) -> Sequence[str]:
    """Return the command of the first stage: isolated, and without site where paths are given."""
    options = ["-I", "-S", "-B"] if packages_apart else ["-I", "-B"]
    return [interpreter, *options, f"{folder}/stage.py"]
