"""An opaque GRU is looked at again: completed where that agrees, replaced where it does not."""

from dataclasses import replace

import numpy as np
import pytest

from grader.evidence.seconding import seconded
from grader.facts import ForwardFacts, NotLifted, PointFacts, ProbeFacts

FINE, BAD = np.zeros(3), np.ones(3)


def facts(error=FINE, level="probe", **forward):
    point = PointFacts("declared", 42, 3, 1.0, 0.0, 1e-9, 1.0, error, 1e-9 + FINE, FINE)
    seen = ForwardFacts(recognised=True, roles_found=False)
    return ProbeFacts("probed", points=(point,), forward=replace(seen, **forward), level=level)


KNOWN = facts(roles_found=True)
MISSED = ProbeFacts("no-functions", not_lifted=NotLifted("too_slow"))


def judged(first, second):
    """Return what becomes of a GRU's facts beside an RNN whose roles are known."""
    return seconded({"rnn": KNOWN, "gru": first}, lambda: {"rnn": MISSED, "gru": second}.get)["gru"]


def test_second_look_completes_what_it_agrees_with():
    found = judged(facts(), facts(level="lifted", roles_found=True))
    assert (found.level, found.forward.roles_found) == ("probe", True)


@pytest.mark.parametrize(
    "second",
    [facts(BAD, "lifted", roles_found=True), facts(FINE, "lifted", recognised=False)],
    ids=["wrong gradient", "no GRU"],
)
def test_second_look_refutes(second):
    assert judged(facts(), second) is second


@pytest.mark.parametrize("first", [facts(), facts(roles_found=True, tied=False)])
def test_what_cannot_be_lifted_stays_open(first):
    assert judged(first, MISSED) is first


def test_rnn_that_others_could_stand_in_for_is_looked_at_too():
    free = facts(roles_found=True, tied=False)
    assert judged(free, facts(level="lifted", roles_found=True)).forward.tied
    assert judged(free, wrong := facts(BAD, "lifted", roles_found=True)) is wrong


@pytest.mark.parametrize(
    "first", [KNOWN, facts(BAD), facts(recognised=False), MISSED, facts(level="lifted")]
)
def test_nothing_is_lifted_where_functions_told_all(first):
    def never():
        raise AssertionError

    found = {"rnn": KNOWN, "gru": first}
    assert seconded(found, never) == found
