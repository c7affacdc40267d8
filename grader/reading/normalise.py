"""The many honest shapes of decay.json become one: fifty norms a net, g_0 first.

The lab fixes no key names. What is done to a file is named in a note and costs nothing; where two
readings are possible, the reader asks instead of guessing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import islice

from grader.model import KINDS, STEPS, Decay, Finding, Kind, LoadedFile, Outcome, Problem, Value
from grader.reading import decay_schema
from grader.reading.loading import decoded
from grader.reading.shapes import BACKWARD, FORWARD, Series, find_series, name_of
from grader.reading.strictjson import Parsed, half_unit, join, parse_json

CODE = "decay.readable"
FILE = "decay.json"
SHOWN = 10  # lists named in one finding
MOST_SERIES = 1_000
MOST_SINGLE = 5_000
"""Lists and single values looked at: fifty times what two nets with their states by name need."""

_NET_NAMES: Mapping[str, tuple[str, ...]] = {
    "rnn": ("vanilla", "elman", "rnn"),
    "gru": ("gru",),
    "lstm": ("lstm",),
}
_LOGARITHM = frozenset({"log", "log10", "logs", "ln", "log2", "logarithm", "logarithms"})
_NOT_NORMS = _LOGARITHM | frozenset(
    {"normalised", "normalized", "relative", "ratio", "ratios", "scaled", "rescaled", "smoothed"}
    | {"loss", "losses", "z", "gate", "gates", "mean", "std", "jacobian", "jacobians", "dz", "dw"}
    | {"weight", "weights", "rho", "sigma", "orders", "slope", "slopes", "fit", "theory", "tokens"}
    | {"theoretical", "predicted", "prediction", "ids", "token", "normalizado", "normalizada"}
)
_NORMS = frozenset(
    {"raw", "grad", "grads", "gradient", "gradients", "norm", "norms", "g", "dh", "decay"}
    | {"gradiente", "gradientes", "norma", "normas"}
)
_HEAD = frozenset(
    {"g_t", "gt", "g_50", "g50", "g_final", "g_last", "head", "head_gradient", "head_grad"}
    | {"head_norm", "head_grad_norm", "dh_t", "dh_50", "grad_t", "grad_50"}
)


@dataclass(slots=True)
class _Reading:
    """What has been made of one document so far."""

    parsed: Parsed
    document: dict[str, object] = field(default_factory=dict)
    curves: dict[Kind, Series] = field(default_factory=dict)
    last: dict[Kind, tuple[str, object]] = field(default_factory=dict)
    origins: dict[Kind, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def tell(
        self, kind: str, outcome: Outcome, model: Kind | None, path: str = "", **data: Value
    ) -> None:
        finding = Finding(kind, outcome, data, model, FILE, path or None)
        self.problems.append(Problem(CODE, finding))


def read_decay(file: LoadedFile) -> tuple[Decay | None, tuple[Problem, ...]]:
    """Read a loaded decay.json and bring it to its canonical form.

    What a run writes is most often what was handed in, and several checks ask for either.

    Parameters
    ----------
    file : LoadedFile
        As `loading.load` returned it.

    Returns
    -------
    decay : Decay or None
        The canonical form with every curve that could be told, entries without a finite value as
        NaN; None where the text is not JSON or holds nothing that could be a curve.
    problems : tuple of Problem
        Under decay.readable what is wrong with the text, what was asked and what was done; under
        decay.schema a net without a curve.

    Source: contract of the lab, block A ("Record g[0], …, g[49] in decay.json").
    """
    normalised = _normalised(file.data)
    return normalised.decay, normalised.problems


def lacking(file: LoadedFile) -> tuple[Problem, ...]:
    """Return, under decay.schema, what the canonical form of a loaded decay.json still lacks."""
    return _normalised(file.data).lacks


@dataclass(frozen=True)
class _Normalised:
    """A decay.json in its canonical form; the schema is asked when the answer is wanted."""

    decay: Decay | None
    problems: tuple[Problem, ...]
    reading: _Reading | None = None

    @cached_property
    def lacks(self) -> tuple[Problem, ...]:
        """Under decay.schema, what the canonical form still lacks."""
        reading = self.reading
        if reading is None:
            return ()
        return tuple(decay_schema.judge(reading.document, reading.curves, reading.parsed))


@lru_cache(maxsize=8)
def _normalised(data: bytes) -> _Normalised:
    return _normalise(parse_json(decoded(LoadedFile(FILE, data, ""))))


def _normalise(parsed: Parsed) -> _Normalised:
    if not parsed.complete or not isinstance(parsed.value, dict | list):
        faults = [parsed.problem(fault, CODE, FILE) for fault in parsed.faults]
        other = Problem(CODE, Finding("not_an_object", file=FILE))
        return _Normalised(None, tuple(faults or [other]))
    reading = _Reading(parsed)
    found = islice(find_series(parsed.value), MOST_SERIES)
    series = [one for one in found if not _is_axis(one)]
    for kind in KINDS:
        _take_curve(reading, kind, [one for one in series if _kind_of(one.keys) == kind])
    if not reading.curves and not reading.problems and series:
        names = [one.path or "[]" for one in series[:SHOWN]]
        reading.tell("unrecognised", Outcome.FAIL, None, lists=names)
        return _Normalised(None, (*_text_problems(reading), *reading.problems))
    _take_single_values(reading)
    missing = _missing(reading, [one.path or "[]" for one in series])
    problems = (*_text_problems(reading), *reading.problems, *missing)
    return _Normalised(_decay(reading), problems, reading)


def _missing(reading: _Reading, lists: list[str]) -> Iterator[Problem]:
    """Report a net without a curve, unless the reader has asked about it already."""
    asked = {
        problem.finding.model
        for problem in reading.problems
        if problem.finding.outcome is Outcome.FAIL
    }
    for kind in KINDS:
        if kind not in reading.document and kind not in asked:
            data: dict[str, Value] = {"lists": lists[:SHOWN] or ["–"]}
            finding = Finding("missing_curve", data=data, model=kind, file=FILE)
            yield Problem(decay_schema.CODE, finding)


def _text_problems(reading: _Reading) -> Iterator[Problem]:
    """Report faults of the text; those in an entry of a curve are told with that entry."""
    entries = {path for series in reading.curves.values() for path in series.paths}
    for fault in reading.parsed.faults:
        problem = reading.parsed.problem(fault, CODE, FILE)
        curves = [kind for kind, series in reading.curves.items() if _leads_to(fault.path, series)]
        if fault.kind == "duplicate_key" and curves:
            # Which of the two lists is meant is as open as with two names.
            finding = replace(problem.finding, outcome=Outcome.FAIL, keeps=0.0, model=curves[0])
            problem = Problem(CODE, finding)
        if fault.path not in entries or fault.kind in {"duplicate_key", "surrogate"}:
            yield problem


def _leads_to(path: str, series: Series) -> bool:
    entry = series.paths[0] if series.paths else series.path
    return entry.startswith((f"{path}.", f"{path}[")) or path in series.paths


def _is_axis(series: Series) -> bool:
    return bool(series.keys) and name_of(series.keys[-1]) in FORWARD | BACKWARD


def _tokens(keys: Iterable[str]) -> frozenset[str]:
    return frozenset(token for key in keys for token in name_of(key).split("_"))


def _nets_in(key: str) -> set[str]:
    name = name_of(key).replace("grup", "")  # Spanish "grupo" is no GRU
    return {net for net, names in _NET_NAMES.items() if any(part in name for part in names)}


def _kind_of(keys: Iterable[str]) -> Kind | None:
    """Return the net that the innermost key naming any net names; None where it names several."""
    named = [nets for key in keys if (nets := _nets_in(key))]
    return next((kind for kind in KINDS if named and named[-1] == {kind}), None)


def _take_curve(reading: _Reading, kind: Kind, candidates: list[Series]) -> None:
    norms = [one for one in candidates if not _tokens(one.keys) & _NOT_NORMS]
    chosen = _narrow(norms)
    if len(chosen) > 1:
        names = [one.path for one in chosen[:SHOWN]]
        reading.tell("ambiguous", Outcome.FAIL, kind, candidates=names)
        return
    if chosen:
        if len(norms) > 1:
            others = [one.path for one in norms if one is not chosen[0]][:SHOWN]
            reading.tell("chosen", Outcome.NOTE, kind, chosen[0].path, others=others)
        _accept(reading, kind, chosen[0])
        return
    logarithms = [one for one in candidates if _tokens(one.keys) & _LOGARITHM]
    if logarithms:
        reading.tell("logarithms", Outcome.FAIL, kind, logarithms[0].path)


def _narrow(norms: list[Series]) -> list[Series]:
    """Return the one series that can be meant, or those between which its author must choose."""
    if len({one.values for one in norms}) == 1:
        return norms[:1]
    named = [one for one in norms if _tokens(one.keys[-1:]) & _NORMS] or norms
    return [one for one in named if len(one.values) in (STEPS, STEPS + 1)] or named


def _accept(reading: _Reading, kind: Kind, series: Series) -> None:
    if series.path != kind:
        reading.tell("read_as", Outcome.NOTE, kind, series.path)
    reading.origins[kind] = series.path
    series = _in_time(reading, kind, series)
    if len(series.values) == STEPS + 1:
        reading.tell("with_last", Outcome.NOTE, kind, series.path)
        reading.last[kind] = (series.paths[STEPS], series.values[STEPS])
        series = _picked(series, range(STEPS))
    reading.curves[kind] = series
    reading.document[kind] = list(series.values)


def _picked(series: Series, order: Iterable[int]) -> Series:
    indices = tuple(order)
    values = tuple(series.values[index] for index in indices)
    return Series(series.path, series.keys, values, tuple(series.paths[i] for i in indices))


def _in_time(reading: _Reading, kind: Kind, series: Series) -> Series:
    """Order the entries by time where a key says how they are stored, and note it."""
    count = range(len(series.values))
    label = _backward_label(series.keys)
    order = list(count)
    if series.axis is not None:
        label = series.axis.name
        order.sort(key=series.axis.positions.__getitem__, reverse=label in BACKWARD)
        if label not in BACKWARD and min(series.axis.positions) == 1:
            reading.tell("from_one", Outcome.NOTE, kind, series.path, label=label)
    elif label:
        order.reverse()
    if order == list(count):
        return series
    done = "reversed" if order == list(reversed(count)) else "reordered"
    reading.tell(done, Outcome.NOTE, kind, series.path, label=label)
    return _picked(series, order)


def _backward_label(keys: Iterable[str]) -> str:
    name = f"_{'_'.join(name_of(key) for key in keys)}_"
    labels = sorted({*BACKWARD, "reversed"})
    return next((label for label in labels if f"_{label}_" in name), "")


def _take_single_values(reading: _Reading) -> None:
    """Take g_50 and the update gate's mean and deviation where they are given."""
    top = reading.parsed.value
    members: Mapping[str, object] = top if isinstance(top, dict) else {}
    for keys, path, value in islice(_single_values(members), MOST_SINGLE):
        kind = _kind_of(keys)
        heads = {_without_net(key) for key in keys} & _HEAD
        if heads and kind is not None:
            reading.last.setdefault(kind, (path, value))
    if reading.last:
        reading.document["g_T"] = {kind: value for kind, (_, value) in reading.last.items()}
    if gate := dict(_update_gate(members)):
        reading.document["update_gate"] = gate
    for kind in KINDS:  # what stands there but is no list: the schema says so
        if not isinstance(members.get(kind, {}), dict):
            reading.document.setdefault(kind, members[kind])


def _without_net(key: str) -> str:
    return "_".join(part for part in name_of(key).split("_") if not _nets_in(part))


def _single_values(
    node: Mapping[str, object], path: str = "", keys: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str, object]]:
    for key, value in node.items():
        here = join(path, key)
        if isinstance(value, dict) and len(keys) < 3:
            yield from _single_values(value, here, (*keys, key))
        elif not isinstance(value, list | dict):
            yield (*keys, key), here, value


def _update_gate(members: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for keys, _, value in reversed(list(islice(_single_values(members), MOST_SINGLE))):
        tokens = _tokens(keys)
        if "z" in tokens or {"update", "gate"} <= tokens:
            yield from ((part, value) for part in ("mean", "std") if part in tokens)


def _decay(reading: _Reading) -> Decay:
    spots = reading.parsed.spots
    gate = reading.document.get("update_gate")
    return Decay(
        document=reading.document,
        curves={kind: tuple(map(_float, one.values)) for kind, one in reading.curves.items()},
        half_unit={
            kind: tuple(half_unit(spots[p].literal) if p in spots else 0.0 for p in one.paths)
            for kind, one in reading.curves.items()
        },
        last={kind: _float(value) for kind, (_, value) in reading.last.items()},
        paths=dict(reading.origins),
        update_gate={k: _float(v) for k, v in gate.items()} if isinstance(gate, dict) else {},
        lines=_lines(reading),
    )


def _lines(reading: _Reading) -> dict[str, int]:
    """Return the lines of all values, and of each g_t under the path of its curve."""
    lines = dict(reading.parsed.lines)
    for kind, series in reading.curves.items():
        origin = reading.origins[kind]
        known = [(t, lines[path]) for t, path in enumerate(series.paths) if path in lines]
        lines.update({join(origin, t): line for t, line in known})
        if known:  # a curve spread over records has no line of its own
            lines.setdefault(origin, min(line for _, line in known))
    return lines


def _float(value: object) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number else math.nan  # type: ignore[arg-type] # number says it is one
