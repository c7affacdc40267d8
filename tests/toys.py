"""A submission of eight hidden units that runs in a moment, and facts and reports made by hand."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from grader.evidence.probe import probe
from grader.evidence.rerun import Terms, fresh_runs
from grader.evidence.seeds import Plan
from grader.facts import (
    ForwardFacts,
    LossFacts,
    PointFacts,
    ProbeFacts,
    RunFacts,
    ScriptRun,
)
from grader.isolated import Isolation
from grader.isolation.policy import Wish, protection
from grader.model import (
    KINDS,
    Decay,
    Evidence,
    LoadedFile,
    Material,
    Outcome,
    Report,
    StopCondition,
    Submission,
    Verdict,
)
from grader.rubric import load_rubric

SCRIPT = "bptt_norm.py"
FOLDER = Path("experiments", "14-vanishing-grad")

FUNCTIONS = """\
import json
from pathlib import Path

import numpy as np

D, V = 8, 12


def make_sequence(seed, length):
    return [int(i) for i in np.random.default_rng(seed + 1).integers(V, size=length)], 3


def init_params(kind, seed):
    rng = np.random.default_rng(seed)
    p = {"E": rng.normal(0, 0.3, (V, D)), "W_ho": rng.normal(0, 0.3, (V, D)), "b_o": np.zeros(V)}
    for g in "h" if kind == "rnn" else "hzr":
        p["W_x" + g] = rng.normal(0, 0.3, (D, D))
        p["W_h" + g] = rng.normal(0, 0.3, (D, D))
        p["b_" + g] = np.zeros(D)
    return p


def pre(p, g, token, h):
    return p["W_x" + g] @ p["E"][token] + p["W_h" + g] @ h + p["b_" + g]


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def cell(kind, p, token, h):
    if kind == "rnn":
        return np.tanh(pre(p, "h", token, h))
    z, r = sigmoid(pre(p, "z", token, h)), sigmoid(pre(p, "r", token, h))
    return (1 - z) * h + z * np.tanh(pre(p, "h", token, r * h))


def step(kind, p, token, h):
    return cell(kind, p, token, h)


def loss(kind, p, h, target):
    logits = p["W_ho"] @ h + p["b_o"]
    return np.log(np.exp(logits).sum()) - logits[target]


def back(kind, p, token, h, dh):
    if kind == "rnn":
        return p["W_hh"].T @ (dh * (1 - np.tanh(pre(p, "h", token, h)) ** 2))
    z, r = sigmoid(pre(p, "z", token, h)), sigmoid(pre(p, "r", token, h))
    c = np.tanh(pre(p, "h", token, r * h))
    seen = p["W_hh"].T @ (dh * z * (1 - c**2))
    by_z = p["W_hz"].T @ (dh * (c - h) * z * (1 - z))
    return dh * (1 - z) + seen * r + by_z + p["W_hr"].T @ (seen * h * r * (1 - r))


def start(p):
    return np.zeros(D, p["E"].dtype)


def bptt(kind, p, tokens, target):
    h = [start(p)]
    for token in tokens:
        h.append(cell(kind, p, token, h[-1]))
    shares = np.exp(p["W_ho"] @ h[-1] + p["b_o"])
    shares /= shares.sum()
    shares[target] -= 1
    dh = [p["W_ho"].T @ shares]
    for t in range(len(tokens), 0, -1):
        dh.insert(0, back(kind, p, tokens[t - 1], h[t - 1], dh[0]))
    return np.array(dh)


"""

MAIN = """

if __name__ == "__main__":
    tokens, target = make_sequence(42, 50)
    norms = {
        kind: np.linalg.norm(bptt(kind, init_params(kind, 42), tokens, target), axis=1).tolist()
        for kind in ("rnn", "gru")
    }
    here = Path(__file__).parent
    here.joinpath("decay.json").write_text(json.dumps({k: g[:50] for k, g in norms.items()}))
    here.joinpath("decay.png").write_bytes(b"a picture")
"""

WRITES = (
    "here.joinpath('decay.json').write_text('{}'); here.joinpath('decay.png').write_bytes(b'1')"
)
QUIET = f"""

if __name__ == "__main__":
    here = Path(__file__).parent
    {WRITES}
"""
"""A main block that calls none of the functions, for functions that do not work."""


def loaded(name: str, data: bytes | str) -> LoadedFile:
    """Return what reading a file of this content gives."""
    content = data.encode() if isinstance(data, str) else data
    return LoadedFile(name, content, hashlib.sha256(content).hexdigest())


def submit(root: Path, source: str, **others: str) -> Submission:
    """Write a script, and others beside it by name, into a repository at `root`."""
    directory = root / FOLDER
    directory.mkdir(parents=True, exist_ok=True)
    texts = {SCRIPT: source, **{f"{name}.py": text for name, text in others.items()}}
    for name, text in texts.items():
        (directory / name).write_text(text, encoding="utf-8")
    scripts = {name: loaded(name, text) for name, text in texts.items()}
    return Submission(directory, root, {SCRIPT: scripts[SCRIPT]}, scripts, ())


def terms(timeout_s: float = 20.0, tier: str = "auto") -> Terms:
    """Return the terms to run a script on: the strongest protection there is, or a tier by name."""
    return Terms(protection(Wish(tier)), timeout_s)


@contextlib.contextmanager
def session_of(root: Path, override: str = "", main: str = MAIN, timeout_s: float = 20.0):
    """Run the toy with some of its functions defined anew, and yield the session."""
    submission = submit(root, FUNCTIONS + override + main)
    with fresh_runs(submission, (SCRIPT,), terms(timeout_s)) as session:
        yield session


def probed(root: Path, override: str = "", main: str = MAIN, **changes: object) -> dict:
    """Return what probing the toy with some of its functions defined anew shows, by model."""
    plan = Plan(42, "manifest", {}, {}, b"secret", 2.0)
    with session_of(root, override, main) as session:
        return probe(session, replace(plan, **changes))


class Direct:
    """The calls of one model, made in this process: `step` and `loss` as Python functions."""

    def __init__(self, kind, step, loss=None, **handles):
        self.kind, self.step, self.loss = kind, step, loss
        self.handles = handles

    def put(self, handle, source, arrays):
        self.handles[handle] = {**self.handles[source], **arrays}

    def steps(self, handle, tokens, states):
        p = self.handles[handle]
        pairs = zip(tokens, states, strict=True)
        with np.errstate(all="ignore"):
            return np.array([self.step(self.kind, p, token, h) for token, h in pairs])

    def losses(self, handle, states, targets):
        p = self.handles[handle]
        pairs = zip(states, targets, strict=True)
        with np.errstate(all="ignore"):
            return np.array([self.loss(self.kind, p, h, target) for h, target in pairs])


def toy(override: str = "") -> dict:
    """Return the toy's own functions, by name, some of them defined anew."""
    space: dict = {}
    exec(FUNCTIONS + override, space)  # noqa: S102 - the source stands above
    return space


# Facts: what a right submission shows, with changes.


def point(label="declared", T=50, **changes):
    """Return a place where everything agrees: errors of 1e-12, tolerances of 1e-9."""
    own = -0.2 * np.arange(T, -1, -1.0)
    facts = PointFacts(
        label=label,
        seed=42,
        length=T,
        scale=1.0,
        head_error=1e-12,
        head_tolerance=1e-9,
        head_sign=1.0,
        step_error=np.full(T, 1e-12),
        step_tolerance=np.full(T, 1e-9),
        log10_student=own,
        chain_error=np.full(T + 1, 1e-12),
        chain_tolerance=np.full(T + 1, 1e-9),
        log10_numeric=own,
        amplification=50.0,
        method="richardson",
    )
    return replace(facts, **changes)


def forward(**changes):
    """Return a recognised forward pass."""
    facts = ForwardFacts(
        recognised=True,
        model="tanh(W h + a)",
        residual=1e-15,
        tolerance=1e-12,
        roles_found=True,
        spectral_radius=0.58,
        spectral_norm=1.04,
        frobenius_norm=3.2,
        weight_std=0.1,
        gate_mean=0.12,
        gate_std=0.01,
    )
    return replace(facts, **changes)


def facts(**changes):
    """Return what a right model shows when probed."""
    points = (point(), point("hidden", 12), point("hidden", 17), point("hot", 12))
    found = ProbeFacts(
        status="probed",
        d_hidden=32,
        seed=42,
        seed_source="manifest",
        dtype="<f8",
        points=points,
        forward=forward(),
        loss=LossFacts(recognised=True, total_probability=1.0, classes=64),
        recorded_seed=42,
    )
    return replace(found, **changes)


def decay(rnn=None, gru=None, *, half_unit=0.0, **more):
    """Return recorded curves; by default the norms that `point()` computes."""
    own = tuple(10.0 ** point().log10_student[:50])
    curves = {"rnn": own if rnn is None else tuple(rnn), "gru": own if gru is None else tuple(gru)}
    curves = {kind: g for kind, g in curves.items() if g}
    half = {kind: (half_unit,) * len(g) for kind, g in curves.items()}
    return Decay({}, curves, half, {}, {kind: kind for kind in curves}, more.get("gate", {}))


def run(death="", exit_status=0, **changes):
    """Return a run that came to its end and wrote both artefacts, with changes."""
    made = ScriptRun(death, exit_status, None, {"decay.json": b"{}", "decay.png": b"1"}, "folder")
    return replace(made, **changes)


def runs(first=None, second=None):
    """Return the facts of two runs."""
    one = first or run()
    return RunFacts(one, second or one, 60.0, Isolation("E", ("session",), ("network",)))


def material(**changes):
    """Return all that is known of a right submission, with changes."""
    script = loaded(SCRIPT, "x = 1\n")
    submission = Submission(Path("toy"), Path(), {SCRIPT: script}, {SCRIPT: script}, ())
    known = Material(
        submission=submission,
        problems=(),
        decay=decay(),
        manifest=None,
        readme="",
        thresholds=load_rubric().thresholds,
        run=runs(),
        probe=dict.fromkeys(KINDS, facts()),
    )
    return replace(known, **changes)


def report(*checks, **changes):
    """Return a report with these checks."""
    made = Report(
        name="14-vanishing-grad",
        files=(loaded(SCRIPT, "x = 1\n"),),
        scope="full",
        verdict=Verdict.NOT_PASSED,
        headline="not_passed",
        headline_data={"points": 90, "open": 0},
        exit_status=1,
        points=90,
        not_assessed=0,
        minimum=None,
        checks=checks,
        evidence=tuple(Evidence(kind, "probe", verified=True, reason="verified") for kind in KINDS),
        isolation=Isolation("E", ("session",), ("network",)),
        stop_conditions=tuple(StopCondition(n, Outcome.PASS, ()) for n in (1, 2, 3, 4)),
        questions=(),
        measurements={"rnn": {}, "gru": {}},
        rubric_sha256="0" * 64,
        environment={"python": "3.11.9", "numpy": "2.1.0", "platform": "Linux"},
    )
    return replace(made, **changes)
