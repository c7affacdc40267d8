"""Which folders a child may read, and all that it sees of the environment."""

from __future__ import annotations

import os
import site
import stat
import sys
import tempfile
from pathlib import Path

INSIDE = Path(__file__).with_name("inside")
STAGE = INSIDE / "stage.py"
PROGRAMS = Path(__file__).parents[1] / "evidence"
"""Where the programs lie that run in a child; with the rest of the folder, which is no secret."""

SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/nix/store")
SETTINGS = ("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts")
KERNEL = (
    "/dev/zero", "/dev/urandom", "/dev/random",
    "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu",
)  # fmt: skip


def packages() -> list[str]:
    """Return the folders of installed packages, never the working directory."""
    candidates = [*site.getsitepackages(), site.getusersitepackages()]
    for name in ("numpy", "matplotlib"):
        module = sys.modules.get(name)
        if module is not None and module.__file__ is not None:
            candidates.append(str(Path(module.__file__).parents[1]))
    return [entry for entry in dict.fromkeys(candidates) if Path(entry).is_dir()]


def interpreter() -> list[str]:
    """Return the folders of the interpreter, its library and its packages."""
    program = Path(sys.executable)
    found = [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix]
    found += [str(program.parent), str(program.resolve().parent), *packages()]
    found += [str(INSIDE), str(PROGRAMS)]
    known = [Path(entry) for entry in SYSTEM]
    kept = []
    for entry in dict.fromkeys(found):
        path = Path(entry)
        if not any(path.is_relative_to(other) for other in known):
            known.append(path)
            kept.append(entry)
    return kept


def readable() -> list[str]:
    """Return every path that Landlock lets a child read."""
    return [*SYSTEM, *SETTINGS, *KERNEL, *interpreter()]


def open_to_all(path: Path) -> bool:
    """Say whether every user can reach `path`: each folder above it may be searched by all."""
    try:
        chain = [path.resolve(), *path.resolve().parents]
        return all(one.stat().st_mode & stat.S_IXOTH for one in chain if one.is_dir())
    except OSError:
        return False


def scratch_parent(*, for_everyone: bool) -> Path:
    """Return where scratch folders are made; one that another user can reach, if it must be."""
    usual = Path(tempfile.gettempdir())
    if for_everyone and not open_to_all(usual):
        return next((p for p in map(Path, ("/tmp", "/var/tmp")) if open_to_all(p)), usual)  # noqa: S108 - only a place to make a private folder in
    return usual


def environment(home: str) -> dict[str, str]:
    """Return all that the child sees of the environment."""
    found = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "HOME": home,
        "TMPDIR": home,
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": home + "/.matplotlib",
        "PYTHONHASHSEED": "0",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for library in ("OPENBLAS", "OMP", "MKL"):
        found[f"{library}_NUM_THREADS"] = "1"
    for name in ("SYSTEMROOT", "OPENBLAS_CORETYPE"):  # Windows cannot start, old BLAS not compute
        if name in os.environ:
            found[name] = os.environ[name]
    return found
