"""README.md: the four questions have answers, and its numbers are those of decay.json.

What is needed for some write-ups only is imported where it is used: every word that is looked for
has to be compiled.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import dropwhile, islice
from typing import TYPE_CHECKING

from grader.model import KINDS, Finding, Kind, Material, Outcome, Value
from grader.prose.answers import QUESTIONS, Answers, Question, numbered, read_answers
from grader.prose.claims import Claim, claims
from grader.prose.contradictions import Statement, statements
from grader.prose.sentences import Sentence, plain_sentences
from grader.prose.terms import PATTERNS
from grader.truths import (
    Truth,
    Truths,
    agrees,
    circular_law,
    is_theory,
    meanings,
    truths,
)

if TYPE_CHECKING:
    from grader.accounting import Figure, Subject
    from grader.prose.impressions import Impressed

FILE = "README.md"
LEAST_WORDS = 20
"""Four short sentences: below, nothing can be answered."""

MOST_PLACEHOLDERS = 20
"""Told one by one."""

MOST_OPEN = 5
"""Numbers asked about."""

SHOWN = 3
"""Sentences shown to the person who reads an answer."""

RATES: Mapping[Kind, Question] = {"rnn": "rnn_rate", "gru": "gru_rate"}
"""The questions that a net's own number answers."""

UNKNOWN = "—"
PLACEHOLDER_KEEPS = 0.5
UNNUMBERED_KEEPS = 0.5
VANISHES = 6.0
"""Orders in all from which a gradient has vanished whatever one calls it; the lab itself calls
1e-15 vanished, and FP32 carries seven digits."""

SAME = 0.02
"""Relative difference within which a number is taken for another one of the submission."""

APART = 1.1
"""Ratio of two decays from which one is the faster beyond any choice of definition."""

UNEQUAL = 2.0
"""Ratio of two decays that nobody would call the same."""


def questions(material: Material) -> Iterator[Finding]:
    """Answer each of the lab's four questions, in a sentence at least.

    Judged is whether there is an answer, never how good it is: the sentences found are shown for a
    person to read.
    """
    if material.readme is None:
        yield Finding("not_read", Outcome.SKIPPED, file=FILE)
        return
    answers = read_answers(plain_sentences(material.readme))
    if answers.words < LEAST_WORDS and len(answers.found) < len(QUESTIONS):
        yield Finding("too_short", Outcome.FAIL, {"words": answers.words}, file=FILE)
        return
    yield from _missing(answers, material)
    for sentence in answers.placeholders[:MOST_PLACEHOLDERS]:
        data: dict[str, Value] = {"sentence": sentence.text}
        yield Finding(
            "placeholder",
            Outcome.PARTIAL,
            data,
            file=FILE,
            line=sentence.line,
            keeps=PLACEHOLDER_KEEPS,
        )


def read(material: Material) -> Iterator[Finding]:
    """Show a person the sentences found, question by question: a program cannot judge them."""
    if material.readme is None:
        return
    sentences = plain_sentences(material.readme)
    answers = read_answers(sentences)
    expected = _right_answer(material)
    for question, found in answers.found.items():
        data: dict[str, Value] = {"sentence": " ".join(_from(found[0], sentences))}
        data |= expected.get(question, {})
        kind = f"read_{question}"
        yield Finding(kind, Outcome.MANUAL, data, file=FILE, line=found[0].line)
    missing = [question for question in QUESTIONS if question not in answers.found]
    if missing:
        yield Finding("look_for", Outcome.MANUAL, {"questions": len(missing)}, file=FILE)


def _from(first: Sentence, sentences: Sequence[Sentence]) -> list[str]:
    """Return a sentence and what follows it in its paragraph, as far as is shown."""
    following = dropwhile(lambda one: one is not first, sentences)
    return [s.text for s in islice(following, SHOWN) if s.paragraph == first.paragraph]


def _right_answer(material: Material) -> dict[Question, dict[str, Value]]:
    """Return the numbers that right answers to the first three questions are about."""
    known = {kind: truths(material, kind) for kind in KINDS}
    values: dict[Kind, dict[str, float]] = {
        kind: {name: truth.values[0] for name, truth in found.known.items()} if found else {}
        for kind, found in known.items()
    }
    rho = values["rnn"].get("radius")
    return {
        "rnn_rate": {
            "orders": values["rnn"].get("per_ten", UNKNOWN),
            "theory": -10.0 * math.log10(rho) if rho else UNKNOWN,
        },
        "gru_rate": {"orders": values["gru"].get("per_ten", UNKNOWN)},
        "practice": {"g_0": values["rnn"].get("g_0", UNKNOWN)},
    }


def _missing(answers: Answers, material: Material) -> Iterator[Finding]:
    """Find questions without an answer; a net's own number is one, whatever words are around it."""
    missing = [question for question in QUESTIONS if question not in answers.found]
    if any(rate in missing for rate in RATES.values()):
        own = _own(_known(material), plain_sentences(material.readme or ""))
        missing = [q for q in missing if q not in {RATES[kind] for kind in own}]
    outcome = Outcome.FAIL if len(missing) == len(QUESTIONS) else Outcome.PARTIAL
    keeps = 1.0 - len(missing) / len(QUESTIONS)
    for question in missing:
        yield Finding(f"missing_{question}", outcome, file=FILE, keeps=keeps)
    if missing and answers.copied:
        first = answers.copied[0]
        yield Finding(
            "lab_text", Outcome.NOTE, {"sentence": first.text}, file=FILE, line=first.line
        )


def numbers(material: Material) -> Iterator[Finding]:
    """Quote the numbers of decay.json, not others, and say nothing that they contradict."""
    if material.readme is None:
        return
    sentences = plain_sentences(material.readme)
    said = numbered(sentences, [PATTERNS[kind] for kind in KINDS])
    both = _known(material)
    for kind, known in zip(KINDS, said, strict=True):
        if not known and kind not in _own(both, sentences):
            yield Finding(
                "no_number", Outcome.PARTIAL, model=kind, file=FILE, keeps=UNNUMBERED_KEEPS
            )
    told = list(_wrong(material, both, sentences))
    yield from told
    if material.manual:
        from grader.accounting import unaccounted

        yield from _open(unaccounted(material, both, sentences), told)
    orders = {kind: both[kind].signed for kind in both}
    if len(orders) == len(KINDS):
        accused = [f for s in statements(sentences) for f in _contradiction(s, orders)]
        yield from accused
        if material.manual:
            from grader.prose.impressions import impressions

            yield from _doubtful(impressions(sentences), accused, both)


def _known(material: Material) -> dict[Kind, Truths]:
    return {kind: found for kind in KINDS if (found := truths(material, kind))}


def _own(both: Mapping[Kind, Truths], sentences: tuple[Sentence, ...]) -> Set[Kind]:
    """Return the nets whose own number stands in the text."""
    from grader.accounting import answered

    return {kind for kind, figures in answered(both, sentences).items() if figures}


def _wrong(
    material: Material, both: Mapping[Kind, Truths], sentences: tuple[Sentence, ...]
) -> Iterator[Finding]:
    """Find the claims that agree with nothing they may mean, once for each net and quantity.

    A claim whose net or quantity was taken from elsewhere in the text is left alone where it gives
    any other number of this submission, and a theory's number where the net's own stands in the
    text too. Where the text gives the right number as well, the other is asked about and not called
    wrong: it may belong to another run.
    """
    estimate = circular_law(material)
    known = [
        c for c in claims(sentences) if c.model in both and c.told.quantity in both[c.model].known
    ]
    right = {_subject(c) for c in known if agrees(c, both[c.model], estimate)}
    right |= {(kind, "orders") for kind, quantity in right if quantity in {"per_ten", "total"}}
    told: set[tuple[Kind, str]] = set()
    failed = [c for c in known if not agrees(c, both[c.model], estimate)]
    if not failed:
        return
    from grader.accounting import is_accounted

    own = _own(both, sentences)
    for claim in failed:
        if _subject(claim) in told or _is_the_others(claim, failed, both):
            continue
        if not claim.sure and _is_among(claim, meanings(material, both, claim)):
            continue
        measured_too = claim.told.quantity == "radius" or claim.model in own
        if measured_too and is_theory(material, claim):
            continue
        second = _subject(claim) in right
        if second and is_accounted(material, both, _figure(claim)):
            continue
        told.add(_subject(claim))
        yield _second(claim) if second else _difference(claim, both[claim.model])


def _open(figures: Sequence[Figure], told: Sequence[Finding]) -> Iterator[Finding]:
    """Ask about the numbers that come from nowhere, those left out that were told of already."""
    known = {(finding.data["sentence"], finding.data["claimed"]) for finding in told}
    left = [f for f in figures if (f.sentence.text, f.value) not in known]
    for figure in left[:MOST_OPEN]:
        data: dict[str, Value] = {"claimed": figure.value, "sentence": figure.sentence.text}
        yield Finding("unaccounted", Outcome.NOTE, data, file=FILE, line=figure.sentence.line)


def _figure(claim: Claim) -> Figure:
    from grader.accounting import Figure

    subjects: dict[str, Subject] = {"radius": "radius", "g_0": "norm"}
    subject = subjects.get(claim.told.quantity, "orders")
    return Figure(claim.number, claim.sentence, subject, claim.told.steps)


def _second(claim: Claim) -> Finding:
    """Ask about a number beside which the text gives the right one: it may be of another run."""
    data: dict[str, Value] = {"claimed": claim.value, "sentence": claim.sentence.text}
    line = claim.sentence.line
    return Finding("two_numbers", Outcome.NOTE, data, claim.model, FILE, line=line)


def _is_among(claim: Claim, values: Sequence[float]) -> bool:
    return any(math.isclose(abs(claim.value), value, rel_tol=SAME) for value in values)


def _is_the_others(claim: Claim, failed: Sequence[Claim], both: Mapping[Kind, Truths]) -> bool:
    """Say whether a number is the other net's, so that the sentence may have been misread.

    Not so where its own clause names the net and its sentence no other, or where both numbers of a
    sentence are wrong: then the nets were exchanged.
    """
    other: Kind = "gru" if claim.model == "rnn" else "rnn"
    named = bool(PATTERNS[other].search(claim.sentence.text))
    if other not in both or (claim.sure and not named):
        return False
    truth = both[other].known.get(claim.told.quantity)
    scale = claim.told.steps / 10.0 if claim.told.quantity == "per_ten" else 1.0
    theirs = () if truth is None else tuple(value * scale for value in truth.values)
    near = claim.number.half_unit * (2 if claim.rough else 1)
    same = any(abs(abs(claim.value) - v) <= near + SAME * v for v in theirs)
    return same and not any(c.model == other and c.sentence is claim.sentence for c in failed)


def _subject(claim: Claim) -> tuple[Kind, str]:
    return claim.model, claim.told.quantity


def _difference(claim: Claim, known: Truths) -> Finding:
    truth = known.known[claim.told.quantity]
    data: dict[str, Value] = {
        "claimed": claim.value,
        "measured": truth.values[0],
        "sentence": claim.sentence.text,
    }
    if claim.told.quantity == "per_ten":
        data["claimed"] = claim.value * 10.0 / claim.told.steps
    if claim.told.quantity == "orders":
        data["per_ten"] = known.known["per_ten"].values[0]
    kind = f"wrong_{claim.told.quantity}"
    return Finding(kind, Outcome.FAIL, data, claim.model, FILE, line=claim.sentence.line)


def _contradiction(statement: Statement, orders: Mapping[Kind, float]) -> Iterator[Finding]:
    """Compare a statement in words with what the curves lose, orders from t = 49 to t = 0."""
    name = f"not_{statement.assertion}"
    concerned = KINDS if statement.model is None else (statement.model,)
    data: dict[str, Value] = {"sentence": statement.sentence.text}
    data |= {f"{kind}_orders": value for kind, value in orders.items()}
    if statement.assertion == "constant":
        wrong = all(orders[kind] >= VANISHES for kind in concerned)
    elif statement.assertion == "explodes":
        wrong = all(orders[kind] > 0 for kind in concerned)
    elif statement.assertion == "equal":
        wrong = min(orders.values()) > 0 and max(orders.values()) > UNEQUAL * min(orders.values())
    else:
        (slower,) = (kind for kind in KINDS if kind != statement.model)
        wrong = orders[slower] > 0 and orders[slower] > APART * orders[concerned[0]]
    if wrong:
        data["orders"] = orders[concerned[0]]
        line = statement.sentence.line
        yield Finding(name, Outcome.FAIL, data, statement.model, FILE, line=line)


def _doubtful(
    found: Iterator[Impressed], accused: Sequence[Finding], both: Mapping[Kind, Truths]
) -> Iterator[Finding]:
    """Ask about the sentences that seem to say what the curves do not show."""
    known = {finding.data["sentence"] for finding in accused}
    orders: dict[Kind, float] = {kind: both[kind].signed for kind in both}
    radius = both["rnn"].known.get("radius")
    doubtful = (
        i for i in found if i.sentence.text not in known and _seems_wrong(i, orders, radius)
    )
    for impressed in islice(doubtful, MOST_OPEN):
        data: dict[str, Value] = {"sentence": impressed.sentence.text}
        if radius is not None and impressed.impression == "expands":
            kind, data["radius"] = "may_expand", radius.values[0]
        else:
            kind = "may_contradict"
            data |= {f"{net}_orders": value for net, value in orders.items()}
        line = impressed.sentence.line
        yield Finding(kind, Outcome.NOTE, data, impressed.model, FILE, line=line)


def _seems_wrong(said: Impressed, orders: Mapping[Kind, float], radius: Truth | None) -> bool:
    if said.impression == "expands":
        return radius is not None and max(radius.values) < 1.0
    if said.impression == "equal":
        return min(orders.values()) > 0 and max(orders.values()) > UNEQUAL * min(orders.values())
    if said.model is None:
        return False
    if said.impression == "loses_more":
        (slower,) = (kind for kind in KINDS if kind != said.model)
        return orders[slower] > 0 and orders[slower] > APART * orders[said.model]
    least = VANISHES if said.impression == "kept" else 0.0
    return orders[said.model] > least
