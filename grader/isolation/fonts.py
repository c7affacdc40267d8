"""The list of fonts that matplotlib keeps, for children to begin with.

Making it anew takes a sixth of the processor time of a script with a plot, in each child. The
user's own list is taken where there is one, without the fonts that a child could not read.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.isolation import places
from grader.reading.loading import UnreadableError, read_plain

FOLDER = ".matplotlib"
MOST_BYTES = 4 << 20


@functools.cache
def font_lists() -> Mapping[str, bytes]:
    """Return the lists by their way down from a child's home; none where there are none."""
    found: dict[str, bytes] = {}
    for folder in _folders():
        for path in sorted(folder.glob("fontlist-v*.json")):
            try:
                data = _readable(read_plain(path, MOST_BYTES))
            except (UnreadableError, OSError, ValueError, RecursionError, KeyError, TypeError):
                continue
            found.setdefault(f"{FOLDER}/{path.name}", data)
    return found


def _folders() -> Iterator[Path]:
    """Yield where matplotlib may keep its lists, as it looks for them itself."""
    chosen = os.environ.get("MPLCONFIGDIR")
    if chosen:
        yield Path(chosen)
    cache = os.environ.get("XDG_CACHE_HOME")
    yield Path(cache or Path.home() / ".cache") / "matplotlib"
    yield Path.home() / ".matplotlib"


def _readable(data: bytes) -> bytes:
    """Return a list without the fonts outside the folders that a child may read."""
    document = json.loads(data)
    roots = [Path(entry) for entry in (*places.SYSTEM, *places.interpreter())]
    for name in ("ttflist", "afmlist"):
        document[name] = [
            entry
            for entry in document[name]
            # matplotlib's own fonts are named from its own folder.
            if not os.path.isabs(entry["fname"])  # noqa: PTH117 - a name, not a file
            or any(Path(entry["fname"]).is_relative_to(root) for root in roots)
        ]
    return json.dumps(document).encode()
