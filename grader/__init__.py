"""Verifies and grades submissions of the vanishing-gradient lab.

`grade(path)` is the command as a function: the same verdict, as a `Report`. Importing the package
costs nothing; what grading needs is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.grading import Options, grade
    from grader.model import Report
    from grader.report import render

__all__ = ["Options", "Report", "grade", "render"]

_HOMES = {
    "Options": "grader.grading",
    "Report": "grader.model",
    "grade": "grader.grading",
    "render": "grader.report",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
