"""The HTML report in a real browser: it fits, it is quiet, nothing runs, everyone can read it."""

import functools
import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from grader.grading import Options, grade
from grader.report.html import render
from tests.pages import PAGES, PAYLOADS

pytest.importorskip("playwright", reason="no playwright: pip install '.[browser]'")
axe = pytest.importorskip("axe_playwright_python", reason="no axe: pip install '.[browser]'")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")

WIDTHS = (360, 768, 1280)
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
]
UNFOLD = "for (const part of document.querySelectorAll('details')) part.open = true"
SHORTER = "for (const row of document.querySelectorAll('tbody tr:nth-child(n+4)')) row.remove()"
"""Rows of a table are alike, and every cell costs a look at its colours."""

RULES = {"runOnly": {"type": "tag", "values": [
    "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice",
]}}  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield started
        started.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pages")


@pytest.fixture
def opened(browser, folder, request):
    """Open a page; afterwards, nothing was printed, asked for or opened by it."""
    contexts, events = [], []

    def open_(text, **options):
        path = folder / f"{abs(hash(request.node.name))}.html"
        path.write_text(text, encoding="utf-8")
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("console", lambda message: events.append(("console", message.text)))
        page.on("pageerror", lambda error: events.append(("error", str(error))))
        page.on("dialog", lambda dialog: (events.append(("dialog", "")), dialog.dismiss()))
        page.on("popup", lambda popup: events.append(("popup", popup.url)))
        page.on("request", lambda asked: events.append(("request", asked.url)))
        page.goto(path.as_uri())
        own = ("request", path.as_uri())
        assert events.pop(0) == own
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [e for e in events if not (e[0] == "request" and e[1].startswith("data:"))] == []


each_page = pytest.mark.parametrize(
    "name",
    [
        *("right", "broken", "hostile"),
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("unsure", "fault")),
    ],
)


@functools.cache
def page_of(name, language):
    return render(PAGES[name](), language)


@each_page
def test_page_fits_every_width(opened, name):
    page = opened(page_of(name, "es"))
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        for _ in range(2):  # folded, then all parts open
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.evaluate(UNFOLD)
        image = Image.open(io.BytesIO(page.screenshot()))
        assert image.size == (width, 800)
        assert np.ptp(np.asarray(image.convert("L"))) > 100


def violations(page, rules):
    """Return what axe finds wrong in a page whose parts are all open: rule and elements."""
    page.evaluate(UNFOLD)
    page.evaluate(SHORTER)
    page.add_script_tag(path=Path(axe.__file__).with_name("axe.min.js"))
    found = page.evaluate("rules => axe.run(document, rules)", rules)["violations"]
    return [(v["id"], [node["html"][:120] for node in v["nodes"]]) for v in found]


@each_page
def test_page_is_accessible(opened, name):
    page = opened(page_of(name, "es"), color_scheme="light", bypass_csp=True)
    assert violations(page, RULES) == []


@pytest.mark.parametrize("name", ["broken", "fault"])
def test_colours_of_the_dark_page_are_told_apart(opened, name):
    page = opened(page_of(name, "es"), color_scheme="dark", bypass_csp=True)
    assert violations(page, {"runOnly": ["color-contrast"]}) == []


def test_dark_page_is_dark(opened):
    shades = {}
    for scheme in ("light", "dark"):
        page = opened(page_of("right", "en"), color_scheme=scheme)
        shades[scheme] = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("L")).mean()
    assert shades["dark"] < 60
    assert shades["light"] > 200


def test_payloads_stay_text(opened):
    page = opened(page_of("hostile", "en"))
    assert "owned" in page.title()  # as text of the title
    assert page.title().startswith("Not passed")
    assert (
        page.locator("script, iframe, object, embed, form, svg[onload], img[onerror]").count() == 0
    )
    assert PAYLOADS[0] in page.locator("h1 ~ p, .found").all_inner_texts()[1]


def test_submission_full_of_payloads_is_graded_and_shown_inert(opened, tmp_path):
    folder = tmp_path / "experiments" / "<img src=x onerror=alert(1)>"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("\n".join(PAYLOADS), encoding="utf-8")
    (folder / "decay.json").write_text('{"<script>alert(1)</script>": [1, "<b onclick=alert(1)>"]}')
    (folder / "manifest.json").write_text(
        '{"experiment": "\\"><svg onload=alert(1)>", "seed": "<i>"}'
    )
    (folder / "bptt_norm.py").write_text("import torch  # <script>alert(1)</script>\n")
    (folder / "decay.png").write_bytes(b"<html><script>alert(1)</script>")
    (folder / "\"'><script>alert(1)<.py").write_text("x = 1\n")
    page = opened(render(grade(folder, Options(run=False)), "en"))
    page.evaluate(UNFOLD)
    assert page.locator("script, iframe, object, embed, form").count() == 0
    assert "<img src=x" in page.locator(".kicker").inner_text()


def test_page_can_be_used_by_keyboard(opened):
    page = opened(page_of("broken", "en"))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "report"
    summary = page.locator(".checks summary").nth(2)
    summary.focus()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    assert page.locator(".checks details").nth(2).get_attribute("open") is not None


def test_paper_holds_what_was_folded(opened):
    page = opened(page_of("broken", "en"))
    page.emulate_media(media="print")
    hidden = page.locator(".checks .wants").first
    assert hidden.evaluate("e => e.checkVisibility({contentVisibilityAuto: true})")
    assert not page.locator("nav").is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")
