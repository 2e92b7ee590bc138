"""Hold files against the hash of their bytes: read whole once, and again only where something touched them."""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path

_ENDING = ".verified"
# File systems count time in steps: a file that was just written may change again under the same time.
_SETTLED_NS = 2_000_000_000


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file and leave a stamp beside it, so that checking it against that is quick."""
    before = _state(path)
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    if before == _state(path) and time.time_ns() - path.stat().st_mtime_ns > _SETTLED_NS:
        _leave_stamp(path, f"{sha256} {before}")
    return sha256


def has_hash(path: Path, sha256: str) -> bool:
    """Tell whether a file has the bytes of a hash; it is read only where it is not as it was when it was last read."""
    return _stamp(path) == f"{sha256} {_state(path)}" or file_hash(path) == sha256


def _state(path: Path) -> str:
    known = path.stat()
    return f"{known.st_size} {known.st_mtime_ns} {known.st_ctime_ns} {known.st_ino}"


def _stamp(path: Path) -> str:
    try:
        return _place(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _leave_stamp(path: Path, stamp: str) -> None:
    unfinished = _place(path).with_suffix(f".{os.getpid()}.tmp")
    try:
        unfinished.write_text(stamp, encoding="utf-8")
        unfinished.replace(_place(path))
    except OSError:
        # Where no stamp can be left, the file is read every time.
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _place(path: Path) -> Path:
    return path.with_name(path.name + _ENDING)
