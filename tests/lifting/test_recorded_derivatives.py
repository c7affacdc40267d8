"""Every NumPy expression that is heard has the derivative that finite differences find.

All expressions run in one recorded script. Each is a number made of x, (4,), and W, (4, 4); its
derivative by the recording's adjoints is held against complex-free central differences of the same
source on plain arrays.
"""

# ruff: noqa: E501 - one expression a line

import copy
import json
import math

import numpy as np
import pytest

from grader.lifting.replay import NoWayError, Replay
from tests.lifting.recorded import IMPORTS, recorded

WEIGHTS = np.array([0.3, -0.7, 0.55, 0.21])

VECTORS = {
    "matmul": "W @ x",
    "matmul of rows": "x[None] @ W",
    "matmul of columns": "(W @ x[:, None])[:, 0]",
    "matmul of a batch": "(np.stack([W, 2 * W]) @ x)[1]",
    "matmul of two batches": "(np.stack([W, W.T]) @ np.stack([W, W]))[1, 0]",
    "dot": "np.dot(x, W)",
    "method dot": "W.dot(x)",
    "dot of matrices": "np.dot(W, W)[2]",
    "multi_dot": "np.linalg.multi_dot([x, W, W.T])",
    "inner": "np.inner(x, W)",
    "einsum": "np.einsum('ij,j->i', W, x)",
    "einsum with implied output": "np.einsum('ji,j', W, x)",
    "einsum of three": "np.einsum('ij,j,i->i', W, x, x, optimize=True)",
    "tensordot": "np.tensordot(W, x, axes=1)",
    "tensordot along axes": "np.tensordot(x, W, axes=([0], [1]))",
    "outer": "np.outer(x, W[0])[1]",
    "multiply.outer": "np.multiply.outer(x, W[0])[2]",
    "tanh": "np.tanh(W @ x)",
    "exp, log": "np.log(1 + np.exp(W @ x))",
    "sigmoid with where": "np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), 1 - 1 / (1 + np.exp(-np.abs(x))))",
    "sigmoid by tanh": "0.5 * (1 + np.tanh(0.5 * x))",
    "log1p, expm1": "np.log1p(np.expm1(x) ** 2)",
    "log2, log10": "np.log2(x * x) + np.log10(x * x)",
    "sqrt, square": "np.sqrt(np.square(x) + 1)",
    "sinh, cosh": "np.sinh(x) / np.cosh(x)",
    "logaddexp": "np.logaddexp(x, W[1])",
    "maximum": "np.maximum(0.1, x) + np.minimum(x, W[0])",
    "clip": "np.clip(x, -0.2, 0.5) + x.clip(None, 0.3)",
    "power": "np.abs(x) ** 1.5 + x ** 2 + 2.0 ** x",
    "reciprocal": "np.reciprocal(2 + x)",
    "signs": "np.sign(x) * x - (-x) + (+x) + np.fabs(x)",
    "reflected": "1.0 - x + 2 / (3 + x) - (5 * x)",
    "softmax": "np.exp(x - x.max()) / np.exp(x - np.max(x)).sum()",
    "softmax of rows": "(lambda a: a / a.sum(axis=1, keepdims=True))(np.exp(W - W.max(axis=-1, keepdims=True)))[0]",
    "mean, std": "(x - x.mean()) / np.std(x)",
    "var along an axis": "np.var(W, axis=0)",
    "sum over axes": "W.sum(axis=(0, 1)) * x",
    "add.reduce": "np.add.reduce(W, axis=0)",
    "built-in sum": "sum(x) * x",
    "norms": "np.linalg.norm(x) * x + np.linalg.norm(W) + np.linalg.norm(W, axis=1)",
    "einsum norm": "np.sqrt(np.einsum('i,i->', x, x)) * x",
    "vdot": "np.vdot(x, x) * x",
    "slices": "np.concatenate([x[2:], x[:2]]) * x[::-1]",
    "fancy index": "x[[3, 1, 1, 0]] + x[np.array([0, 1, 2, 3])]",
    "mask": "np.concatenate([x[x > 0], x[x <= 0]])",
    "new axes": "x[:, None][:, 0] + x[np.newaxis, :].squeeze()",
    "reshapes": "W.reshape(-1)[:4] + W.ravel()[4:8] + W.flatten()[8:12] + np.reshape(W, (2, 8))[1, 4:]",
    "transposes": "W.T[0] + np.transpose(W)[1] + W.swapaxes(0, 1)[2]",
    "stacks": "np.stack([x, 2 * x])[1] + np.vstack((x, x))[0] + np.hstack([x, x])[4:] + np.column_stack([x, x])[:, 1]",
    "split": "np.split(np.concatenate((x, 3 * x)), 2)[1]",
    "copies": "x.copy() + np.copy(x) + copy.deepcopy(x) + np.array(x) + np.asarray(x)",
    "repeat, tile, roll": "np.repeat(x[:2], 2) + np.tile(x[:2], 2) + np.roll(x, 1)",
    "flip, take": "np.flip(x) + np.take(x, [1, 0, 3, 2]) + x.take([0, 0, 1, 1])",
    "diag, triu": "np.diag(W) + np.triu(W)[0] + np.tril(W)[1] + np.diagonal(W)",
    "append, insert, delete": "np.append(x, 1.0)[:4] + np.insert(x, 0, 2 * x[1])[:4] + np.delete(x, 0)[[0, 1, 2, 2]]",
    "pad": "np.pad(x, 1)[1:5]",
    "astype": "x.astype(np.float64) + x.astype(float)",
    "numbers": "np.array([float(v) * 2 for v in x])",
    "items": "np.array([x[i].item() + x.item(0) for i in range(4)])",
    "lists": "np.array([v ** 2 for v in x.tolist()])",
    "list of rows": "np.array([x, 2 * x])[1] + np.asarray([W[0], W[1]])[0]",
    "math": "np.array([math.tanh(v) + math.exp(v) + math.sqrt(v * v + 1) for v in x])",
    "math of numbers": "x * math.log(sum(v * v for v in x)) + math.pow(x[0], 2)",
    "absolute of numbers": "np.array([abs(v) - (-v) + 2 * v / 3 for v in x])",
    "where with a constant": "np.where(x > 0, x * 3, 0.0)",
    "nan_to_num": "np.nan_to_num(x) * 2",
    "ones_like": "(np.ones_like(x) - x) * x",
    "zip, enumerate": "np.array([a * b + i for i, (a, b) in enumerate(zip(x, W[0]))])",
    "reversed": "np.array(list(reversed(x)))",
    "max of numbers": "x * max(x)",
    "linear layer with bias": "np.tanh(np.concatenate([W, W], axis=1) @ np.concatenate([x, 0.5 * x]) + W[0])",
    "broadcast": "np.broadcast_to(x, (2, 4))[1] + np.expand_dims(x, 0)[0] + np.atleast_2d(x)[0]",
    "moveaxis": "np.moveaxis(np.stack([W, W]), 0, -1)[1, :, 0]",
}

FUNCTIONS = {
    "in place": "y = x.copy(); y += W @ x; y *= 2; y[1] = y[0] * 3; y[2:] -= x[:2]; return y",
    "out": "y = np.zeros(4); np.multiply(x, W[0], out=y); np.add(y, x, y); return y",
    "buffer": "y = np.empty((3, 4)); y[0] = x; y[1] = W @ y[0]; y[2] = np.tanh(y[1]); return y[2]",
    "buffer through a view": "y = np.zeros((2, 4)); v = y[1]; v[:] = x; v += 1; return y[1] * 2",
    "view": "y = x * 1; y.view(np.ndarray)[0] = 5.0; y.view()[1] = x[0] * 2; return y",
    "fill": "y = np.empty(4); y.fill(x[0]); return y * x",
    "put": "y = x * 1; np.copyto(y, W[1]); np.fill_diagonal(W * 1, 0.0); return y + x",
    "own class": "return Cell(W).forward(x)",
    "closure": "f = lambda a: (lambda b: b @ a)(W); return f(x)",
    "recursion": "return step(W, x, 3)",
    "generator": "return np.array([v for v in (u * u for u in x)])",
    "dict of arrays": "p = {'W': W, 'b': x}; return p['W'] @ p['b'] + p['b']",
    "in place method": "y = x * 1; y.sort; y -= y.mean(); return y",
    "dataclass": "p = Pair(W, x); return p.W @ p.x",
    "walrus and unpacking": "a, *rest = [x, W @ x, W @ (W @ x)]; return (b := rest[1]) + a * b",
    "operator module": "import operator; return operator.matmul(W, x) + operator.mul(x, 2)",
    "functools.reduce": "import functools; return functools.reduce(lambda h, M: np.tanh(M @ h), [W, W, W], x)",
    "map": "return np.array(list(map(lambda v: v * v, x)))",
    "sum of lists": "s = 0\n    for a, b in zip(W, x):\n        s = s + a * b\n    return s",
}

HELPERS = """
import dataclasses

@dataclasses.dataclass
class Pair:
    W: object
    x: object

class Cell:
    def __init__(self, W):
        self.W = W
    def __call__(self, h):
        return np.tanh(self.W @ h)
    def forward(self, h):
        return self(self(h))

def step(W, h, n):
    return h if n == 0 else step(W, np.tanh(W @ h), n - 1)
"""


def source():
    """Return the whole script: each vector joined to one number with fixed weights."""
    lines = [IMPORTS, HELPERS]
    lines += ["rng = np.random.default_rng(7)", "W0 = rng.normal(size=(4, 4))"]
    lines += ["x0 = np.abs(rng.normal(size=4)) * np.array([1.0, -1.0, 1.0, -1.0])", "cases = []"]
    for text in VECTORS.values():
        lines += ["def f(W, x):", f"    return {text}", "cases.append(f)"]
    for text in FUNCTIONS.values():
        lines += ["def f(W, x):", f"    {text}", "cases.append(f)"]
    lines.append("c = np.array([0.3, -0.7, 0.55, 0.21])")
    lines.append("found = [np.sum(f(W0, x0) * c) for f in cases]")
    return "\n".join(lines)


NAMES = [*VECTORS, *FUNCTIONS]
PLAIN = {}
exec(source(), PLAIN)  # noqa: S102 - our own source, as plain NumPy


@pytest.fixture(scope="module")
def heard(tmp_path_factory):
    text = source() + "\njson.dump([float(v) for v in found], open('decay.json', 'w'))\n"
    recording = recorded(tmp_path_factory.mktemp("folder"), text)
    numbers = json.loads(recording.artefacts["decay.json"])
    return Replay(recording), numbers


def numerical(f, W, x):
    """Return the derivative with respect to W and x by central differences, as one row."""
    start, step = np.concatenate([W.ravel(), x]), 1e-6

    def at(values):
        return float(np.sum(f(values[:16].reshape(4, 4), values[16:]) * WEIGHTS))

    moves = step * np.eye(20)
    return np.array([(at(start + m) - at(start - m)) / (2 * step) for m in moves])


@pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
def test_derivative_is_that_of_finite_differences(heard, number):
    replay, numbers = heard
    W, x, f = PLAIN["W0"], PLAIN["x0"], PLAIN["cases"][number]
    expected = float(np.sum(f(copy.deepcopy(W), copy.deepcopy(x)) * WEIGHTS))
    assert numbers[number] == pytest.approx(expected, rel=1e-15)
    found = [
        k
        for k, operation in enumerate(replay.operations)
        if operation.name == "sum"
        and replay.values[operation.out.reshape(-1)[0]] == numbers[number]
    ]
    out = replay.operations[found[0]].out
    adjoint = replay.adjoint(out, np.ones(1), found[0] + 1)
    leaves = [leaf.ids for leaf in replay.recording.leaves if leaf.origin == "normal"]
    x_ids = next(o.out for o in replay.operations if np.array_equal(replay.values[o.out], x))
    # x itself was made of numbers drawn: its adjoint stops there.
    ids = np.concatenate([leaves[0].ravel(), x_ids])
    assert adjoint.known[ids].all()
    np.testing.assert_allclose(adjoint.values[ids], numerical(f, W, x), rtol=2e-7, atol=2e-9)


def test_whole_recording_follows_from_its_operands(heard):
    assert heard[0].check() is None
    assert heard[0].recording.lost == ()
    assert math.isfinite(sum(heard[1]))


LOST = {
    "sort": "np.sort(x)",
    "cumsum": "np.cumsum(x)",
    "modulo": "x % 0.3",
    "arctan": "np.arctan(x)",
    "solve": "np.linalg.solve(W, x)",
    "prod": "np.prod(x) * x",
    "memory": "(lambda y: (memoryview(y).__setitem__(0, 5.0), y)[1])(x * 1)",
    "frombuffer": "np.frombuffer((x * 1).tobytes())",
}


@pytest.mark.parametrize("name", LOST)
def test_unknown_operation_is_no_way_and_never_a_zero(tmp_path, name):
    text = f"{IMPORTS}rng = np.random.default_rng(7)\nW = rng.normal(size=(4, 4))\nx = W[0] + 1\n"
    recording = recorded(tmp_path, f"{text}y = ({LOST[name]}) * 3\nz = y + 1\n")
    replay = Replay(recording)
    assert replay.check() is None
    x = next(o for o in replay.operations if o.name == "add").out
    y = [o for o in replay.operations if o.name == "add"][-1].out
    if name == "frombuffer":  # nothing leads from the bytes back to x
        assert not replay.dependents(x)[y].any()
        return
    with pytest.raises(NoWayError):
        replay.between([x], y)
