"""`python -m grader package`: archives for the services of courses, with this version inside."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import uuid
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from grader.arguments import OneLineParser, UsageError
from grader.config import refusal
from grader.config.reading import ConfigError, read
from grader.model import Value
from grader.platforms.wheel import archive, tarball, wheel
from grader.texts import LANGUAGES, Catalogue

PLATFORMS = ("gradescope", "prairielearn", "autolab", "gitlab", "docker")
PLACEHOLDER = str(uuid.UUID(int=0)).encode()
"""Stands in info.json where PrairieLearn wants what no other question of the course has."""

RUN = frozenset({"setup.sh", "run_autograder", "run.sh", "driver.sh"})
DRIVING = frozenset({"driver.sh", "vangrad.toml"})
"""What Autolab finds inside autograde.tar."""


def package(words: Sequence[str], texts: Catalogue) -> int:
    """Write the archive of a platform; the exit status is 0.

    Raises
    ------
    UsageError
        If the settings to put inside cannot be used, or the archive cannot be written.
    """
    parser = OneLineParser(
        texts, prog="vangrad package", description=texts.say("cli.package.description")
    )
    parser.add_argument("platform", choices=PLATFORMS, help=texts.say("cli.package.platform"))
    parser.add_argument("--out", type=Path, required=True, help=texts.say("cli.package.out"))
    parser.add_argument("--config", type=Path, help=texts.say("cli.package.config"))
    parser.add_argument("--lang", choices=LANGUAGES, help=texts.say("cli.lang"))
    arguments = parser.parse_args(words)
    settings = _settings(arguments.config, texts)
    data = build(arguments.platform, settings)
    try:
        _write(arguments.out, data)
    except OSError as error:
        said = {"path": str(arguments.out), "reason": error.strerror or str(error)}
        raise UsageError(texts.say("cli.cannot_write", said)) from error
    told: dict[str, Value] = {"path": str(arguments.out), "bytes": len(data)}
    sys.stdout.write(texts.say(f"cli.package.written.{arguments.platform}", told) + "\n")
    return 0


def build(platform: str, settings: bytes | None = None) -> bytes:
    """Return the archive of a platform: its files, the wheel, and settings if there are any."""
    folder = resources.files(__name__) / platform
    files = {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.is_file()}
    name, content = wheel()
    files[name] = content
    if settings is not None:
        files["vangrad.toml"] = settings
    if platform == "autolab":
        # Autolab hands its machines this one file beside the Makefile and the submission.
        inside = {name: files.pop(name) for name in {*files} & DRIVING}
        files["autograde.tar"] = tarball(inside, RUN)
    if "info.json" in files:
        files["info.json"] = _identified(files["info.json"], content + (settings or b""))
    return archive(files, RUN)


def _identified(info: bytes, inside: bytes) -> bytes:
    """Return a question's description with an identity: its own for each version and settings."""
    digest = hashlib.sha256(inside).hexdigest()
    return info.replace(PLACEHOLDER, str(uuid.uuid5(uuid.NAMESPACE_OID, digest)).encode())


def _settings(path: Path | None, texts: Catalogue) -> bytes | None:
    """Return the file of settings to put inside, once it is known to be usable."""
    if path is None:
        return None
    try:
        return read(path).text.encode()
    except ConfigError as error:
        raise UsageError(refusal(error, path, texts)) from error


def _write(path: Path, data: bytes) -> None:
    """Write the archive whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
