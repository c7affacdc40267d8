"""Frames from the child: bounded, parsed without pickle, believed only as numbers.

The format is described in `worker.py`. Whatever breaks it is a `FrameError`, never a crash.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from grader.facts import Array

MAGIC = b"VGF1"
HEAD = struct.Struct("<4sIQ")
MAX_HEADER = 1 << 20
MAX_PAYLOAD = 64 << 20
MAX_ARRAYS = 512
DTYPES = {"<f8": np.dtype("<f8"), "<c16": np.dtype("<c16"), "<i8": np.dtype("<i8")}


class FrameError(Exception):
    """The child's answer is not a frame of the agreed form."""


def encode(header: Mapping[str, object], arrays: Mapping[str, Array]) -> bytes:
    """Return one request as bytes; `arrays` are float64 or complex128 of any shape."""
    blocks = {name: np.asarray(value, order="C") for name, value in arrays.items()}
    listed = [[name, block.dtype.str, list(block.shape)] for name, block in blocks.items()]
    text = json.dumps({**header, "arrays": listed}).encode()
    payload = b"".join(block.tobytes() for block in blocks.values())
    return HEAD.pack(MAGIC, len(text), len(payload)) + text + payload


def read(stream: IO[bytes]) -> tuple[dict[str, Any], dict[str, Array]] | None:
    """Read one answer from a blocking stream; None at its end.

    Raises
    ------
    FrameError
        If the bytes are no frame, or larger than the bounds allow.
    """
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    magic, header_length, payload_length = HEAD.unpack(head)
    if magic != MAGIC or header_length > MAX_HEADER or payload_length > MAX_PAYLOAD:
        raise FrameError("a frame's head is out of bounds")
    text, payload = stream.read(header_length), stream.read(payload_length)
    if len(text) < header_length or len(payload) < payload_length:
        return None
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FrameError("a frame's header is not JSON") from error
    if not isinstance(header, dict):
        raise FrameError("a frame's header is not an object")
    return header, _arrays(header.pop("arrays", []), payload)


def _arrays(listed: object, payload: bytes) -> dict[str, Array]:
    if not isinstance(listed, list) or len(listed) > MAX_ARRAYS:
        raise FrameError("a frame's list of arrays is out of bounds")
    arrays: dict[str, Array] = {}
    start = 0
    for row in listed:
        name, dtype, shape = _row(row)
        size = math.prod(shape) * dtype.itemsize
        if start + size > len(payload):
            raise FrameError("a frame's arrays are larger than its payload")
        block = np.frombuffer(payload, dtype=dtype, count=math.prod(shape), offset=start)
        try:
            arrays[name] = block.reshape(shape)
        except ValueError as error:  # empty, with sizes whose product no integer of NumPy holds
            raise FrameError("a frame lists an array of an impossible size") from error
        start += size
    return arrays


def _row(row: object) -> tuple[str, np.dtype[Any], tuple[int, ...]]:
    match row:
        case [str(name), str(dtype), [*sizes]] if dtype in DTYPES and len(sizes) <= 8:
            shape = tuple(size for size in sizes if type(size) is int)
            if len(shape) == len(sizes) and all(0 <= size <= MAX_PAYLOAD for size in shape):
                return name, DTYPES[dtype], shape
    raise FrameError("a frame lists something that is not an array of numbers")
