"""A recording is read as its schema says, and what a child may not say is refused."""

import copy
import json
import time
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

import grader
from grader.evidence import recorder
from grader.lifting.format import GarbledError, TooLargeError, unpack
from grader.lifting.graph import TooSlowError
from grader.lifting.replay import NoWayError, Replay
from tests.lifting.recorded import IMPORTS, recorded

SCHEMA = json.loads(
    (Path(grader.__file__).parents[1] / "schemas" / "recording.schema.json").read_text("utf-8")
)
SCRIPT = f"""{IMPORTS}
rng = np.random.default_rng(1)
W, x = rng.normal(size=(4, 4)), rng.normal(size=4)
h = np.tanh(W @ x + 0.5)
b = np.zeros(4)
b[1] = 2.0
y = np.einsum("ij,j->i", W, h) + b
m = y.max()
"""


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    """Return the header and the arrays that a child sent for the script."""
    kept = {}

    def keep(header, arrays, folder, files):
        kept.update(header=header, arrays=dict(arrays), folder=folder)
        return unpack(header, arrays, folder, files)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorder, "unpack", keep)
        recorded(tmp_path_factory.mktemp("folder"), SCRIPT)
    return kept


@pytest.fixture
def changed(sent):
    """Return a copy of what was sent, to be spoilt."""
    header = copy.deepcopy(sent["header"])
    arrays = {name: np.array(block) for name, block in sent["arrays"].items()}
    return header, arrays, sent["folder"]


def read(what):
    header, arrays, folder = what
    return unpack(header, arrays, folder, {})


def test_header_obeys_its_schema(sent):
    assert list(Draft202012Validator(SCHEMA).iter_errors(sent["header"])) == []


def test_unspoilt_recording_is_read_and_follows(changed):
    recording = read(changed)
    assert [operation.name for operation in recording.operations] == [
        "matmul", "add", "tanh", "einsum", "add", "max",
    ]  # fmt: skip
    assert {operation.file for operation in recording.operations} == {"bptt_norm.py"}
    assert Replay(recording).check() is None


def operation(name):
    """Return the row of the first operation of a name, as a function of header and arrays."""
    return lambda header, arrays: next(
        row for row in arrays["operations"] if header["words"][row[0]] == name
    )


def twice(header, arrays):
    row = operation("tanh")(header, arrays)
    row[4] = operation("matmul")(header, arrays)[4]


def too_early(header, arrays):
    rows = arrays["operations"]
    rows[[0, 2]] = rows[[2, 0]]


def wrong_shape(header, arrays):
    table = operation("tanh")(header, arrays)[4]
    header["shapes"].append([2, 2])
    arrays["tables"][table][0] = len(header["shapes"]) - 1


def other_subscripts(header, arrays):
    row = operation("einsum")(header, arrays)
    header["words"].append('{"subscripts": "ij,k->ijk"}')
    row[1] = len(header["words"]) - 1


def no_object(header, arrays):
    header["words"][operation("einsum")(header, arrays)[1]] = "[]"


def no_json(header, arrays):
    header["words"][operation("einsum")(header, arrays)[1]] = "{"


def output_without_id(header, arrays):
    arrays["ids"][-1] = -1
    arrays["constants"] = np.append(arrays["constants"], 0.0)
    arrays["tables"][-1][1] += 1


SPOILT = {
    "a value missing": lambda h, a: a.update(values=a["values"][:-1]),
    "values in rows": lambda h, a: a.update(values=a["values"][None]),
    "no operands": lambda h, a: a.pop("operands"),
    "ids as floats": lambda h, a: a.update(ids=a["ids"].astype(float)),
    "an id beyond": lambda h, a: a["ids"].__setitem__(0, 10**9),
    "an id below": lambda h, a: a["ids"].__setitem__(0, -3),
    "a table beyond": lambda h, a: a["operands"].__setitem__(0, 10**6),
    "a table before": lambda h, a: a["operands"].__setitem__(0, -1),
    "ids cut short": lambda h, a: a.update(ids=a["ids"][:-1]),
    "constants cut short": lambda h, a: a.update(constants=a["constants"][:-1]),
    "a word beyond": lambda h, a: a["operations"][0].__setitem__(0, 999),
    "operands beyond": lambda h, a: a["operations"][0].__setitem__(6, 999),
    "operands before": lambda h, a: a["operations"][0].__setitem__(5, -1),
    "a shape beyond": lambda h, a: a["tables"][0].__setitem__(0, 99),
    "a shape of text": lambda h, a: h["shapes"].__setitem__(0, "4"),
    "a negative length": lambda h, a: h["shapes"].__setitem__(0, [-4]),
    "ten dimensions": lambda h, a: h["shapes"].__setitem__(0, [1] * 10),
    "words missing": lambda h, a: h.pop("words"),
    "lost missing": lambda h, a: h.pop("lost"),
    "lost as a number": lambda h, a: h.update(lost=3),
    "made twice": twice,
    "read before it is made": too_early,
    "a shape it cannot have": wrong_shape,
    "subscripts of another": other_subscripts,
    "options that are no object": no_object,
    "options that are no JSON": no_json,
    "an output without an id": output_without_id,
    "options too deep to be read": lambda h, a: h["words"].__setitem__(
        operation("einsum")(h, a)[1], "[" * 1000
    ),
    "complex values": lambda h, a: a.update(values=a["values"].astype(complex)),
    "one row of operations": lambda h, a: a.update(operations=a["operations"][0]),
    "operands read again and again": lambda h, a: a.update(
        operations=np.repeat(a["operations"], 100, axis=0)
    ),
}


@pytest.mark.parametrize("name", SPOILT)
def test_spoilt_recording_is_refused(changed, name):
    header, arrays, _ = changed
    SPOILT[name](header, arrays)
    with pytest.raises(GarbledError):
        read(changed)


def test_result_that_does_not_follow_is_found(changed):
    _, arrays, _ = changed
    wrong = read(changed).operations[2].out[0]
    arrays["values"][wrong] *= 1.0 + 1e-12
    found = Replay(read(changed)).check()
    assert (found.name, found.line) == ("tanh", 6)


def test_work_is_bounded_before_anything_is_computed(changed, monkeypatch):
    monkeypatch.setattr("grader.lifting.format.MOST_WORK", 30)
    with pytest.raises(TooLargeError):
        read(changed)


@pytest.mark.parametrize("name", ["ids", "operations", "operands", "leaves", "tables"])
def test_recording_longer_than_any_recorder_makes_is_not_read(changed, name):
    _, arrays, _ = changed
    rows = [4_000_001, *arrays[name].shape[1:]]
    arrays[name] = np.broadcast_to(np.zeros(1, dtype="i8"), rows)
    with pytest.raises(TooLargeError):
        read(changed)


def test_unknown_operation_is_read_and_never_computed(changed):
    header, arrays, _ = changed
    header["words"][operation("tanh")(header, arrays)[0]] = "os.system"
    with pytest.raises(NoWayError):
        Replay(read(changed)).between(
            [read(changed).leaves[1].ids], read(changed).operations[2].out
        )


def test_constants_written_into_an_array_can_be_started_from(tmp_path):
    source = "h = np.empty((2, 3))\nh[0] = 0\nW = np.random.default_rng(0).normal(size=(3, 3))\n"
    heard = recorded(tmp_path, IMPORTS + source + "h[1] = W @ h[0] + W[0]\njson.dumps(h.tolist())")
    (product,) = [one for one in heard.operations if one.name == "matmul"]
    start = product.operands[1]
    assert (start.ids >= 0).all()
    np.testing.assert_array_equal(heard.values[start.ids], 0.0)


def test_search_limit_counts_computing_and_not_waiting(tmp_path):
    replay = Replay(recorded(tmp_path, IMPORTS + "x = np.ones(3) + 1.0"))
    replay.limit(0.05)
    time.sleep(0.2)
    replay.check_time()
    end = time.thread_time() + 0.1
    while time.thread_time() < end:
        pass
    with pytest.raises(TooSlowError):
        replay.check_time()
