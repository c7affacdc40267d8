"""A submission to begin with: the five functions to write, and everything else at work."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from grader.arguments import USAGE_ERROR, OneLineParser
from grader.report.text import Line, fold
from grader.texts import LANGUAGES, Catalogue

FILES = ("bptt_norm.py", "README.md")


def new(words: Sequence[str], texts: Catalogue) -> int:
    """Write a starter submission in the language of `texts`; 2 where the path cannot take one."""
    parser = OneLineParser(texts, prog="vangrad new", description=texts.say("starter.description"))
    parser.add_argument("path", metavar="PATH", type=Path, help=texts.say("starter.path"))
    parser.add_argument("--lang", choices=LANGUAGES, help=texts.say("starter.lang"))
    path: Path = parser.parse_args(words).path
    try:
        refused = write(path, texts)
    except OSError as error:
        refused = texts.say("starter.cannot_write", {"path": str(path), "reason": str(error)})
    if refused:
        sys.stderr.write(f"vangrad: {refused}\n")
        return USAGE_ERROR
    width = shutil.get_terminal_size((100, 24)).columns
    data = {"path": str(path), "script": str(path / FILES[0]), "names": ", ".join(FILES)}
    lines = [texts.say(f"starter.{name}", data) for name in ("written", "run", "grade")]
    sys.stdout.write("\n".join(fold(Line(line), width) for line in lines) + "\n")
    return 0


def write(path: Path, texts: Catalogue) -> str:
    """Write the files at `path`, all or none.

    Returns
    -------
    str
        Why `path` was refused, or "".

    Raises
    ------
    OSError
        If the folder cannot be made; nothing is left behind.
    """
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        return texts.say("starter.not_a_folder", {"path": str(path)})
    if path.is_dir() and any(path.iterdir()):
        return texts.say("starter.not_empty", {"path": str(path)})
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".vangrad-", dir=path.parent))
    try:
        source = resources.files(__package__) / "templates" / texts.language
        for name in FILES:
            (staging / name).write_bytes((source / name).read_bytes())
        staging.chmod(0o755)
        if path.is_dir():
            path.rmdir()
        staging.rename(path)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return ""
