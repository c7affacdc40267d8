"""Renderings of a report: each a pure function of the report and a language.

A format is a module here with `render(report, language) -> str` and a line in `FORMATS`. What a
rendering costs (templates, pictures) is imported when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import cast

from grader.model import Language, Report

FORMATS = (
    "text",
    "brief",
    "json",
    "html",
    "markdown",
    "junit",
    "github",
    "gradescope",
    "prairielearn",
    "autolab",
    "classroom",
)
"""Names of formats: each is the module of that name."""


def render(form: str, report: Report, language: Language) -> str:
    """Return the report in the format called `form`, one of `FORMATS`."""
    module = import_module(f"{__name__}.{form}")
    return cast(str, module.render(report, language))
