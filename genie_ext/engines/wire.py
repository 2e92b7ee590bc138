"""Messages between the worker and its child: one kind byte, a length, the bytes."""

from __future__ import annotations

import json
import struct
from typing import IO, Any

START, QUERY, INTERRUPT = b"S", b"Q", b"I"
READY, ROWS, FAILED = b"R", b"A", b"E"

_HEAD = struct.Struct(">cQ")


def send(stream: IO[bytes], kind: bytes, *parts: bytes) -> None:
    """Write one message."""
    stream.write(_HEAD.pack(kind, sum(len(part) for part in parts)))
    stream.writelines(parts)
    stream.flush()


def receive(stream: IO[bytes], limit: int) -> tuple[bytes, bytes] | None:
    """Read one message, None at the end of the stream.

    Raises:
        ValueError: The message says it is longer than `limit` bytes.
    """
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    kind, length = _HEAD.unpack(head)
    if length > limit:
        raise ValueError(f"a message of {length} bytes is over the limit of {limit}")
    body = stream.read(length)
    return (kind, body) if len(body) == length else None


def pack(value: dict[str, Any]) -> bytes:
    """Return a value as bytes; texts that are not valid Unicode are escaped."""
    return json.dumps(value).encode("ascii")


def unpack(body: bytes) -> dict[str, Any]:
    """Return the value of `pack`."""
    value: dict[str, Any] = json.loads(body)
    return value
