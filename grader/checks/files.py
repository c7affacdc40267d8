"""The five files of the lab: are they there, and can each be read."""

from __future__ import annotations

from collections.abc import Iterator

from grader.model import Finding, Material


def present(material: Material) -> Iterator[Finding]:
    """All five files lie in the folder under their own names."""
    yield from material.found_while_reading("files.present")


def readable(material: Material) -> Iterator[Finding]:
    """Each file is a plain file of bounded size, and each text is text."""
    yield from material.found_while_reading("files.readable")
