"""A starter submission, used as a student uses it: written, run, graded, filled in, graded."""

import json
import subprocess
import sys

import pytest

from grader.cli import main
from grader.grading import Options, grade
from grader.model import WRONG, Outcome
from grader.starter import FILES
from grader.texts import LANGUAGES

PARTS = {
    "make_sequence": """rng = np.random.default_rng(seed + 5)
    return [int(k) for k in rng.integers(20, size=length)], 3""",
    "init_params rnn": """rng = np.random.default_rng(seed)
        n = lambda *shape: rng.normal(0, SCALE, shape)
        return {"E": rng.normal(0, 1, (20, 8)), "W_hh": n(D, D), "W_xh": n(D, 8),
                "b_h": np.zeros(D), "W_ho": n(20, D)}""",
    "init_params gru": """rng = np.random.default_rng(seed)
    n = lambda *shape: rng.normal(0, SCALE, shape)
    p = {"E": rng.normal(0, 1, (20, 8)), "W_ho": n(20, D), "b_z": np.full(D, -2.0)}
    for g in "zrc":
        p["W" + g], p["U" + g] = n(D, 8), n(D, D)
    return p""",
    "step rnn": """x = params["E"][token_id]
        return np.tanh(params["W_hh"] @ h_prev + params["W_xh"] @ x + params["b_h"])""",
    "step gru": """z, r, c = gates(params, params["E"][token_id], h_prev)
    return (1 - z) * h_prev + z * c""",
    "loss": """s = params["W_ho"] @ h_last
    return np.log(np.exp(s).sum()) - s[target_id]""",
    "bptt rnn": """h, dh = backward_start(kind, params, token_ids, target_id)
        for t in range(len(token_ids), 0, -1):
            dh[t - 1] = params["W_hh"].T @ (dh[t] * (1 - h[t] ** 2))
        return dh""",
    "bptt gru": """p = params
    h, dh = backward_start(kind, p, token_ids, target_id)
    for t in range(len(token_ids), 0, -1):
        z, r, c = gates(p, p["E"][token_ids[t - 1]], h[t - 1])
        inner = p["Uc"].T @ (dh[t] * z * (1 - c**2))
        dh[t - 1] = dh[t] * (1 - z) + inner * r
        dh[t - 1] += p["Ur"].T @ (inner * h[t - 1] * r * (1 - r))
        dh[t - 1] += p["Uz"].T @ (dh[t] * (c - h[t - 1]) * z * (1 - z))
    return dh""",
}
HELPERS = """

def gates(p, x, h):
    sigmoid = lambda a: 1 / (1 + np.exp(-a))
    z = sigmoid(p["Wz"] @ x + p["Uz"] @ h + p["b_z"])
    r = sigmoid(p["Wr"] @ x + p["Ur"] @ h)
    return z, r, np.tanh(p["Wc"] @ x + p["Uc"] @ (r * h))


def backward_start(kind, p, token_ids, target_id):
    h = [np.zeros(D)]
    for token in token_ids:
        h.append(step(kind, p, token, h[-1]))
    q = np.exp(p["W_ho"] @ h[-1])
    q /= q.sum()
    q[target_id] -= 1
    dh = np.zeros((len(token_ids) + 1, D))
    dh[-1] = p["W_ho"].T @ q
    return np.array(h), dh
"""
ANSWERS = """# The vanishing gradient, measured

The vanilla RNN gradient decays by {n:.1f} orders of magnitude over 50 steps; the GRU's by {m:.1f}.

## 1. Vanilla RNN decay rate

The vanilla RNN loses {a:.2f} orders of magnitude per 10 steps. The spectral radius of W_hh is
{rho:.3f}, and every step back multiplies the gradient by W_hh transposed and by the slope of tanh.

## 2. GRU decay rate

The GRU loses {b:.2f} orders per 10 steps. Its additive path (1 - z) * h hands the gradient on
without a matrix product, so that a nearly closed update gate keeps it.

## 3. Practical implication

At t = 0 the RNN's gradient is {g:.1e}: an update that small is lost beside the weights, so the
model cannot learn anything about the first tokens, whatever the learning rate.

## 4. Why this motivates attention

Attention's gradient goes from position 50 to position 0 through one softmax weight and not through
fifty matrix products, so the signal arrives in one step.
"""


def filled(script, *names, **other):
    """Replace the parts named by right code, or by what is given for them."""
    lines = script.read_text(encoding="utf-8").splitlines()
    seen = {}
    for number, line in enumerate(lines):
        if "raise NotImplementedError" in line:
            function = line.split('"')[1].partition(":")[0]
            key = function if function in PARTS else f"{function} rnn"
            if key in seen:
                key = f"{function} gru"
            seen[key] = number
    for name in names:
        number = seen[name]
        indent = len(lines[number]) - len(lines[number].lstrip())
        code = other.get(name.replace(" ", "_"), PARTS[name])
        lines[number] = " " * indent + code
    text = "\n".join(lines) + "\n"
    text = text.replace("\n\ndef make_sequence", HELPERS + "\n\ndef make_sequence")
    script.write_text(text, encoding="utf-8")


def run(script):
    return subprocess.run(  # noqa: S603 - the script that was just written
        [sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=60
    )


def answer(folder):
    """Write the README from the numbers of the run."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    results = manifest["results_summary"]
    a = results["rnn_orders_of_decay_per_10steps"]
    b = results["gru_orders_of_decay_per_10steps"]
    g = json.loads((folder / "decay.json").read_text(encoding="utf-8"))["rnn"][0]
    text = ANSWERS.format(
        n=4.9 * a, m=4.9 * b, a=a, b=b, rho=results["rnn_spectral_radius_W_hh"], g=g
    )
    (folder / "README.md").write_text(text, encoding="utf-8")


def kinds(report):
    return {
        (result.code, finding.kind, finding.model)
        for result in report.checks
        for finding in result.findings
    }


@pytest.fixture(params=LANGUAGES)
def folder(request, tmp_path, capsys):
    path = tmp_path / "class" / "experiments" / "14-vanishing-grad"
    assert main(["new", str(path), "--lang", request.param]) == 0
    assert str(path) in capsys.readouterr().out.replace("\n", "")
    return path


def by_default_in(language):
    """Leave the other language to the slow tests: both take the same path through the grader."""
    languages = [
        pytest.param(one, marks=[] if one == language else [pytest.mark.slow]) for one in LANGUAGES
    ]
    return pytest.mark.parametrize("folder", languages, indirect=True)


def test_fresh_starter_runs_without_traceback_and_says_what_is_to_do(folder):
    done = run(folder / "bptt_norm.py")
    assert done.returncode == 1
    assert "make_sequence" in done.stdout
    assert "Traceback" not in done.stderr + done.stdout
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)


def test_grading_a_fresh_starter_lists_its_parts_and_accuses_of_nothing_else(folder):
    report = grade(folder, Options(timeout_s=30.0))
    assert report.verdict.value == "not_passed"
    (parts,) = [
        finding.data["parts"]
        for result in report.checks
        for finding in result.findings
        if finding.kind == "unfinished"
    ]
    assert len(parts) == len(PARTS)
    wrong = {
        result.code
        for result in report.checks
        for finding in result.findings
        if finding.outcome in WRONG
    }
    assert wrong == {"files.present", "rerun.runs", "gradient.functions", "readme.questions"}
    assert ("gradient.functions", "to_do", "rnn") in kinds(report)


@by_default_in("en")
def test_rnn_is_judged_while_the_gru_is_to_do(folder):
    done = [name for name in PARTS if not name.endswith(" gru")]
    filled(folder / "bptt_norm.py", *done)
    assert run(folder / "bptt_norm.py").returncode == 0
    report = grade(folder, Options(timeout_s=30.0))
    verified = {one.model: one.verified for one in report.evidence}
    assert verified == {"rnn": True, "gru": False}
    assert ("gradient.functions", "to_do", "gru") in kinds(report)
    assert not [k for k in kinds(report) if k[0] == "gradient.steps" and k[2] == "rnn"]


@by_default_in("en")
def test_starter_filled_in_passes_with_every_point(folder):
    filled(folder / "bptt_norm.py", *PARTS)
    assert run(folder / "bptt_norm.py").returncode == 0
    answer(folder)
    report = grade(folder, Options(timeout_s=30.0))
    assert (report.verdict.value, report.points) == ("passed", 100)


@by_default_in("es")
def test_starter_with_one_mistake_is_refused_and_the_mistake_named(folder):
    wrong = PARTS["bptt rnn"].replace('params["W_hh"].T', 'params["W_hh"]')
    filled(folder / "bptt_norm.py", *PARTS, bptt_rnn=wrong)
    assert run(folder / "bptt_norm.py").returncode == 0
    answer(folder)
    report = grade(folder, Options(timeout_s=30.0))
    assert report.verdict.value == "not_passed"
    assert [d.candidates for d in report.diagnoses] == [(("rnn-w-not-transposed",),)]


@pytest.mark.parametrize("kind", ["full", "file", "link"])
def test_what_is_there_is_never_touched(tmp_path, capsys, kind):
    path = tmp_path / "there"
    if kind == "full":
        path.mkdir()
        (path / "mine.txt").write_text("mine")
    elif kind == "file":
        path.write_text("mine")
    else:
        path.symlink_to(tmp_path / "elsewhere")
    before = sorted(str(p) for p in tmp_path.rglob("*"))
    assert main(["new", str(path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"vangrad: {path}: ")
    assert sorted(str(p) for p in tmp_path.rglob("*")) == before


def test_empty_folder_is_taken_and_parents_are_made(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main(["new", str(empty)]) == 0
    assert main(["new", str(tmp_path / "a" / "b" / "c")]) == 0
    assert sorted(p.name for p in (tmp_path / "a" / "b").iterdir()) == ["c"]


def test_folder_that_cannot_be_written_is_said_and_nothing_is_left(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["new", str(tmp_path / "file" / "inside")]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_outcome_of_a_part_to_do_is_no_note(folder):
    report = grade(folder, Options(timeout_s=30.0))
    outcomes = {
        finding.outcome
        for result in report.checks
        for finding in result.findings
        if finding.kind == "to_do"
    }
    assert outcomes <= WRONG
    assert Outcome.NOTE not in outcomes
