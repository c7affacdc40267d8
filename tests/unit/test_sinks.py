"""Payloads × sinks: what is cleaned for a sink is inert there, as a parser of that sink says."""

import csv
import html.parser
import io
import re
import textwrap
import unicodedata
import xml.etree.ElementTree as ET

import cmarkgfm
import jinja2
import pytest
from cmarkgfm.cmark import Options
from markdown_it import MarkdownIt

from grader import clean
from grader.texts import LANGUAGES, catalogue
from tests.payloads import HARMLESS, PAYLOADS, obeyed

SINKS = {
    "printable": clean.printable,
    "terminal": clean.terminal,
    "github_message": clean.github_message,
    "github_property": clean.github_property,
    "markdown": clean.markdown,
    "xml": clean.xml,
    "csv": clean.csv,
}
REPEATABLE = ("printable", "terminal", "xml", "csv")
LONGEST = 8 * clean.LINE_LIMIT
EXTENSIONS = ["table", "autolink", "strikethrough", "tagfilter", "tasklist"]
KEPT_APART = "\u200b"


def every(table):
    return pytest.mark.parametrize("payload", list(table.values()), ids=list(table))


each_payload = every(PAYLOADS)


@each_payload
def test_cleaned_text_is_bounded_in_every_sink(payload):
    assert {name for name, sink in SINKS.items() if len(sink(payload)) > LONGEST} == set()


@each_payload
def test_cleaned_text_is_printable_in_every_sink(payload):
    ours = {"markdown": KEPT_APART, "xml": "\n"}
    for name, sink in SINKS.items():
        text = sink(payload)
        odd = {c for c in text if c != " " and unicodedata.category(c)[0] not in "LNPSM"}
        assert odd <= set(ours.get(name, "")), name
        text.encode("utf-8")


@each_payload
def test_cleaned_text_is_obeyed_by_no_runner_in_any_sink(payload):
    assert [command for sink in SINKS.values() for command in obeyed(sink(payload))] == []


@each_payload
def test_cleaning_twice_changes_nothing(payload):
    once = {name: SINKS[name](payload) for name in REPEATABLE}
    assert {name: SINKS[name](text) for name, text in once.items()} == once


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_stays_as_it_is(text):
    assert clean.terminal(text) == clean.xml(text) == clean.csv(text) == text


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_own_sentences_stay_as_they_are(language):
    def leaves(node):
        for value in node.values():
            yield from leaves(value) if isinstance(value, dict) else [value]

    said = [text for text in leaves(catalogue(language).table) if isinstance(text, str)]
    assert len(said) > 500
    assert [t for t in said if clean.xml(t) != t] == []


@each_payload
def test_folded_terminal_text_is_obeyed_by_no_runner(payload):
    for width in (40, 41, 57, 100):
        assert obeyed(textwrap.fill(clean.terminal(payload), width, initial_indent="  ")) == []


@each_payload
def test_annotation_is_one_command_with_the_text_as_its_message(payload):
    line = f"::error title={clean.github_property(payload)}::{clean.github_message(payload)}"
    [(name, properties, message)] = obeyed(line)
    assert name == "error"
    assert set(properties) <= {"title"}
    assert message == clean.printable(payload, clean.MESSAGE_LIMIT)
    assert properties.get("title", "") == clean.printable(payload).rstrip()


def test_annotation_of_raw_text_forges_a_command():
    assert [name for name, *_ in obeyed(f"::error::{PAYLOADS['command after text']}")] == [
        "error",
        "error",
    ]


class Markup(html.parser.HTMLParser):
    """The tags and the text of a piece of HTML."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, attrs))

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        self.tags.append(("!--", data))

    def handle_decl(self, decl):
        self.tags.append(("!", decl))


def github(source):
    """Render as GitHub's own library does, HTML and all."""
    options = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
    return cmarkgfm.markdown_to_html_with_extensions(source, options, EXTENSIONS)


def commonmark(source):
    return (
        MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(source)
    )


@each_payload
def test_markdown_renders_as_the_text_itself(payload):
    expected = clean.printable(payload, clean.LINE_LIMIT)
    for render in (github, commonmark):
        shown = Markup(render(clean.markdown(payload)))
        assert [tag for tag, _ in shown.tags] == ["p"] * bool(expected)
        assert shown.text.replace(KEPT_APART, "").strip("\n") == expected.rstrip()


@each_payload
def test_markdown_is_inert_in_every_block(payload):
    for place in ("- {}\n", "> {}\n", "## {}\n", "text\n{}\n", "{}\n===\n"):
        expected = [tag for tag, _ in Markup(github(place.format("text"))).tags]
        shown = Markup(github(place.format(clean.markdown(payload) or "text")))
        assert [tag for tag, _ in shown.tags] == expected, place


@each_payload
def test_markdown_in_a_table_stays_in_its_cell(payload):
    table = "| a | b |\n|---|---|\n| {} | end |\n"
    expected = [tag for tag, _ in Markup(github(table.format("text"))).tags]
    shown = Markup(github(table.format(clean.markdown(payload))))
    assert [tag for tag, _ in shown.tags] == expected
    assert "end" in shown.text


@pytest.mark.parametrize("name", ["mention", "reference", "mail", "autolink"])
def test_markdown_leaves_nothing_to_link_in_the_rendered_text(name):
    text = Markup(github(clean.markdown(PAYLOADS[name]))).text
    assert not re.search(r"@\w|#\d|\bGH-\d|://|www\.", text, re.IGNORECASE)


def test_raw_markdown_of_the_payloads_has_markup():
    names = ("markdown link", "markdown image", "markdown html", "emphasis", "mail", "autolink")
    assert all(len(Markup(github(PAYLOADS[name])).tags) > 1 for name in names)


@each_payload
def test_xml_holds_the_text_and_nothing_else(payload):
    text = clean.xml(payload)
    element = ET.Element("failure", message=text)
    element.text = text
    read = ET.fromstring(ET.tostring(element, encoding="unicode"))  # noqa: S314 - written above
    assert (read.tag, read.text or "", len(read), read.get("message")) == (
        "failure", text, 0, text,
    )  # fmt: skip


def test_raw_text_breaks_xml():
    raw = f"<a>{PAYLOADS['xml controls']}</a>"
    with pytest.raises(ET.ParseError):
        ET.fromstring(raw)  # noqa: S314 - written above


@each_payload
def test_no_cell_of_a_table_is_a_formula(payload):
    written = io.StringIO()
    csv.writer(written).writerow(["ana", clean.csv(payload), "end"])
    for delimiter in (",", ";"):
        [row] = csv.reader(io.StringIO(written.getvalue()), delimiter=delimiter)
        cells = [unicodedata.normalize("NFKC", cell.strip(" ,\t\r\n")) for cell in row]
        assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []


@each_payload
def test_autoescaped_html_shows_the_printable_text(payload):
    page = jinja2.Environment(autoescape=True).from_string('<p title="{{ x }}">{{ x }}</p>')
    text = clean.printable(payload)
    shown = Markup(page.render(x=text))
    assert shown.tags == [("p", [("title", text)])]
    assert shown.text == text
