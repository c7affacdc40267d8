"""Every sentence a person reads, in two languages, and the one way to fill it.

`en/` and `es/` hold one TOML file a family of checks and one for the frame of a report; both
languages have the same keys with the same placeholders. Values are formatted here: integers
plainly, floats with four significant digits, strings cleaned of anything but printable text.
A word that follows a number is chosen by it: `{count} {count:step was|steps were} wrong`.
"""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from grader.clean import printable
from grader.model import Finding, Language, Term, Value

HERE = Path(__file__).parent
LANGUAGES: tuple[Language, ...] = ("en", "es")
FILES: Mapping[str, tuple[str, ...]] = {
    "cli": ("config", "report"),
    "report": ("report",),
    "selfcheck": ("report",),
    "starter": ("report",),
    "page": ("pages",),
    "isolation": ("isolation",),
    "mistake": ("mistakes",),
    "diagnosis": ("mistakes",),
}
"""Where sentences stand that are not a check's; those of `check.plot` stand in plot.toml."""

MODEL_NAMES = {"rnn": "RNN", "gru": "GRU"}


def number(value: float, language: Language) -> str:
    """Format `value` with four significant digits, with a decimal comma in Spanish."""
    if isinstance(value, int) or (
        math.isfinite(value) and value == int(value) and abs(value) < 1e6
    ):
        return str(int(value))
    text = f"{value:.4g}"
    return text.replace(".", ",") if language == "es" else text


def _fill(value: Value, language: Language) -> str:
    if isinstance(value, Term):
        return catalogue(language).say(value)
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        return ", ".join(_fill(item, language) for item in value)
    return number(value, language)


class _Filled(str):
    """A value in words; a format `one|many` chooses between words by the number it came from."""

    __slots__ = ("single",)
    single: bool

    def __new__(cls, value: Value, language: Language) -> _Filled:
        filled = super().__new__(cls, _fill(value, language))
        filled.single = str(filled) == "1"
        return filled

    def __format__(self, spec: str) -> str:
        one, bar, many = spec.partition("|")
        if not bar:
            return str(self)
        return one if self.single else many


@dataclass(frozen=True, slots=True)
class RenderedFinding:
    """A finding in words: where it is, what was found, what was expected and what to do next."""

    where: str
    found: str
    expected: str
    next_step: str

    @property
    def message(self) -> str:
        """One line: where → found → expected."""
        parts = (f"{self.where}: " if self.where else "") + self.found
        return f"{parts}; {self.expected}" if self.expected else parts


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The sentences of one language: those `given`, or its files, each read when it is wanted."""

    language: Language
    given: Mapping[str, Any] | None = None

    @property
    def table(self) -> Mapping[str, Any]:
        """All of them, as one tree."""
        return _merged(self.language, _files(self.language)) if self.given is None else self.given

    def entry(self, key: str) -> Any:  # noqa: ANN401 - a TOML subtree: a sentence, a list or a table
        """Return what stands under the dotted `key`; raises KeyError where nothing does."""
        parts = key.split(".")
        every = _files(self.language)
        files = parts[1:2] if parts[0] == "check" else FILES.get(parts[0], ())
        known = tuple(name for name in files if name in every) or every
        node: Any = _merged(self.language, known) if self.given is None else self.given
        for part in parts:
            node = node[part]
        return node

    def say(self, key: str, data: Mapping[str, Value] | None = None) -> str:
        """Return the sentence under `key` with its placeholders filled from `data`."""
        filled = {name: _Filled(value, self.language) for name, value in (data or {}).items()}
        return cast(str, self.entry(key)).format_map(filled)

    def finding(self, code: str, finding: Finding) -> RenderedFinding:
        """Put `finding` of the check `code` into words."""
        texts = self.entry(f"check.{code}.finding.{finding.kind}")
        data: dict[str, Value] = {**finding.data}
        if finding.model is not None:
            data.setdefault("model", MODEL_NAMES[finding.model])
        if finding.t is not None:
            data.setdefault("t", finding.t)
        filled = {name: _Filled(value, self.language) for name, value in data.items()}

        def say(part: str) -> str:
            return cast(str, texts.get(part, "")).format_map(filled)

        return RenderedFinding(self._where(finding), say("found"), say("expected"), say("next"))

    def _where(self, finding: Finding) -> str:
        place = printable(finding.file or "")
        if finding.line is not None:
            place += f":{finding.line}"
        path = printable(finding.path or "")
        steps = [place]
        if finding.model is not None and not path.lower().startswith(finding.model):
            steps.append(MODEL_NAMES[finding.model])
        steps.append(path)
        if finding.t is not None and not path:
            steps.append(f"t = {finding.t}")
        return ", ".join(step for step in steps if step)


@functools.cache
def catalogue(language: Language) -> Catalogue:
    """Return the sentences of `language` ("en" or "es")."""
    return Catalogue(language)


@functools.cache
def _files(language: Language) -> tuple[str, ...]:
    return tuple(sorted(source.stem for source in (HERE / language).glob("*.toml")))


@functools.cache
def _merged(language: Language, files: tuple[str, ...]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for name in files:
        source = HERE / language / f"{name}.toml"
        _merge(table, tomllib.loads(source.read_text(encoding="utf-8")))
    return table


def _merge(into: dict[str, Any], tree: Mapping[str, Any]) -> None:
    for key, value in tree.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value
