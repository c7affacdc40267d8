"""The list of fonts that children are given."""

import json
from pathlib import Path

import pytest
from matplotlib.font_manager import fontManager, json_dump

from grader.isolation import fonts
from tests.isolation.alone import alone

OWN = {"fname": "fonts/ttf/DejaVuSans.ttf"}
HOMELY = {"fname": "/home/someone/.fonts/Secret.ttf"}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    fonts.lists.cache_clear()
    yield tmp_path
    fonts.lists.cache_clear()


def test_list_holds_only_the_fonts_of_matplotlib(cache: Path):
    listed = {"_version": "1", "afmlist": [HOMELY], "ttflist": [OWN, HOMELY]}
    (cache / "fontlist-v1.json").write_text(json.dumps(listed), encoding="utf-8")
    found = fonts.lists()
    assert json.loads(found[".matplotlib/fontlist-v1.json"]) == {
        "_version": "1", "afmlist": [], "ttflist": [OWN],
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "[]", '{"ttflist": 1}', '{"afmlist": [], "ttflist": [1]}'])
def test_what_is_no_list_is_left_out(cache: Path, text):
    (cache / "fontlist-v1.json").write_text(text, encoding="utf-8")
    assert fonts.lists() == {}


def test_no_cache_is_no_list(cache: Path):
    assert fonts.lists() == {}


COUNT = """
from matplotlib.font_manager import fontManager, findfont
fonts = [font.fname for font in fontManager.ttflist]
open("out", "w").write(f"{len(fonts)} {findfont('sans').endswith('DejaVuSans.ttf')}")
"""


@pytest.mark.parametrize("tier", ["A", "B", "E"])
def test_child_takes_the_list_and_searches_nothing(cache: Path, tier):
    json_dump(fontManager, cache / f"fontlist-v{fontManager.__version__}.json")
    own = [font for font in fontManager.ttflist if str(font.fname).find("mpl-data") >= 0]
    assert alone(tier, COUNT).left == f"{len(own)} True".encode()
