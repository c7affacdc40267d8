"""Draw the README's pictures of a report: `python -m tests.benchmarks.report_picture`.

A copy of the instructor's submission gets one planted mistake (W_hh where the transpose belongs)
and is graded; the first lines of the terminal report become `.github/report.svg`, the top of the
HTML page `.github/page.png` (with Chromium and the extra `browser`).
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from itertools import takewhile
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from grader.grading import grade
from grader.report.html import render
from grader.report.text import fold, lines
from grader.texts import catalogue

ROOT = Path(__file__).parents[2]
RIGHT = 'return params["W_hh"].T @ da\n'
WRONG = 'return params["W_hh"] @ da\n'
COLUMNS = 96
FRAME = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>Terminal report of vangrad</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>{lines}</defs>
<rect fill="#1c1c1c" width="{width}" height="{height}" rx="8"/>
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""


def main() -> None:
    """Grade the planted mistake and write the picture."""
    with tempfile.TemporaryDirectory() as name:
        source = ROOT / "experiments" / "14-vanishing-grad"
        copy = Path(shutil.copytree(source, Path(name) / "experiments" / source.name))
        script = copy / "bptt_norm.py"
        text = script.read_text(encoding="utf-8")
        if text.count(RIGHT) != 1:
            raise SystemExit("bptt_norm.py has changed: the mistake cannot be planted")
        script.write_text(text.replace(RIGHT, WRONG), encoding="utf-8")
        subprocess.run([sys.executable, str(script)], check=True, capture_output=True)  # noqa: S603 - our own script
        report = grade(copy)
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    stop = catalogue("en").say("report.section.findings")
    for line in takewhile(lambda line: line.text != stop, lines(report, "en", COLUMNS)):
        text = Text(fold(line, COLUMNS), style=line.style)
        for start, end, style in line.spans:
            text.stylize(style, start, end)
        console.print(text)
    svg = console.export_svg(theme=MONOKAI, code_format=FRAME, unique_id="report")
    (ROOT / ".github" / "report.svg").write_text(svg, encoding="utf-8")
    _photograph(render(report, "en"), ROOT / ".github" / "page.png")


def _photograph(page: str, target: Path) -> None:
    """Write a picture of the top of a page, in 128 colours."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver, tempfile.TemporaryDirectory() as name:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        sheet = browser.new_page(viewport={"width": 1120, "height": 1560})
        path = Path(name) / "page.html"
        path.write_text(page, encoding="utf-8")
        sheet.goto(path.as_uri())
        picture = Image.open(io.BytesIO(sheet.screenshot()))
        browser.close()
    picture.convert("RGB").quantize(128).save(target, optimize=True)


if __name__ == "__main__":
    main()
