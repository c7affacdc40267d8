"""The command line speaks one language: argparse's words too."""

import argparse

import pytest

from grader import cli
from grader.arguments import OneLineParser
from grader.texts import catalogue

COMMANDS = ([], ["explain"], ["new"], ["selfcheck"], ["verify"])
ENGLISH = ("usage:", "options:", "positional arguments", "show this help", "error:", "argument ")


def said(capsys, words):
    """Run a command line that ends at once; return all it says."""
    with pytest.raises(SystemExit):
        cli.main(words)
    shown = capsys.readouterr()
    return shown.out + shown.err


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_help_is_in_spanish_where_asked(capsys, command):
    shown = said(capsys, [*command, "--help", "--lang", "es"])
    assert shown.startswith("uso: ")
    assert "opciones:" in shown
    assert [word for word in ENGLISH if word in shown] == []


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_help_is_in_english_otherwise(capsys, monkeypatch, command):
    monkeypatch.setenv("VANGRAD_LANG", "en")
    assert said(capsys, [*command, "--help"]).startswith("usage: ")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "faltan estos argumentos: PATH"),
        ([".", "--what"], "argumentos desconocidos: --what"),
        ([".", "--format", "pdf"], "argumento --format: valor no admitido: 'pdf'"),
        ([".", "--timeout"], "argumento --timeout: se esperaba un valor"),
        ([".", "--no-run=1"], "argumento --no-run: sobra el valor explícito '1'"),
        ([".", "--timeout", "soon"], "argumento --timeout: soon"),
        (["new"], "faltan estos argumentos: PATH"),
        (["explain", "a", "b"], "argumentos desconocidos: b"),
    ],
)
def test_refusal_is_in_spanish_where_asked(capsys, monkeypatch, words, expected):
    monkeypatch.setenv("VANGRAD_LANG", "es")
    shown = said(capsys, words)
    assert expected in shown
    assert [word for word in ENGLISH if word in shown] == []


def test_english_words_are_those_of_argparse(monkeypatch):
    # What argparse looks up and the texts lack would stay English in every language.
    asked = set()
    before = vars(argparse)["_"]
    monkeypatch.setitem(vars(argparse), "_", lambda text: (asked.add(text), before(text))[1])
    parser = OneLineParser(prog="x")
    parser.add_argument("path")
    parser.add_argument("--kind", choices=("a",), type=str)
    for words in (["--help"], [], ["p", "--kind", "b"], ["p", "--kind"], ["p", "q"]):
        with pytest.raises(SystemExit):
            parser.parse_args(words)
    assert asked
    assert asked - {"%(prog)s"} <= set(catalogue("en").entry("cli.argparse").values())


def test_words_of_argparse_are_its_own_again_afterwards():
    before = vars(argparse)["_"]
    OneLineParser(catalogue("es"), prog="x").parse_args([])
    assert vars(argparse)["_"] is before
