"""README.md: the four questions have answers, and its numbers are those of decay.json."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grader.model import KINDS, Finding, Kind, Material, Outcome, Value
from grader.oracle import orders_of_decay
from grader.prose.answers import DECAY as DECAY_WORD
from grader.prose.answers import QUESTIONS, Answers, read_answers, states_number
from grader.prose.claims import Claim, claims, denials, paragraph_nets
from grader.prose.sentences import Sentence, plain_sentences

FILE = "README.md"
MOST_PLACEHOLDERS = 20  # told one by one
LEAST_WORDS = 20  # four short sentences: below, nothing can be answered
PLACEHOLDER_KEEPS = 0.5
UNNUMBERED_KEEPS = 0.5
RELATIVE = 0.01  # beside the rounding of the digits given: numbers carried over from unrounded ones
TOTAL_SLACK = 0.1
HEAD_ORDERS = (
    1.0  # log10(g_50/g_49) where g_50 is not given: one backward step loses less than this
)
RADIUS_RELATIVE = 0.02
GRU_VANISHES = (
    6.0  # orders in all; the lab itself calls 1e-15 vanished, and FP32 carries seven digits
)


def questions(material: Material) -> Iterator[Finding]:
    """Answer each of the lab's four questions, in a sentence at least.

    Judged is whether there is an answer, never how good it is: the sentences found are shown for a
    person to read.
    """
    if material.readme is None:
        yield Finding("not_read", Outcome.SKIPPED, file=FILE)
        return
    answers = read_answers(plain_sentences(material.readme))
    if answers.words < LEAST_WORDS:
        yield Finding("too_short", Outcome.FAIL, {"words": answers.words}, file=FILE)
        return
    yield from _missing(answers)
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
    answers = read_answers(plain_sentences(material.readme))
    shown: dict[str, Value] = {
        name: answers.found[name].text if name in answers.found else "—" for name in QUESTIONS
    }
    yield Finding("read_it", Outcome.MANUAL, shown, file=FILE)


def _missing(answers: Answers) -> Iterator[Finding]:
    missing = [question for question in QUESTIONS if question not in answers.found]
    outcome = Outcome.FAIL if len(missing) == len(QUESTIONS) else Outcome.PARTIAL
    keeps = 1.0 - len(missing) / len(QUESTIONS)
    for question in missing:
        yield Finding(f"missing_{question}", outcome, file=FILE, keeps=keeps)
    if missing and answers.copied:
        first = answers.copied[0]
        yield Finding(
            "lab_text", Outcome.NOTE, {"sentence": first.text}, file=FILE, line=first.line
        )


@dataclass(frozen=True, slots=True)
class _Truth:
    """The values a claim may have, one of which it must agree with; all positive."""

    values: tuple[float, ...]
    slack: float = 0.0


def numbers(material: Material) -> Iterator[Finding]:
    """Quote the numbers of decay.json, not others.

    Where several numbers are given for one quantity of one net, one right one is enough: the others
    may be about something else.
    """
    if material.readme is None:
        return
    sentences = plain_sentences(material.readme)
    yield from _unnumbered(sentences)
    found = list(claims(sentences))
    for kind in KINDS:
        for quantity, truth in _truths(material, kind).items():
            about = [c for c in found if c.model == kind and c.quantity == quantity]
            if about and not any(_agrees(claim, truth) for claim in about):
                yield _contradiction(about[0], truth)
    yield from _denied(material, sentences)


def _unnumbered(sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """Find the nets for which no number stands near any word for decay."""
    nets = paragraph_nets(sentences)
    said = {
        kind
        for sentence in sentences
        if states_number(sentence.text) and DECAY_WORD.search(f"{sentence.heading} {sentence.text}")
        for kind in nets[sentence.paragraph]
    }
    for kind in KINDS:
        if kind not in said:
            yield Finding(
                "no_number", Outcome.PARTIAL, model=kind, file=FILE, keeps=UNNUMBERED_KEEPS
            )


def _truths(material: Material, kind: Kind) -> dict[str, _Truth]:
    """Return what the quantities of one net really are, as far as the files and the run tell."""
    truths: dict[str, _Truth] = {}
    curve = material.decay.curves.get(kind, ()) if material.decay else ()
    if material.decay and len(curve) == 50 and all(math.isfinite(g) and g > 0 for g in curve):
        logs = [math.log10(g) for g in curve]
        last = material.decay.last.get(kind)
        head = math.log10(last) if last and last > 0 and math.isfinite(last) else None
        total = logs[-1] - logs[0]
        beyond = head - logs[0] if head is not None else total + HEAD_ORDERS
        per_ten = orders_of_decay(logs, head)
        unknown = 0.0 if head is not None else HEAD_ORDERS / 5
        truths["per_ten"] = _Truth(tuple(per_ten.values()), unknown)
        truths["total"] = _Truth((total, beyond, (total + beyond) / 2), TOTAL_SLACK)
        if head is None:
            truths["total"] = _Truth((total + HEAD_ORDERS / 2,), TOTAL_SLACK + HEAD_ORDERS / 2)
        truths["g_0"] = _Truth((curve[0],))
    radius = _radii(material) if kind == "rnn" else ()
    if radius:
        truths["radius"] = _Truth(radius)
    return truths


def _radii(material: Material) -> tuple[float, ...]:
    """Return ρ(W_hh) as measured and as declared: either will do here."""
    found = []
    probe = material.probe.get("rnn")
    if probe is not None and probe.forward is not None:
        found.append(probe.forward.spectral_radius)
    summary = material.manifest.document.get("results_summary") if material.manifest else None
    declared = summary.get("rnn_spectral_radius_W_hh") if isinstance(summary, dict) else None
    if isinstance(declared, int | float) and not isinstance(declared, bool):
        found.append(float(declared))
    return tuple(value for value in found if math.isfinite(value) and value > 0)


def _agrees(claim: Claim, truth: _Truth) -> bool:
    number = claim.number
    if claim.quantity == "g_0" and (number.power or claim.rough):
        return any(
            abs(math.log10(abs(reading)) - math.log10(value)) <= 1.0
            for value in truth.values
            for reading in number.readings
            if reading
        )
    relative = RADIUS_RELATIVE if claim.quantity == "radius" else RELATIVE
    # "About 2" may stand for 1.4 as well as for 2.6: a whole unit of the last digit.
    rounding = number.half_unit * (2 if claim.rough else 1)
    return any(
        abs(abs(reading) - abs(value)) <= rounding + truth.slack + relative * abs(value)
        for value in truth.values
        for reading in number.readings
    )


def _contradiction(claim: Claim, truth: _Truth) -> Finding:
    data: dict[str, Value] = {
        "claimed": claim.value,
        "measured": truth.values[0],
        "sentence": claim.sentence.text,
    }
    kind = f"wrong_{claim.quantity}"
    return Finding(kind, Outcome.FAIL, data, claim.model, FILE, line=claim.sentence.line)


def _denied(material: Material, sentences: Sequence[Sentence]) -> Iterator[Finding]:
    """Find "the GRU does not vanish" beside a GRU that does."""
    total = _truths(material, "gru").get("total")
    if total is None or total.values[0] < GRU_VANISHES:
        return
    for sentence in denials(sentences):
        data: dict[str, Value] = {"measured": total.values[0], "sentence": sentence.text}
        yield Finding("gru_vanishes", Outcome.FAIL, data, "gru", FILE, line=sentence.line)
