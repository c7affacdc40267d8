"""`explain`: every check is explained, and a mistyped code finds its neighbour."""

import pytest

from grader.explain import explain
from grader.rubric import load_rubric
from grader.texts import LANGUAGES, catalogue

ROWS = load_rubric().rows


@pytest.fixture
def shown(capsys, monkeypatch):
    """Explain something; return the exit status, what was shown and what went to the errors."""

    def run(*words, language="en", columns=100):
        monkeypatch.setenv("COLUMNS", str(columns))
        status = explain(words, catalogue(language))
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", ROWS)
def test_every_check_is_explained(shown, code, language):
    status, out, err = shown(code, language=language)
    texts = catalogue(language).entry(f"check.{code}")
    assert (status, err) == (0, "")
    assert out.startswith(f"{code}: {texts['title']}".split("\n")[0][:60])
    words = " ".join(out.split())
    assert " ".join(texts["wants"].split()) in words
    assert all(" ".join(source.split()) in words for source in texts["sources"])


def test_points_and_prerequisites_are_told(shown):
    _, out, _ = shown("gradient.chain")
    assert "6 points; required to pass; looked at after: gradient.head, gradient.steps" in out


def test_check_that_is_not_required_is_not_called_so(shown):
    assert "required" not in shown("stop.margin")[1].partition("What it wants")[0]


def test_part_without_content_has_no_heading(shown):
    assert "Example" not in shown("gradient.chain")[1]
    assert "Example" in shown("gradient.steps")[1]


def test_indentation_of_an_example_is_kept(shown):
    lines = shown("gradient.functions")[1].splitlines()
    assert any(line.startswith("      return dh") for line in lines)


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_code_all_checks_are_listed(shown, language):
    status, out, _ = shown(language=language, columns=110)
    listed = [line.split()[0] for line in out.splitlines() if not line.startswith(" ")]
    assert (status, listed) == (0, list(ROWS))


@pytest.mark.parametrize("code", ["gradient.step", "gradient.stpes", "grad.steps"])
def test_mistyped_code_is_answered_with_its_neighbours(shown, code):
    status, out, err = shown(code)
    assert (status, out) == (2, "")
    assert "gradient.steps" in err


@pytest.mark.parametrize("code", ["", "xyzzy", "\x1b[2J", "../../etc/passwd"])
def test_unknown_code_is_refused_without_a_guess(shown, code):
    status, out, err = shown(code)
    assert (status, out) == (2, "")
    assert err.startswith("vangrad: ")
    assert "\x1b" not in err


@pytest.mark.parametrize("columns", [40, 72, 300])
def test_text_is_folded_to_the_terminal(shown, columns):
    _, out, _ = shown("gradient.steps", columns=columns)
    prose = [line for line in out.splitlines() if " " in line.strip()]
    assert max(map(len, prose)) <= min(columns, 110)


@pytest.mark.parametrize("words", [("a.b", "c.d"), ("--unknown",)])
def test_unusable_words_are_refused(shown, words):
    with pytest.raises(SystemExit) as stop:
        shown(*words)
    assert stop.value.code == 2
