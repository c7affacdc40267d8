"""Cases written once for a whole session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from grader.corpus.model import Case


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Case], Path]:
    """Return the function that writes a case, the first time it is asked for, and finds it."""
    root = tmp_path_factory.mktemp("corpus")
    folders: dict[str, Path] = {}

    def find(case: Case) -> Path:
        if case.name not in folders:
            folders[case.name] = case.write(root / case.name)
        return folders[case.name]

    return find
