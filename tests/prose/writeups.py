"""Write-ups by hand with blanks for numbers, and what is done to them by rule.

A blank is `«rnn10:2,»`: a quantity, the digits, and a comma where that is the decimal mark; `e`,
`x` (as LaTeX `l`, as Unicode `u`) write a power of ten, `en` and `es` words. A line `%%3` opens the
part that alone answers question 3, `%%` closes it.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from grader.model import Decay, Manifest, Material, Submission

HERE = Path(__file__).parent
BLANK = re.compile(r"«(?P<name>\w+?):(?P<form>[a-z]*)(?P<digits>\d?)(?P<comma>,?)»")
PART = re.compile(r"^%%(\d?)\n", re.MULTILINE)
CLAIMED = {
    "rnn10": ("rnn", "per_ten"), "gru10": ("gru", "per_ten"), "rnnN": ("rnn", "total"),
    "gruM": ("gru", "total"), "rho": ("rnn", "radius"), "g0rnn": ("rnn", "g_0"),
    "g0gru": ("gru", "g_0"), "rnn1": ("rnn", "per_ten"), "gru1": ("gru", "per_ten"),
}  # fmt: skip
QUESTIONS = ("rnn_rate", "gru_rate", "practice", "attention")
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
ENGLISH = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty twenty-one twenty-two twenty-three twenty-four "
    "twenty-five twenty-six twenty-seven twenty-eight twenty-nine"
)
SPANISH = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince "
    "dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro "
    "veinticinco veintiséis veintisiete veintiocho veintinueve"
)


@dataclass(frozen=True)
class Numbers:
    """Two curves, g_50 where it is given, and ρ(W_hh)."""

    name: str
    rnn: tuple[float, ...]
    gru: tuple[float, ...]
    last: dict[str, float]
    rho: float

    def values(self):
        logs = {kind: [math.log10(g) for g in getattr(self, kind)] for kind in ("rnn", "gru")}
        totals = {kind: values[-1] - values[0] for kind, values in logs.items()}
        n, m = totals["rnn"], totals["gru"]
        return {
            "rnnN": n, "gruM": m, "rnn10": n / 4.9, "gru10": m / 4.9,
            "rnn1": n / 49, "gru1": m / 49, "theory1": -math.log10(self.rho),
            "rho": self.rho, "g0rnn": self.rnn[0], "g0gru": self.gru[0], "diff": n - m,
            "ratio": n / m, "theory10": -10 * math.log10(self.rho),
        }  # fmt: skip

    def material(self, text: str) -> Material:
        curves = {"rnn": self.rnn, "gru": self.gru}
        decay = Decay({}, curves, {}, self.last, {}, {})
        config = {"init_scale_W_hh": 0.1, "d_hidden": 32}
        summary = {"rnn_spectral_radius_W_hh": self.rho}
        manifest = Manifest({"config": config, "results_summary": summary}, {})
        return Material(Submission(Path(), Path(), {}, {}, ()), (), decay, manifest, text, {})


def bent(last: float, slope: float, bend: float) -> tuple[float, ...]:
    """Return fifty norms that fall by `slope` a step, and by `bend` more near the loss."""
    return tuple(
        last * 10 ** (-slope * (49 - t) - bend * (1 - math.exp(-(49 - t) / 4))) for t in range(50)
    )


def _committed() -> Numbers:
    folder = HERE.parents[1] / "experiments" / "14-vanishing-grad"
    decay = json.loads((folder / "decay.json").read_text())
    summary = json.loads((folder / "manifest.json").read_text())["results_summary"]
    rho = summary["rnn_spectral_radius_W_hh"]
    return Numbers("ours", tuple(decay["rnn"]), tuple(decay["gru"]), decay["g_T"], rho)


USUAL = (
    _committed(),
    Numbers("drawn", bent(0.41, 0.258, 0.62), bent(0.55, 0.098, 0.05), {}, 0.556),
)
STEEP = Numbers(
    "steep", bent(0.4, 0.24, 0.5), bent(0.5, 0.196, 0.1), {"rnn": 0.7, "gru": 0.7}, 0.57
)


@dataclass(frozen=True)
class Writeup:
    """A text and what is true of it: the claim that is wrong, the question left out, if any."""

    name: str
    text: str
    numbers: Numbers
    wrong: tuple[str, str] | None = None
    missing: str | None = None


def _power(value: float, digits: int) -> tuple[str, int]:
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    return mantissa, int(exponent)


def written(value: float, form: str, digits: int, mark: str) -> str:
    """Return a number as a blank asks for it."""
    if form in {"en", "es"}:
        return (ENGLISH if form == "en" else SPANISH).split()[round(value)]
    if form == "e":
        return f"{value:.{digits}e}".replace(".", mark)
    if form:
        mantissa, exponent = _power(value, digits)
        mantissa = mantissa.replace(".", mark)
        return {
            "x": f"{mantissa} × 10^{exponent}",
            "l": f"{mantissa} \\times 10^{{{exponent}}}",
            "u": f"{mantissa}·10{str(exponent).translate(SUPERSCRIPTS)}",
        }[form]
    return f"{value:.{digits}f}".replace(".", mark)


def spoiled(name: str, value: float, form: str, digits: str) -> float:
    """Return a value that no rounding and no definition makes right."""
    if name.startswith("g0"):
        return value * 10**3.3
    if name == "rho":
        return value * 1.75
    coarse = form in {"en", "es"} or digits == "0"
    return value * (2.2 if coarse else 1.45)


def filled(template: str, numbers: Numbers, wrong: int | None = None) -> str:
    """Return a template with its blanks filled, the `wrong`-th with a wrong value."""
    values = numbers.values()
    index = -1

    def fill(match: re.Match[str]) -> str:
        nonlocal index
        name, form, digits = match["name"], match["form"], match["digits"]
        value = values[name]
        if name in CLAIMED:
            index += 1
            value = spoiled(name, value, form, digits) if index == wrong else value
        return written(value, form, int(digits or 0), match["comma"] or ".")

    return BLANK.sub(fill, template)


def without(template: str, part: str) -> str:
    """Return a template without the part that answers a question."""
    kept, skipping = [], False
    for piece in re.split(r"(?m)^(%%\d?)\n", template):
        if piece.startswith("%%"):
            skipping = piece == f"%%{part}"
        elif not skipping:
            kept.append(piece)
    return "".join(kept)


def templates(folder: str) -> dict[str, str]:
    return {
        path.stem: path.read_text(encoding="utf-8") for path in sorted((HERE / folder).glob("*.md"))
    }


def right(folder: str):
    """Yield every template with every set of numbers."""
    for name, template in templates(folder).items():
        for numbers in USUAL:
            yield Writeup(
                f"{name}-{numbers.name}", filled(PART.sub("", template), numbers), numbers
            )


def wrong(folder: str):
    """Yield every template with each of its claims wrong, one at a time."""
    for turn, (name, template) in enumerate(templates(folder).items()):
        whole = PART.sub("", template)
        blanks = [m["name"] for m in BLANK.finditer(whole) if m["name"] in CLAIMED]
        numbers = USUAL[turn % len(USUAL)]
        for index, blank in enumerate(blanks):
            text = filled(whole, numbers, index)
            label = f"{name}-{numbers.name}-{index}-{blank}"
            yield Writeup(label, text, numbers, CLAIMED[blank])


def shortened(folder: str):
    """Yield every template without its answer to question 3 or 4, where that stands alone.

    Totals given elsewhere are evidence for questions 1 and 2.
    """
    for name, template in templates(folder).items():
        for part in sorted(set(PART.findall(template)) & {"3", "4"}):
            question = QUESTIONS[int(part) - 1]
            text = filled(without(template, part), USUAL[0])
            yield Writeup(f"{name}-{question}", text, USUAL[0], missing=question)


def sentences(folder: str):
    """Return the harmless sentences and the contradictions to append."""
    return tomllib.loads((HERE / folder / "sentences.toml").read_text(encoding="utf-8"))
