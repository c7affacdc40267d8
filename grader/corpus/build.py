"""Run a student's script once and keep what it wrote, by the hash of its sources."""

from __future__ import annotations

import atexit
import functools
import getpass
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

RHO = re.compile(r"(?:rho|radio|radius)[^\d\n]*([\d.]+)")
LOG = "log.txt"


@dataclass(frozen=True)
class Built:
    """The files a run left behind, what it printed, and the spectral radius it printed."""

    files: dict[str, bytes]
    log: str
    rho: float


def cache_root() -> Path:
    """Return the cache, private to this user."""
    path = Path(tempfile.gettempdir()) / f"vangrad-corpus-{getpass.getuser()}"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


@functools.cache
def _server() -> subprocess.Popen[str]:
    env = os.environ | {"MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    server = subprocess.Popen(  # noqa: S603  our own runner, beside this file
        [sys.executable, str(Path(__file__).with_name("runner.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=env,
    )
    atexit.register(_stop, server)
    return server


def _stop(server: subprocess.Popen[str]) -> None:
    """End the runner by ending its input."""
    for pipe in (server.stdin, server.stdout):
        if pipe is not None:
            pipe.close()
    server.wait()


def _run(script: Path, cwd: Path, log: Path) -> int:
    server = _server()
    if server.stdin is None or server.stdout is None:
        raise RuntimeError("the runner has no pipes")
    job = {"script": str(script), "cwd": str(cwd), "log": str(log)}
    server.stdin.write(json.dumps(job) + "\n")
    server.stdin.flush()
    return int(server.stdout.readline())


def _key(*recipe: object) -> str:
    versions = [importlib.metadata.version(name) for name in ("numpy", "matplotlib")]
    text = json.dumps([recipe, sys.version, versions], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _produce(
    sources: dict[str, str], run: tuple[str, ...], cwd: str, folder: str, target: Path
) -> None:
    """Run the sources in a scratch repository and move what they wrote to the target."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch).resolve() / "repository"
        place = root / folder
        for name, text in sources.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(text, encoding="utf-8")
        log = Path(scratch) / LOG
        for script in run:
            status = _run(place / script, root if cwd == "root" else place, log)
            if status:
                raise RuntimeError(f"{status}: {log.read_text(errors='replace')[-2000:]}")
        keep = Path(scratch) / "keep"
        keep.mkdir()
        for path in place.iterdir():
            if path.is_file() and path.name not in sources:
                shutil.copy(path, keep)
        shutil.copy(log, keep)
        _publish(keep, target)


def _publish(keep: Path, target: Path) -> None:
    """Move a finished run into the cache; another process may have been faster."""
    staging = Path(tempfile.mkdtemp(dir=target.parent))
    shutil.copytree(keep, staging, dirs_exist_ok=True)
    try:
        staging.rename(target)
    except OSError:
        shutil.rmtree(staging)


def build(sources: dict[str, str], run: tuple[str, ...], cwd: str, folder: str) -> Built:
    """Return what the scripts wrote, running them only the first time.

    Raises
    ------
    RuntimeError
        If the script ends with a non-zero exit status: artefacts must come from a run that worked.
    """
    target = cache_root() / _key(sources, run, cwd, folder)
    if not target.is_dir():
        _produce(sources, run, cwd, folder, target)
    log = (target / LOG).read_text(encoding="utf-8", errors="replace")
    found = RHO.search(log)
    files = {path.name: path.read_bytes() for path in target.iterdir() if path.name != LOG}
    return Built(files, log, float(found.group(1)) if found else float("nan"))
