"""The checks of files pass on what loading found, each under its own code and in both languages."""

import pytest

from grader.checks import files
from grader.model import REQUIRED_FILES, Material
from grader.reading.loading import load
from grader.texts import LANGUAGES, catalogue


@pytest.fixture
def folder(tmp_path):
    for name in REQUIRED_FILES:
        (tmp_path / name).write_text("x = 1\n", encoding="utf-8")
    return tmp_path


def material(folder):
    submission = load(folder)
    return Material(submission, submission.problems, None, None, None, {})


def test_complete_folder_passes_both_checks(folder):
    assert list(files.present(material(folder))) == []
    assert list(files.readable(material(folder))) == []


def test_missing_file_fails_present_only(folder):
    (folder / "decay.png").unlink()
    (finding,) = files.present(material(folder))
    assert (finding.kind, finding.file) == ("missing", "decay.png")
    assert list(files.readable(material(folder))) == []


def test_unreadable_file_fails_readable_only(folder):
    (folder / "manifest.json").write_bytes(b"")
    (finding,) = files.readable(material(folder))
    assert (finding.kind, finding.file) == ("empty", "manifest.json")
    assert list(files.present(material(folder))) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_message_names_file_and_next_step(folder, language):
    (folder / "README.md").write_bytes(b"caf\xe9")
    (finding,) = files.readable(material(folder))
    said = catalogue(language).finding("files.readable", finding)
    assert said.message.startswith("README.md: ")
    assert "0xe9" in said.message
    assert said.next_step
