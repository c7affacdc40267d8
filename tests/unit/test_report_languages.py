"""A report is in one language: no sentence of the other, none written into a template."""

import re
from pathlib import Path

import pytest

import grader.report
from grader.report import render
from grader.texts import LANGUAGES, catalogue
from tests.pages import PAGES

TEMPLATE = Path(grader.report.__file__).with_name("templates") / "report.html.j2"
SHORTEST = 12
"""Letters of a sentence that can't stand in the other language by chance."""


def sentences(language):
    """Yield the parts between placeholders of everything that can be said in a language."""
    stack = [catalogue(language).table]
    while stack:
        for value in stack.pop().values():
            if isinstance(value, dict):
                stack.append(value)
            elif isinstance(value, str):
                yield from re.split(r"{[^{}]*}|\n", value)


@pytest.fixture(scope="module")
def only():
    """By language, the sentences that the other language does not have."""
    said = {one: {s.strip() for s in sentences(one)} for one in LANGUAGES}
    return {
        one: {s for s in said[one] - said[other] if len(re.findall(r"[a-zñáéíóú]", s)) >= SHORTEST}
        for one, other in zip(LANGUAGES, reversed(LANGUAGES), strict=True)
    }


@pytest.mark.parametrize("form", ["text", "html", "markdown"])
@pytest.mark.parametrize("name", ["right", "broken", "unsure", "nothing run", "fault"])
def test_report_has_no_sentence_of_the_other_language(only, form, name):
    english, spanish = (render(form, PAGES[name](), language) for language in LANGUAGES)
    assert [s for s in sorted(only["en"]) if s in spanish] == []
    assert [s for s in sorted(only["es"]) if s in english] == []


def test_report_says_sentences_at_all(only):
    for language in LANGUAGES:
        page = render("text", PAGES["broken"](), language)
        assert sum(s in " ".join(page.split()) for s in only[language]) > 10


def test_template_has_no_words_of_its_own():
    text = re.sub(r"{%.*?%}|{{.*?}}|<[^>]*>", " ", TEMPLATE.read_text(encoding="utf-8"), flags=re.S)
    assert set(re.findall(r"[A-Za-z]{2,}", text)) <= {"vangrad", "SHA"}
