"""The scratch copy a script runs in: its repository's shape, without the artefacts it must produce.

Only the submission's own scripts and small text or array files of the repository are copied, for
scripts that import a sibling lab; other students' folders, hidden folders, environments and every
graded artefact stay out. What the run wrote is collected with the bounds that hold for any file of
a stranger.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.model import Submission
from grader.reading.loading import UnreadableError, decoded, read_plain
from grader.reading.strictjson import parse_json

ROOT = PurePosixPath("repository")
FOLDER = PurePosixPath("experiments", "14-vanishing-grad")
COPIED = {".py", ".txt", ".json", ".toml", ".csv", ".npy", ".npz", ".yaml", ".yml"}
LEFT_OUT = {"decay.json", "decay.png", "manifest.json"}
SKIPPED_FOLDERS = {"__pycache__", "node_modules", "site-packages", "build", "dist"}
REACHES_OUT = re.compile(
    rb"\.\.[/\\'\"]|sys\.path|\bparents\b|parent\.parent|dirname.*dirname|chdir|getcwd|\bcwd\("
    rb"|experiments[/\\'\"]"
)
"""What a script cannot do without if it uses anything beyond its own folder."""

MAX_FILES = 500
MAX_ENTRIES = 5_000
MAX_BYTES = 16 << 20
ARTEFACTS: Mapping[str, int] = {"decay.json": 1 << 20, "decay.png": 8 << 20}


@dataclass(frozen=True, slots=True)
class Scratch:
    """What lies in a scratch folder: `files` by their way down; the script is in `folder`."""

    files: Mapping[str, bytes]
    folder: PurePosixPath


def build(submission: Submission) -> Scratch:
    """Lay out a fresh scratch copy of `submission`."""
    inside = submission.directory.relative_to(submission.root)
    folder = ROOT / (PurePosixPath(*inside.parts) if inside.parts else FOLDER)
    files = {str(folder / name): script.data for name, script in submission.scripts.items()}
    files |= _copied(submission, folder)
    files |= _settings(submission, folder)
    return Scratch(files, folder)


def _reaches_out(submission: Submission) -> bool:
    """Say whether a script mentions anything through which it could reach beyond its own file."""
    return any(REACHES_OUT.search(script.data) for script in submission.scripts.values())


def _settings(submission: Submission, folder: PurePosixPath) -> dict[str, bytes]:
    """Give a script that reads its settings from manifest.json these, and no results."""
    file = submission.files.get("manifest.json")
    document = parse_json(decoded(file)).value if file is not None else None
    if not isinstance(document, dict):
        return {}
    results = document.get("results_summary")
    blank = dict.fromkeys(results) if isinstance(results, dict) else None
    settings = {**document, "results_summary": blank}
    return {str(folder / "manifest.json"): json.dumps(settings).encode()}


def _copied(submission: Submission, folder: PurePosixPath) -> dict[str, bytes]:
    """Copy what an import of a sibling or a shared data file may need, within bounds."""
    left = MAX_BYTES
    files: dict[str, bytes] = {}
    for count, (path, target) in enumerate(_wanted(submission, folder)):
        if count >= MAX_FILES:
            break
        with contextlib.suppress(UnreadableError, OSError):
            data = read_plain(path, min(left, 1 << 20))
            left -= len(data)
            files[str(target)] = data
    return files


def _wanted(submission: Submission, folder: PurePosixPath) -> Iterator[tuple[Path, PurePosixPath]]:
    """Yield files to copy and where to, nearest folders first, `MAX_ENTRIES` looked at at most."""
    own, top = submission.directory, submission.root
    ancestors = [own]
    if own != top and _reaches_out(submission):
        ancestors += own.parents[: own.parents.index(top) + 1]
    seen = 0
    skip: Path | None = None
    for ancestor in ancestors:
        for path in _files_below(ancestor, skip, own):
            seen += 1
            if seen > MAX_ENTRIES:
                return
            if path.suffix.lower() in COPIED and path.name not in LEFT_OUT:
                inside = path.is_relative_to(own)
                start, way = (folder, own) if inside else (ROOT, top)
                yield path, start / PurePosixPath(*path.relative_to(way).parts)
        skip = ancestor


def _files_below(folder: Path, skip: Path | None, own: Path) -> Iterator[Path]:
    """Yield files below `folder`, but not below `skip` or a folder with another submission."""
    for place, folders, files in os.walk(folder, followlinks=False):
        here = Path(place)
        another = here != own and "bptt_norm.py" in files
        if another or "pyvenv.cfg" in files:
            folders.clear()
            continue
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and name not in SKIPPED_FOLDERS and here / name != skip
        )
        yield from (here / name for name in sorted(files) if not name.startswith("."))


def collect(
    folder: PurePosixPath, read: Callable[[tuple[str, ...], int], bytes | None]
) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return the artefacts a run left, and where they lay if not in the script's own folder.

    A script that writes by its working directory or by a path from the repository's root leaves
    them elsewhere; the first place that has one counts.

    Parameters
    ----------
    folder : PurePosixPath
        The script's own, from the scratch folder down.
    read : callable
        Reads a file of the child by its way down and the most bytes it may have.
    """
    found: dict[str, bytes] = {}
    misplaced: dict[str, str] = {}
    places = dict.fromkeys((folder, ROOT / FOLDER, ROOT, PurePosixPath()))
    for name, cap in ARTEFACTS.items():
        for place in places:
            data = read((*place.parts, name), cap)
            if data is None:
                continue
            found[name] = data
            if place != folder:
                misplaced[name] = str(place)
            break
    return found, misplaced
