"""manifest.json: does it say what was run and what came out, and does that agree with the rest."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import date

from grader import quoted
from grader.measured import Declared, radius_is, scale_is
from grader.model import KINDS, STEPS, Decay, Finding, Kind, Manifest, Material, Outcome, Value
from grader.orders import orders_of_decay
from grader.reading.manifest import number_at, value_at
from grader.reading.schema import Violation, shown, violations

FILE = "manifest.json"
RESULTS = "results_summary"
RADIUS = f"{RESULTS}.rnn_spectral_radius_W_hh"

_PLACEHOLDER = re.compile(
    r"\s*([xyzn](\.[xyzn])+|yyyy-mm-dd|aaaa-mm-dd|todo|tbd|\?+|\.{3}|…|<.*>|\[.*\])\s*",
    re.IGNORECASE,
)
_ESTIMATE = re.compile(r"estim|approx|aprox|≈|circular law|ley circular|√|sqrt", re.IGNORECASE)
_RADIUS_NAME = re.compile(
    r"spectral radius|radio espectral|ρ|\brho\b|σ\s*√|autovalor|eigenvalue", re.IGNORECASE
)


def readable(material: Material) -> Iterator[Finding]:
    """manifest.json is strict JSON and an object."""
    if FILE not in material.submission.files:
        yield Finding("not_read", Outcome.SKIPPED, file=FILE)
    yield from material.found_while_reading("manifest.readable")


def schema(material: Material) -> Iterator[Finding]:
    """Every entry of the lab's block E is there, of its type, and filled in."""
    if material.manifest is None:
        return
    told = {finding.path for finding in material.found_while_reading("manifest.readable")}
    for violation in violations("manifest", material.manifest.document):
        if violation.path not in told:
            yield _translated(violation)


def _translated(violation: Violation) -> Finding:
    data = {"value": shown(violation.value)}
    return Finding(_kind_of(violation), data=data, file=FILE, path=violation.path)


def _kind_of(violation: Violation) -> str:
    value = violation.value
    blank = value is None or (isinstance(value, str) and _PLACEHOLDER.fullmatch(value))
    numeric = violation.limit in ("number", "integer")
    by_place = {
        "date": "bad_date",
        "versions": "bad_version",
        "run": "bad_run",
        "config": "bad_target",
    }
    if violation.rule == "required":
        return "missing_key"
    if blank:
        return "placeholder"
    if violation.rule == "type":
        return "number_as_text" if numeric and isinstance(value, str) else "wrong_type"
    if violation.rule == "minLength":
        return "empty"
    if isinstance(value, str) or violation.steps[0] == "run":
        return by_place.get(str(violation.steps[0]), "out_of_range")
    return "out_of_range"


def orders(material: Material) -> Iterator[Finding]:
    """Orders of decay per ten steps agree with decay.json in one honest definition."""
    manifest, decay = material.manifest, material.decay
    if manifest is None or decay is None:
        return
    numbers: dict[Kind, quoted.Quoted] = {}
    for kind in KINDS:
        path = orders_path(kind)
        number = number_at(manifest, path)
        if number is not None:
            numbers[kind] = quoted.Quoted(number, manifest.half_unit.get(path, 0.0))
        else:
            yield _no_number(manifest, path, kind)
    truths = {kind: truth for kind in KINDS if (truth := _truth(material, decay, kind))}
    yield from _judged(numbers, truths)


def orders_path(kind: Kind) -> str:
    """Return the JSON path of the orders per ten steps of one net in manifest.json."""
    return f"{RESULTS}.{kind}_orders_of_decay_per_10steps"


def _truth(material: Material, decay: Decay, kind: Kind) -> quoted.Truth | None:
    norms = decay.curves.get(kind, ())
    if len(norms) != STEPS or not all(0 < norm < math.inf for norm in norms):
        return None
    last = decay.last.get(kind, math.nan)
    log_last = math.log10(last) if 0 < last < math.inf else None
    orders = orders_of_decay([math.log10(norm) for norm in norms], log_last)
    rounding = quoted.log10_rounding(norms, decay.half_unit[kind])
    return quoted.Truth(orders, rounding, material.thresholds["orders_relative"])


def _judged(
    numbers: dict[Kind, quoted.Quoted], truths: dict[Kind, quoted.Truth]
) -> Iterator[Finding]:
    known: list[Kind] = [kind for kind in KINDS if kind in numbers and kind in truths]
    upright = {kind: truths[kind].definition(numbers[kind]) for kind in known}
    turned = {kind: truths[kind].definition(numbers[kind].scaled(-1.0)) for kind in known}
    if len(known) == 2 and all(turned.values()) and not all(upright.values()):
        yield Finding("negative", Outcome.NOTE, file=FILE, path=RESULTS)
        upright = turned
    swapped = _swapped(numbers, truths, known) and not any(upright.values())
    for kind in known:
        data = {"value": numbers[kind].value}
        if upright[kind]:
            formula = quoted.FORMULAS[upright[kind]]
            told = Finding("definition", Outcome.NOTE, {**data, "formula": formula})
        else:
            slip = "sign" if turned[kind] else truths[kind].slip(numbers[kind])
            name = "swapped" if swapped else slip or "disagrees"
            right = [f"({letter}) {value:.4g}" for letter, value in truths[kind].orders.items()]
            told = Finding(name, Outcome.FAIL, {**data, "right": right})
        yield Finding(told.kind, told.outcome, told.data, kind, FILE, orders_path(kind))


def _swapped(
    numbers: dict[Kind, quoted.Quoted], truths: dict[Kind, quoted.Truth], known: list[Kind]
) -> bool:
    crossed: tuple[tuple[Kind, Kind], ...] = (("rnn", "gru"), ("gru", "rnn"))
    return len(known) == 2 and all(truths[a].definition(numbers[b]) for a, b in crossed)


def radius(material: Material) -> Iterator[Finding]:
    """ρ(W_hh) as quoted is the largest modulus of the eigenvalues of the RNN's W_hh."""
    manifest = material.manifest
    if manifest is None:
        return
    value = number_at(manifest, RADIUS)
    probe = material.probe.get("rnn")
    forward = probe.forward if probe else None
    if value is None:
        yield _no_number(manifest, RADIUS)
    elif probe is None or forward is None or not forward.spectral_radius > 0:
        yield Finding("no_probe", Outcome.NOT_ASSESSED, {"value": value}, file=FILE, path=RADIUS)
    else:
        declared = number_at(manifest, "config.init_scale_W_hh") or forward.weight_std
        root = math.sqrt(probe.d_hidden)
        estimates = (forward.weight_std * root, declared * root)
        quoted_radius = Declared(value, manifest.half_unit.get(RADIUS, 0.0))
        allowed = material.thresholds["radius_relative"]
        kind = radius_is(quoted_radius, forward, estimates, allowed)
        weight, keeps = Outcome.FAIL, 0.0
        if kind == "estimate":
            named = _called_estimate(material)
            kind = "estimate_named" if named else kind
            weight, keeps = (Outcome.NOTE, 1.0) if named else (Outcome.PARTIAL, 0.5)
        if kind:
            data = {"value": value, "right": forward.spectral_radius}
            yield Finding(kind, weight, data, file=FILE, path=RADIUS, keeps=keeps)


def _no_number(manifest: Manifest, path: str, model: Kind | None = None) -> Finding:
    value = value_at(manifest, path)
    name = "null" if value is None else "no_number"
    return Finding(name, data={"value": shown(value)}, model=model, file=FILE, path=path)


def _called_estimate(material: Material) -> bool:
    """Say whether a key of the manifest or a line of the write-up calls the radius an estimate."""
    results = value_at(material.manifest, RESULTS) if material.manifest else None
    if isinstance(results, dict) and any("estimat" in key.lower() for key in results):
        return True
    lines = (material.readme or "").splitlines()
    return any(_ESTIMATE.search(line) and _RADIUS_NAME.search(line) for line in lines)


def config(material: Material) -> Iterator[Finding]:
    """Each setting is the lab's, or the one that the code and the recorded curves show."""
    manifest = material.manifest
    if manifest is not None:
        yield from _length(material, manifest)
        yield from _probed(material, manifest)
        yield from _scale(material, manifest)
        yield from _labels(manifest)


def _length(material: Material, manifest: Manifest) -> Iterator[Finding]:
    path = "config.sequence_length"
    length = number_at(manifest, path)
    if length is None or length == STEPS:
        return
    curves = material.decay.curves.values() if material.decay else ()
    recorded = sorted({len(curve) for curve in curves} - {int(length)})
    data: dict[str, Value] = {"value": length, "recorded": recorded}
    name = "length_differs" if recorded else "sequence_length"
    yield Finding(name, data=data, file=FILE, path=path)


def _probed(material: Material, manifest: Manifest) -> Iterator[Finding]:
    """Compare the seed and the width with what the code was seen to use."""
    width, seed = number_at(manifest, "config.d_hidden"), value_at(manifest, "seed")
    for kind, probe in material.probe.items():
        if probe.d_hidden and width is not None and width != probe.d_hidden:
            data = {"value": width, "right": probe.d_hidden}
            yield Finding("d_hidden", Outcome.FAIL, data, kind, FILE, "config.d_hidden")
        recorded = probe.recorded_seed
        if recorded is not None and isinstance(seed, int) and seed != recorded:
            yield Finding(
                "seed", Outcome.FAIL, {"value": seed, "right": recorded}, kind, FILE, "seed"
            )


def _scale(material: Material, manifest: Manifest) -> Iterator[Finding]:
    path = "config.init_scale_W_hh"
    value = number_at(manifest, path)
    probe = material.probe.get("rnn")
    forward = probe.forward if probe else None
    if value is None or probe is None or forward is None or not forward.weight_std > 0:
        return
    name = scale_is(value, forward, probe.d_hidden)
    wrong = name in {"variance", "scale_disagrees"}
    data = {"value": value, "std": forward.weight_std, "norm": forward.spectral_norm}
    if name:
        weight, keeps = (Outcome.PARTIAL, 0.5) if wrong else (Outcome.NOTE, 1.0)
        yield Finding(name, weight, data, file=FILE, path=path, keeps=keeps)


def _labels(manifest: Manifest) -> Iterator[Finding]:
    """Look at the name and the day: a pattern can't tell another lab's name or 31 February."""
    name, day = value_at(manifest, "experiment"), value_at(manifest, "date")
    if isinstance(name, str) and "vanish" not in name.lower() and "desvanec" not in name.lower():
        data = {"value": name}
        yield Finding("experiment", Outcome.PARTIAL, data, None, FILE, "experiment", keeps=0.5)
    if isinstance(day, str) and re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day):
        try:
            date.fromisoformat(day[:10])
        except ValueError:
            data = {"value": day}
            yield Finding("no_such_day", Outcome.PARTIAL, data, None, FILE, "date", keeps=0.5)
