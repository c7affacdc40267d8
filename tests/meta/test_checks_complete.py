"""Rubric, functions and texts are of one piece: what one of them names the others have."""

import ast
import functools
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import grader
from grader.rubric import TOTAL_POINTS, load_rubric
from grader.runner import find_check
from grader.texts import LANGUAGES, catalogue

ROOT = Path(grader.__file__).parent
ROWS = load_rubric().rows
NAMES = {
    found.name: importlib.import_module(f"grader.checks.{found.name}")
    for found in pkgutil.iter_modules([str(ROOT / "checks")])
}

FEEDS = {
    "files": ["reading/loading.py"],
    "decay": ["reading/*.py"],
    "manifest": ["reading/*.py", "measured.py", "quoted.py"],
    "constraints": ["scripts/*.py"],
    "gradient": ["evidence/*.py", "offered.py"],
    "rerun": ["evidence/*.py"],
    "stop": ["spoken.py"],
    "plausible": [],
    "pitfalls": [],
    "plot": ["picture/*.py"],
    "readme": ["prose/*.py"],
}
"""Where, beside its own module, the findings of a family get their kinds from."""

LEAST_LITERAL = 2
"""Letters that a kind put together at run time must have in common with its f-string."""


def trees(*patterns):
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            yield ast.parse(path.read_text(encoding="utf-8"))


def literals(*patterns):
    """Yield a regular expression for each string, plain or formatted, in the modules."""
    for tree in trees(*patterns):
        formatted = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
        yield from map(_pattern, formatted)
        inside = {id(part) for node in formatted for part in node.values}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and id(node) not in inside:
                yield re.escape(str(node.value))


def _pattern(node):
    parts = [
        re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"[\w-]+"
        for part in node.values
    ]
    fixed = "".join(str(p.value) for p in node.values if isinstance(p, ast.Constant))
    return "".join(parts) if sum(c.isalpha() for c in fixed) >= LEAST_LITERAL else r"(?!)"


def yielded(family):
    """Return the kinds that stand as literals in `Finding("…", …)` in a family's module."""
    return {
        node.args[0].value
        for tree in trees(f"checks/{family}.py")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "Finding"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def told(family, language="en"):
    """Return {check: kinds} of the texts of a family."""
    named = catalogue(language).entry(f"check.{family}")
    return {check: set(texts.get("finding", {})) for check, texts in named.items()}


each_family = pytest.mark.parametrize("family", NAMES)
each_language = pytest.mark.parametrize("language", LANGUAGES)


def test_points_make_a_hundred():
    assert sum(row.points for row in ROWS.values()) == TOTAL_POINTS == 100


def test_families_of_rubric_and_runner_are_the_same():
    assert {code.partition(".")[0] for code in ROWS} == set(NAMES) == set(FEEDS)


@each_family
def test_every_public_function_of_a_family_is_a_check_with_a_row(family):
    functions = {
        name
        for name, value in inspect.getmembers(NAMES[family], inspect.isgeneratorfunction)
        if not name.startswith("_") and value.__module__ == NAMES[family].__name__
    }
    assert functions == {code.partition(".")[2] for code in ROWS if code.startswith(f"{family}.")}


@pytest.mark.parametrize("code", ROWS)
def test_row_has_a_generator_function_that_says_what_it_demands(code):
    check = find_check(code)
    assert inspect.isgeneratorfunction(check)
    assert list(inspect.signature(check).parameters) == ["material"]
    assert check.__doc__


@each_language
def test_rows_and_explained_checks_are_the_same(language):
    checks = catalogue(language).entry("check")
    assert {f"{family}.{name}" for family in checks for name in checks[family]} == set(ROWS)


@each_family
def test_languages_know_the_same_findings(family):
    assert told(family, "en") == told(family, "es")


@each_family
def test_finding_that_is_yielded_has_words(family):
    known = set().union(*told(family).values())
    assert yielded(family) - known == set()


@each_family
def test_finding_that_has_words_can_be_yielded(family):
    places = [f"checks/{family}.py", *FEEDS[family]]
    known = re.compile("|".join(f"(?:{pattern})" for pattern in literals(*places)))
    kinds = set().union(*told(family).values())
    assert {kind for kind in kinds if not known.fullmatch(kind)} == set()


def frame_keys(prefix):
    """Return every dotted key below `prefix` that holds a sentence."""

    def walk(tree, dotted):
        for key, value in tree.items():
            if isinstance(value, dict):
                yield from walk(value, f"{dotted}.{key}")
            else:
                yield f"{dotted}.{key}"

    return set(walk(catalogue("en").entry(prefix), prefix))


KEYS = frame_keys("report") | frame_keys("cli")
FILES = (r"\.css", r"\.j2")
"""Ends of names of files, which may begin as a key does."""


@functools.cache
def used():
    return {
        p
        for p in literals("*.py", "*/*.py")
        if re.match(r"(report|cli)\\\.\w", p) and not p.endswith(FILES)
    }


def test_keys_are_found_in_the_code():
    assert re.escape("cli.cannot_write") in used()
    assert r"report\.headline\.[\w-]+" in used()


def test_key_that_is_used_exists():
    unknown = [p for p in used() if not any(re.fullmatch(p, key) for key in KEYS)]
    assert unknown == []


@pytest.mark.parametrize("text", ["report.nowhere", "cli.no_such_sentence"])
def test_key_that_does_not_exist_would_be_noticed(text):
    assert not any(re.fullmatch(re.escape(text), key) for key in KEYS)


def test_kind_without_words_would_be_noticed():
    assert "no_such_kind" not in set().union(*told("rerun").values())
    assert "not_run" in yielded("rerun")
