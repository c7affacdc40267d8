"""The scratch copy: what a script may need goes in, what it must produce does not."""

import pytest

from grader.evidence import scratch
from grader.model import Submission
from tests.toys import FOLDER, SCRIPT, loaded, submit

REACHING = "import sys\nsys.path.append('../13-rnn')\n"


@pytest.fixture
def put(tmp_path):
    """Write a file of the repository; folders come into being."""

    def write(name, content="x = 1\n"):
        path = tmp_path / "repository" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path

    return write


def built(tmp_path, source=REACHING, **others):
    return scratch.build(submit(tmp_path / "repository", source, **others))


def names(made):
    return sorted(name.removeprefix("repository/") for name in made.files)


def test_scripts_are_copied_byte_for_byte(tmp_path):
    made = built(tmp_path, "x = 1\r\n", gru="y = 2\n")
    assert made.folder == scratch.ROOT / FOLDER
    assert made.files[f"repository/{FOLDER}/{SCRIPT}"] == b"x = 1\r\n"
    assert made.files[f"repository/{FOLDER}/gru.py"] == b"y = 2\n"


def test_data_beside_the_script_is_copied(tmp_path, put):
    put(f"{FOLDER}/weights/E.csv")
    assert f"{FOLDER}/weights/E.csv" in names(built(tmp_path, "x = 1\n"))


def test_repository_is_not_copied_for_a_script_that_stays_at_home(tmp_path, put):
    put("experiments/13-rnn/rnn.py")
    assert names(built(tmp_path, "x = 1\n")) == [str(FOLDER / SCRIPT)]


def test_sibling_lab_is_copied_for_a_script_that_reaches_out(tmp_path, put):
    put("experiments/13-rnn/rnn.py")
    put("experiments/13-rnn/weights.json")
    copied = names(built(tmp_path))
    assert copied == [
        "experiments/13-rnn/rnn.py",
        "experiments/13-rnn/weights.json",
        str(FOLDER / SCRIPT),
    ]


@pytest.mark.parametrize(
    "line",
    ["sys.path", "here.parents[1]", "'../x'", "here.parent.parent", "os.chdir(x)", "Path.cwd()"],
)
def test_word_that_may_reach_out_is_noticed(tmp_path, put, line):
    put("experiments/13-rnn/rnn.py")
    assert "experiments/13-rnn/rnn.py" in names(built(tmp_path, f"{line}\n"))


@pytest.mark.parametrize("name", ["decay.json", "decay.png", "manifest.json"])
@pytest.mark.parametrize("place", [str(FOLDER), "experiments/13-rnn", "."])
def test_artefact_is_nowhere_in_the_copy(tmp_path, put, name, place):
    put(f"{place}/{name}", "{}")
    assert all(not path.endswith(name) for path in names(built(tmp_path)))


@pytest.mark.parametrize(
    "name",
    [
        ".git/config.txt",
        ".env.txt",
        "venv/lib/x.py",
        "node_modules/x.json",
        "experiments/__pycache__/x.py",
        "students/other/bptt_norm.py",
        "students/other/helper.py",
        "big.bin",
        "notes.md",
    ],
)
def test_what_no_script_needs_stays_out(tmp_path, put, name):
    put("venv/pyvenv.cfg")
    put("students/other/bptt_norm.py")
    put(name)
    assert name not in names(built(tmp_path))


def test_links_are_not_followed(tmp_path, put):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    put("a.py")
    (tmp_path / "repository" / "link.txt").symlink_to(outside / "secret.txt")
    (tmp_path / "repository" / "folder").symlink_to(outside)
    assert names(built(tmp_path)) == ["a.py", str(FOLDER / SCRIPT)]


def test_file_of_more_than_a_megabyte_stays_out(tmp_path, put):
    put("a.txt", "x" * ((1 << 20) + 1))
    put("b.txt", "x" * 1000)
    assert [n for n in names(built(tmp_path)) if n.endswith("txt")] == ["b.txt"]


def test_number_of_files_is_bounded_nearest_first(tmp_path, put, monkeypatch):
    monkeypatch.setattr(scratch, "MAX_FILES", 3)
    put(f"{FOLDER}/data/near.txt")
    for number in range(5):
        put(f"far/{number}.txt")
    copied = names(built(tmp_path))
    assert f"{FOLDER}/data/near.txt" in copied
    assert len(copied) == 3


def test_bytes_are_bounded_in_all(tmp_path, put, monkeypatch):
    monkeypatch.setattr(scratch, "MAX_BYTES", 1500)
    for number in range(4):
        put(f"{number}.txt", "x" * 600)
    assert len([n for n in names(built(tmp_path)) if n.endswith("txt")]) == 2


def test_folder_outside_a_repository_gets_the_labs_own_path(tmp_path):
    alone = tmp_path / "downloads"
    alone.mkdir()
    (tmp_path / "secret.txt").write_text("other homework")
    script = loaded(SCRIPT, REACHING)
    made = scratch.build(Submission(alone, alone, {}, {SCRIPT: script}, ()))
    assert names(made) == [str(FOLDER / SCRIPT)]


PLACES = {"folder": f"repository/{FOLDER}", "root": "repository", "home": ""}


def collected(*files):
    """Collect from a child that left these files, by their way down."""
    left = {name: name.encode() for name in files}
    return scratch.collect(scratch.ROOT / FOLDER, lambda parts, _: left.get("/".join(parts)))


def test_artefacts_beside_the_script_are_collected():
    beside = PLACES["folder"]
    found, misplaced = collected(*(f"{beside}/{n}" for n in ("decay.json", "decay.png", "x.json")))
    assert set(found) == {"decay.json", "decay.png"}
    assert misplaced == {}


@pytest.mark.parametrize(("place", "said"), [("root", "repository"), ("home", ".")])
def test_artefact_elsewhere_is_collected_and_its_place_told(place, said):
    found, misplaced = collected(f"{PLACES[place]}/decay.json".lstrip("/"))
    assert (set(found), misplaced) == ({"decay.json"}, {"decay.json": said})


def test_artefact_beside_the_script_goes_before_any_other():
    found, misplaced = collected("repository/decay.json", f"{PLACES['folder']}/decay.json")
    assert found["decay.json"] == f"{PLACES['folder']}/decay.json".encode()
    assert misplaced == {}


def test_bound_of_each_artefact_is_what_is_asked_for():
    asked = {}
    scratch.collect(scratch.ROOT, lambda parts, cap: asked.update({parts[-1]: cap}))
    assert asked == dict(scratch.ARTEFACTS)
