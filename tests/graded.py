"""Reports of some sixty submissions, right, wrong, broken and hostile, each graded once."""

from __future__ import annotations

import functools
import json
import os
import shutil
import tempfile
from pathlib import Path

from grader.facts import Diagnosis
from grader.grading import Options, grade
from grader.model import REQUIRED_FILES, CheckResult, Finding, Outcome, StopCondition, Verdict
from tests.toys import report

EXPERIMENT = Path(__file__).parents[1] / "experiments" / "14-vanishing-grad"
EVIL = (
    "::error file=a::x ##[add-mask]y \x1b[2J\u202e </script><img src=x onerror=alert(1)> ]]> "
    "word: %0A::notice::z \ud7ff\x00 | `rm` [a](b) @all"
)
SAID = (
    f"The gradient of the vanilla RNN decays by 999 orders of magnitude over 50 steps {EVIL}. "
    f"The GRU decays by 888 orders of magnitude ##[error]x, ::error::y and {EVIL}.\n\n"
)
COMMAND = "\n::error::passed\n##[add-mask]a\n  ::stop-commands::x\n"


def text(name, change):
    """Return a change of one text file of a folder."""

    def apply(folder):
        path = folder / name
        changed = change(path.read_text(encoding="utf-8"))
        path.write_bytes(changed if isinstance(changed, bytes) else changed.encode())

    return apply


def decay(change, indent=None):
    """Return a change of decay.json as a document."""
    return text("decay.json", lambda s: json.dumps(change(json.loads(s)), indent=indent))


def manifest(**changes):
    return text("manifest.json", lambda s: json.dumps(json.loads(s) | changes, indent=2))


def replaced(name, make):
    def apply(folder):
        (folder / name).unlink()
        make(folder / name)

    return apply


def more_scripts(folder):
    for name in ("a,b.py", "::error::c.py", "##[debug]d.py", "<script>.py", "é%0A.py"):
        (folder / name).write_text("x = 1\n", encoding="utf-8")


def curves(change):
    return decay(lambda d: d | {kind: change(d[kind]) for kind in ("rnn", "gru")})


def duplicates(_):
    return "{" + ",".join(f'"k{n % 7}{EVIL!r}": 1' for n in range(300)).replace("\\", "\\\\") + "}"


RIGHT = {
    "as it is": lambda folder: None,
    "51 entries": decay(lambda d: {k: [*d[k], d["g_T"][k]] for k in ("rnn", "gru")}),
    "indented": decay(lambda d: d, indent=2),
    "nested": decay(lambda d: {k: {"norms": d[k]} for k in ("rnn", "gru")}, indent=1),
    "keyed": decay(lambda d: {k: dict(enumerate(d[k])) for k in ("rnn", "gru")}, indent=1),
    "records": decay(
        lambda d: [{"t": t, "rnn": d["rnn"][t], "gru": d["gru"][t]} for t in range(50)], indent=1
    ),
    "CRLF": text("manifest.json", lambda s: s.replace("\n", "\r\n")),
    "byte-order mark": text("README.md", lambda s: b"\xef\xbb\xbf" + s.encode()),
}
WRONG = {
    "one short": curves(lambda g: g[:49]),
    "two long": curves(lambda g: [*g, 1.0, 1.0]),
    "zero": curves(lambda g: [0.0, *g[1:]]),
    "NaN": curves(lambda g: [float("nan"), *g[1:]]),
    "all NaN": curves(lambda g: [float("nan")] * 50),
    "texts": curves(lambda g: [str(x) for x in g]),
    "negative": curves(lambda g: [-x for x in g]),
    "flat": curves(lambda g: [0.1] * 50),
    "no gru": decay(lambda d: {"rnn": d["rnn"]}),
    "ambiguous": decay(lambda d: {"rnn_a": d["rnn"], "rnn_b": d["gru"], "gru": d["gru"]}),
    "orders": manifest(results_summary={"rnn_orders_of_decay_per_10steps": 5.1}),
    "no summary": manifest(results_summary=None),
    "no seed": manifest(seed="X"),
    "other length": manifest(config={"sequence_length": 20}),
    "placeholders": manifest(date="YYYY-MM-DD", versions={"python": "X.Y.Z"}),
    "short README": text("README.md", lambda s: "# Results\n\nThey vanish.\n"),
    "torch": text("bptt_norm.py", lambda s: "import torch\n" + s),
}
BROKEN = {
    **{f"no {name}": lambda folder, name=name: (folder / name).unlink() for name in REQUIRED_FILES},
    "empty decay": text("decay.json", lambda s: ""),
    "truncated": text("decay.json", lambda s: s[:900]),
    "a list": text("manifest.json", lambda s: "[1, 2]"),
    "deep": text("manifest.json", lambda s: "[" * 100_000),
    "UTF-16": text("manifest.json", lambda s: s.encode("utf-16")),
    "Latin-1": text("README.md", lambda s: s.encode("ascii", "ignore") + b"\xe9"),
    "no picture": replaced("decay.png", lambda p: p.write_bytes(b"not a picture")),
    "a folder": replaced("decay.json", Path.mkdir),
    "a FIFO": replaced("decay.json", os.mkfifo),
    "a link": replaced("README.md", lambda p: p.symlink_to("/etc/passwd")),
    "no Python": text("bptt_norm.py", lambda s: "def ("),
}
HOSTILE = {
    "keys": decay(lambda d: {EVIL + "rnn": d["rnn"], EVIL + "gru": [EVIL] * 50}),
    "many keys": decay(lambda d: {f"rnn {EVIL} {n}": [float(n)] * 50 for n in range(40)}),
    "duplicates": text("decay.json", duplicates),
    "values": manifest(date=EVIL, seed=EVIL, config={EVIL: EVIL}, experiment=COMMAND),
    "README": text("README.md", lambda s: COMMAND + SAID * 3 + COMMAND),
    "claims": text("README.md", lambda s: s + "The RNN decays 3 orders. " * 2000),
    "scripts": more_scripts,
    "a thousand faults": text("manifest.json", lambda s: "{" + '"a": NaN,' * 999 + '"b": 1}'),
    "long lines": manifest(date="x" * 60_000, seed="::error::" * 9000),
}
SCRIPTS = {
    "raises": f"raise ValueError({EVIL!r} * 5 + {COMMAND!r})\n",
    "prints": f"print({COMMAND!r} * 50)\nimport sys\nsys.exit({COMMAND!r})\n",
}
FILES = {**RIGHT, **WRONG, **BROKEN, **HOSTILE}
TOLD = Diagnosis(
    "rnn", "bptt", (("rnn-w-not-transposed",),), 1e-15, 1e-9, file="bptt_norm.py", line=1
)


def _by_hand(code, outcome, finding=None, points=0, **more):
    found = () if finding is None else (finding,)
    return CheckResult(code, outcome, points, 12, required=True, findings=found, **more)


FAULT = Finding("grader_error", Outcome.GRADER_ERROR, {"error": f"E: {EVIL}", "place": "f:3"})
SKIPPED = _by_hand("gradient.chain", Outcome.SKIPPED, skipped_because=("gradient.steps",))
HALF = _by_hand(
    "gradient.hot",
    Outcome.SKIPPED,
    points=6,
    skipped_because=("gradient.steps",),
    skipped_models=("rnn",),
)
MADE = {
    "diagnosed": report(diagnoses=(TOLD,), points=0, folder="a"),
    "fault": report(
        _by_hand("plot.curves", Outcome.GRADER_ERROR, FAULT),
        verdict=Verdict.GRADER_ERROR,
        headline="grader_error",
        points=None,
        exit_status=3,
    ),
    "not looked at": report(SKIPPED, HALF, points=6, headline_data={"points": 6, "open": 0}),
    "not verified": report(
        verdict=Verdict.NOT_VERIFIED,
        headline="not_verified",
        points=0,
        headline_data={"points": 0, "open": 40},
    ),
    "hostile names": report(name=EVIL, folder=f"a/{EVIL}", stop_conditions=(
        StopCondition(1, Outcome.SKIPPED, ()),), points=0),
}  # fmt: skip
NAMES = ("right", *FILES, *SCRIPTS, *MADE)


@functools.cache
def graded(name):
    """Return the report of one submission."""
    if name in MADE:
        return MADE[name]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve() / "repository" / "experiments" / "14-vanishing-grad"
        shutil.copytree(EXPERIMENT, folder, ignore=shutil.ignore_patterns("__pycache__"))
        if name in SCRIPTS:
            (folder / "bptt_norm.py").write_text(SCRIPTS[name], encoding="utf-8")
        FILES.get(name, lambda _: None)(folder)
        return grade(folder, Options(run=name in SCRIPTS or name == "right", timeout_s=8.0))
