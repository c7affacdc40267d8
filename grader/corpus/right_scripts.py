"""Right submissions whose script behaves or draws differently, or lies somewhere else."""

from __future__ import annotations

import shutil
from dataclasses import replace

from grader.corpus.gradient_cases import PASSED, right_case
from grader.corpus.model import Case, Edit, Expectation, Folder, Style
from grader.corpus.papers import Papers
from grader.corpus.right_documents import COLUMNS_DOC, edit_manifest
from grader.corpus.styles import STYLES, columns, flat, fused, rows

MAIN = "def main():\n    curves, g_last = {}, {}\n"
GUARD = 'if __name__ == "__main__":\n    main()\n'
ROWS_GUARD = "if __name__ == '__main__':\n    main()\n"
RNN_LINE = 'ax.semilogy(range(T), curves["rnn"], color="red", label="vanilla RNN")'
GRU_LINE = 'ax.semilogy(range(T), curves["gru"], color="blue", label="GRU")'
LOG_RNN, LOG_GRU = 'np.log10(curves["rnn"])', 'np.log10(curves["gru"])'
LOSS = "return -np.log(softmax(logits)[target_id])"
DOC_END = '"g_T": g_last}\n'

EDITS: dict[str, tuple[Style, str, tuple[Edit, ...]]] = {
    "chatter": (
        columns.STYLE,
        "prints progress, warns, and writes to both streams",
        (
            ("import json\n", "import json\nimport sys\nimport warnings\n"),
            (
                MAIN,
                MAIN + '    warnings.warn("gradients may vanish")\n'
                '    print("starting ...", file=sys.stderr)\n'
                '    np.log(np.zeros(1))\n    print("50 % ████▒▒▒▒ {done}")\n',
            ),
        ),
    ),
    "writes-to-cwd": (
        rows.STYLE,
        "writes relative to the working directory",
        (("folder = os.path.dirname(os.path.abspath(__file__))", "folder = '.'"),),
    ),
    "unguarded-main": (rows.STYLE, "main() without a guard", ((ROWS_GUARD, "main()\n"),)),
    "loss-epsilon": (
        columns.STYLE,
        "log(p + 1e-12) in the loss",
        ((LOSS, "return -np.log(softmax(logits)[target_id] + 1e-12)"),),
    ),
    "loss-logsumexp": (
        columns.STYLE,
        "the cross-entropy as logsumexp minus the target's logit",
        ((LOSS, "return np.log(np.sum(np.exp(logits))) - logits[target_id]"),),
    ),
    "plot-steps-back": (
        columns.STYLE,
        "the x axis counts steps back from the loss, and says so",
        (
            (RNN_LINE, RNN_LINE.replace("range(T)", "range(T, 0, -1)")),
            (GRU_LINE, GRU_LINE.replace("range(T)", "range(T, 0, -1)")),
            ('ax.set_xlabel("time step t")', 'ax.set_xlabel("steps back from the loss (50 - t)")'),
        ),
    ),
    "plot-seaborn-theme": (
        columns.STYLE,
        "a seaborn theme, markers, a grid, crimson and navy, 160 dpi",
        (
            (
                "    fig, ax = plt.subplots",
                '    plt.style.use("seaborn-v0_8-darkgrid")\n    fig, ax = plt.subplots',
            ),
            (RNN_LINE, RNN_LINE.replace('"red"', '"crimson", marker="^"')),
            (GRU_LINE, GRU_LINE.replace('"blue"', '"mediumblue", marker="v"')),
            ('fig.savefig(HERE / "decay.png")', 'fig.savefig(HERE / "decay.png", dpi=160)'),
        ),
    ),
    "plot-logarithms": (
        columns.STYLE,
        "log10 of the norms over a linear axis",
        (
            (RNN_LINE, RNN_LINE.replace("semilogy", "plot").replace('curves["rnn"]', LOG_RNN)),
            (GRU_LINE, GRU_LINE.replace("semilogy", "plot").replace('curves["gru"]', LOG_GRU)),
        ),
    ),
    "gate-bias-minus-one": (
        columns.STYLE,
        "gate bias -1: five orders for the GRU, thirteen for the RNN",
        ((columns.GATE_BIAS, "GATE_BIAS = -1.0"),),
    ),
    "gate-statistics": (
        columns.STYLE,
        "mean and standard deviation of the update gate in decay.json",
        (
            (
                DOC_END,
                DOC_END + '    ids, _ = make_sequence(SEED, T)\n    p = init_params("gru", SEED)\n'
                '    zs = [update_gate(p, i, h) for i, h in zip(ids, forward("gru", p, ids))]\n'
                '    doc["update_gate"] = {"mean": float(np.mean(zs)), "std": float(np.std(zs))}\n',
            ),
        ),
    ),
    "token-repeated": (
        flat.STYLE,
        "no functions, and a token that comes ten times in a row",
        (
            (
                "x_ids = np.random.randint(0, V, T)\ntarget_id",
                "x_ids = np.random.randint(0, V, T)\nx_ids[20:30] = 7\ntarget_id",
            ),
            (
                "x_ids_gru = np.random.randint(0, V, T)\n",
                "x_ids_gru = np.random.randint(0, V, T)\nx_ids_gru[20:30] = 7\n",
            ),
        ),
    ),
    "centred-weights": (
        columns.STYLE,
        "W -= W.mean() at initialisation: an in-place subtraction that is no training",
        (
            (
                "    return p\n\n\ndef sigmoid",
                "    for W in p.values():\n        if W.ndim == 2:\n            W -= W.mean()\n"
                "    return p\n\n\ndef sigmoid",
            ),
        ),
    ),
    "mentions-torch": (
        rows.STYLE,
        "the word torch in a comment, a string and a variable, but no import",
        (
            (
                "seed0 = 42\n",
                "seed0 = 42\n# import torch  <- not allowed here, so by hand\n"
                "torch_convention = 'import torch; z keeps the old state'\n",
            ),
        ),
    ),
}


def _edited(name: str) -> Case:
    style, description, edits = EDITS[name]
    return replace(
        right_case(style),
        name=name,
        description=description,
        edits=tuple(("bptt_norm.py", edit) for edit in edits),
    )


def _from_root() -> Case:
    place = 'pathlib.Path("experiments/14-vanishing-grad/decay.json")'
    edit = ('pathlib.Path(__file__).with_name("decay.json")', place)
    return Case(
        "writes-from-root",
        "finds its folder by the path from the repository's root",
        fused.STYLE,
        PASSED,
        edits=(("bptt_norm.py", edit),),
        cwd="root",
    )


def _other_configuration() -> list[Case]:
    wide = (("SEED = 42", "SEED = 7"), ("D = 32", "D = 48"))
    small = ("SCALE = 0.1", "SCALE = 0.02")
    return [
        Case(
            "other-size-and-seed",
            "d_hidden 48 and seed 7, as the manifest declares",
            columns.STYLE,
            PASSED,
            edits=tuple(("bptt_norm.py", edit) for edit in wide),
            papers=Papers(declared=(("seed", 7), ("d_hidden", 48))),
        ),
        Case(
            "small-init",
            "init scale 0.02: the RNN's g_0 is near 1e-48",
            columns.STYLE,
            PASSED,
            edits=(("bptt_norm.py", small),),
            papers=Papers(declared=(("scale", 0.02),)),
        ),
    ]


GRU_ALONE = '''"""Adds the GRU's curve to decay.json; run after bptt_norm.py."""
import json

from bptt_norm import HERE, T, measure, plot

path = HERE / "decay.json"
doc = json.loads(path.read_text())
g, _ = measure("gru")
doc["gru"] = g[:T]
path.write_text(json.dumps(doc))
plot(doc)
'''


def _two_scripts() -> Case:
    edits = (
        (
            'for kind in ("rnn", "gru"):\n        g, params',
            'for kind in ("rnn",):\n        g, params',
        ),
        (columns.CURVES, "curves[kind] = g[:T]"),
        (
            COLUMNS_DOC,
            'doc = {"rnn": curves["rnn"]}',
        ),
        ("curves, g_last = {}, {}", "curves = {}"),
        ("    plot(curves)\n", ""),
    )
    scripts = ("bptt_norm.py", "gru_norm.py")
    return Case(
        "two-scripts",
        'the GRU in a second script, named under "run" in manifest.json',
        columns.STYLE,
        PASSED,
        edits=tuple(("bptt_norm.py", edit) for edit in edits),
        added=(("gru_norm.py", GRU_ALONE),),
        run=scripts,
        changes=(edit_manifest(lambda doc: doc.update(run=list(scripts))),),
    )


def _git_root(folder: Folder) -> None:
    """Put a .git where a clone has it, beside `experiments`."""
    root = folder.path.parents[1]
    (root / ".git").mkdir()
    (root / ".git" / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")


def _without_lab_02(folder: Folder) -> None:
    shutil.rmtree(folder.path.parent / "13-rnn-forward")


def _placed() -> list[Case]:
    absent = Expectation(
        "not_verified",
        notes="the script cannot run without its sibling: not executed, and without accusation",
    )
    sibling = STYLES["sibling"]
    return [
        Case("bare-folder", "no repository around it", rows.STYLE, PASSED, folder="vanishing"),
        Case("in-a-clone", "a .git beside experiments", sibling, PASSED, changes=(_git_root,)),
        Case(
            "sibling-absent",
            "the lab 02 that it imports was not handed in",
            sibling,
            absent,
            changes=(_without_lab_02,),
        ),
    ]


def cases() -> list[Case]:
    """Return the right submissions of this module."""
    return [*map(_edited, EDITS), _from_root(), *_other_configuration(), _two_scripts(), *_placed()]
