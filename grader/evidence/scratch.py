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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.model import Submission
from grader.reading.loading import UnreadableError, decoded, read_plain
from grader.reading.strictjson import parse_json

FOLDER = Path("experiments", "14-vanishing-grad")
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
    """Where the script lies (`folder`) in the copied repository (`root`), in a private `home`."""

    home: Path
    root: Path
    folder: Path


def build(submission: Submission, home: Path) -> Scratch:
    """Lay out a fresh scratch copy of `submission` below the empty directory `home`."""
    root = home / "repository"
    inside = submission.directory.relative_to(submission.root)
    folder = root / (inside if inside.parts else FOLDER)
    folder.mkdir(parents=True)
    for script in submission.scripts.values():
        (folder / script.name).write_bytes(script.data)
    _copy(submission, folder, root)
    _copy_settings(submission, folder)
    return Scratch(home, root, folder)


def _reaches_out(submission: Submission) -> bool:
    """Say whether a script mentions anything through which it could reach beyond its own file."""
    return any(REACHES_OUT.search(script.data) for script in submission.scripts.values())


def _copy_settings(submission: Submission, folder: Path) -> None:
    """Give a script that reads its settings from manifest.json these, and no results."""
    file = submission.files.get("manifest.json")
    document = parse_json(decoded(file)).value if file is not None else None
    if isinstance(document, dict):
        results = document.get("results_summary")
        blank = dict.fromkeys(results) if isinstance(results, dict) else None
        settings = {**document, "results_summary": blank}
        (folder / "manifest.json").write_text(json.dumps(settings), encoding="utf-8")


def _copy(submission: Submission, folder: Path, root: Path) -> None:
    """Copy what an import of a sibling or a shared data file may need, within bounds."""
    left = MAX_BYTES
    for count, (path, target) in enumerate(_wanted(submission, folder, root)):
        if count >= MAX_FILES:
            return
        with contextlib.suppress(UnreadableError, OSError):
            data = read_plain(path, min(left, 1 << 20))
            left -= len(data)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)


def _wanted(submission: Submission, folder: Path, root: Path) -> Iterator[tuple[Path, Path]]:
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
                yield (
                    path,
                    folder / path.relative_to(own) if inside else root / path.relative_to(top),
                )
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


def collect(scratch: Scratch) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return the artefacts a run left, and where they lay if not in the script's own folder.

    A script that writes by its working directory or by a path from the repository's root leaves
    them elsewhere; the first place that has one counts.
    """
    found: dict[str, bytes] = {}
    misplaced: dict[str, str] = {}
    places = dict.fromkeys((scratch.folder, scratch.root / FOLDER, scratch.root, scratch.home))
    for name, cap in ARTEFACTS.items():
        for place in places:
            with contextlib.suppress(UnreadableError, OSError):
                found[name] = read_plain(place / name, cap)
                if place != scratch.folder:
                    misplaced[name] = str(place.relative_to(scratch.home))
                break
    return found, misplaced
