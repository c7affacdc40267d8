"""What is fuzzed: a reader, what it is fed, and what must hold whatever it is fed.

Input number n of a target is made by `change(Random(n))`; `run` raises where a promise is broken.
What a reader may refuse it refuses by the exceptions it documents, and by nothing else.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import hashlib
import io
import json
import tempfile
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, TypeAlias
from unittest import mock

import numpy as np

from grader import cli, corpus, grading
from grader.evidence import frames, recorder
from grader.lifting import format as recordings
from grader.lifting.replay import NoWayError, Replay
from grader.model import REQUIRED_FILES, LoadedFile, Outcome, Submission
from grader.picture import pixels
from grader.reading.loading import IMAGE_LIMIT, TEXT_LIMIT
from grader.reading.manifest import read_manifest
from grader.reading.normalise import lacking, read_decay
from grader.reading.schema import validator
from grader.reading.strictjson import parse_json
from grader.report import json as json_report
from grader.report import text as text_report
from grader.rubric import Rubric, load_rubric
from grader.runner import run_checks
from grader.texts import LANGUAGES
from tests.fuzz import mutations
from tests.lifting.recorded import recorded
from tests.payloads import obeyed

EXPERIMENT = Path(__file__).parents[2] / "experiments" / "14-vanishing-grad"
CASES = ("decay-records", "decay-index-keys", "decay-lstm-too", "readme-spanish", "readme-latex",
         "right-classes", "hand-onehot", "manifest-extra-keys", "decay-nan")  # fmt: skip
"""Corpus cases whose files are changed, beside the instructor's own."""

CHANGES: Mapping[str, Callable[[bytes, Random], bytes]] = {
    "bptt_norm.py": mutations.python,
    "decay.json": mutations.json_text,
    "decay.png": mutations.png,
    "manifest.json": mutations.json_text,
    "README.md": mutations.markdown,
}
Files: TypeAlias = dict[str, bytes]


@dataclass(frozen=True)
class Target:
    """One reader."""

    change: Callable[[Random], Any]
    run: Callable[[Any], None]
    weight: float
    kept: Callable[[Any], bytes] = bytes


@functools.cache
def seeds(names: Sequence[str] = ()) -> tuple[Files, ...]:
    """Return real submissions: the instructor's, and corpus cases by name."""
    found = [{name: (EXPERIMENT / name).read_bytes() for name in REQUIRED_FILES}]
    with tempfile.TemporaryDirectory() as scratch:
        for name in names:
            place = corpus.by_name(name).write(Path(scratch) / name)
            found.append(
                {path.name: path.read_bytes() for path in place.iterdir() if path.is_file()}
            )
    return tuple(found)


def one(name: str, cases: tuple[str, ...]) -> Callable[[Random], bytes]:
    """Return a change of the file `name` of a random submission."""
    limit = IMAGE_LIMIT if name.endswith(".png") else TEXT_LIMIT

    def change(rng: Random) -> bytes:
        having = [files[name] for files in seeds(cases) if name in files]
        return CHANGES[name](rng.choice(having), rng)[:limit]

    return change


def loaded(name: str, data: bytes) -> LoadedFile:
    return LoadedFile(name, data, hashlib.sha256(data).hexdigest())


def promises_of_json(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    parsed = parse_json(text)
    assert parsed.complete or parsed.faults
    json.dumps(parsed.value, allow_nan=False).encode("utf-8")
    if not parsed.faults:
        assert parsed.value == json.loads(text)


def promises_of_decay(data: bytes) -> None:
    file = loaded("decay.json", data)
    decay, problems = read_decay(file)
    lacking(file)
    assert decay is not None or problems
    if decay is not None:
        for kind, curve in decay.curves.items():
            assert len(curve) == len(decay.half_unit[kind])
            assert all(isinstance(value, float) for value in curve)


@functools.cache
def rubric() -> Rubric:
    return load_rubric(None)


def promises_of_checks(changed: Mapping[str, bytes], families: tuple[str, ...]) -> None:
    """Run the checks of some families over files in memory: none may fault."""
    files = {name: loaded(name, data) for name, data in {**seeds()[0], **changed}.items() if data}
    scripts = {name: file for name, file in files.items() if name.endswith(".py")}
    submission = Submission(Path("/x"), Path("/x"), files, scripts, ())
    whole = rubric()
    rows = {code: row for code, row in whole.rows.items() if code.startswith(families)}
    closed = {
        code: replace(row, requires=tuple(need for need in row.requires if need in rows))
        for code, row in rows.items()
    }
    some = replace(whole, rows=closed)
    material = grading.material_of(submission, whole)
    for result in run_checks(material, some, "files"):
        assert result.outcome is not Outcome.GRADER_ERROR, (result.code, result.findings)
        assert 0 <= result.points <= result.max_points


def promises_of_manifest(data: bytes) -> None:
    read_manifest(loaded("manifest.json", data))
    promises_of_checks({"manifest.json": data}, ("manifest.",))


def promises_of_readme(data: bytes) -> None:
    promises_of_checks({"README.md": data}, ("readme.",))


def promises_of_script(data: bytes) -> None:
    promises_of_checks({"bptt_norm.py": data}, ("constraints.",))


def promises_of_picture(data: bytes) -> None:
    try:
        width, height = pixels.size(data)
        picture = pixels.decode(data)
    except pixels.PictureError as error:
        if error.kind not in {"not_png", "too_large", "truncated", "undecodable"}:
            raise
        return
    finally:
        pixels.decode.cache_clear()
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    pixels.is_blank(picture)
    for colour in ("red", "blue"):
        found = pixels.points(pixels.mask(picture, colour))
        assert len(found.x) == len(found.y)
    assert width * height <= pixels.MOST_PIXELS


HEADERS: tuple[Any, ...] = (
    None, True, -1, 0, 2**63, 1.5, float("nan"), "", "<f8", "|O", [], [0], [[]],
    {}, [1] * 9, "\ud800",
    ["a", "<f8", [3]], ["b", "<c16", [1, 2]], ["c", "<i8", []], ["a", "<f8", [-1]], ["d", "<f8",
    [2**26] * 3],
)  # fmt: skip


def frame(rng: Random) -> bytes:
    """Return one to three frames, spoilt as values, as a head, or as bytes."""
    out = b""
    for _ in range(rng.randint(1, 3)):
        names = [*"abcd"[: rng.randint(0, 4)]]
        arrays = {
            name: np.arange(rng.choice((0, 1, 6, 600)), dtype=rng.choice(("f8", "c16")))
            for name in names
        }
        data = frames.encode({"id": rng.randint(0, 9), "x": rng.choice(HEADERS)}, arrays)
        head, rest = data[: frames.HEAD.size], data[frames.HEAD.size :]
        if rng.random() < 0.5:
            length = frames.HEAD.unpack(head)[1]
            header = json.loads(rest[:length])
            header[rng.choice(("arrays", "id", "x"))] = copy.deepcopy(rng.choice(HEADERS))
            if isinstance(header["arrays"], list):
                header["arrays"] += copy.deepcopy(rng.choices(HEADERS, k=rng.randint(0, 3)))
            text = json.dumps(header).encode()
            rest = text + rest[length:]
            head = frames.HEAD.pack(frames.MAGIC, len(text), len(rest) - len(text))
        if rng.random() < 0.2:
            sizes = (0, 1, len(rest), 2**20, 2**20 + 1, 2**26, 2**32 - 1)
            head = frames.HEAD.pack(frames.MAGIC, rng.choice(sizes), rng.choice(sizes))
        out += head + rest
    return mutations.raw(out, rng) if rng.random() < 0.4 else out


def promises_of_frames(data: bytes) -> None:
    stream = io.BytesIO(data)
    try:
        while (answer := frames.read(stream)) is not None:
            header, arrays = answer
            assert isinstance(header, dict)
            assert all(array.dtype.str in frames.DTYPES for array in arrays.values())
    except frames.FrameError:
        return


@functools.cache
def sent() -> tuple[dict[str, Any], dict[str, Any], Path]:
    """Return header, arrays and folder of a real recording, as the child sent them."""
    kept: dict[str, Any] = {}

    def keep(header: Any, arrays: Any, folder: Path, files: Any) -> Any:
        kept.update(header=header, arrays=dict(arrays), folder=folder)
        return recordings.unpack(header, arrays, folder, files)

    script = (
        "import numpy as np\nrng = np.random.default_rng(1)\nW = rng.normal(size=(4, 4))\n"
        "h = np.zeros(4)\n"
        "for t in range(6):\n    h = np.tanh(W @ h + np.einsum('ij,j->i', W, np.ones(4)))\n"
        "p = np.exp(h) / np.exp(h).sum()\nnorm = np.sqrt((h * h).sum()); m = h.max(); b = h[1:3]\n"
    )
    with tempfile.TemporaryDirectory() as place, mock.patch.object(recorder, "unpack", keep):
        recorded(Path(place), script)
    return kept["header"], kept["arrays"], kept["folder"]


WORDS = ("", "{}", "[]", "{", "[" * 999, '{"axis": 9}', '{"axis": -1}',
'{"subscripts": "ij,jk->"}', "tanh",
         "matmul", "einsum", "sum", "\ud800", "/etc/passwd", "\0", '{"axis": 1e999}',
         '{"axis": [0, 0]}')  # fmt: skip


def recording(rng: Random) -> tuple[dict[str, Any], dict[str, Any], Path]:
    header, arrays, folder = sent()
    header = json.loads(json.dumps(header))
    arrays = {name: np.array(block) for name, block in arrays.items()}
    for _ in range(rng.randint(1, 4)):
        if rng.random() < 0.3:
            _spoil_header(header, rng)
        else:
            _spoil_array(arrays, rng)
    return header, arrays, folder


def _spoil_header(header: dict[str, Any], rng: Random) -> None:
    key = rng.choice((*header, "words", "words", "shapes", "lost"))
    value = header.get(key)
    if isinstance(value, list) and rng.random() < 0.8:
        new: tuple[Any, ...] = (
            *WORDS,
            [1],
            [2**40],
            [-1],
            [4, 4],
            [0, 2**62],
            ["x", "y", 1],
            ["x", "y", "z"],
            3,
        )
        value[rng.randint(0, len(value)) : rng.randint(0, len(value))] = [rng.choice(new)]
    elif rng.random() < 0.5:
        header.pop(key, None)
    else:
        header[key] = copy.deepcopy(rng.choice(HEADERS))


def _spoil_array(arrays: dict[str, Any], rng: Random) -> None:
    name = rng.choice(list(arrays))
    block = arrays[name]
    action = rng.random()
    if action < 0.1:
        arrays.pop(name)
    elif action < 0.3:
        arrays[name] = rng.choice(
            (block[:-1], block[:0], block.reshape(-1), block[None], block[::-1])
        )
    elif action < 0.35:
        real = block.real if block.dtype.kind == "c" else block
        with np.errstate(invalid="ignore"):
            arrays[name] = real.astype(rng.choice(("f8", "c16", "i8")))
    elif block.size:
        numbers = (-1, -2, -3, 0, 1, 2, 7, block.size, 2**31, 2**62, -(2**62))
        value = (
            rng.choice(numbers)
            if block.dtype.kind == "i"
            else rng.choice((0.0, np.nan, np.inf, 1e308))
        )
        block.reshape(-1)[rng.randrange(block.size)] = value
        if rng.random() < 0.2:
            arrays[name] = np.repeat(block, rng.randint(1, 50), axis=0)


def promises_of_recording(what: tuple[dict[str, Any], dict[str, Any], Path]) -> None:
    with np.errstate(all="ignore"):
        try:
            read = recordings.unpack(*what, {})
            with contextlib.suppress(NoWayError):
                Replay(read).check()
        except (recordings.GarbledError, recordings.TooLargeError):
            return


def submission(rng: Random, cases: tuple[str, ...]) -> Files:
    """Change one file of a submission, or several together; sometimes leave one out."""
    files = dict(rng.choice(seeds(cases)))
    for name in rng.sample(REQUIRED_FILES, rng.choice((1, 1, 1, 2, 3, 5))):
        files[name] = CHANGES[name](files.get(name, b""), rng)
    if rng.random() < 0.1:
        files.pop(rng.choice(REQUIRED_FILES), None)
    if rng.random() < 0.1:
        files[rng.choice(("gru.py", "a\x1b[2J.py", "::error::x.py", "readme.md"))] = (
            mutations.python(b"x\n", rng)
        )
    return files


def write(files: Files, folder: Path) -> None:
    for name, data in files.items():
        (folder / name).write_bytes(data)


def wrong(document: Mapping[str, Any]) -> set[str]:
    heavy = {"fail", "partial", "student-error", "grader-error"}
    return {check["code"] for check in document["checks"] if check["outcome"] in heavy}


def printable_lines(text: str) -> bool:
    return all(c in " \n" or unicodedata.category(c)[0] in "LNPSM" for c in text)


def promises_of_grade(files: Files, *, by_command: bool = False) -> None:
    """Grade from files alone: a report in every form, and an exit status that agrees with it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write(files, folder)
        report = grading.grade(folder, grading.Options(run=False))
        status = _command_status(folder) if by_command else report.exit_status
    for language in LANGUAGES:
        document = json.loads(json_report.render(report, language))
        shown = text_report.render(report, language)
        assert printable_lines(shown)
        assert obeyed(shown) == []
    validator("report").validate(document)
    assert status == report.exit_status == document["exit_status"]
    assert status in (0, 1)
    assert (status == 0) == (not wrong(document))


def _command_status(folder: Path) -> int:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = cli.main([str(folder), "--no-run", "--format", "json"])
    assert err.getvalue() == ""
    return status


def packed(files: Files) -> bytes:
    """Return several files as one, to be kept."""
    return json.dumps({name: data.decode("latin-1") for name, data in files.items()}).encode()


def targets(cases: tuple[str, ...] = ()) -> dict[str, Target]:
    """Return what is fuzzed by name; inputs come from the instructor's files and corpus cases."""
    return {
        "json": Target(one("decay.json", cases), promises_of_json, 40),
        "decay": Target(one("decay.json", cases), promises_of_decay, 30),
        "frames": Target(frame, promises_of_frames, 60),
        "recording": Target(recording, promises_of_recording, 30, lambda what: repr(what).encode()),
        "manifest": Target(one("manifest.json", cases), promises_of_manifest, 10),
        "readme": Target(one("README.md", cases), promises_of_readme, 10),
        "script": Target(one("bptt_norm.py", cases), promises_of_script, 10),
        "picture": Target(one("decay.png", cases), promises_of_picture, 8),
        "grade": Target(lambda rng: submission(rng, cases), promises_of_grade, 2, packed),
        "command": Target(
            lambda rng: submission(rng, cases),
            functools.partial(promises_of_grade, by_command=True),
            0.2,
            packed,
        ),
    }
