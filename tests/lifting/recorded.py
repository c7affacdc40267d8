"""Scripts recorded for tests: what is written here runs in a child, on listening arrays."""

import textwrap

from grader.evidence.recorder import record
from grader.reading.loading import load
from tests.toys import terms

IMPORTS = "import copy, json, math\nimport numpy as np\n"


def submission(folder, source, **others):
    """Write a script, and modules beside it, and load the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bptt_norm.py").write_text(textwrap.dedent(source), encoding="utf-8")
    for name, text in others.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text), encoding="utf-8")
    return load(folder)


def recorded(folder, source, timeout_s=10.0, **others):
    """Return the recording of a script, or why there is none."""
    return record(submission(folder, source, **others), ["bptt_norm.py"], terms(timeout_s))
