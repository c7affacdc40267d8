"""The lab's constraints: what is forbidden is found, what looks alike is left alone."""

from pathlib import Path

import pytest

from grader.checks import constraints
from grader.facts import ProbeFacts
from grader.model import LoadedFile, Manifest, Material, Outcome, Submission
from grader.texts import LANGUAGES, catalogue


def material(source, others=None, document=None, probe=None):
    texts = {"bptt_norm.py": source, **(others or {})}
    scripts = {
        name: LoadedFile(name, text if isinstance(text, bytes) else text.encode(), "")
        for name, text in texts.items()
    }
    files = {"bptt_norm.py": scripts["bptt_norm.py"]}
    submission = Submission(Path(), Path(), files, scripts, ())
    manifest = None if document is None else Manifest(document, {})
    return Material(submission, (), None, manifest, None, {}, probe=probe or {})


def kinds(check, *args, **kwargs):
    return [finding.kind for finding in check(material(*args, **kwargs))]


FRAMEWORK = {
    "plain": "import torch",
    "alias": "import torch.nn as nn",
    "from": "from tensorflow import keras",
    "autograd numpy": "import autograd.numpy as np",
    "several": "import json, jax",
    "in try": "try:\n    import torch\nexcept ImportError:\n    torch = None",
    "in a function": "def f():\n    from torch import nn",
    "else of type checking": "from typing import TYPE_CHECKING\n"
    "if TYPE_CHECKING:\n    pass\nelse:\n    import torch",
    "type checking rebound": "from typing import TYPE_CHECKING\nTYPE_CHECKING = True\n"
    "if TYPE_CHECKING:\n    import torch",
    "latin-1": "# coding: latin-1\n# año\nimport torch".encode("latin-1"),
}

HIDDEN = {
    "import_module": 'import importlib\nimportlib.import_module("torch")',
    "concatenated": 'import importlib as il\nil.import_module("to" + "rch")',
    "from importlib": 'from importlib import import_module as im\nim("torch.nn")',
    "keyword": 'import importlib\nimportlib.import_module(name="torch")',
    "relative": 'import importlib\nimportlib.import_module(".nn", package="torch")',
    "dunder": '__import__("torch")',
    "dunder aliased": 'f = __import__\nt = f("torch")',
    "builtins": 'import builtins\nbuiltins.__import__("torch")',
    "builtins table": '__builtins__.__dict__["__import__"]("torch")',
    "getattr": 'import importlib\ngetattr(importlib, "import_" + "module")("torch")',
    "getattr aliased": 'import importlib\nf = getattr(importlib, "import_module")\nf("torch")',
    "importlib imported by hand": '__import__("importlib").import_module("torch")',
    "name": 'name = "torch"\n__import__(name)',
    "loop": 'for name in ("numpy", "torch"):\n    __import__(name)',
    "joined": '__import__("".join(["t", "o", "r", "c", "h"]))',
    "reversed": '__import__("hcrot"[::-1])',
    "f-string": 'a = "tor"\n__import__(f"{a}ch")',
    "percent": '__import__("%sch" % "tor")',
    "format": '__import__("{}ch".format("tor"))',
    "chr": '__import__(chr(116) + "orch")',
    "exec": 'exec("import torch")',
    "exec nested": "exec(\"exec('import torch')\")",
    "exec compiled": 'exec(compile("import torch", "x", "exec"))',
    "eval": "eval(\"__import__('torch')\")",
    "sys.modules": 'import sys\nt = sys.modules["torch"]',
    "subprocess": 'import subprocess, sys\nsubprocess.run([sys.executable, "-c", "import torch"])',
    "os.system": "import os\nos.system(\"python -c 'from torch import nn'\")",
    "found and loaded": "import importlib.util as u\n"
    'u.module_from_spec(u.find_spec("torch")).__spec__',
    "runpy": 'import runpy\nrunpy.run_module("torch")',
}

INNOCENT = {
    "comment": "# import torch\nx = 1",
    "docstring": '"""No torch: import torch is forbidden."""',
    "variable": "torch = 3\nprint(torch)",
    "printed": 'print("import torch")',
    "scipy": "from scipy.special import expit",
    "type checking": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch",
    "typing attribute": "import typing\nif typing.TYPE_CHECKING:\n    import torch",
    "regular expression": 'import re\nre.compile("import torch")',
    "method called eval": 'model = f()\nmodel.eval("x")',
    "guard": 'import sys\nassert "torch" not in sys.modules',
    "blocked": 'import sys\nsys.modules["torch"] = None',
    "invalid escape": 'x = "\\d"',
    "dynamic but known": 'import importlib\nimportlib.import_module("numpy")',
    "git": 'import subprocess\nsubprocess.run(["git", "rev-parse", "HEAD"])',
    "optional seaborn": 'from importlib.util import find_spec\nX = find_spec("seaborn")',
}

UNCLEAR = {
    "argument": "import sys\n__import__(sys.argv[1])",
    "decoded": "import base64\nexec(base64.b64decode('aW1wb3J0IHRvcmNo'))",
    "passed on": 'list(map(__import__, ["torch"]))',
    "attribute unknown": 'import importlib\ngetattr(importlib, input())("torch")',
    "parameter": "def f(name):\n    return __import__(name)\nf('torch')",
    "width bomb": '__import__("{:>999999999}".join(input()))',
    "file unknown": "import runpy\nrunpy.run_path(input())",
}


@pytest.mark.parametrize("source", FRAMEWORK.values(), ids=FRAMEWORK)
def test_framework_imported_is_found(source):
    assert kinds(constraints.framework, source) == ["framework"]


@pytest.mark.parametrize("source", HIDDEN.values(), ids=HIDDEN)
def test_framework_by_a_side_road_is_found(source):
    assert set(kinds(constraints.framework, source)) == {"hidden_framework"}


@pytest.mark.parametrize("source", INNOCENT.values(), ids=INNOCENT)
def test_framework_mentioned_is_no_import(source):
    assert kinds(constraints.framework, source) == []


@pytest.mark.parametrize("source", UNCLEAR.values(), ids=UNCLEAR)
def test_framework_unclear_is_a_question(source):
    found = list(constraints.framework(material(source)))
    assert [finding.kind for finding in found] == ["unclear_import"]
    assert found[0].outcome is Outcome.MANUAL


def test_framework_finding_says_file_and_line():
    (finding,) = constraints.framework(material("x = 1\n\nimport torch\n"))
    assert (finding.file, finding.line, finding.data["module"]) == ("bptt_norm.py", 3, "torch")


def test_framework_in_a_script_it_reaches_is_found():
    found = list(constraints.framework(material("import gru", {"gru.py": "import torch"})))
    assert [(f.kind, f.file) for f in found] == [("framework", "gru.py")]


@pytest.mark.parametrize(
    "source",
    [
        'import runpy\nrunpy.run_path("gru.py")',
        'exec(open("gru.py").read())',
        'import subprocess, sys\nsubprocess.run([sys.executable, "gru.py"])',
        'from importlib import util\nutil.spec_from_file_location("gru", "src/gru.py")',
        "import a",
    ],
)
def test_framework_follows_scripts_run_by_file(source):
    others = {"gru.py": "import torch", "a.py": "from gru import x"}
    assert kinds(constraints.framework, source, others) == ["framework"]


def test_framework_in_a_script_named_by_the_manifest_is_found():
    others = {"gru.py": "import torch"}
    assert kinds(constraints.framework, "x = 1", others, {"run": ["gru.py"]}) == ["framework"]


def test_framework_in_a_script_nobody_runs_is_a_note():
    found = list(constraints.framework(material("x = 1", {"compare.py": "import torch"})))
    assert [(f.kind, f.outcome) for f in found] == [("not_reached", Outcome.NOTE)]


def test_framework_namesake_beside_it_is_the_students_own():
    found = list(constraints.framework(material("import autograd", {"autograd.py": "x = 1"})))
    assert [(f.kind, f.outcome) for f in found] == [("own_module", Outcome.NOTE)]


def test_framework_namesake_that_fetches_the_real_one_is_found():
    found = kinds(constraints.framework, "import torch", {"torch.py": "import torch"})
    assert "framework" in found


def test_framework_module_elsewhere_is_a_question():
    assert kinds(constraints.framework, "import rnn_lab02") == ["outside_module"]
    assert kinds(constraints.framework, "import rnn_lab02", {"rnn_lab02.py": ""}) == []


def test_framework_looked_up_only_is_a_question():
    source = 'from importlib.util import find_spec\nHAS = find_spec("torch")'
    assert kinds(constraints.framework, source) == ["looked_up"]


@pytest.mark.parametrize("source", ["def f(:", b"\xff\xfe\x00", "(" * 5000, "x = 1\0"])
@pytest.mark.parametrize("check", [constraints.framework, constraints.training])
def test_unparsable_script_is_not_assessed(check, source):
    found = list(check(material(source)))
    assert [(f.kind, f.outcome) for f in found] == [("unreadable", Outcome.NOT_ASSESSED)]


@pytest.mark.parametrize("deep", ["+".join(["a"] * 900), "-" * 90 + "1", "f(" * 90 + ")" * 90])
def test_deep_expressions_never_raise(deep):
    source = f"rnn = f(default_rng({deep}))\nfor i in range(9):\n    W -= lr * ({deep})"
    for check in (constraints.framework, constraints.training, constraints.same_inputs):
        list(check(material(source)))


def test_hostile_expressions_come_to_an_end():
    doubling = "\n".join(f"a{i} = a{i + 1} + a{i + 1}" for i in range(60)) + '\na60 = "t"'
    assert kinds(constraints.framework, f"{doubling}\n__import__(a0)") == ["unclear_import"]
    assert kinds(constraints.framework, "s = s + 'x'\nf = f\n__import__(s)") == ["unclear_import"]
    chain = "+".join(["'a'"] * 500)
    assert kinds(constraints.framework, f"__import__({chain})") == ["unclear_import"]


TRAINING = {
    "sgd": "lr = 0.1\nfor i in range(9):\n    W_hh -= lr * dW_hh",
    "assigned": "for i in range(9):\n    W = W - learning_rate * grad",
    "dictionary": "while True:\n    for k in params:\n        params[k] -= lr * grads[k]",
    "constant rate in epochs": "for epoch in range(9):\n    W -= 0.01 * dW",
    "attributes": "for i in range(9):\n    self.W_xh -= eta * self.dW_xh",
    "np.subtract": "for i in range(9):\n    np.subtract(W, lr * dW, out=W)",
    "rebound": "for i in range(9):\n    W = np.subtract(W, lr * dW)",
    "slice": "for i in range(9):\n    W[:] = W - lr * dW",
    "comprehension": "for i in range(9):\n"
    "    params = {k: params[k] - lr * grads[k] for k in params}",
    "ascent on minus": "for i in range(9):\n    b += -lr * db",
    "adam": "for i in range(9):\n    W -= lr * m_hat / (np.sqrt(v_hat) + eps)",
    "in a called function": "def train():\n    for i in range(9):\n        W -= 0.1 * dW\ntrain()",
    "zip": "for p, g in zip(params, grads):\n    p -= lr * g",
    "optimiser": "for i in range(9):\n    optimizer.step()",
}

NO_TRAINING = {
    "finite differences": "for i in range(9):\n    W[i] += eps\n    a = f()\n    W[i] -= 2 * eps",
    "directional": "for i in range(9):\n    W = W - eps * dW",
    "accumulation": "for t in range(9):\n    dW += np.outer(dz, h)\n    dh -= a * g",
    "scaling": "for i in range(9):\n    W *= 0.9 / rho",
    "power iteration": "for i in range(9):\n    v = W @ v\n    v /= np.linalg.norm(v)",
    "gru state": "for t in range(9):\n    h = h - z * (h - g)",
    "logits": "for t in range(9):\n    logits -= logits.max()",
    "copy": "for e in (1, 2):\n    W_minus = W - e * dW",
    "slope fit": "LinearRegression().fit(t, y)",
    "cell step": "for t in range(9):\n    h = cell.step(x[t], h)",
    "bias correction": "for t in range(9):\n    b -= b.mean() * 1.0",
}

DOUBTFUL = {
    "one update": "W -= lr * dW",
    "never called": "def train():\n    for i in range(9):\n        W -= lr * dW",
    "constant, no name": "for i in range(9):\n    W -= 0.5 * dW",
    "switched off": "for i in range(9):\n    if TRAIN_FIT or args.train:\n        W -= lr * dW",
}


@pytest.mark.parametrize("source", TRAINING.values(), ids=TRAINING)
def test_training_is_found(source):
    (finding,) = constraints.training(material(source))
    assert (finding.kind, finding.outcome) == ("training_loop", Outcome.FAIL)


@pytest.mark.parametrize("source", NO_TRAINING.values(), ids=NO_TRAINING)
def test_training_leaves_what_looks_alike(source):
    assert kinds(constraints.training, source) == []


@pytest.mark.parametrize("source", DOUBTFUL.values(), ids=DOUBTFUL)
def test_training_in_doubt_is_a_question(source):
    (finding,) = constraints.training(material(source))
    assert (finding.kind, finding.outcome) == ("maybe_training", Outcome.MANUAL)


def test_training_in_a_script_nobody_runs_is_left_alone():
    assert kinds(constraints.training, "x = 1", {"lab15.py": TRAINING["sgd"]}) == []
    assert kinds(constraints.training, "import a", {"a.py": TRAINING["sgd"]}) == ["training_loop"]


def test_model_submission_meets_the_constraints():
    folder = Path(__file__).parents[2] / "experiments" / "14-vanishing-grad"
    given = material((folder / "bptt_norm.py").read_bytes())
    for check in (constraints.framework, constraints.training, constraints.same_inputs):
        assert list(check(given)) == []


def probes(rnn, gru):
    return {
        "rnn": ProbeFacts("probed", recorded_seed=rnn),
        "gru": ProbeFacts("probed", recorded_seed=gru),
    }


def test_same_inputs_recorded_seeds_decide():
    (finding,) = constraints.same_inputs(material("x = 1", probe=probes(42, 43)))
    assert (finding.kind, finding.outcome) == ("different_seeds", Outcome.FAIL)
    assert finding.data == {"rnn_seed": 42, "gru_seed": 43}
    written = "rnn = default_rng(42)\ngru = default_rng(43)"
    assert kinds(constraints.same_inputs, written, probe=probes(42, 42)) == []


def test_same_inputs_manifest_with_two_seeds_is_a_question():
    for document in (
        {"seed": {"rnn": 1, "gru": 2}},
        {"rnn_seed": 1, "gru_seed": 2},
        {"config": {"seed_rnn": 1, "seed_gru": 2}},
    ):
        assert kinds(constraints.same_inputs, "", document=document) == ["two_seeds_declared"]
    same = {"seed": {"rnn": 1, "gru": 1}}
    assert kinds(constraints.same_inputs, "", document=same) == []
    assert kinds(constraints.same_inputs, "", document={"seed": 42}) == []


@pytest.mark.parametrize(
    "source",
    [
        "rnn_rng = np.random.default_rng(42)\ngru_rng = np.random.default_rng(43)",
        "def run_rnn():\n    np.random.seed(1)\ndef run_gru():\n    np.random.seed(2)",
        'init_params("rnn", 1)\ninit_params("gru", 2)',
        "a = make_rnn(seed=1)\nb = make_gru(seed=2)",
    ],
)
def test_same_inputs_two_literals_are_a_question(source):
    (finding,) = constraints.same_inputs(material(source, probe=probes(None, 42)))
    assert (finding.kind, finding.outcome) == ("two_seeds_written", Outcome.MANUAL)
    alike = source.replace("43", "42").replace("2)", "1)") if "43" not in source else source
    assert kinds(constraints.same_inputs, alike.replace("43", "42")) == []


def test_same_inputs_second_seed_for_the_sequence_is_left_alone():
    source = (
        "tokens = default_rng(7).integers(9)\nrnn = f(default_rng(42))\ngru = f(default_rng(42))"
    )
    assert kinds(constraints.same_inputs, source) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_has_words(language):
    said = set()
    cases = [
        *((constraints.framework, source, None) for source in (*FRAMEWORK.values(), "def f(:")),
        *(
            (constraints.framework, source, None)
            for source in (*HIDDEN.values(), *UNCLEAR.values())
        ),
        (
            constraints.framework,
            "import autograd, lab02",
            {"autograd.py": "", "b.py": "import jax"},
        ),
        (constraints.framework, "import importlib.util as u\nu.find_spec('torch')", None),
        *((constraints.training, source, None) for source in (*TRAINING.values(), "def f(:")),
        *((constraints.training, source, None) for source in DOUBTFUL.values()),
        (constraints.same_inputs, "init_params('rnn', 1)\ninit_params('gru', 2)", None),
    ]
    for check, source, others in cases:
        for finding in check(material(source, others)):
            code = f"constraints.{check.__name__}"
            said.add(finding.kind)
            assert catalogue(language).finding(code, finding).message
    assert len(said) == 11
    seeds = {"rnn_seed": 1, "gru_seed": 2}
    for given in (material("", document=seeds), material("", probe=probes(1, 2))):
        (finding,) = constraints.same_inputs(given)
        assert "2" in catalogue(language).finding("constraints.same_inputs", finding).message


def evaluating(states, d=32):
    return {"rnn": ProbeFacts("probed", d_hidden=d, states_per_token=states)}


@pytest.mark.parametrize(("states", "d"), [(32, 32), (64, 32), (300, 300)])
def test_bptt_by_differences_is_a_question_and_no_accusation(states, d):
    (finding,) = constraints.framework(material("x = 1", probe=evaluating(states, d)))
    assert (finding.kind, finding.outcome) == ("numerical", Outcome.MANUAL)


@pytest.mark.parametrize(("states", "d"), [(1, 32), (20, 32), (20, 1), (50, 300)])
def test_bptt_by_hand_is_not_asked_about(states, d):
    assert kinds(constraints.framework, "x = 1", probe=evaluating(states, d)) == []


MANY = "a\n" * 25_000  # three nodes each


@pytest.mark.parametrize(
    ("sources", "left_out"),
    [
        ({"bptt_norm.py": MANY}, ["bptt_norm.py"]),
        ({"bptt_norm.py": "import torch", "b.py": MANY}, ["b.py"]),
        ({"bptt_norm.py": "x = 1", "b.py": "# " + "x" * 150_000}, ["b.py"]),
        ({"bptt_norm.py": "x = 1", "b.py": MANY[: len(MANY) // 2]}, []),
    ],
)
def test_script_too_long_to_be_read_is_named_and_never_passed_over(sources, left_out):
    found = [*constraints.framework(material(sources.pop("bptt_norm.py"), sources))]
    named = [f.data["names"] for f in found if f.kind == "too_long"]
    assert named == ([left_out] if left_out else [])
    assert {f.outcome for f in found if f.kind == "too_long"} <= {Outcome.NOT_ASSESSED}


def test_framework_in_a_script_that_is_read_is_found_beside_one_that_is_not():
    assert kinds(constraints.framework, "import torch", {"b.py": MANY}) == ["too_long", "framework"]


def test_ten_thousand_imports_are_told_by_the_first_ones_and_the_framework_among_them():
    source = "".join(f"import x{i}\n" for i in range(9_000)) + "import torch\n"
    found = kinds(constraints.framework, source)
    assert len(found) == constraints.MOST_TOLD + 1
    assert found[-1] == "framework"


def test_integer_too_long_to_be_written_is_no_fault_of_the_grader():
    number = "0x" + "f" * 9_000
    source = f"rng_rnn = default_rng(seed={number})\nrng_gru = default_rng(seed=0)\nfor i in x:\n"
    assert kinds(constraints.same_inputs, source + " pass") == []
    assert kinds(constraints.training, source + f"    W -= lr * {number}") == ["training_loop"]
