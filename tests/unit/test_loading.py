"""Loading: odd and hostile directories become problems; a plain one is read as it stands."""

import hashlib
import os

import pytest

from grader.model import REQUIRED_FILES, Outcome
from grader.reading.loading import (
    IMAGE_LIMIT,
    MAX_SCRIPTS,
    TEXT_LIMIT,
    decoded,
    load,
    repository_root,
)


@pytest.fixture
def folder(tmp_path):
    """A complete submission in a repository of its own."""
    root = tmp_path / "repo"
    here = root / "experiments" / "14-vanishing-grad"
    here.mkdir(parents=True)
    (root / ".git").mkdir()
    for name in REQUIRED_FILES:
        (here / name).write_text(f"{name}\n", encoding="utf-8")
    return here


def told(folder, code="files.readable"):
    found = [problem.finding for problem in load(folder).problems if problem.code == code]
    return [(finding.kind, finding.file) for finding in found]


def test_plain_folder_is_read_without_problems(folder):
    submission = load(folder)
    assert submission.problems == ()
    assert set(submission.files) == set(REQUIRED_FILES)
    script = submission.files["bptt_norm.py"]
    assert script.data == b"bptt_norm.py\n"
    assert script.sha256 == hashlib.sha256(script.data).hexdigest()
    assert submission.scripts == {"bptt_norm.py": script}


@pytest.mark.parametrize("name", REQUIRED_FILES)
def test_missing_file_is_named(folder, name):
    (folder / name).unlink()
    assert told(folder, "files.present") == [("missing", name)]
    assert name not in load(folder).files


@pytest.mark.parametrize(
    ("name", "other"),
    [("decay.json", "Decay.json"), ("decay.json", "decay (1).json"), ("README.md", "README.txt")],
)
def test_missing_file_beside_a_similar_name_is_asked_about(folder, name, other):
    (folder / name).rename(folder / other)
    problem = load(folder).problems[0]
    assert (problem.code, problem.finding.kind) == ("files.present", "similar")
    assert problem.finding.data == {"name": name, "similar": other}


@pytest.mark.parametrize("name", ["readme.md", "Readme.MD", "README.MD"])
def test_readme_may_have_any_case(folder, name):
    (folder / "README.md").rename(folder / name)
    submission = load(folder)
    assert submission.problems == ()
    assert submission.files["README.md"].name == name


def test_several_readmes_are_noted_and_the_exact_name_is_read(folder):
    (folder / "readme.md").write_text("other", encoding="utf-8")
    submission = load(folder)
    note = submission.problems[0].finding
    assert (note.kind, note.outcome) == ("several_readmes", Outcome.NOTE)
    assert submission.files["README.md"].name == "README.md"


def replace_by_link(path):
    path.rename(path.with_suffix(".kept"))
    path.symlink_to(path.with_suffix(".kept"))


def replace_by_hard_link(path):
    path.with_suffix(".kept").hardlink_to(path)


def replace_by_folder(path):
    path.unlink()
    path.mkdir()


def replace_by_pipe(path):
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("symbolic_link", replace_by_link),
        ("hard_link", replace_by_hard_link),
        ("folder", replace_by_folder),
        ("special", replace_by_pipe),
        ("empty", lambda path: path.write_bytes(b"")),
        ("too_large", lambda path: path.write_bytes(b"1" * (TEXT_LIMIT + 1))),
        ("utf16", lambda path: path.write_text("[]", encoding="utf-16")),
        ("not_utf8", lambda path: path.write_bytes(b'{\n"a\xf1o": 1}')),
        ("not_utf8", lambda path: path.write_bytes(b"\xed\xa0\x80")),  # an encoded surrogate
    ],
)
def test_file_that_is_no_plain_text_is_named(folder, kind, change):
    change(folder / "decay.json")
    assert told(folder) == [(kind, "decay.json")]
    assert "decay.json" not in load(folder).files


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(b"1" * TEXT_LIMIT),
        lambda path: path.write_text('{"año": 1}', encoding="utf-8"),
    ],
)
def test_text_within_the_bounds_is_read(folder, change):
    change(folder / "decay.json")
    assert told(folder) == []


def test_dangling_link_and_link_to_a_folder_are_links(folder):
    for target in ("nowhere", ".."):
        (folder / "decay.json").unlink()
        (folder / "decay.json").symlink_to(target)
        assert told(folder) == [("symbolic_link", "decay.json")]


@pytest.mark.parametrize(("size", "kinds"), [(IMAGE_LIMIT, []), (IMAGE_LIMIT + 1, ["too_large"])])
def test_picture_may_be_larger_than_a_text_and_need_not_be_one(folder, size, kinds):
    with (folder / "decay.png").open("wb") as stream:
        stream.write(b"\xff\xfe")
        stream.truncate(size)
    assert [kind for kind, _ in told(folder)] == kinds


def test_byte_order_mark_is_noted_and_skipped(folder):
    (folder / "README.md").write_text("hello", encoding="utf-8-sig")
    submission = load(folder)
    note = submission.problems[0].finding
    assert (note.kind, note.outcome) == ("byte_order_mark", Outcome.NOTE)
    assert decoded(submission.files["README.md"]) == "hello"


def test_script_may_declare_its_encoding(folder):
    (folder / "bptt_norm.py").write_bytes(b"# coding: latin-1\nx = 'a\xf1o'\n")
    assert told(folder) == []
    (folder / "bptt_norm.py").write_bytes(b"x = 'a\xf1o'\n")
    assert told(folder) == [("not_utf8", "bptt_norm.py")]


@pytest.mark.parametrize("codec", ["klingon", "punycode", "hex", "utf-7"])
def test_script_may_not_declare_what_is_no_plain_text_encoding(folder, codec):
    (folder / "bptt_norm.py").write_text(f"# coding: {codec}\nx = 1\n", encoding="utf-8")
    assert told(folder) == [("unknown_encoding", "bptt_norm.py")]


def test_error_of_opening_is_named(folder, monkeypatch):
    def refuse(error):
        def opened(_path, _flags):
            raise error

        return opened

    monkeypatch.setattr("grader.reading.loading.os.open", refuse(PermissionError(13, "denied")))
    assert ("no_permission", "decay.json") in told(folder)
    monkeypatch.setattr("grader.reading.loading.os.open", refuse(OSError(5, "Input/output error")))
    assert ("not_opened", "decay.json") in told(folder)


def test_file_that_grows_after_the_first_look_is_still_bounded(folder, monkeypatch):
    monkeypatch.setattr("grader.reading.loading._demand_plain", lambda _status, _limit: None)
    (folder / "decay.json").write_bytes(b"1" * (TEXT_LIMIT + 5))
    assert told(folder) == [("too_large", "decay.json")]


def test_other_scripts_are_read_and_their_faults_cost_nothing(folder):
    (folder / "gru.py").write_text("x = 1\n", encoding="utf-8")
    (folder / "broken.py").symlink_to("nowhere")
    submission = load(folder)
    assert set(submission.scripts) == {"bptt_norm.py", "gru.py"}
    assert [(p.finding.kind, p.finding.outcome) for p in submission.problems] == [
        ("symbolic_link", Outcome.NOTE)
    ]


def test_number_of_other_scripts_is_bounded(folder):
    for index in range(MAX_SCRIPTS + 1):
        (folder / f"s{index:03}.py").write_text("x = 1\n", encoding="utf-8")
    submission = load(folder)
    assert len(submission.scripts) == MAX_SCRIPTS + 1  # with bptt_norm.py
    assert [problem.finding.kind for problem in submission.problems] == ["too_many_scripts"]


def test_name_that_is_not_utf8_is_left_alone(folder):
    os.close(os.open(os.fsencode(folder) + b"/\xff.py", os.O_CREAT | os.O_WRONLY))
    assert set(load(folder).scripts) == {"bptt_norm.py"}


def test_folder_that_can_not_be_listed_holds_nothing(tmp_path):
    assert load(tmp_path / "absent").files == {}


def test_submission_reached_by_a_link_is_the_folder_itself(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    assert load(tmp_path / "link").directory == folder.resolve()


def test_root_is_the_nearest_ancestor_with_git(folder):
    assert repository_root(folder) == folder.parents[1].resolve()
    (folder.parent / ".git").write_text("gitdir: elsewhere", encoding="utf-8")
    assert repository_root(folder) == folder.parent.resolve()


def test_root_without_git_is_the_parent_of_experiments_or_the_folder(tmp_path):
    inside = tmp_path / "a" / "experiments" / "14-vanishing-grad"
    inside.mkdir(parents=True)
    assert repository_root(inside) == (tmp_path / "a").resolve()
    alone = tmp_path / "b" / "14-vanishing-grad"
    alone.mkdir(parents=True)
    assert repository_root(alone) == alone.resolve()


def test_root_never_holds_another_student(tmp_path):
    (tmp_path / ".git").mkdir()
    for student in ("ana", "bob"):
        folder = tmp_path / student / "experiments" / "14-vanishing-grad"
        folder.mkdir(parents=True)
        (folder / "bptt_norm.py").write_text("x = 1\n", encoding="utf-8")
    assert repository_root(folder) == (tmp_path / "bob").resolve()
    (tmp_path / "ana" / "experiments" / "14-vanishing-grad" / "bptt_norm.py").unlink()
    assert repository_root(folder) == tmp_path.resolve()
