"""A directory becomes a `Submission`: read once, within bounds, following no link.

Whatever lies there may be hostile or merely odd (a symbolic link, a FIFO, a folder called
decay.json, a file of 60 MB, UTF-16 from a Windows shell). Each such thing becomes a `Problem`;
nothing raises, and nothing outside the directory is read.
"""

from __future__ import annotations

import codecs
import difflib
import hashlib
import io
import itertools
import os
import re
import stat
import tokenize
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.model import (
    REQUIRED_FILES,
    Finding,
    LoadedFile,
    Outcome,
    Problem,
    Submission,
    Value,
)

TEXT_LIMIT = 1_000_000
IMAGE_LIMIT = 8_000_000
"""Bytes; a hundred numbers need 3 kB, a picture of 1500 x 1000 pixels some 100 kB."""

MAX_SCRIPTS = 50
MAX_ENTRIES = 10_000
"""Directory entries looked at; the lab's folder has five."""

MOST_SIMILAR = 200
"""Names held against that of a missing file; each costs up to a millisecond."""

_README = "README.md"
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_TEXT_ENCODING = re.compile(r"utf-8(-sig)?|ascii|iso8859-[0-9]+|cp[0-9]+|mac-roman")
"""What a script may declare; Python knows codecs that are no text, or slow (hex, punycode)."""

_OPEN_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a FIFO without a writer would block for ever
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class UnreadableError(Exception):
    """A file is not plain, not readable or too large; `kind` and `data` fit files.readable."""

    def __init__(self, kind: str, **data: Value) -> None:
        super().__init__(kind)
        self.kind = kind
        self.data = data


def load(directory: Path) -> Submission:
    """Read the submission in `directory`.

    Parameters
    ----------
    directory : Path
        The folder that holds (or should hold) the five files. It may itself be reached by a link.

    Returns
    -------
    Submission
        What could be read, and a `Problem` under files.present or files.readable for the rest.
        A directory that can't be listed holds nothing.

    Source: the lab's section "What you produce".
    """
    directory = directory.resolve()
    names = _names(directory)
    problems: list[Problem] = []
    files: dict[str, LoadedFile] = {}
    for required in REQUIRED_FILES:
        name = _choose(required, names, problems)
        if name is None:
            problems.append(_missing(required, names))
        elif loaded := _read_or_report(directory, name, Outcome.FAIL, problems):
            files[required] = loaded
    scripts = _other_scripts(directory, names, problems)
    if script := files.get("bptt_norm.py"):
        scripts[script.name] = script
    return Submission(
        directory, repository_root(directory), files, dict(sorted(scripts.items())), tuple(problems)
    )


def decoded(file: LoadedFile) -> str:
    """Return the text of a UTF-8 file without a byte-order mark, its line ends unified.

    Loading has refused other encodings; what a run has just written may hold anything, and bytes
    that are not UTF-8 become replacement characters.
    """
    stream = io.BytesIO(file.data)
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace").read()


def repository_root(directory: Path) -> Path:
    """Return the folder a submission's script may call its repository.

    That is the nearest ancestor with `.git`, else the parent of a folder named `experiments`, else
    the directory itself. Where an ancestor holds the same lab of another student in a neighbouring
    branch, it belongs to the class, and the root lies below it.
    """
    directory = directory.resolve()
    ceiling = _ceiling(directory)
    lower = directory
    for upper in directory.parents:
        if lower == ceiling or _holds_others(upper, lower, directory):
            break
        lower = upper
    return lower


def _ceiling(directory: Path) -> Path:
    chain = (directory, *directory.parents)
    for folder in chain:
        if os.path.lexists(folder / ".git"):
            return folder
    return next((folder.parent for folder in chain if folder.name == "experiments"), directory)


def _holds_others(upper: Path, lower: Path, directory: Path) -> bool:
    script = directory.relative_to(lower) / REQUIRED_FILES[0]
    return any(
        os.path.lexists(upper / name / script) for name in _names(upper) if name != lower.name
    )


def _names(directory: Path) -> list[str]:
    """List at most MAX_ENTRIES names; one that isn't UTF-8 can't be a file of the lab."""
    try:
        with os.scandir(directory) as entries:
            names = [entry.name for entry in itertools.islice(entries, MAX_ENTRIES)]
    except OSError:
        return []
    return sorted(name for name in names if not any("\udc80" <= c <= "\udcff" for c in name))


def _choose(required: str, names: list[str], problems: list[Problem]) -> str | None:
    if required != _README:
        return required if required in names else None
    candidates = [name for name in names if name.casefold() == _README.casefold()]
    chosen = _README if _README in candidates else next(iter(candidates), None)
    if len(candidates) > 1 and chosen is not None:
        data: dict[str, Value] = {"candidates": candidates, "chosen": chosen}
        problems.append(_problem("several_readmes", chosen, data, Outcome.NOTE))
    return chosen


def _missing(required: str, names: list[str]) -> Problem:
    others = [name for name in names if name not in REQUIRED_FILES][:MOST_SIMILAR]
    folded = {name.casefold(): name for name in others}
    near = difflib.get_close_matches(required.casefold(), folded, n=1, cutoff=0.7)
    kind = "similar" if near else "missing"
    data = {"similar": folded[near[0]]} if near else {}
    return Problem("files.present", Finding(kind, data={"name": required, **data}, file=required))


def _other_scripts(
    directory: Path, names: list[str], problems: list[Problem]
) -> dict[str, LoadedFile]:
    others = [name for name in names if name.endswith(".py") and name not in REQUIRED_FILES]
    if len(others) > MAX_SCRIPTS:
        data: dict[str, Value] = {"n": len(others), "limit": MAX_SCRIPTS}
        problems.append(_problem("too_many_scripts", None, data, Outcome.NOTE))
    # None of these is required: what is wrong with one that is needed shows when the script runs.
    return {
        name: loaded
        for name in others[:MAX_SCRIPTS]
        if (loaded := _read_or_report(directory, name, Outcome.NOTE, problems))
    }


def _read_or_report(
    directory: Path, name: str, weight: Outcome, problems: list[Problem]
) -> LoadedFile | None:
    try:
        data = read_plain(directory / name, IMAGE_LIMIT if name.endswith(".png") else TEXT_LIMIT)
        if not name.endswith(".png"):
            problems.extend(_text_notes(name, data))
    except UnreadableError as reason:
        problems.append(_problem(reason.kind, name, reason.data, weight))
        return None
    return LoadedFile(name, data, hashlib.sha256(data).hexdigest())


def read_plain(path: Path, limit: int) -> bytes:
    """Read a regular file of one link, at most `limit` bytes, or raise `UnreadableError`."""
    try:
        _demand_plain(path.lstat(), limit)
        with os.fdopen(os.open(path, _OPEN_FLAGS), "rb") as stream:
            # Once more on what was opened: the entry may have been exchanged meanwhile.
            _demand_plain(os.fstat(stream.fileno()), limit)
            data = stream.read(limit + 1)
    except PermissionError as error:
        raise UnreadableError("no_permission") from error
    except OSError as error:
        raise UnreadableError(
            "not_opened", reason=error.strerror or type(error).__name__
        ) from error
    if not data:
        raise UnreadableError("empty")
    if len(data) > limit:
        raise UnreadableError("too_large", size=len(data), limit=limit)
    return data


def _demand_plain(status: os.stat_result, limit: int) -> None:
    kinds = {stat.S_IFLNK: "symbolic_link", stat.S_IFDIR: "folder", stat.S_IFREG: ""}
    kind = kinds.get(stat.S_IFMT(status.st_mode), "special")
    if kind:
        raise UnreadableError(kind)
    if status.st_nlink > 1:
        raise UnreadableError("hard_link", links=status.st_nlink)
    if status.st_size > limit:
        raise UnreadableError("too_large", size=status.st_size, limit=limit)


def _text_notes(name: str, data: bytes) -> Iterator[Problem]:
    """Demand text in UTF-8 (a script: in the encoding it declares); a byte-order mark is noted."""
    if data.startswith(_UTF16_MARKS):
        raise UnreadableError("utf16")
    try:
        data.decode(_encoding(name, data))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableError("not_utf8", byte=f"0x{data[error.start]:02x}", line=line) from error
    if data.startswith(_UTF8_MARK):
        yield _problem("byte_order_mark", name, {}, Outcome.NOTE)


def _encoding(name: str, data: bytes) -> str:
    if not name.endswith(".py"):
        return "utf-8"
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]  # PEP 263
    except (SyntaxError, LookupError) as error:  # the latter for codecs of no text, from 3.14 on
        if b"coding" not in b"".join(data.splitlines()[:2]):
            return "utf-8"
        raise UnreadableError("unknown_encoding", reason=str(error)) from error
    if not _TEXT_ENCODING.fullmatch(codecs.lookup(encoding).name):
        raise UnreadableError("unknown_encoding", reason=encoding)
    return encoding


def _problem(kind: str, name: str | None, data: Mapping[str, Value], weight: Outcome) -> Problem:
    return Problem("files.readable", Finding(kind, weight, data, file=name))
