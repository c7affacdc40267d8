"""Write-ups by hand and by rule: none that is right is refused, wrong numbers are caught.

Twenty-three of the forty-one hands in `tuning`, and all in `heldout`, were unread when the reader
was first tried on them; what it got wrong there was then put right, so that both are now what keeps
it from getting worse. New write-ups belong in `heldout`, to be tried before anything is changed.

Those in `difficult` name neither net for paragraphs, put numbers into footnotes, letters and
diaries, or quote other people's beside their own; those in `registers` are printed output, slides,
interviews, questions with their answers. Unread, 9 and 7 of 24 lost points for nothing, and a third
of the wrong numbers went by: no rule knows whose number it is in every text. That nothing in the
files comes to a number needs no such rule, and now finds most of the rest. Those in `class` are
what most of a course hands in; unread, with that in place, none of the 24 lost a point and 93 % of
their wrong numbers were told or asked about.
"""

from dataclasses import replace
from itertools import cycle

import pytest

from grader.checks import readme
from grader.model import WRONG
from tests.prose.writeups import (
    PART,
    STEEP,
    USUAL,
    filled,
    right,
    sentences,
    shortened,
    templates,
    wrong,
)

CAUGHT = 0.95

each_folder = pytest.mark.parametrize("folder", ["tuning", "heldout"])


def kinds(text, numbers):
    given = numbers.material(text)
    return [f.kind for check in (readme.questions, readme.numbers) for f in check(given)]


def named(text, numbers):
    return [(f.model, f.kind) for f in readme.numbers(numbers.material(text))]


def accused(text, numbers):
    """Return what costs points: a question about a second number costs none."""
    found = readme.numbers(numbers.material(text))
    return [f.kind for f in found if f.outcome in WRONG]


def appended(folder, numbers, said):
    """Yield sentences, each at the end of a right write-up, in turn through all of them."""
    texts = cycle(filled(PART.sub("", text), numbers) for text in templates(folder).values())
    for base, sentence in zip(texts, said):  # noqa: B905 - the write-ups have no end
        yield sentence, f"{base}\n\n{sentence}\n"


def test_hands_are_many():
    folders = ("tuning", "heldout")
    assert sum(len(templates(folder)) for folder in folders) >= 40
    assert sum(len([*right(folder), *wrong(folder)]) for folder in folders) >= 300


@each_folder
def test_right_writeup_is_never_refused(folder):
    refused = {w.name: kinds(w.text, w.numbers) for w in right(folder)}
    assert {name: found for name, found in refused.items() if found} == {}


def test_what_costs_points_is_the_same_where_nobody_is_asked():
    kept = 0
    for writeup in (*right("heldout"), *wrong("heldout")):
        asking = writeup.numbers.material(writeup.text)
        found, short = (list(readme.numbers(m)) for m in (asking, replace(asking, manual=False)))
        assert short == [f for f in found if f.outcome in WRONG or f.kind == "two_numbers"]
        kept += len(short)
    assert kept > 30


@each_folder
def test_wrong_number_is_caught_and_no_right_one_beside_it(folder):
    missed, beside, count = [], {}, 0
    for writeup in wrong(folder):
        net, quantity = writeup.wrong
        kinds_of_it = (f"wrong_{quantity}", "wrong_orders", "two_numbers")
        expected = {(net, kind) for kind in kinds_of_it} | {(None, "unaccounted")}
        found = set(named(writeup.text, writeup.numbers))
        count += 1
        if not found & expected:
            missed.append(writeup.name)
        if found - expected:
            beside[writeup.name] = found - expected
    assert beside == {}
    assert len(missed) <= (1.0 - CAUGHT) * count, missed


@each_folder
def test_answer_left_out_is_named_and_no_other(folder):
    for writeup in shortened(folder):
        assert kinds(writeup.text, writeup.numbers) == [f"missing_{writeup.missing}"], writeup.name


@each_folder
def test_sentence_about_something_else_is_left_alone(folder):
    texts = appended(folder, USUAL[0], sentences(folder)["harmless"])
    found = {sentence: accused(text, USUAL[0]) for sentence, text in texts}
    assert {sentence: kind for sentence, kind in found.items() if kind} == {}


@each_folder
@pytest.mark.parametrize(("when", "numbers"), [("steep", STEEP), ("usual", USUAL[0])])
def test_sentence_that_contradicts_the_curves_is_named(folder, when, numbers):
    said = [c["text"] for c in sentences(folder)["contradictions"] if c["when"] == when]
    for sentence, text in appended(folder, numbers, said):
        assert [kind for kind in accused(text, numbers) if kind.startswith("not_")], sentence


DIFFICULT = 0.94
"""Share of wrong numbers that must be told, or asked about, where a person has to read twice."""

difficult_folder = pytest.mark.parametrize("folder", ["difficult", "registers", "class"])


@difficult_folder
def test_difficult_writeup_is_not_refused_either(folder):
    found = {w.name: kinds(w.text, w.numbers) for w in right(folder)}
    assert {name: kind for name, kind in found.items() if kind} == {}


@difficult_folder
@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_most_wrong_numbers_of_difficult_writeups_are_caught(folder, every):
    writeups = list(wrong(folder))[::every]
    missed = [
        w.name
        for w in writeups
        if not any(model in (w.wrong[0], None) for model, _ in named(w.text, w.numbers))
    ]
    assert len(missed) <= (1.0 - DIFFICULT) * len(writeups), missed


@difficult_folder
def test_sentence_beside_a_difficult_writeup_is_left_alone(folder):
    texts = appended(folder, USUAL[0], sentences(folder)["harmless"])
    found = {sentence: accused(text, USUAL[0]) for sentence, text in texts}
    assert {sentence: kind for sentence, kind in found.items() if kind} == {}
