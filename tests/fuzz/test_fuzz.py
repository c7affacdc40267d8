"""A quick look at what `python -m tests.fuzz.campaign` does at length: all targets, and bombs."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.bombs import BOMBS
from tests.fuzz.campaign import HANG_S, MEMORY_MB
from tests.fuzz.targets import targets

ROOT = Path(__file__).parents[2]

QUICK = {
    "json": 60, "decay": 60, "frames": 100, "recording": 40,
    "manifest": 25, "readme": 15, "script": 15,
    "picture": 25, "grade": 5, "command": 2,
}  # fmt: skip
TARGETS = targets()


def test_every_target_is_looked_at():
    assert set(QUICK) == set(TARGETS)


@pytest.mark.parametrize("name", QUICK)
def test_promises_hold_whatever_a_file_holds(name):
    @settings(
        max_examples=QUICK[name],
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(rng=st.randoms(use_true_random=True))
    def look(rng):
        TARGETS[name].run(TARGETS[name].change(rng))

    look()


ONCE_COSTLY = (
    "one long key before many lists", "a heading of hashes", "a heading of spaces",
    "a power of spaces", "a power of signs", "many paragraphs", "many placeholders",
    "many brackets", "long hexadecimal numbers", "many updates under a long target",
    "a text run many times", "updates in updates",
    "a picture of noise", "a picture with two headers", "25 megapixels in a row",
)  # fmt: skip
"""Bombs that took seconds, gigabytes or a fault of ours before there was a bound; cheap by now."""


@pytest.mark.parametrize("name", ONCE_COSTLY)
def test_file_made_to_cost_seconds_costs_less(name):
    target, make = BOMBS[name]
    data = make()
    before = time.process_time()
    TARGETS[target].run(data)
    assert time.process_time() - before < HANG_S


MEASURED = """
import json
from tests.fuzz.bombs import BOMBS
from tests.fuzz.campaign import peak_mb
from tests.fuzz.targets import targets
known = targets()
for name in json.loads({names!r}):
    target, make = BOMBS[name]
    known[target].run(make())
print(peak_mb())
"""


def test_files_made_to_cost_gigabytes_stay_within_the_bound():
    names = [
        "one long key before many numbers",
        "25 megapixels of RGBA",
        "a picture with two headers",
    ]
    program = MEASURED.format(names=json.dumps(names))
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True
    )
    assert float(done.stdout) < MEMORY_MB
