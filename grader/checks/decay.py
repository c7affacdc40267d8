"""decay.json: is it JSON, which list is which, and are they fifty positive norms.

Most of it is found while the file is read, for only the reader knows how a number was spelled and
where an entry stood before the curves were put in order.
"""

from __future__ import annotations

from collections.abc import Iterator

from grader.model import Finding, Material, Outcome
from grader.reading.normalise import lacking

FILE = "decay.json"


def readable(material: Material) -> Iterator[Finding]:
    """decay.json is strict JSON and holds one curve for each net that can be told from the rest."""
    if FILE not in material.submission.files:
        yield Finding("not_read", Outcome.SKIPPED, file=FILE)
    yield from material.found_while_reading("decay.readable")


def schema(material: Material) -> Iterator[Finding]:
    """Each curve is fifty finite positive numbers."""
    yield from material.found_while_reading("decay.schema")
    if FILE in material.submission.files:
        yield from (problem.finding for problem in lacking(material.submission.files[FILE]))
