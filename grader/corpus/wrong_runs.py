"""Submissions whose script must not, cannot or does not do what was handed in beside it."""

from __future__ import annotations

from dataclasses import replace

from grader.corpus.gradient_cases import right_case
from grader.corpus.model import Case, Change, Edit, Expectation, Folder, Style
from grader.corpus.styles import columns, flat, rows
from grader.corpus.wrong_documents import fails, one_of

SCRIPT = "bptt_norm.py"
IMPORTS = "import numpy as np\n"
MAIN = "def main():\n    curves, g_last = {}, {}\n"
WRITE = '    (HERE / "decay.json").write_text(json.dumps(doc, indent=1))\n'

# What the functions can show does not depend on the run, and a failed run is not a required check
# by itself: the verdict is left open where importing the file still works.
RUNS = fails("rerun.runs")
CANNOT_IMPORT = Expectation("not_verified", frozenset({"rerun.runs"}), or_verdict="not_passed")


def swapped(*edits: Edit) -> Change:
    """Return a change of the script after the run: on this machine it would not have worked."""

    def change(folder: Folder) -> None:
        folder.edit(SCRIPT, *edits)

    return change


def after_imports(text: str) -> Edit:
    """Return the edit that puts text below the script's imports."""
    return (IMPORTS, IMPORTS + text)


def _begin(text: str) -> Edit:
    return (MAIN, MAIN + text)


FAILING: dict[str, tuple[str, Expectation, tuple[Edit, ...]]] = {
    "raises": ("main() raises", RUNS, (_begin('    raise RuntimeError("not finished")\n'),)),
    "raises-at-import": (
        "raises at the top level",
        CANNOT_IMPORT,
        (after_imports("open('/no/such/file.npz')\n"),),
    ),
    "syntax-error": ("does not compile", CANNOT_IMPORT, (("def main():", "def main(:"),)),
    "hangs": ("main() sleeps", RUNS, (_begin("    import time\n    time.sleep(600)\n"),)),
    "hangs-at-import": (
        "sleeps at the top level",
        CANNOT_IMPORT,
        (after_imports("import time\ntime.sleep(600)\n"),),
    ),
    "spins": ("an endless loop", RUNS, (_begin("    while True:\n        T_ = T\n"),)),
    "exits-1": ("sys.exit(1) before it writes", RUNS, (_begin("    raise SystemExit(1)\n"),)),
    "exits-0": (
        "os._exit(0) before it writes",
        RUNS,
        (_begin("    import os\n    os._exit(0)\n"),),
    ),
    "prints-endlessly": (
        "prints for ever",
        RUNS,
        (_begin('    while True:\n        print("x" * 1000)\n'),),
    ),
    "reads-stdin": ("waits for an answer", RUNS, (_begin('    input("seed? ")\n'),)),
    "eats-memory": (
        "allocates without end",
        RUNS,
        (_begin("    hoard = []\n    while True:\n        hoard.append(np.ones(10**7))\n"),),
    ),
    "no-decay-written": ("decay.json is not written", RUNS, ((WRITE, ""),)),
    "no-plot-written": (
        "decay.png is not written",
        RUNS,
        (('    fig.savefig(HERE / "decay.png")\n', "    plt.show()\n"),),
    ),
    "copies-committed": (
        "reads the committed decay.json and writes it again",
        fails("rerun.runs", verdict=None),
        (
            (
                WRITE,
                '    doc = json.loads((HERE / "decay.json").read_text())\n' + WRITE,
            ),
        ),
    ),
}
NO_SCRIPT = Expectation("not_passed", frozenset({"files.present"}), or_verdict="not_verified")
COPY_ONLY = """import json
import os
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt

data = json.load(open("decay.json"))
plt.semilogy(data["rnn"], "r")
plt.semilogy(data["gru"], "b")
plt.savefig("decay.png")
json.dump(data, open("decay.json", "w"))
"""


def _failing() -> list[Case]:
    cases = [
        Case(
            f"script-{name}",
            f"the script {said}",
            columns.STYLE,
            expect,
            changes=(swapped(*edits),),
        )
        for name, (said, expect, edits) in FAILING.items()
    ]
    copy = Case(
        "script-only-copies",
        "no computation at all: the script draws the committed decay.json and writes it again",
        flat.STYLE,
        Expectation(
            "not_verified",
            any_of=frozenset({"rerun.runs", "rerun.reproduces"}),
            or_verdict="not_passed",
        ),
        changes=(lambda folder: folder.write(SCRIPT, COPY_ONLY),),
    )
    missing = Case(
        "script-missing",
        "bptt_norm.py is not there",
        columns.STYLE,
        NO_SCRIPT,
        changes=(lambda folder: (folder.path / SCRIPT).unlink(),),
    )
    return [*cases, copy, missing]


NORM = columns.NORM
RECORDED = fails("gradient.recorded", verdict="not_passed")
CHANCE = fails("rerun.deterministic", verdict="not_passed")
CHANCE = replace(CHANCE, or_verdict="not_verified")
INPUTS = one_of("constraints.same_inputs", "gradient.recorded", verdict="not_passed")
DUMP = rows.RECORD

UNTRUE: dict[str, tuple[Style, str, Expectation, tuple[Edit, ...]]] = {
    "unseeded-weights": (
        rows.STYLE,
        "the weights are drawn without a seed",
        CHANCE,
        (
            (
                "rs = np.random.RandomState(seed)\n    n =",
                "rs = np.random.RandomState()\n    n =",
            ),
        ),
    ),
    "unseeded-sequence": (
        columns.STYLE,
        "the sequence is drawn without a seed",
        CHANCE,
        (("rng = np.random.default_rng(seed + 1000)", "rng = np.random.default_rng()"),),
    ),
    "noise": (
        columns.STYLE,
        "one per cent of unseeded noise on the recorded norms",
        CHANCE,
        ((NORM, f"{NORM} * (1 + 0.01 * np.random.default_rng().standard_normal())"),),
    ),
    "straight-lines": (
        rows.STYLE,
        "the script writes exp(-0.32 k) and exp(-0.05 k), whatever the gradient",
        RECORDED,
        (
            (
                "    print('rho",
                "    k = np.arange(steps, -1, -1)\n"
                "    rnn, gru = 0.5 * np.exp(-0.32 * k), 0.5 * np.exp(-0.05 * k)\n    print('rho",
            ),
        ),
    ),
    "epsilon-added": (
        columns.STYLE,
        "1e-8 is added to every norm: a plateau",
        RECORDED,
        ((NORM, "float(np.linalg.norm(dh[t])) + 1e-8"),),
    ),
    "epsilon-floor": (
        rows.STYLE,
        "norms below 1e-10 are written as 1e-10",
        RECORDED,
        ((rows.NORM, rows.NORM + "\n    norms = np.maximum(norms, 1e-10)"),),
    ),
    "eight-places": (
        rows.STYLE,
        "rounded to eight decimal places: the RNN's early norms become zero",
        fails("decay.schema", verdict="not_passed"),
        (
            (
                DUMP,
                DUMP.replace("rnn[:steps]", "rnn[:steps].round(8)").replace(
                    "gru[:steps]", "gru[:steps].round(8)"
                ),
            ),
        ),
    ),
    "normalised": (
        rows.STYLE,
        "each curve divided by its head gradient, under the plain keys",
        RECORDED,
        ((rows.NORM, rows.NORM + "\n    norms = norms / norms[-1]"),),
    ),
    "log-recorded": (
        columns.STYLE,
        "the natural logarithm's absolute value in place of the norm",
        RECORDED,
        ((NORM, "abs(float(np.log(np.linalg.norm(dh[t]))))"),),
    ),
    "other-weights-for-gru": (
        columns.STYLE,
        "the GRU's weights come from seed 43, the RNN's from 42",
        INPUTS,
        (
            (
                "    params = init_params(kind, SEED)\n",
                '    params = init_params(kind, SEED + (kind == "gru"))\n',
            ),
        ),
    ),
    "other-sequence-for-gru": (
        rows.STYLE,
        "the GRU reads another sequence than the RNN",
        INPUTS,
        (
            (
                "toks, target = make_sequence(seed, steps)",
                "toks, target = make_sequence(seed + (kind == 'gru'), steps)",
            ),
        ),
    ),
}


def cases() -> list[Case]:
    """Return the wrong submissions of this module."""
    untrue = [
        replace(
            right_case(style),
            name=f"script-{name}",
            description=said,
            expect=expect,
            edits=tuple((SCRIPT, edit) for edit in edits),
        )
        for name, (style, said, expect, edits) in UNTRUE.items()
    ]
    return [*_failing(), *untrue]
