"""Scripts that offer no functions: lifted where they are right, refused where they are wrong.

The same engine serves scripts that do offer them: two ways to one verdict, which never contradict.
"""

from dataclasses import replace

import numpy as np
import pytest

from grader.corpus.gradient_cases import planted, right_case
from grader.corpus.handwritten import right_cases
from grader.corpus.styles import PLANTS, STYLES
from grader.evidence.lift import lift
from grader.evidence.seeds import Plan
from grader.grading import Options, grade
from grader.model import KINDS, WRONG, Outcome
from grader.reading.loading import load
from grader.reading.normalise import read_decay
from tests.toys import terms

FUNCTIONLESS = [name for name, style in STYLES.items() if not style.has_functions]
OFFERING = [name for name, style in STYLES.items() if style.has_functions]


def lifted(folder):
    """Lift both models out of a written submission, whatever functions it offers."""
    submission = load(folder)
    file = submission.files["decay.json"]
    curves, _ = read_decay(file)
    plan = Plan(42, "manifest", curves.curves, curves.half_unit, b"x" * 32, 30.0)
    return models(lift(submission, ["bptt_norm.py"], plan, terms(30.0), file.data))


def models(lifted):
    return {kind: lifted(kind) for kind in KINDS}


def is_right(facts):
    """Say whether a probed model's gradient is right wherever it was held to differences."""
    return facts.status == "probed" and all(
        bool(point.head_error <= point.head_tolerance)
        and bool(np.all(point.step_error <= point.step_tolerance))
        for point in facts.points
    )


@pytest.fixture
def written(tmp_path):
    return lambda case: case.write(tmp_path / case.name)


def is_verified(written, style):
    found = lifted(written(right_case(STYLES[style])))
    for kind in KINDS:
        facts = found[kind]
        assert (facts.status, facts.level, facts.not_lifted) == ("probed", "lifted", None)
        assert is_right(facts)
        assert facts.forward.recognised
        assert facts.loss.recognised
        assert [point.label for point in facts.points] == ["declared", "hot"]
        assert facts.diagnoses == ()


@pytest.mark.parametrize("style", [*FUNCTIONLESS, *OFFERING[::8]])
def test_right_script_is_verified_in_both_models(written, style):
    is_verified(written, style)


SWEPT = """    for t in range(LEN, 0, -1):
        delta = einsum("i,ij->j", delta, jacobian(t))
        norms[t - 1] = np.sqrt(einsum("i,i->", delta, delta))
"""
WHOLE = """    product = np.eye(N_H)
    for t in range(LEN, 0, -1):
        product = einsum("ik,kj->ij", product, jacobian(t))
        norms[t - 1] = {norm}
"""


@pytest.mark.parametrize(
    ("norm", "named"),
    [
        ("np.linalg.norm(product, 2)", (("record-jacobian",),)),
        pytest.param(
            "np.linalg.norm(product)",
            (("record-jacobian-frobenius",),),
            marks=pytest.mark.slow,
        ),
        pytest.param("abs(product[0, 1])", None, marks=pytest.mark.slow),
    ],
    ids=["spectral", "Frobenius", "an entry"],
)
def test_list_without_vectors_is_explained_by_itself_or_not_at_all(written, norm, named):
    case = next(case for case in right_cases() if case.base.name == "jacobians")
    edit = ("bptt_norm.py", (SWEPT, WHOLE.format(norm=norm)))
    found = lifted(written(replace(case, name="swept", edits=(edit,))))
    for facts in found.values():
        assert facts.status == "no-functions"
        assert [one.candidates for one in facts.diagnoses] == ([named] if named else [])


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_every_right_script_is_verified_in_both_models(written, style):
    is_verified(written, style)


def one_each(names):
    """Return one mistake of each style, another in each."""
    mistakes = {name: list(PLANTS[name]) for name in names}
    return [(name, mistakes[name][3 * k % len(mistakes[name])]) for k, name in enumerate(names)]


def every(names):
    return [(name, mistake) for name in names for mistake in PLANTS[name]]


def never_contradict(folder):
    """Demand that what is lifted and what functions answer are never right and wrong at once."""
    found = lifted(folder)
    report = grade(folder, Options(timeout_s=30.0))
    accused = {
        finding.model
        for result in report.checks
        for finding in result.findings
        if result.code.startswith("gradient.") and finding.outcome in WRONG
    }
    for kind in KINDS:
        facts = found[kind]
        if facts.status != "probed":
            continue
        named = {d.candidates for d in facts.diagnoses}
        probed = {d.candidates for d in report.diagnoses if d.model == kind}
        assert is_right(facts) or kind in accused
        assert (named and probed) or not (named or probed) or not named
        if named and named != probed:
            assert any(set(one) & set(other) for one in named for other in probed)


@pytest.mark.parametrize(("style", "mistake"), one_each(OFFERING)[::8])
def test_both_ways_to_a_verdict_agree(written, style, mistake):
    never_contradict(written(planted(STYLES[style], mistake)))


@pytest.mark.slow
@pytest.mark.parametrize(("style", "mistake"), every(OFFERING))
def test_both_ways_to_a_verdict_agree_everywhere(written, style, mistake):
    never_contradict(written(planted(STYLES[style], mistake)))


NAMES = {
    "norm-squared": "record-squared",
    "norm-l1": "record-l1",
    "weight-gradient": "record-weight",
    "list-reversed": "record-reversed",
    "list-off-by-one": "record-shifted",
}


def refused_and_named(written, style, mistake):
    case = planted(STYLES[style], mistake)
    report = grade(written(case), Options(timeout_s=30.0))
    failing = {r.code for r in report.checks if any(f.outcome in WRONG for f in r.findings)}
    assert case.expect.allows(report.verdict.value)
    assert case.expect.codes <= failing
    assert {d.candidates for d in report.diagnoses} == {((NAMES.get(mistake, mistake),),)}


@pytest.mark.parametrize(("style", "mistake"), every(FUNCTIONLESS)[::18])
def test_mistake_in_a_script_without_functions_is_refused_and_named(written, style, mistake):
    refused_and_named(written, style, mistake)


@pytest.mark.slow
@pytest.mark.parametrize(("style", "mistake"), every(FUNCTIONLESS))
def test_every_mistake_without_functions_is_refused_and_named(written, style, mistake):
    refused_and_named(written, style, mistake)


HOSTILE = {
    "huge array": "import numpy as np\nbig = np.ones((4000, 4000)) * 2.0\n",
    "many operations": "import numpy\na = numpy.ones(3)\nfor _ in range(110_000):\n    a + 1\n",
    "attributes raise": """
class Bad:
    def __getattr__(self, name):
        raise RuntimeError(name)
    __array_ufunc__ = property(lambda self: 1 / 0)
print(type(Bad()))
""",
    "hash raises": """
class Odd:
    def __hash__(self):
        raise RuntimeError("no")
    def __call__(self, *a):
        return a
Odd()(1)
""",
    "comparison raises": """
class Odd:
    def __hash__(self):
        return hash(type)
    def __eq__(self, other):
        raise RuntimeError("no")
    def __call__(self, *a):
        return a
Odd()(1)
""",
    "shadowed builtins": "sum = max = float = list = type = print = lambda *a, **k: 0\n",
    "own subclass": """
import numpy as np
class My(np.ndarray):
    pass
m = np.ones(4).view(My) + 1
n = My((3,))
""",
    "types asked for": """
import numpy as np
x = np.ones(3) * 2
assert type(x) is np.ndarray and x.__class__ is np.ndarray and isinstance(x, np.ndarray)
assert type(x.sum()) is np.float64 and isinstance(x.sum(), (float, np.floating))
assert x.sum().__class__ is np.float64
""",
    "garbage on the pipe": "import os\nos.write(1, b'garbage' * 1000)\n",
    "traced itself": "import sys\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)\n",
    "exit hook": "import atexit, os\natexit.register(os._exit, 3)\n",
    "hook overwritten": "__vangrad_heard__ = None\n",
    "recorder patched": """
import gc
for o in gc.get_objects():
    if type(o).__name__ == "Recorder":
        o.operation = lambda *a, **k: 1 / 0
""",
    "recorder switched off": """
import gc
for o in gc.get_objects():
    if type(o).__name__ == "Recorder":
        o.stopped = "x"
""",
    "recording forged": """
import gc
for o in gc.get_objects():
    if type(o).__name__ == "Recorder":
        fresh = o.fresh
        def forged(value, fresh=fresh):
            ids = fresh(value)
            o.values[: o.count] *= 1.001
            return ids
        o.fresh = forged
""",
}
STILL_LIFTED = {
    "attributes raise", "hash raises", "comparison raises", "shadowed builtins", "own subclass",
    "types asked for", "garbage on the pipe", "traced itself", "exit hook",
}  # fmt: skip


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    return right_case(STYLES["flat"]).write(tmp_path_factory.mktemp("flat"))


QUICK = ("types asked for", "recording forged")


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in HOSTILE],
)
def test_hostile_script_is_bounded_and_never_accused_of_a_wrong_gradient(flat, name, tmp_path):
    folder = tmp_path / flat.name
    folder.mkdir()
    for path in flat.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    script = folder / "bptt_norm.py"
    script.write_text(HOSTILE[name] + script.read_text(encoding="utf-8"), encoding="utf-8")
    report = grade(folder, Options(timeout_s=20.0))
    outcomes = {f.outcome for result in report.checks for f in result.findings}
    assert Outcome.GRADER_ERROR not in outcomes
    assert not outcomes & WRONG
    assert report.verdict.value == ("passed" if name in STILL_LIFTED else "not_verified")


def test_replay_of_other_numbers_than_the_run_gave_is_two_faced(flat):
    submission = load(flat)
    file = submission.files["decay.json"]
    curves, _ = read_decay(file)
    plan = Plan(42, "manifest", curves.curves, curves.half_unit, b"x" * 32, 30.0)
    other = file.data.replace(b"e-", b"e-1")
    for facts in models(lift(submission, ["bptt_norm.py"], plan, terms(30.0), other)).values():
        assert facts.not_lifted.reason == "two_faced"
    bare = replace(plan, curves={})
    for facts in models(lift(submission, ["bptt_norm.py"], bare, terms(30.0), None)).values():
        assert facts.not_lifted.reason == "no_list"
