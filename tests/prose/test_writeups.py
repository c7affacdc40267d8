"""Write-ups by hand and by rule: none that is right is refused, wrong numbers are caught.

`tuning` is what the reader was written against. `heldout` was written before it and looked at when
it was done: a third of the hands, and sentences of its own.
"""

from itertools import islice

import pytest

from grader.checks import readme
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
BASES = 2
"""Write-ups to which every single sentence is appended."""

each_folder = pytest.mark.parametrize("folder", ["tuning", "heldout"])


def kinds(text, numbers):
    given = numbers.material(text)
    return [f.kind for check in (readme.questions, readme.numbers) for f in check(given)]


def accused(text, numbers):
    return [(f.model, f.kind) for f in readme.numbers(numbers.material(text))]


def bases(folder, numbers):
    for template in islice(templates(folder).values(), BASES):
        yield filled(PART.sub("", template), numbers)


def test_hands_are_many():
    by_hand = {folder: len(templates(folder)) for folder in ("tuning", "heldout")}
    assert by_hand["heldout"] * 3 >= sum(by_hand.values()) >= 20
    assert sum(len(list(right(f))) + len(list(wrong(f))) for f in by_hand) >= 300


@each_folder
def test_right_writeup_is_never_refused(folder):
    refused = {w.name: kinds(w.text, w.numbers) for w in right(folder)}
    assert {name: found for name, found in refused.items() if found} == {}


@each_folder
def test_wrong_number_is_caught_and_no_right_one_beside_it(folder):
    missed, beside, count = [], {}, 0
    for writeup in wrong(folder):
        net, quantity = writeup.wrong
        expected = {(net, f"wrong_{quantity}"), (net, "wrong_orders")}
        found = set(accused(writeup.text, writeup.numbers))
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
    found = {
        sentence: accused(f"{base}\n\n{sentence}\n", USUAL[0])
        for sentence in sentences(folder)["harmless"]
        for base in bases(folder, USUAL[0])
    }
    assert {sentence: kind for sentence, kind in found.items() if kind} == {}


@each_folder
def test_sentence_that_contradicts_the_curves_is_named(folder):
    for said in sentences(folder)["contradictions"]:
        numbers = STEEP if said["when"] == "steep" else USUAL[0]
        for base in bases(folder, numbers):
            found = [kind for _, kind in accused(f"{base}\n\n{said['text']}\n", numbers)]
            assert [kind for kind in found if kind.startswith("not_")], said["text"]
