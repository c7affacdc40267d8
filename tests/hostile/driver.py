"""Grade one submission, render it in every way, then grade a right one in the same process.

Started by the trials in a process of its own: `driver.py FOLDER TIER TIMEOUT NEXT`. Writes one JSON
object to standard output; whatever else it writes is a fault.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys

from grader import report as reports
from grader.grading import Options, grade
from grader.model import Report


def renderings(report: Report) -> dict[str, str]:
    """Return the report in every form that is one string, in both languages."""
    told = {}
    for name in (module.name for module in pkgutil.iter_modules(reports.__path__)):
        render = getattr(importlib.import_module(f"grader.report.{name}"), "render", None)
        for language in ("en", "es") if render is not None else ():
            text = render(report, language)
            if isinstance(text, str):
                told[f"{name}.{language}"] = text
    return told


def main() -> None:
    """Do as the command line says."""
    folder, tier, timeout_s, following = sys.argv[1:]
    key = os.environ.get("VANGRAD_PROBE_KEY", "").encode()
    isolation = {"isolation": tier} if "isolation" in Options.__slots__ else {}
    options = Options(timeout_s=float(timeout_s), key=key, **isolation)
    told = {}
    if folder != "-":
        report = grade(folder, options)
        told = {"status": report.exit_status, "renderings": renderings(report)}
    if following != "-":
        after = grade(following, Options(key=key, **isolation))
        told["next"] = importlib.import_module("grader.report.json").render(after, "en")
    print(json.dumps(told))  # noqa: T201 - the answer to the trial


if __name__ == "__main__":
    main()
