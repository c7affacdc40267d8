"""What operations read, in rows: the same whether memory allows to join them or not."""

import numpy as np
import pytest

from grader.lifting import graph
from grader.lifting.graph import Reads
from grader.lifting.recording import Operand, Operation


def operation(*tables):
    operands = tuple(Operand(np.array(ids), np.zeros(np.shape(ids))) for ids in tables)
    return Operation("add", operands, np.array([9]))


OPERATIONS = [
    operation([[0, 1], [2, 3]], [4, -1]),
    operation([5]),
    operation(),
    operation([6], [7]),
]


@pytest.mark.parametrize("most", [0, 6, 100])
def test_rows_hold_what_operations_read(monkeypatch, most):
    monkeypatch.setattr(graph, "MOST_JOINED", most)
    reads = Reads(OPERATIONS)
    assert [sorted(i for row in reads.of(k) for i in row) for k in range(4)] == [
        [-1, 0, 1, 2, 3, 4], [5], [], [6, 7]
    ]  # fmt: skip
    marks = np.zeros(12, dtype=bool)
    marks[4] = True
    assert [reads.any(marks, k) for k in range(4)] == [True, False, False, False]
    reads.mark(marks, 3)
    assert np.flatnonzero(marks).tolist() == [4, 6, 7]


def test_matrix_that_is_read_often_is_joined_no_more_than_memory_allows(monkeypatch):
    monkeypatch.setattr(graph, "MOST_JOINED", 3_000)
    matrix, vector = np.arange(1_000), np.arange(1_000, 1_010)
    often = [Operation("add", (Operand(matrix, matrix), Operand(vector, vector)), vector)] * 50
    reads = Reads(often)
    joined = {id(row): row for k in range(50) for row in reads.of(k) if len(row) > 1_000}
    assert sum(map(len, joined.values())) <= 3_000
    assert all(any(row.base is matrix or row is matrix for row in reads.of(k)) for k in (10, 49))
