"""Frames from a child: what the worker sends is read, whatever else comes is a FrameError."""

import io
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.evidence import frames, worker


def framed(header, payload=b"", magic=frames.MAGIC):
    """Return a stream with one frame; `header` as JSON text or as data."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return io.BytesIO(frames.HEAD.pack(magic, len(text), len(payload)) + text + payload)


def sent(header, arrays):
    """Return what the worker writes for an answer."""
    stream = io.BytesIO()
    worker.send(stream, header, arrays)
    return io.BytesIO(stream.getvalue())


ARRAYS = {
    "vector": np.arange(5.0),
    "matrix": np.arange(6.0).reshape(2, 3),
    "number": np.array(2.5),
    "nothing": np.empty((0, 3)),
    "not finite": np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324]),
    "complex": np.array([1 + 2j]),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_answer_of_the_worker_is_read_to_the_last_bit(name):
    header, arrays = frames.read(sent({"id": 3}, {name: ARRAYS[name]}))
    assert header == {"id": 3}
    assert arrays[name].shape == ARRAYS[name].shape
    assert arrays[name].tobytes() == ARRAYS[name].tobytes()


def test_request_is_read_by_the_worker():
    header, arrays = worker.receive(io.BytesIO(frames.encode({"op": "x"}, ARRAYS)))
    assert header == {"op": "x"}
    assert all(np.array_equal(arrays[n], a, equal_nan=True) for n, a in ARRAYS.items())


@pytest.mark.parametrize(
    "value",
    [
        np.arange(6.0).reshape(2, 3).T,
        np.arange(6.0)[::-2],
        np.arange(4, dtype=">f8"),
        np.float32([1.5]),
    ],
)
def test_any_layout_arrives_in_order(value):
    _, arrays = frames.read(sent({}, {"a": value}))
    assert np.array_equal(arrays["a"], value)


def test_numbers_arrive_as_float64_whatever_they_were():
    _, arrays = frames.read(sent({}, {"a": np.arange(3, dtype="i4")}))
    assert arrays["a"].dtype == np.dtype("<f8")


def test_two_frames_are_read_one_after_the_other():
    stream = io.BytesIO(sent({"id": 1}, {}).read() + sent({"id": 2}, {}).read())
    assert [frames.read(stream)[0]["id"] for _ in range(2)] == [1, 2]
    assert frames.read(stream) is None


def test_end_of_the_stream_is_no_fault_wherever_it_comes():
    whole = sent({"id": 1}, {"a": np.arange(3.0)}).read()
    assert all(frames.read(io.BytesIO(whole[:n])) is None for n in range(len(whole)))


def test_objects_are_never_sent():
    with pytest.raises((TypeError, ValueError)):
        sent({}, {"a": np.array([object()])})


REFUSED = {
    "magic": framed({}, magic=b"VGF2"),
    "long header": io.BytesIO(frames.HEAD.pack(frames.MAGIC, frames.MAX_HEADER + 1, 0)),
    "long payload": io.BytesIO(frames.HEAD.pack(frames.MAGIC, 2, frames.MAX_PAYLOAD + 1)),
    "not JSON": framed(b"{"),
    "not UTF-8": framed(b"\xff{}"),
    "nested": framed(b"[" * 200_000),
    "huge integer": framed(b'{"n": ' + b"1" * 10_000 + b"}"),
    "list": framed([]),
    "arrays no list": framed({"arrays": {}}),
    "too many arrays": framed({"arrays": [["a", "<f8", [0]]] * (frames.MAX_ARRAYS + 1)}),
    "row no list": framed({"arrays": ["a"]}),
    "name no text": framed({"arrays": [[1, "<f8", [0]]]}),
    "object dtype": framed({"arrays": [["a", "|O", [1]]]}, bytes(8)),
    "short integer dtype": framed({"arrays": [["a", "<i4", [1]]]}, bytes(4)),
    "text shape": framed({"arrays": [["a", "<f8", "1"]]}, bytes(8)),
    "truth in a shape": framed({"arrays": [["a", "<f8", [True]]]}, bytes(8)),
    "fraction in a shape": framed({"arrays": [["a", "<f8", [1.0]]]}, bytes(8)),
    "negative shape": framed({"arrays": [["a", "<f8", [-1]]]}, bytes(8)),
    "nine axes": framed({"arrays": [["a", "<f8", [1] * 9]]}, bytes(8)),
    "beyond the payload": framed({"arrays": [["a", "<f8", [2]]]}, bytes(8)),
    "product beyond any integer": framed({"arrays": [["a", "<f8", [2**26] * 8]]}, bytes(8)),
    "second beyond the payload": framed({"arrays": [["a", "<f8", [1]]] * 2}, bytes(8)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_frame_that_is_not_of_the_form_is_refused(name):
    REFUSED[name].seek(0)
    with pytest.raises(frames.FrameError):
        frames.read(REFUSED[name])


def test_empty_array_of_an_impossible_size_is_refused():
    with pytest.raises(frames.FrameError):
        frames.read(framed({"arrays": [["a", "<f8", [0, 2**26, 2**26, 2**26]]]}))


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_or_the_end(data):
    try:
        assert frames.read(io.BytesIO(data)) is None
    except frames.FrameError:
        assert len(data) >= frames.HEAD.size


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["id", "arrays", "x"]), json_values), st.binary(max_size=16))
def test_header_of_any_content_never_crashes(header, payload):
    try:
        read, arrays = frames.read(framed(header, payload))
    except frames.FrameError:
        return
    assert "arrays" not in read
    assert all(array.dtype.str in frames.DTYPES for array in arrays.values())


def test_head_is_the_one_the_worker_writes():
    assert struct.calcsize("<4sIQ") == frames.HEAD.size == 16
    assert frames.MAGIC == worker.MAGIC
