"""A quick yes to the question whether a document obeys a schema.

Importing jsonschema takes longer than holding a whole submission to the lab without it, and most
documents obey. What is said here is yes, or nothing: a keyword or a value that is not known here is
jsonschema's to judge, and so is every document that breaks a rule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

SILENT = frozenset({"$schema", "$id", "$defs", "title", "description", "examples"})
"""Keywords that demand nothing."""

TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
}
"""A boolean is no number, and whether 5.0 is an integer is jsonschema's to say."""

LOCAL = "#/$defs/"


def obeys(value: object, schema: Mapping[str, Any]) -> bool:
    """Say whether `value` obeys every rule of `schema` beyond doubt."""
    try:
        return _obeys(value, schema, schema)
    except (TypeError, KeyError):  # a rule for values of another type, or one that leads nowhere
        return False


def _obeys(value: Any, rules: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:  # noqa: ANN401 - any JSON value
    return all(_holds(keyword, limit, value, schema) for keyword, limit in rules.items())


def _holds(keyword: str, limit: Any, value: Any, schema: Mapping[str, Any]) -> bool:  # noqa: ANN401, C901, PLR0911, PLR0912 - a table of keywords
    match keyword:
        case "type":
            return type(value) in TYPES[limit]
        case "const":
            return type(value) is type(limit) and bool(value == limit)
        case "$ref":
            known = limit.startswith(LOCAL)
            return known and _obeys(value, schema["$defs"][limit.removeprefix(LOCAL)], schema)
        case "required":
            return all(key in value for key in limit)
        case "properties":
            return all(_obeys(value[key], limit[key], schema) for key in limit if key in value)
        case "items":
            return all(_obeys(one, limit, schema) for one in value)
        case "uniqueItems":
            return len(set(value)) == len(value)
        case "minItems" | "minLength":
            return bool(len(value) >= limit)
        case "maxItems" | "maxLength":
            return bool(len(value) <= limit)
        case "minimum":
            return bool(value >= limit)
        case "maximum":
            return bool(value <= limit)
        case "exclusiveMinimum":
            return bool(value > limit)
        case "pattern":
            return re.search(limit, value) is not None
    return keyword in SILENT
