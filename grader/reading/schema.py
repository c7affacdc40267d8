"""The published JSON Schemas, compiled once, and what they say about a document.

jsonschema is imported only for a document that does not plainly obey.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.reading.plainly import obeys
from grader.reading.strictjson import join

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

LONGEST = 200
"""Entries of a list under a key that are validated; hostile lists would take minutes."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule of a schema that a document breaks.

    `steps` are the keys and indices that lead to the value, `rule` the keyword ("type", "minItems",
    …), `limit` what the schema says there, `value` what the document holds.
    """

    steps: tuple[str | int, ...]
    rule: str
    limit: Any
    value: Any

    @property
    def path(self) -> str:
        """The JSON path of the value, "" for the document itself."""
        return functools.reduce(join, self.steps, "")


@functools.cache
def schema(name: str) -> Mapping[str, Any]:
    """Return the schema `name` ("decay", "manifest", "rubric" or "report") as a mapping."""
    file = f"{name}.schema.json"
    installed = Path(__file__).parents[1] / "schemas" / file
    # In a checkout the schemas lie beside the package; the wheel carries them inside.
    source = installed if installed.is_file() else Path(__file__).parents[2] / "schemas" / file
    content: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return content


@functools.cache
def validator(name: str) -> Draft202012Validator:
    """Return the compiled validator of the schema `name`."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema(name))


def violations(name: str, document: Mapping[str, object]) -> list[Violation]:
    """Return every rule of the schema `name` that `document` breaks, in the order of the document.

    A missing key is a violation of its own: `steps` lead to where it should stand, `value` is None.
    Of a longer list, the first LONGEST entries are validated, and its length.
    """
    cut = {key: one[:LONGEST] if isinstance(one, list) else one for key, one in document.items()}
    if obeys(cut, schema(name)):
        return []
    found: dict[tuple[tuple[str | int, ...], str], Violation] = {}
    for error in validator(name).iter_errors(cut):
        steps = tuple(error.absolute_path)
        rule = str(error.validator)
        if rule == "required":
            for key in set(error.validator_value) - set(error.instance):
                found[(*steps, key), rule] = Violation((*steps, key), rule, None, None)
        else:
            value = document[str(steps[0])] if len(steps) == 1 else error.instance
            found[steps, rule] = Violation(steps, rule, error.validator_value, value)
    return sorted(
        found.values(), key=lambda violation: [str(one).zfill(6) for one in violation.steps]
    )


def shown(value: object, limit: int = 60) -> str:
    """Return `value` as JSON would write it, shortened to `limit` characters."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else text[: limit - 1] + "…"
