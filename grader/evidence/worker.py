"""The child beside a stranger's code: runs the script, calls its functions, returns numbers.

It decides nothing, imports nothing of the grader, and is started by `stage.py`. Requests arrive on
what was standard input, answers leave on what was standard output; the script gets an empty input,
and both its output streams go to standard error. A frame is `MAGIC`, the lengths of a JSON header
(4 bytes) and of a payload (8 bytes, both little-endian), the header, and the payload: the arrays
that the header's `arrays` lists as `[name, dtype, shape]`, one after another, in C order,
little-endian.
"""

from __future__ import annotations

import functools
import importlib.util
import inspect
import json
import os
import struct
import sys
import traceback
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TypeAlias

sys.path += sys.argv[1:]  # started with -I -S: only what the parent names can be imported

import numpy as np

Arrays: TypeAlias = dict[str, np.ndarray]
Header: TypeAlias = dict[str, Any]
Answer: TypeAlias = tuple[Header, Arrays]

MAGIC = b"VGF1"
ARGUMENTS = {
    "make_sequence": 2,
    "init_params": 2,
    "step": 4,
    "loss": 4,
    "bptt": 4,
    "update_gate": 3,
    "initial_state": 2,
}
"""The functions a script may offer, and how many arguments each takes."""

MAX_PARAMETER_BYTES = 32 << 20
STARTED: Header = {"started": True}  # the first frame: from here on the time is the script's


def exactly(stream: IO[bytes], count: int) -> bytes:
    """Read `count` bytes or end the process: the parent is gone."""
    data = stream.read(count)
    if len(data) != count:
        os._exit(0)
    return data


def receive(stream: IO[bytes]) -> Answer:
    """Read one request: `(header, {name: array})`."""
    head = exactly(stream, 16)
    header_length, payload_length = struct.unpack("<IQ", head[4:])
    header = json.loads(exactly(stream, header_length))
    payload = exactly(stream, payload_length)
    arrays: Arrays = {}
    start = 0
    for name, dtype, shape in header.pop("arrays", []):
        count = int(np.prod(shape))
        size = count * np.dtype(dtype).itemsize
        block = np.frombuffer(payload[start : start + size], dtype=dtype)
        arrays[name] = block.reshape(shape).copy()
        start += size
    return header, arrays


def send(stream: IO[bytes], header: Header, arrays: Arrays) -> None:
    """Write one answer; whatever numbers the arrays hold go out as float64 or complex128."""
    converted = {}
    for name, value in arrays.items():
        if np.asarray(value).dtype.kind not in "fiubc":
            raise TypeError(f"expected numbers, got {np.asarray(value).dtype}")
        dtype = "<c16" if np.iscomplexobj(value) else "<f8"
        converted[name] = np.asarray(value, dtype=dtype)
    send_exactly(stream, header, converted)


def send_exactly(stream: IO[bytes], header: Header, arrays: Arrays) -> None:
    """Write one answer with the arrays as they are."""
    listed = [[name, value.dtype.str, list(value.shape)] for name, value in arrays.items()]
    blocks = [np.ascontiguousarray(value).tobytes() for value in arrays.values()]
    text = json.dumps({**header, "arrays": listed}).encode()
    payload = b"".join(blocks)
    stream.write(MAGIC + struct.pack("<IQ", len(text), len(payload)) + text + payload)
    stream.flush()


def describe(error: BaseException, folder: str) -> Header:
    """Turn an exception into plain data: type, message, the student's own last line."""
    try:
        message = str(error)[:500]
    except Exception:  # noqa: BLE001 - a stranger's __str__ may raise anything
        message = ""
    where = ("", 0)
    if isinstance(error, SyntaxError) and error.filename:
        where = (error.filename, error.lineno or 0)
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename.startswith(folder):
                where = (frame.filename, frame.lineno or 0)
    missing = isinstance(error, ModuleNotFoundError) and error.name
    return {
        "type": type(error).__name__[:100],
        "message": message,
        "file": os.path.relpath(where[0], folder) if where[0] else "",
        "line": where[1],
        "missing_module": missing or "",
        "errno": (error.errno or 0) if isinstance(error, OSError) else None,  # 0: without a number
        "path": bool(getattr(error, "filename", None)),
        "through": passed(error),
    }


def passed(error: BaseException) -> list[str]:
    """Return the packages an exception came through."""
    names = [str(f.f_globals.get("__name__")) for f, _ in traceback.walk_tb(error.__traceback__)]
    return sorted({name.partition(".")[0] for name in names})[:20]


def takes(function: object, count: int) -> bool:
    """Say whether `function` can be called with `count` arguments in their order."""
    if not callable(function):
        return False
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # compiled functions may have no signature
        return True
    return True


class Worker:
    """Holds the script's namespace and the parameters made so far, by handle."""

    def __init__(self, album: Any = None) -> None:  # noqa: ANN401 - of figures.py
        self.album = album
        self.space: dict[str, Any] = {}
        self.folder = ""
        self.handles: dict[str, Any] = {}
        self.as_tokens: Callable[[list[int]], object] = list

    def run(self, header: Header, _: Arrays) -> Answer:
        """Run the script; answer how it ended and which functions it offers."""
        self.folder = header["folder"]
        path = str(Path(self.folder, header["script"]))
        os.chdir(header["cwd"])
        if not header.get("pictures", True):
            sys.meta_path.insert(0, neighbour("stubs").Stubs())
        sys.argv = [header["script"] if header["cwd"] == self.folder else path]
        sys.path.insert(0, self.folder)
        module = types.ModuleType(header["name"])
        module.__dict__.update(__file__=path, __builtins__=__builtins__)
        sys.modules[header["name"]] = module
        self.space = module.__dict__
        answer: Header = {"exit_status": 0, "raised": None}
        try:
            code = compile(Path(path).read_bytes(), path, "exec", dont_inherit=True)
            exec(code, self.space)  # noqa: S102 - running the student's script is the purpose
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
            answer["exit_status"] = status
        except BaseException as error:  # noqa: BLE001 - anything a stranger's script may raise
            answer["raised"] = describe(error, self.folder)
        offered = [name for name, count in ARGUMENTS.items() if takes(self.space.get(name), count)]
        drawn = self.album.told() if self.album is not None else []
        return {**answer, "functions": offered, "figures": drawn}, {}

    def sequence(self, header: Header, _: Arrays) -> Answer:
        """Call `make_sequence(seed, length)`."""
        tokens, target = self.space["make_sequence"](header["seed"], header["length"])
        # The script's other functions may count on the kind of sequence it makes itself.
        if isinstance(tokens, np.ndarray):
            self.as_tokens = functools.partial(np.array, dtype=tokens.dtype)
        else:
            self.as_tokens = tuple if isinstance(tokens, tuple) else list
        return {"tokens": [int(token) for token in tokens], "target": int(target)}, {}

    def params(self, header: Header, _: Arrays) -> Answer:
        """Call `init_params(kind, seed)`, keep the result under a handle, return its arrays."""
        made = self.space["init_params"](header["kind"], header["seed"])
        self.handles[header["handle"]] = made
        if not isinstance(made, dict):
            return {"type": type(made).__name__}, {}
        entries: list[list[str]] = []
        arrays: Arrays = {}
        total = 0
        for name, value in made.items():
            is_array = isinstance(value, np.ndarray)
            dtype = value.dtype.str if is_array else type(value).__name__
            entries.append([str(name)[:100], dtype])
            if is_array and value.dtype.kind == "f":
                total += value.size * 8
                if total > MAX_PARAMETER_BYTES:
                    return {"type": "dict", "entries": entries, "too_large": True}, {}
                arrays[str(name)[:100]] = value
        return {"type": "dict", "entries": entries}, arrays

    def put(self, header: Header, arrays: Arrays) -> Answer:
        """Keep a copy of one handle's parameters, with `arrays` in place of its own, as float64."""
        made = {}
        for name, value in self.handles[header["source"]].items():
            new = arrays.get(str(name)[:100])
            if new is not None:
                new = new.astype(value.dtype) if header.get("keep_dtype") else new
            made[name] = value if new is None else new
        self.handles[header["handle"]] = made
        return {}, {}

    def initial(self, header: Header, _: Arrays) -> Answer:
        """Call `initial_state(kind, params)`."""
        start = self.space["initial_state"](header["kind"], self.handles[header["handle"]])
        return {}, {"state": np.asarray(start)}

    def unroll(self, header: Header, arrays: Arrays) -> Answer:
        """Apply `step` along the tokens: h_0 … h_T."""
        step, params = self.space["step"], self.handles[header["handle"]]
        states = [arrays["start"]]
        for token in header["tokens"]:
            # Every state is handed on as float64, as it is when it is asked about by itself.
            state = step(header["kind"], params, token, np.array(states[-1], dtype=float))
            states.append(np.array(state))
            if states[-1].shape != states[0].shape:
                return {}, {"states": states[-1]}
        return {}, {"states": np.array(states)}

    def steps(self, header: Header, arrays: Arrays) -> Answer:
        """Call `step` at each pair of token and state, in the order given."""
        step, params = self.space["step"], self.handles[header["handle"]]
        kind, out = header["kind"], []
        states = arrays["states"]
        for token, state in zip(header["tokens"], states, strict=True):
            out.append(np.array(step(kind, params, token, state)))
        return {}, {"values": np.array(out), "states": states}

    def losses(self, header: Header, arrays: Arrays) -> Answer:
        """Call `loss` at each pair of last state and target."""
        loss, params = self.space["loss"], self.handles[header["handle"]]
        pairs = zip(arrays["states"], header["targets"], strict=True)
        values = np.array([loss(header["kind"], params, h, target) for h, target in pairs])
        return {}, {"values": values}

    def bptt(self, header: Header, _: Arrays) -> Answer:
        """Call `bptt`; a copy of the parameters is returned so that a change of them shows."""
        params = self.handles[header["handle"]]
        tokens = self.as_tokens(header["tokens"])
        dh = self.space["bptt"](header["kind"], params, tokens, header["target"])
        dh = np.asarray(dh)
        return {}, {"dh": dh}

    def counted(self, header: Header, arrays: Arrays) -> Answer:
        """Call `bptt` once more; count the different states one function of the script gave."""
        given: dict[types.CodeType, set[bytes]] = {}

        def note(frame: types.FrameType, event: str, value: object) -> None:
            own = event == "return" and frame.f_code.co_filename.startswith(self.folder)
            if own and isinstance(value, np.ndarray) and value.size == header["d"]:
                given.setdefault(frame.f_code, set()).add(value.tobytes())

        sys.setprofile(note)
        try:
            self.bptt(header, arrays)
        finally:
            sys.setprofile(None)
        return {"states": max(map(len, given.values()), default=0)}, {}

    def gates(self, header: Header, arrays: Arrays) -> Answer:
        """Call `update_gate` at each pair of token and state."""
        gate, params = self.space["update_gate"], self.handles[header["handle"]]
        pairs = zip(header["tokens"], arrays["states"], strict=True)
        return {}, {"values": np.array([np.asarray(gate(params, t, h)) for t, h in pairs])}

    def answer(self, header: Header, arrays: Arrays) -> Answer:
        """Do what one request asks; an exception of the student's code becomes data."""
        call = getattr(self, header["op"])
        if header["op"] == "run":
            return self.run(header, arrays)
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                if header.get("complex"):
                    warnings.simplefilter("error", np.exceptions.ComplexWarning)
                answer: Answer = call(header, arrays)
                return answer
        except BaseException as error:  # noqa: BLE001 - anything a stranger's function may raise
            return {"raised": describe(error, self.folder)}, {}


def streams() -> tuple[IO[bytes], IO[bytes]]:
    """Take standard input and output for requests and answers; the script gets others."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return requests, answers


def neighbour(name: str) -> Any:  # noqa: ANN401 - a module
    """Load our neighbour by its file, so that no name of ours is left for a script to import."""
    place = str(Path(__file__).with_name(f"{name}.py"))
    spec = importlib.util.spec_from_file_location(name, place)
    module: Any = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


def album() -> Any:  # noqa: ANN401 - of figures.py
    """Return an album that watches what is drawn."""
    made = neighbour("figures").Album()
    made.watch()
    return made


def main() -> None:
    """Serve requests until the parent closes the pipe."""
    requests, answers = streams()
    watched = album()
    send(answers, STARTED, {})
    worker = Worker(watched)
    while True:
        header, arrays = receive(requests)
        answer, out = worker.answer(header, arrays)
        try:
            send(answers, {"id": header["id"], **answer}, out)
        except (TypeError, ValueError) as error:  # what came back is no array of numbers
            send(answers, {"id": header["id"], "raised": describe(error, worker.folder)}, {})


if __name__ == "__main__":
    main()
