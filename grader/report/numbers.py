"""The numbers of a report's series in words and tables, in the language's form."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from grader.model import Report, Series, Value
from grader.texts import MODEL_NAMES, Catalogue, number

ABSENT = "–"
ON_THE_CURVE = 0.005
"""Distance of two logarithms, 1 %, below which no picture shows two curves."""


def power(log10: float | None, texts: Catalogue) -> str:
    """Return 10 to the `log10` with three digits, far outside of what a float holds too."""
    if log10 is None:
        return ABSENT
    exponent = math.floor(log10)
    mantissa = 10.0 ** (log10 - exponent)
    if -3 <= exponent < 3:
        return number(float(f"{10.0**log10:.3g}"), texts.language)
    shown = f"{mantissa:.2f}"
    if shown == "10.00":
        shown, exponent = "1.00", exponent + 1
    return f"{_localised(shown, texts)}e{exponent:+03d}"


def plain(value: float | None, texts: Catalogue) -> str:
    """Return an error with three digits."""
    return ABSENT if value is None else _localised(f"{value:.3g}", texts)


def _localised(shown: str, texts: Catalogue) -> str:
    return shown.replace(".", ",") if texts.language == "es" else shown


def apart(first: Sequence[float | None], second: Sequence[float | None]) -> float | None:
    """Return the largest distance of two curves; None where nothing can be compared."""
    pairs = zip(first, second, strict=False)
    found = [abs(a - b) for a, b in pairs if a is not None and b is not None]
    return max(found, default=None)


def curve_words(one: Series, texts: Catalogue) -> str:
    """Say in words what the picture of a curve shows."""
    data: dict[str, Value] = {
        "model": MODEL_NAMES[one.model],
        "first": power(one.recorded[0] if one.recorded else None, texts),
        "last": power(one.recorded[49] if one.recorded else None, texts),
    }
    return f"{texts.say('page.figure.curve_alt', data)} {_agreement(one, texts)}"


def _agreement(one: Series, texts: Catalogue) -> str:
    distance = apart(one.recorded, one.differences)
    if distance is None:
        return texts.say("page.figure.unknown")
    if distance <= ON_THE_CURVE:
        return texts.say("page.figure.agree")
    return texts.say("page.figure.differ", {"apart": round(distance, 2)})


def mistake_words(one: Series, texts: Catalogue) -> str:
    """Say in words what the picture of a mistake shows."""
    distance = _orders(apart(one.predicted, one.differences))
    own = apart(one.predicted, one.recorded)
    if own is None or own <= ON_THE_CURVE:
        return texts.say("page.figure.mistake_alt", {"apart": distance})
    return texts.say("page.figure.mistake_off", {"apart": distance, "own": _orders(own)})


def _orders(distance: float | None) -> float:
    """Return a distance with two decimals, or with one digit where these would be zero."""
    known = distance or 0.0
    return round(known, 2) if known >= ON_THE_CURVE else float(f"{known:.1g}")


def error_words(one: Series, texts: Catalogue) -> str:
    """Say in words what the picture of the errors shows: the entry nearest to its tolerance."""
    shares = [
        (e / a if a > 0 else math.inf if e > 0 else 0.0, t)
        for t, (e, a) in enumerate(zip(one.error, one.tolerance, strict=True))
        if e is not None and a is not None
    ]
    if not shares:
        return texts.say("page.figure.unknown")
    t = max(shares)[1]
    data: dict[str, Value] = {
        "model": MODEL_NAMES[one.model],
        "error": plain(one.error[t], texts),
        "tolerance": plain(one.tolerance[t], texts),
        "t": t,
    }
    return texts.say("page.figure.error_alt", data)


def gate_words(one: Series, report: Report, texts: Catalogue) -> Iterator[str]:
    """Say in words what the picture of the update gate shows, and what a step keeps."""
    measured = report.measurements.get(one.model)
    mean = measured.get("gate_mean") if isinstance(measured, Mapping) else None
    if not one.gate or not isinstance(mean, float):
        return
    most = one.gate.index(max(one.gate))
    width = 1.0 / len(one.gate)
    data: dict[str, Value] = {
        "share": round(100.0 * one.gate[most]),
        "low": round(most * width, 2),
        "high": round((most + 1) * width, 2),
        "mean": mean,
    }
    yield texts.say("page.figure.gate_alt", data)
    keeps = min(max(1.0 - mean, 0.0), 1.0)
    if keeps > 0:
        orders = round(-50.0 * math.log10(keeps), 1)
        yield texts.say("page.figure.gate_keeps", {"keeps": keeps, "orders": orders})


def table(one: Series, texts: Catalogue) -> tuple[list[str], list[list[str]]]:
    """Return head and rows of the table that says what the curves of one model show."""
    columns = [
        ("recorded", one.recorded, power),
        ("differences", one.differences, power),
        ("error", one.error, plain),
        ("tolerance", one.tolerance, plain),
        ("predicted", one.predicted, power),
    ]
    used = [column for column in columns if column[1]]
    head = [texts.say(f"page.column.{name}") for name in ("t", *(name for name, _, _ in used))]
    length = max((len(values) for _, values, _ in used), default=0)
    rows = [
        [
            str(t),
            *(shown(values[t] if t < len(values) else None, texts) for _, values, shown in used),
        ]
        for t in range(length)
    ]
    return head, rows


def gate_table(one: Series, texts: Catalogue) -> tuple[list[str], list[list[str]]]:
    """Return head and rows of the table of the update gate's values, empty classes left out."""
    width = 1.0 / len(one.gate)
    head = [texts.say(f"page.column.{name}") for name in ("from", "to", "share")]
    rows = [
        [
            number(round(k * width, 2), texts.language),
            number(round((k + 1) * width, 2), texts.language),
            f"{number(round(100.0 * share, 1), texts.language)} %",
        ]
        for k, share in enumerate(one.gate)
        if share > 0
    ]
    return head, rows
