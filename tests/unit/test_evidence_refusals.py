"""Exceptions that the isolation causes are told from those that are the script's own."""

import pytest

from grader.evidence import worker
from grader.evidence.refusals import refused

SAID = {
    "pool": ({"errno": 1, "through": ["multiprocessing"]}, "processes"),
    "pool of futures": ({"type": "BrokenProcessPool", "through": ["concurrent"]}, "processes"),
    "shell": ({"errno": 1, "through": ["subprocess"]}, "shell"),
    "no such program": ({"errno": 2, "through": ["subprocess"], "path": True}, ""),
    "socket": ({"errno": 1, "through": ["socket"]}, "network"),
    "name that resolves to nothing": ({"errno": -3, "through": ["socket"]}, "network"),
    "unreachable host": ({"errno": 0, "through": ["urllib"]}, "network"),
    "fork": ({"errno": 1, "through": []}, "call"),
    "file of somebody else": ({"errno": 13, "path": True}, "files"),
    "file on a disk that cannot be written": ({"errno": 30, "path": True}, "files"),
    "file that is not there": ({"errno": 2, "path": True}, ""),
    "full disk": ({"errno": 28}, "disk"),
    "file beyond the limit": ({"errno": 27, "through": ["numpy"]}, "disk"),
    "own mistake": ({"type": "ValueError", "errno": None, "through": ["socket"]}, ""),
    "nothing said": ({}, ""),
    "nonsense": ({"errno": "1", "through": 7}, ""),
}


@pytest.mark.parametrize("name", SAID)
def test_refusal_is_told_from_a_mistake(name):
    data, what = SAID[name]
    assert refused(data) == what


def test_account_of_an_exception_names_the_packages_it_came_through():
    with pytest.raises(ValueError, match="Expecting") as caught:
        __import__("json").loads("{")
    said = worker.describe(caught.value, "/nowhere")
    assert "json" in said["through"]
    assert said["errno"] is None


def test_account_of_a_system_error_has_its_number(tmp_path):
    with pytest.raises(OSError, match="No such file") as caught:
        (tmp_path / "nothing").read_bytes()
    said = worker.describe(caught.value, "/nowhere")
    assert (said["errno"], said["path"]) == (2, True)
