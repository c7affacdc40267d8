"""The published schemas against a suite of instances, each valid or wrong in a known place.

The layout is that of the official JSON-Schema-Test-Suite: `suite/<schema>.json` holds groups of
tests with "description", "data" and "valid". Two additions keep near pairs readable:

- instead of "data", a test may say how it differs from an example of the schema (the first, or the
  one the group names by its index as "example"): "change" maps JSON pointers to new values (a last
  "-" appends to a list), "remove" lists pointers;
- an invalid test names the "keyword" of every error it makes, and may name their common "path".
"""

import copy
import functools
import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from grader.reading.plainly import obeys

ROOT = Path(__file__).parents[2]
NAMES = ("config", "decay", "manifest", "rubric", "report", "recording")
SCHEMAS = {
    name: json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
    for name in NAMES
}
ASSERTIONS = {
    "additionalProperties",
    "const",
    "enum",
    "exclusiveMinimum",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "pattern",
    "propertyNames",
    "required",
    "type",
    "uniqueItems",
}


def _parts(pointer):
    """Split a JSON pointer (RFC 6901) into keys and indices."""
    keys = [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]]
    return [int(key) if key.isdigit() else key for key in keys]


def _holder(document, keys):
    for key in keys[:-1]:
        document = document[key]
    return document


def _instance(name, group, test):
    if "data" in test:
        return test["data"]
    document = copy.deepcopy(SCHEMAS[name]["examples"][group.get("example", 0)])
    for pointer in test.get("remove", ()):
        keys = _parts(pointer)
        del _holder(document, keys)[keys[-1]]
    for pointer, value in test.get("change", {}).items():
        keys = _parts(pointer)
        if keys[-1] == "-":
            _holder(document, keys).append(value)
        else:
            _holder(document, keys)[keys[-1]] = value
    return document


def _groups(name):
    text = (Path(__file__).parent / "suite" / f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text)


CASES = [
    pytest.param(
        name, test, _instance(name, group, test), id=f"{name}: {group['description']}: {title}"
    )
    for name in NAMES
    for group in _groups(name)
    for test in group["tests"]
    for title in [test["description"]]
]
INVALID = [case.values for case in CASES if not case.values[1]["valid"]]


def _errors(schema, instance):
    """Return (keyword, path of the instance) of every error, sorted."""
    errors = Draft202012Validator(schema).iter_errors(instance)
    return sorted((error.validator, error.json_path.removeprefix("$")) for error in errors)


@pytest.mark.parametrize(("name", "test", "instance"), CASES)
def test_instance_is_judged_as_the_suite_says(name, test, instance):
    errors = _errors(SCHEMAS[name], instance)
    if test["valid"]:
        assert errors == []
        return
    keyword = test["keyword"]
    assert [found for found, _ in errors] == ([keyword] if isinstance(keyword, str) else keyword)
    if "path" in test:
        assert {path for _, path in errors} == {test["path"]}


def test_quick_yes_is_never_said_to_an_invalid_instance():
    said = [(name, test["description"]) for name, test, it in INVALID if obeys(it, SCHEMAS[name])]
    assert said == []


@pytest.mark.parametrize("name", ["decay", "manifest"])
def test_quick_yes_is_said_to_all_but_a_few_valid_instances(name):
    valid = [case.values for case in CASES if case.values[0] == name and case.values[1]["valid"]]
    missed = [test["description"] for _, test, it in valid if not obeys(it, SCHEMAS[name])]
    assert len(missed) < 0.1 * len(valid), missed
    assert all(obeys(example, SCHEMAS[name]) for example in SCHEMAS[name]["examples"])


SCALARS = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-3, 3) | st.text("ab0", max_size=3)
)
VALUES = st.recursive(
    SCALARS | st.just(5.0),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=6,
)
BOUNDS = st.integers(-2, 2)
RULES = st.recursive(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["object", "array", "string", "integer", "number", "boolean"])},
        optional={
            "const": SCALARS,
            "minimum": BOUNDS,
            "maximum": BOUNDS,
            "exclusiveMinimum": BOUNDS,
            "exclusiveMaximum": BOUNDS,
            "minItems": st.integers(0, 2),
            "maxItems": st.integers(0, 2),
            "minLength": st.integers(0, 2),
            "maxLength": st.integers(0, 2),
            "pattern": st.sampled_from(["^a", "b$", "0"]),
            "uniqueItems": st.booleans(),
            "required": st.lists(st.sampled_from("ab"), unique=True),
            "enum": st.lists(SCALARS, min_size=1, max_size=3),
            "title": st.just("of no account"),
            "$ref": st.sampled_from(["#/$defs/one", "#/$defs/none", "#/properties/a"]),
        },
    ),
    lambda inner: st.fixed_dictionaries(
        {"type": st.sampled_from(["object", "array"])},
        optional={
            "properties": st.dictionaries(st.sampled_from("ab"), inner),
            "additionalProperties": inner,
            "items": inner,
            "not": inner,
        },
    ),
    max_leaves=3,
)


@given(rules=RULES, value=VALUES)
def test_quick_yes_is_what_json_schema_says(rules, value):
    """Of any schema, also of one with keywords that no schema of ours has."""
    schema = {**rules, "$defs": {"one": {"type": "integer", "minimum": 0}}}
    if obeys(value, schema):
        Draft202012Validator(schema).validate(value)


@pytest.mark.parametrize("name", NAMES)
def test_schema_obeys_its_metaschema_and_names_itself(name):
    schema = SCHEMAS[name]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"https://vangrad.example/schemas/{name}-1.json"
    assert schema["title"]
    assert schema["description"]
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    ("name", "index"),
    [(name, index) for name in NAMES for index in range(len(SCHEMAS[name]["examples"]))],
)
def test_example_is_valid(name, index):
    assert _errors(SCHEMAS[name], SCHEMAS[name]["examples"][index]) == []


def _places(node, trail=()):
    """Yield the trail to every assertion in a schema: what can make an instance invalid.

    Conditions ("if") only choose what applies, and the names under "properties" and "$defs" are no
    keywords.
    """
    for key, value in node.items():
        if key in {"properties", "$defs"}:
            for name, child in value.items():
                yield from _places(child, (*trail, key, name))
        elif key == "allOf":
            for index, child in enumerate(value):
                yield from _places(child, (*trail, key, index))
        elif key in {"items", "then"} or (key == "additionalProperties" and value is not False):
            yield from _places(value, (*trail, key))
        elif key in ASSERTIONS:
            yield (*trail, key)


PLACES = [(name, trail) for name in NAMES for trail in _places(SCHEMAS[name])]


@functools.cache
def all_errors():
    return [_errors(SCHEMAS[name], instance) for name, _, instance in INVALID]


@pytest.mark.parametrize(
    ("name", "trail"), PLACES, ids=["/".join(map(str, (n, *t))) for n, t in PLACES]
)
def test_every_rule_of_a_schema_is_needed_by_the_suite(name, trail):
    """Take one rule away: some instance must be judged otherwise, or the suite is blind to it."""
    weaker = copy.deepcopy(SCHEMAS[name])
    del _holder(weaker, trail)[trail[-1]]
    # What "propertyNames" finds is reported under the keyword inside it.
    keyword = "pattern" if trail[-1] == "propertyNames" else trail[-1]
    assert any(
        _errors(weaker, instance) != errors
        for (owner, test, instance), errors in zip(INVALID, all_errors(), strict=True)
        if owner == name and keyword in test["keyword"]
    )


@pytest.mark.parametrize("name", NAMES)
def test_suite_holds_both_kinds_and_no_description_twice(name):
    tests = [
        (group["description"], test["description"], test["valid"])
        for group in _groups(name)
        for test in group["tests"]
    ]
    assert {valid for *_, valid in tests} == {True, False}
    assert len({(group, title) for group, title, _ in tests}) == len(tests)


def test_model_submission_fits_the_schemas():
    folder = ROOT / "experiments" / "14-vanishing-grad"
    for name in ("decay", "manifest"):
        document = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        assert _errors(SCHEMAS[name], document) == []


def test_shipped_rubric_fits_its_schema():
    document = tomllib.loads((ROOT / "grader" / "rubric.toml").read_text(encoding="utf-8"))
    assert _errors(SCHEMAS["rubric"], document) == []
