"""The Markdown report: what a pull request shows, and what a submission cannot make of it."""

import re

import pytest
from markdown_it import MarkdownIt

from grader.report import markdown
from grader.report.markdown import MOST_CHARACTERS, render
from grader.texts import LANGUAGES
from tests.pages import PAGES, broken, hostile, right
from tests.toys import report

READER = MarkdownIt("gfm-like", {"linkify": False})
OURS = {"details", "summary", "sub", "br"}

each_report = pytest.mark.parametrize("name", PAGES)


def tokens(text):
    """Yield every token of a document, those within lines too."""
    for token in READER.parse(text):
        yield token
        yield from token.children or ()


def tags(text):
    """Return the names of the HTML elements in a document."""
    html = [t.content for t in tokens(text) if t.type in ("html_block", "html_inline")]
    return {name.lower() for part in html for name in re.findall(r"</?([a-zA-Z]+)", part)}


@each_report
@pytest.mark.parametrize("language", LANGUAGES)
def test_report_has_no_markup_but_ours(name, language):
    text = render(PAGES[name](), language)
    assert tags(text) <= OURS
    assert not any(token.type in ("link_open", "image", "code_inline") for token in tokens(text))


@each_report
def test_folds_are_closed(name):
    text = render(PAGES[name](), "en")
    assert text.count("<details>") == text.count("</details>")
    assert text.endswith("\n")


def test_payload_is_shown_as_text():
    text = render(hostile(), "en")
    assert "@someone" not in text
    assert "<script" not in text
    shown = "".join(t.content for t in tokens(text) if t.type == "text")
    assert "<script>document.title='owned'</script>" in shown


def test_verdict_and_score_come_first():
    assert render(right(), "en").startswith("## ✅ Passed · 100/100\n")
    assert render(broken(), "es").startswith("## ❌ No aprobado · 62/100\n")


def test_what_to_fix_is_not_folded_away():
    text = render(broken(), "en")
    assert text.index("### What to fix first") < text.index("<details>")


def test_tables_are_tables():
    text = render(right(), "en")
    assert [t.type for t in tokens(text)].count("table_open") == 3
    assert "| ✓ pass | All five files of the lab are there (files.present) | 3/3 |" in text


def test_long_report_is_cut_between_parts_and_says_so(monkeypatch):
    whole = render(broken(), "en")
    monkeypatch.setattr(markdown, "MOST_CHARACTERS", len(whole) - 1)
    cut = render(broken(), "en")
    assert len(cut) < len(whole)
    assert "left out here" in cut
    assert cut.count("<details>") == cut.count("</details>")
    assert "left out here" not in whole


@each_report
def test_report_fits_a_comment(name):
    assert len(render(PAGES[name](), "es")) <= MOST_CHARACTERS


def test_nothing_to_fix_is_said():
    assert "Nothing to fix" in render(report(), "en")
