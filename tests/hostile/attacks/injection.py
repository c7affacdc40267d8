"""Text that a terminal, a CI log, a browser or a spreadsheet would obey."""

import json
from pathlib import Path

from tests.hostile.model import Attack

PAYLOADS = (
    "\x1b[2J\x1b]0;owned\x07",
    "\u202egnp.yaced\u2066",
    "\n::error file=x,line=1::owned",
    "\r\n##[error]owned\n::add-mask::0\n::stop-commands::x",
    "<img src=x onerror=alert(1)><script>alert(1)</script>",
    "](javascript:alert(1)) | `x` ```\n# owned",
    "]]></failure><testcase name='owned'/>",
    '=HYPERLINK("http://x","y")',
    "\0\ud800\ufeff\u2028::warning::x",
)
ALL = "".join(PAYLOADS)
TEXT = repr(ALL)


def _keys(path: Path) -> None:
    document = json.loads((path / "decay.json").read_text())
    document |= {text: text for text in PAYLOADS}
    document["rnn"][3] = ALL
    (path / "decay.json").write_text(json.dumps(document))


def _manifest(path: Path) -> None:
    document = json.loads((path / "manifest.json").read_text())
    document["experiment"] = document["date"] = ALL
    document["config"] = {"synthetic_target": ALL, ALL: ALL, "d_hidden": ALL}
    document["versions"] = {"python": ALL, "numpy": ALL}
    (path / "manifest.json").write_text(json.dumps(document))


def _readme(path: Path) -> None:
    text = ALL.encode("utf-8", "replace").decode().replace("\0", "")
    (path / "README.md").write_text(f"{text}\nspectral radius {text} 0.6, 1e-15\n")


NAMES = (
    "::error::owned.py",
    "<img src=x onerror=alert(1)>.py",
    "\x1b[2Jx.py",
    "=1+1.py",
    "a\n::x.py",
)

ATTACKS: list[Attack] = [
    Attack("message", "in an exception's message", f"raise RuntimeError({TEXT})", "main"),
    Attack(
        "type-name",
        "in an exception's type",
        f"raise type({ALL.replace(chr(0), '').encode('utf-8', 'ignore').decode()!r},"
        " (Exception,), {})('x')",
        "main",
    ),
    Attack(
        "module-name",
        "in a missing module's name",
        f"raise ModuleNotFoundError(name={TEXT})",
        "main",
    ),
    Attack(
        "forged-file",
        "in the name of the file that raises",
        f"exec(compile('raise ValueError(1)', str(HERE) + '/' + {PAYLOADS[2]!r}, 'exec'))",
        "main",
    ),
    Attack(
        "raising-str",
        "an exception whose own text raises",
        "class Bad(Exception):\n    def __str__(self):\n        raise SystemExit(7)\nraise Bad",
        "main",
    ),
    Attack(
        "from-step",
        "in an exception of step",
        "import sys\nif sys._getframe(1).f_code.co_name != 'forward':\n"
        f"    raise ValueError({TEXT})",
        "step",
    ),
    Attack(
        "printed",
        "on both streams",
        "import sys\nfor s in (sys.stdout, sys.stderr):\n"
        f"    print({TEXT.replace('ud800', 'u0041')}, file=s)",
        "main",
    ),
    Attack(
        "parameter-names",
        "in the names and types of parameters",
        f"import sys\nif sys._getframe(1).f_code.co_name != 'measure':\n    return {{{TEXT}: 'x'}}",
        "init",
    ),
    Attack(
        "artefact-keys",
        "in the keys of the decay.json it writes",
        f'(HERE / "decay.json").write_text(json.dumps({{{TEXT}: [{TEXT}], "rnn": {{{TEXT}: 1}}}}))',
        "written",
    ),
    Attack("json-keys", "in the keys of decay.json", place="none", change=_keys),
    Attack("manifest-strings", "in every string of the manifest", place="none", change=_manifest),
    Attack("readme-text", "in the README", place="none", change=_readme),
    Attack(
        "file-names",
        "in the names of other scripts",
        place="none",
        files=dict.fromkeys(NAMES, "def broken(:\n"),
    ),
    Attack(
        "imported-names",
        "in names the scan of imports shows",
        f"if False:\n    import importlib\n    importlib.import_module({TEXT})\n    open({TEXT})\n",
    ),
]
