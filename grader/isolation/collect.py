"""Reads what a child wrote, from a descriptor of its folder, down folders that are no links.

The child may still be alive, and write: what is demanded of a file is demanded of what was opened,
so that an exchange in between changes the content at most, and that is the child's to choose.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.reading.loading import UnreadableError, read_plain

_FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FILE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def read_below(folder: int | Path, parts: Sequence[str], cap: int) -> bytes | None:
    """Return a file's content; None for anything but a regular file of one link and `cap` bytes.

    Parameters
    ----------
    folder : int or Path
        A descriptor of the scratch folder; where the system has none for folders, its path.
    parts : sequence of str
        The way down, the file's name last.
    cap : int
        Most bytes.
    """
    if isinstance(folder, Path):
        with contextlib.suppress(UnreadableError):
            return read_plain(folder.joinpath(*parts), cap)
        return None
    with contextlib.ExitStack() as stack:
        try:
            for name in parts[:-1]:
                folder = os.open(name, os.O_RDONLY | _FOLDER, dir_fd=folder)
                stack.callback(os.close, folder)
            return _read(parts[-1], folder, cap)
        except OSError:
            return None


def _read(name: str, folder: int, cap: int) -> bytes | None:
    with os.fdopen(os.open(name, os.O_RDONLY | _FILE, dir_fd=folder), "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1 or status.st_size > cap:
            return None
        data = stream.read(cap + 1)
    return data if 0 < len(data) <= cap else None


def all_below(folder: int | Path, most_files: int, most_bytes: int) -> dict[str, bytes]:
    """Return every plain file of the scratch folder by its way down, within bounds."""
    found: dict[str, bytes] = {}
    left = most_bytes
    for parts in _ways(folder, most_files):
        data = read_below(folder, parts, left)
        if data is not None:
            left -= len(data)
            found["/".join(parts)] = data
    return found


def _ways(folder: int | Path, most: int) -> Iterator[tuple[str, ...]]:
    """Yield the ways to at most `most` entries, folders that are links left out."""
    waiting: list[tuple[str, ...]] = [()]
    while waiting and most > 0:
        here = waiting.pop()
        for name, is_folder in _entries(folder, here):
            most -= 1
            if most < 0:
                return
            if is_folder and len(here) < 20:
                waiting.append((*here, name))
            elif not is_folder:
                yield (*here, name)


def _entries(folder: int | Path, here: Sequence[str]) -> Iterator[tuple[str, bool]]:
    with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
        place: int | Path = folder
        if isinstance(place, Path):
            place = place.joinpath(*here)
        else:
            for name in (".", *here):
                place = os.open(name, os.O_RDONLY | _FOLDER, dir_fd=place)
                stack.callback(os.close, place)
        with os.scandir(place) as entries:
            for entry in entries:
                yield entry.name, entry.is_dir(follow_symlinks=False)
