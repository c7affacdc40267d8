"""What every rendering says about the explanations of wrong numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grader.clean import printable
from grader.model import KINDS, Report, Value
from grader.texts import MODEL_NAMES, Catalogue

if TYPE_CHECKING:
    from grader.facts import Diagnosis

MOST_DIGITS = 15
"""Digits of agreement that float64 can show."""


@dataclass(frozen=True, slots=True)
class Part:
    """One mistake in words: its name, and labelled sentences on what was written and what is right.

    `heading` is "" where the title names the mistake already.
    """

    heading: str
    sentences: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Told:
    """One diagnosis in words; `models` has both where they share it."""

    models: tuple[str, ...]
    diagnosis: Diagnosis
    title: str
    proof: str
    parts: Sequence[Part] = field(default_factory=tuple)


def told(report: Report, texts: Catalogue) -> Iterator[Told]:
    """Yield the diagnoses in words, one for both models where both show the same."""
    lifted = frozenset(one.model for one in report.evidence if one.level == "lifted")
    groups: dict[object, list[Diagnosis]] = {}
    for diagnosis in report.diagnoses:
        # Where nothing explains the numbers, how near the nearest came is each model's own.
        apart = diagnosis.model if not diagnosis.candidates else ""
        key = (diagnosis.explains, diagnosis.candidates, apart, tuple(diagnosis.values))
        groups.setdefault(key, []).append(diagnosis)
    for group in groups.values():
        yield _told(group, lifted, texts)


def _told(group: Sequence[Diagnosis], lifted: frozenset[str], texts: Catalogue) -> Told:
    first = max(group, key=lambda diagnosis: diagnosis.deviation)
    models = tuple(kind for kind in KINDS if any(one.model == kind for one in group))
    model = texts.say("diagnosis.both") if len(models) > 1 else MODEL_NAMES[models[0]]
    candidates = first.candidates
    if not candidates:
        title = texts.say("diagnosis.none", {"model": model, "tried": first.tried})
        return Told(models, first, title, _nearest(first, texts))
    shown = "lifted" if first.explains == "bptt" and first.model in lifted else first.explains
    proof = texts.say(f"diagnosis.proof_{shown}", {"digits": digits(first)})
    if len(candidates) > 1:
        title = texts.say("diagnosis.either", {"model": model, "count": len(candidates)})
        parts = [_part(first, names, texts, n) for n, names in enumerate(candidates, 1)]
        return Told(models, first, title, proof, parts)
    if len(candidates[0]) > 1:
        title = texts.say("diagnosis.pair", {"model": model})
        parts = [
            Part(
                texts.say("diagnosis.part", {"number": n, "name": name_of(first, name, texts)}),
                _sentences(first, name, texts),
            )
            for n, name in enumerate(candidates[0], 1)
        ]
        return Told(models, first, title, proof, parts)
    name = candidates[0][0]
    title = texts.say("diagnosis.single", {"model": model, "name": name_of(first, name, texts)})
    return Told(models, first, title, proof, (Part("", _sentences(first, name, texts)),))


def digits(diagnosis: Diagnosis) -> int:
    """Return to how many digits the explanation agrees with the numbers explained."""
    deviation = max(diagnosis.deviation, 10.0**-MOST_DIGITS)
    return max(1, math.floor(-math.log10(deviation) + 1e-9))


def name_of(diagnosis: Diagnosis, name: str, texts: Catalogue) -> str:
    """Return a mistake's name in words, with the number found in it."""
    return texts.say(f"mistake.{name}.name", _data(diagnosis, name))


def _data(diagnosis: Diagnosis, name: str) -> dict[str, Value]:
    value = diagnosis.values.get(name)
    return {} if value is None else {"value": value}


def _part(diagnosis: Diagnosis, names: Sequence[str], texts: Catalogue, number: int) -> Part:
    """Return one of several explanations; of two mistakes together only the names."""
    said = [name_of(diagnosis, name, texts) for name in names]
    joined = said[0]
    if len(said) > 1:
        joined = texts.say("diagnosis.together", {"first": said[0], "second": said[1]})
    heading = texts.say("diagnosis.option", {"number": number, "name": joined})
    sentences = _sentences(diagnosis, names[0], texts) if len(names) == 1 else ()
    return Part(heading, sentences)


def _sentences(diagnosis: Diagnosis, name: str, texts: Catalogue) -> Sequence[tuple[str, str]]:
    from grader.diagnosis.catalogue import BY_NAME

    data, group = _data(diagnosis, name), BY_NAME[name].group
    place = f"{printable(diagnosis.file)}:{diagnosis.line}: " if diagnosis.line else ""
    return (
        (texts.say("diagnosis.written"), texts.say(f"mistake.{name}.written", data)),
        (texts.say("diagnosis.why"), texts.say(f"mistake.{name}.why", data)),
        (texts.say("diagnosis.right"), texts.say(f"mistake.group.{group}.right")),
        (texts.say("diagnosis.look"), place + texts.say(f"mistake.group.{group}.look")),
    )


def _nearest(diagnosis: Diagnosis, texts: Catalogue) -> str:
    unknown = texts.say("diagnosis.unknown")
    if not diagnosis.nearest or not math.isfinite(diagnosis.deviation):
        return unknown
    data: dict[str, Value] = {
        "name": name_of(diagnosis, diagnosis.nearest[0], texts),
        "deviation": diagnosis.deviation,
    }
    return f"{texts.say('diagnosis.nearest', data)} {unknown}"
