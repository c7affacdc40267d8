"""Both languages say the same things, and every sentence can be filled."""

import re
import string
import tomllib
from pathlib import Path

import pytest

import grader.texts
from grader.texts import LANGUAGES

ROOT = Path(grader.texts.__file__).parent
FAMILIES = sorted({path.stem for path in ROOT.glob("*/*.toml")})
EXPLAINED = ("title", "wants", "why", "example", "fix")  # shown as they stand, never formatted
RENDERED = ("found", "expected", "next")


def table(language, family):
    return tomllib.loads((ROOT / language / f"{family}.toml").read_text(encoding="utf-8"))


def leaves(tree, prefix=""):
    """Yield (dotted key, value) for everything that is not a table."""
    for key, value in tree.items():
        dotted = f"{prefix}.{key}" if prefix else key
        if isinstance(value, dict):
            yield from leaves(value, dotted)
        else:
            yield dotted, value


def is_formatted(key):
    return ".finding." in key or key.startswith(
        ("report.", "cli.", "selfcheck.", "starter.", "diagnosis.", "mistake.", "page.")
    )


def fields(sentence):
    """Return the name of every placeholder."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def formatted(language, family):
    return {key: text for key, text in leaves(table(language, family)) if is_formatted(key)}


def checks(language, family):
    for group, named in table(language, family).get("check", {}).items():
        for name, texts in named.items():
            yield f"{group}.{name}", texts


each_family = pytest.mark.parametrize("family", FAMILIES)
each_file = pytest.mark.parametrize(
    ("language", "family"), [(language, family) for language in LANGUAGES for family in FAMILIES]
)


def test_families_are_found():
    assert {"gradient", "report", "rerun", "stop"} <= set(FAMILIES)


@each_file
def test_every_family_speaks_every_language(language, family):
    assert (ROOT / language / f"{family}.toml").is_file()


@each_family
def test_languages_have_the_same_keys_of_the_same_types(family):
    shapes = [
        {key: type(value) for key, value in leaves(table(language, family))}
        for language in LANGUAGES
    ]
    assert shapes[0] == shapes[1]


@each_family
def test_languages_have_the_same_placeholders(family):
    english, spanish = (formatted(language, family) for language in ("en", "es"))
    different = {
        key: (fields(english[key]), fields(spanish[key]))
        for key in english.keys() & spanish.keys()
        if fields(english[key]) != fields(spanish[key])
    }
    assert different == {}


@each_family
def test_languages_leave_out_the_same_sentences(family):
    english, spanish = (dict(leaves(table(language, family))) for language in ("en", "es"))
    shared = english.keys() & spanish.keys()
    assert [key for key in sorted(shared) if bool(english[key]) != bool(spanish[key])] == []


@each_file
def test_placeholders_are_plain_names_or_choose_by_number(language, family):
    # Values arrive as text already formatted: another format, an index, an attribute would raise.
    parts = [
        part
        for text in formatted(language, family).values()
        for part in string.Formatter().parse(text)
        if part[1] is not None
    ]
    odd = [p for p in parts if not p[1].isidentifier() or p[3] or (p[2] and p[2].count("|") != 1)]
    assert odd == []


@each_file
def test_sentences_can_be_filled(language, family):
    for key, text in formatted(language, family).items():
        plain = re.sub(r"{(\w+):[^}]*}", "", text)
        filled = plain.format_map({name: f"<{name}>" for name in fields(text)})
        assert {f"<{name}>" for name in fields(plain)} <= set(re.findall(r"<\w+>", filled)), key


@each_file
def test_family_holds_its_own_checks_only(language, family):
    frames = {
        "report": {"report", "cli", "selfcheck", "starter"},
        "isolation": {"isolation"},
        "config": {"cli"},
        "mistakes": {"diagnosis", "mistake"},
        "pages": {"page"},
    }
    assert set(table(language, family)) == frames.get(family, {"check"})
    assert {code.partition(".")[0] for code, _ in checks(language, family)} <= {family}


@each_file
def test_check_is_explained(language, family):
    for code, texts in checks(language, family):
        assert set(texts) - {"finding"} == {*EXPLAINED, "sources"}, code
        assert all(isinstance(texts[part], str) for part in EXPLAINED), code
        assert all(texts[part].strip() for part in ("title", "wants", "why")), code
        assert texts["sources"], code
        assert all(isinstance(source, str) and source.strip() for source in texts["sources"]), code


@each_file
def test_explanation_has_no_doubled_brace(language, family):
    # Explanations are shown raw, so a brace doubled for str.format would be read as two.
    doubled = [
        f"{code}.{part}"
        for code, texts in checks(language, family)
        for part in EXPLAINED
        if "{{" in texts[part]
    ]
    assert doubled == []


@each_file
def test_finding_says_what_was_found(language, family):
    for code, texts in checks(language, family):
        assert texts.get("finding"), code
        for kind, finding in texts["finding"].items():
            assert set(finding) == set(RENDERED), f"{code}.{kind}"
            assert all(isinstance(part, str) for part in finding.values()), f"{code}.{kind}"
            assert finding["found"].strip(), f"{code}.{kind}"


@each_file
def test_frame_has_no_empty_sentence(language, family):
    frame = {
        key: text
        for key, text in formatted(language, family).items()
        if not key.startswith("check.")
    }
    empty = {key for key, text in frame.items() if not text.strip()}
    # A fault of the grader expects nothing of the student.
    assert empty <= {"report.grader_error.expected"}


@each_file
def test_sentences_are_free_of_stray_space(language, family):
    for key, text in leaves(table(language, family)):
        if isinstance(text, str) and not key.endswith((".example", ".argparse.usage")):
            assert text == text.strip(), key
            assert "  " not in text or key.endswith(".written"), key
