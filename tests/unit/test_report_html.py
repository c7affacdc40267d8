"""The HTML report: one file that needs nothing else, and obeys nothing of a submission."""

import itertools
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from grader.report.html import render
from grader.texts import LANGUAGES
from tests.pages import BOTH, PAGES, PAYLOADS, broken, series, unsure
from tests.toys import report

ROOT = Path(__file__).parents[2]

MOST_BYTES = 300_000
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """What a page is made of, in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.said = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.said.append(data)

    def named(self, *names):
        return [attrs for tag, attrs in self.tags if tag in names]

    @property
    def text(self):
        return " ".join(" ".join(self.said).split())


@pytest.fixture(scope="module")
def pages():
    return {
        (name, language): render(make(), language)
        for name, make in PAGES.items()
        for language in LANGUAGES
    }


each_page = pytest.mark.parametrize(
    "key", [(name, language) for name in PAGES for language in LANGUAGES], ids=str
)


@each_page
def test_page_is_well_formed_and_its_ids_are_unique(pages, key):
    page = Page(pages[key])
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))


@each_page
def test_page_has_one_heading_of_the_first_level_and_skips_none(pages, key):
    levels = [int(tag[1]) for tag, _ in Page(pages[key]).tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@each_page
def test_page_says_its_language_and_has_its_landmarks(pages, key):
    page = Page(pages[key])
    assert page.named("html") == [{"lang": key[1], "dir": "ltr"}]
    for landmark in ("header", "nav", "main", "footer"):
        assert len(page.named(landmark)) == 1


@each_page
def test_page_needs_nothing_from_elsewhere(pages, key):
    text = pages[key]
    page = Page(text)
    assert page.named("script", "link", "iframe", "object", "embed", "base", "form") == []
    assert not re.search(r"url\((?!#)", text)
    assert "@import" not in text
    addresses = [a[name] for _, a in page.tags for name in ("src", "href") if name in a]
    assert [a for a in addresses if not a.startswith(("#", "data:image/png;base64,"))] == []


@each_page
def test_page_forbids_what_it_does_not_need(pages, key):
    (policy,) = [
        attrs["content"]
        for attrs in Page(pages[key]).named("meta")
        if attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none';")
    assert "script-src" not in policy


@each_page
def test_page_is_no_larger_than_a_picture(pages, key):
    assert len(pages[key].encode()) <= MOST_BYTES


@each_page
def test_every_link_within_the_page_leads_somewhere(pages, key):
    page = Page(pages[key])
    targets = [a["href"][1:] for a in page.named("a", "use") if a.get("href", "").startswith("#")]
    clips = re.findall(r"url\(#([^)]*)\)", pages[key])
    assert set(targets) | set(clips) <= set(page.ids)


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_of_a_submission_stays_text(pages, language):
    page = Page(pages["hostile", language])
    plain = Page(pages["broken", language])
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in plain.tags} | {"bdi"}
    attributes = {name for _, attrs in page.tags for name in attrs}
    assert not any(name.startswith("on") for name in attributes)
    assert "<script>document.title='owned'</script>" in page.text
    assert "{{ 7 * 7 }}" in page.text
    assert not {"\x1b", "\x00", "\u202e"} & set(pages["hostile", language])


def test_markup_of_a_submission_is_nowhere_as_it_was_written(pages):
    assert [p for p in PAYLOADS if "<" in p and p in pages["hostile", "en"]] == []


def test_same_report_gives_the_same_bytes(pages):
    assert render(broken(), "es") == pages["broken", "es"]


def test_verdict_stands_before_what_to_fix_before_the_checks(pages):
    text = Page(pages["broken", "en"]).text
    parts = ("Not passed", "62", "gives what your bptt returns", "gradient.steps", "3 of 3")
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_mistake_is_drawn_where_its_list_is_known(pages):
    assert "your curve and the mistake" in pages["broken", "en"]
    assert "your curve and the mistake" not in pages["right", "en"]


def test_wrong_check_is_open_and_right_one_folded(pages):
    opened = [("open" in attrs) for attrs in Page(pages["broken", "en"]).named("details")]
    assert opened.count(True) == 1
    assert not any("open" in a for a in Page(pages["right", "en"]).named("details"))


def test_both_pictures_stand_side_by_side_where_a_person_is_asked(pages):
    images = Page(pages["unsure", "en"]).named("img")
    assert len(images) == 2
    assert all(image["src"].startswith("data:image/png;base64,") for image in images)
    assert images[0]["src"] != images[1]["src"]
    assert all(image["alt"] for image in images)
    assert Page(pages["right", "en"]).named("img") == []


def test_picture_that_cannot_be_read_is_left_out():
    made = render(replace(unsure(), fresh_plot=b"no picture"), "en")
    assert len(Page(made).named("img")) == 1


@pytest.mark.parametrize(("language", "shown"), [("en", "0.333"), ("es", "0,333")])
def test_numbers_are_in_the_form_of_the_language(language, shown):
    curve = series(recorded=(-0.4771,) * 51, differences=(-0.4771,) * 51)
    page = render(report(series=(curve, BOTH[1])), language)
    assert f"<td>{shown}</td>" in page
    other = {"0.333": "0,333", "0,333": "0.333"}[shown]
    assert f"<td>{other}</td>" not in page


def test_points_that_are_one_are_told_in_the_singular():
    said = Page(render(report(not_assessed=1), "en")).text
    assert "1 point was not assessed" in said
    assert "4 points were not assessed" in Page(render(report(not_assessed=4), "en")).text
    assert "Queda 1 punto sin" in Page(render(report(not_assessed=1), "es")).text


def test_every_figure_says_in_words_what_it_shows(pages):
    for name in ("right", "broken"):
        page = Page(pages[name, "en"])
        shown = [a for a in page.named("div") if a.get("role") == "img"]
        assert len(shown) == len(page.named("svg")) > 3
        assert all(a["aria-label"].endswith(".") for a in shown)
        assert all(a["aria-hidden"] == "true" for a in page.named("svg"))


def test_what_draws_is_imported_for_this_form_alone():
    code = (
        "import sys; from grader.report import render; from tests.pages import right\n"
        "[render(form, right(), 'en') for form in ('text', 'json', 'markdown')]\n"
        "print(*({'matplotlib', 'jinja2'} & set(sys.modules)))\n"
    )
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - as above
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
