"""One grade under attack, and what came of it."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import signal
import subprocess
import time
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
from matplotlib import font_manager

from grader import corpus
from tests.hostile.arena import CANARY, KEY, ROOT, Arena, arena, own, unprivileged
from tests.hostile.attacks import ALL
from tests.hostile.model import Attack
from tests.hostile.staging import mark_of, stage

LIMIT_S = 240.0
"""Longest time for a grade and the one after it; an attack that needs more has won."""

MARKED = re.compile(r"vgx\d{3}")
RIGHT = "right-columns"
HTML = re.compile(r"<(?:script\b|img\b(?! src=\"data:))", re.IGNORECASE)
OF_JUNIT = {"testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out"}
COMMAND = re.compile(r"^\s*(::|##\[)", re.MULTILINE)
ANNOTATION = re.compile(r"^::(?:error|warning|notice) [^:\n]*::", re.MULTILINE)
"""What the reporter for GitHub writes itself, with the properties it escapes."""


@dataclass(frozen=True)
class Answer:
    """What the process that grades said and how it ended."""

    status: int | None
    out: dict[str, Any]
    errors: str
    seconds: float

    @property
    def report(self) -> dict[str, Any]:
        """The report, {} where there is none."""
        text = self.out.get("renderings", {}).get("json.en")
        return json.loads(text) if text else {}


def run(world: Arena, folder: str, tier: str, timeout_s: float, following: str) -> Answer:
    """Grade in a process of its own, as nobody in particular."""
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(world.folder("home")),
        "TMPDIR": str(world.folder("tmp")),
        "PYTHONPATH": str(world.folder("install")),
        "PYTHONDONTWRITEBYTECODE": "1",
        "VANGRAD_PROBE_KEY": KEY,
        "GITHUB_TOKEN": CANARY,
    }
    driver = world.folder("driver.py")
    started = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - our own driver
        [str(world.python), "-P", str(driver), folder, tier, str(timeout_s), following],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=world.folder("outside"),
        env=environment,
        start_new_session=True,
        **unprivileged(),
    )
    try:
        out, errors = process.communicate(timeout=LIMIT_S)
        status: int | None = process.returncode
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        out, errors, status = b"", b"", None
    seconds = time.monotonic() - started
    try:
        told = json.loads(out)
    except ValueError:
        told = {}
    return Answer(status, told, errors.decode(errors="replace"), seconds)


def _neighbour(world: Arena) -> str:
    """Write the submission that is graded next, a right one."""
    folder = world.base / "after"
    corpus.by_name(RIGHT).write(folder)
    return str(folder / "experiments" / "14-vanishing-grad")


@functools.cache
def undisturbed(tier: str) -> str:
    """Return the report of the next submission in a world where nothing happened."""
    with arena() as world:
        following = _neighbour(world)
        _place_driver(world)
        answer = run(world, "-", tier, 60.0, following)
    if "next" not in answer.out:
        raise RuntimeError(f"tier {tier}: {answer.status}: {answer.errors[-2000:]}")
    return str(answer.out["next"])


def _place_driver(world: Arena) -> None:
    """Lay out the driver, and the list of fonts that whoever draws a page has in a cache."""
    source = Path(__file__).with_name("driver.py")
    world.folder("driver.py").write_bytes(source.read_bytes())
    cache, config = (world.folder("home") / name / "matplotlib" for name in (".cache", ".config"))
    cache.mkdir(parents=True, exist_ok=True)
    config.mkdir(parents=True, exist_ok=True)
    name = f"fontlist-v{font_manager.FontManager.__version__}.json"
    font_manager.json_dump(font_manager.fontManager, cache / name)
    own(world)


def attempt(tier: str, attacks: Sequence[Attack]) -> dict[str, list[str]]:
    """Try attacks in one grade; return what each of them achieved, by name.

    What cannot be put down to one of several is put down to all.
    """
    wanted = undisturbed(tier)
    with arena() as world:
        folder = stage(world, attacks)
        following = _neighbour(world)
        _place_driver(world)
        before = world.state()
        answer = run(world, str(folder), tier, attacks[0].timeout_s, following)
        time.sleep(0.2)
        achieved = [
            *_changes(world, before, world.state()),
            *_shared_memory(world),
            *(f"left running: {told[:200]}" for told in world.processes().values()),
            *(f"reached: {heard[:100]}" for heard in world.seen),
            *_loot(answer, attacks[0]),
            *_ending(answer, world, attacks[0]),
            *_text(answer),
        ]
    if answer.out.get("next") != wanted:
        achieved.append("the next submission is graded differently")
    return _attributed(attacks, achieved)


def _attributed(attacks: Sequence[Attack], achieved: Sequence[str]) -> dict[str, list[str]]:
    marks = {mark_of(attack): attack.name for attack in attacks}
    found: dict[str, list[str]] = {attack.name: [] for attack in attacks}
    for what in achieved:
        names = [marks[mark] for mark in MARKED.findall(what) if mark in marks]
        names = names or [one.name for one in attacks if one.touches and one.touches in what]
        for name in dict.fromkeys(names or found):
            found[name].append(what)
    return found


State = dict[str, tuple[int, int, int, str]]


def _changes(world: Arena, before: State, after: State) -> Iterator[str]:
    """Yield what is new, gone or different, with the mark of the attack if it left one."""
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        what = "made" if old is None else "removed" if new is None else "changed"
        yield " ".join((f"{what}: {path}", *MARKED.findall(world.marks_in(path))))


def _shared_memory(world: Arena) -> Iterator[str]:
    """Yield what was left in shared memory, and remove it."""
    for path in Path("/dev/shm").glob(f"*{world.base.name}*"):  # noqa: S108 - to look, not to write
        path.unlink()
        yield f"made: {path}"


def _loot(answer: Answer, attack: Attack) -> Iterator[str]:
    """Yield what came home in the report."""
    text = json.dumps(answer.out.get("renderings", {}))
    told = re.findall(r"LOOT([ vgx0-9]*)(END)?", text)
    for mark in sorted({mark for marks, _ in told for mark in MARKED.findall(marks)}):
        yield f"brought home: {mark}"
    if attack.quiet and not any(end for _, end in told):
        yield "not tried to the end: the report holds no word of it"
    if "CANARY" in text:
        yield "a secret stands in the report"


def _ending(answer: Answer, world: Arena, attack: Attack) -> Iterator[str]:
    """Yield what is wrong with how the grade ended."""
    if world.victim is not None and world.victim.poll() is not None:
        yield "a bystander was killed"
    if answer.status is None:
        yield "the grade never ended"
        return
    if answer.status != 0:
        yield f"the grader ended with {answer.status}: {answer.errors[-300:]}"
        return
    if answer.errors:
        yield f"the grader wrote to standard error: {answer.errors[:300]}"
    yield from _verdict(answer, attack)


def _verdict(answer: Answer, attack: Attack) -> Iterator[str]:
    """Yield what is wrong with the report itself."""
    report = answer.report
    wanted = {"fair": {"passed"}, "pass": {"not_passed", "not_verified"}}
    allowed = wanted.get(attack.aim, {"not_passed", "not_verified"})
    if report["verdict"] not in allowed:
        yield f"the verdict is {report['verdict']}"
    if (report["verdict"] == "passed") != (answer.out["status"] == 0):
        yield f"verdict {report['verdict']}, exit status {answer.out['status']}"
    if any(check["outcome"] == "grader-error" for check in report["checks"]):
        yield "a check broke"
    schema = json.loads((ROOT / "schemas" / "report.schema.json").read_text())
    for error in jsonschema.Draft202012Validator(schema).iter_errors(report):
        yield f"not the schema's: {error.message[:200]}"


def _text(answer: Answer) -> Iterator[str]:
    """Yield what a terminal, a CI log or a browser would obey."""
    for name, text in answer.out.get("renderings", {}).items():
        odd = {c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl")}
        if odd:
            yield f"{name}: {sorted(map(ascii, odd))}"
        own_commands = name.startswith("github.")
        if COMMAND.search(ANNOTATION.sub("", text) if own_commands else text):
            yield f"{name}: a line that a CI log obeys"
        if "Traceback" in text:
            yield f"{name}: a traceback"
        if name.partition(".")[0] in ("html", "markdown") and HTML.search(text):
            yield f"{name}: markup of the submission"
        if name.startswith("junit."):
            tags = {element.tag for element in ElementTree.fromstring(text).iter()}  # noqa: S314 - what our own library wrote
            yield from (f"{name}: an element {tag}" for tag in tags - OF_JUNIT)


def crews(attacks: Sequence[Attack]) -> list[list[Attack]]:
    """Return who runs together: all quiet ones of a family, every other alone."""
    together: dict[str, list[Attack]] = {}
    for attack in attacks:
        together.setdefault(attack.family if attack.quiet else f"/{attack.name}", []).append(attack)
    return sorted(together.values(), key=lambda crew: not crew[0].quiet)


def everything() -> list[list[Attack]]:
    """Return all crews."""
    return crews(ALL)
