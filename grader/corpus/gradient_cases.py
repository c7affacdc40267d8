"""Every style as a right submission, and with every mistake it can carry."""

from __future__ import annotations

from dataclasses import replace

from grader.corpus.catalog import MISTAKES
from grader.corpus.model import Case, Expectation, Style
from grader.corpus.papers import Papers
from grader.corpus.styles import PLANTS, STYLES

PASSED = Expectation("passed")


def papers_of(style: Style) -> Papers:
    """Return how this hand writes its documents."""
    return Papers(by_script=style.name == "classes")


def right_case(style: Style) -> Case:
    """Return the style without a mistake."""
    return Case(
        f"right-{style.name}",
        f"{STYLES[style.name].name}: right as it stands",
        style,
        PASSED,
        papers=papers_of(style),
    )


def planted(style: Style, mistake_name: str) -> Case:
    """Return the style with one mistake in its arithmetic."""
    mistake = MISTAKES[mistake_name]
    edits = tuple(("bptt_norm.py", edit) for edit in PLANTS[style.name][mistake_name])
    return Case(
        f"{style.name}-{mistake_name}",
        mistake.description,
        style,
        Expectation(mistake.verdict, mistake.codes),
        edits,
        papers=papers_of(style),
    )


def planted_pair(style: Style, first: str, second: str) -> Case:
    """Return the style with two mistakes.

    Raises
    ------
    ValueError
        When it is built, where the two are in each other's way.
    """
    one, two = planted(style, first), planted(style, second)
    codes = MISTAKES[first].codes | MISTAKES[second].codes
    return replace(
        one,
        name=f"{one.name}-and-{second}",
        description=f"{one.description}; and {two.description}",
        expect=Expectation("not_passed", any_of=codes),
        edits=one.edits + two.edits,
    )


def right_cases() -> list[Case]:
    """Return one right case per style."""
    return [right_case(style) for style in STYLES.values()]


def wrong_cases() -> list[Case]:
    """Return every style with every mistake that it can carry."""
    return [planted(STYLES[name], mistake) for name, plants in PLANTS.items() for mistake in plants]
