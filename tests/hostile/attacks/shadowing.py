"""Names that stand in for others: modules, settings and caches beside the script."""

import json
from pathlib import Path

from tests.hostile.model import Attack

OWNED = "raise RuntimeError('LOOT ' + __name__)\n"
SILENT = "import os\nos._exit(0)\n"


def _beside(name: str, about: str, *files: str, text: str = OWNED) -> Attack:
    return Attack(name, about, place="none", files=dict.fromkeys(files, text))


def _runs(*names: str) -> "object":
    def change(path: Path) -> None:
        manifest = json.loads((path / "manifest.json").read_text())
        manifest["run"] = list(names)
        (path / "manifest.json").write_text(json.dumps(manifest))

    return change


ATTACKS: list[Attack] = [
    _beside("own-numpy", "numpy.py beside the script", "numpy.py"),
    _beside("own-json", "json.py, struct.py, traceback.py", "json.py", "struct.py", "traceback.py"),
    _beside(
        "own-site", "sitecustomize.py, usercustomize.py", "sitecustomize.py", "usercustomize.py"
    ),
    _beside("own-grader", "a grader of its own", "grader/__init__.py", "grader/__main__.py"),
    _beside(
        "own-recorder",
        "modules named like the recorder's",
        *(f"{name}.py" for name in ("worker", "record", "tracing", "ledger", "listening", "stubs")),
    ),
    _beside(
        "own-pth", "a .pth file beside the script", "late.pth", text="import os; os._exit(0)\n"
    ),
    _beside(
        "own-settings",
        "matplotlibrc beside the script asks for a backend that is not there",
        "matplotlibrc",
        text="backend: module://vangrad_owned\nlines.linewidth: 77\n",
    ),
    _beside(
        "own-pytest",
        "conftest.py, setup.cfg and pyproject.toml, for tools that look for them",
        "conftest.py",
        "setup.cfg",
        "pyproject.toml",
        text="raise SystemExit\n",
    ),
    Attack(
        "stale-cache",
        "bytecode beside the script that is not what the script says",
        place="none",
        files={"__pycache__/bptt_norm.cpython-311.pyc": b"\x00" * 64},
    ),
    Attack(
        "run-upwards", "manifest.json: run ../../x.py", place="none", change=_runs("../../x.py")
    ),
    Attack(
        "run-absolute", "manifest.json: run /etc/passwd", place="none", change=_runs("/etc/passwd")
    ),
    Attack(
        "run-odd-names",
        "manifest.json: run names with escapes and line breaks",
        place="none",
        change=_runs("a\n::error::owned", "\x1b[2J.py"),
    ),
    Attack("run-option", "manifest.json: run -c", place="none", change=_runs("-c", "import os")),
]
