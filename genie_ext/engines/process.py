"""The worker's child process: started, spoken to, and ended without a trace."""

from __future__ import annotations

import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from genie_ext.engines import wire
from genie_ext.engines.base import Limits, is_memory_error
from genie_ext.errors import EngineError, GenieError, LakeUnavailableError
from semantic.lake import Lake

_START_SECONDS = 60.0
_HOLDER = re.compile(r"held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")
# DuckDB's environment: where libraries are found, the time zone, the language; no secrets, no home folder.
_INHERITED = (
    "PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TZ", "TZDIR", "LANG", "LC_ALL",
    "SYSTEMROOT", "TEMP", "TMP",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reply:
    """One message of the child; `kind` is empty where the child has ended."""

    kind: bytes
    body: bytes = b""


class ChildProcess:
    """One child with its pipes and its temporary folder.

    Args:
        lake: What it can read.
        limits: What it can use.
    """

    def __init__(self, lake: Lake, limits: Limits) -> None:
        self._replies: queue.SimpleQueue[Reply] = queue.SimpleQueue()
        self._writing = threading.Lock()
        temp = _make_temp(lake.home / "tmp")
        self._process = _spawn()
        self._finalizer = weakref.finalize(self, _end, self._process, temp)
        # Arrow's framing and validity bitmaps come on top of the rows themselves.
        reply_limit = 2 * limits.bytes + 2**20
        self._reader = threading.Thread(target=_read, args=(self._process, self._replies, reply_limit), daemon=True)
        self._reader.start()
        self.send(wire.START, wire.pack(_start_message(lake, limits, temp)))

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Say whether it still runs."""
        return self._finalizer.alive and self._process.poll() is None

    def send(self, kind: bytes, body: bytes = b"") -> None:
        """Send one message; a child that has ended answers with an empty reply by itself."""
        with self._writing:
            try:
                wire.send(self._pipe(), kind, body)
            except (OSError, ValueError):
                self._replies.put(Reply(b""))

    def receive(self, timeout_s: float) -> Reply | None:
        """Return the next message of the child, None where none comes in time."""
        try:
            return self._replies.get(timeout=max(timeout_s, 0))
        except queue.Empty:
            return None

    def ready(self) -> Reply:
        """Wait until the child has opened the lake and return what it said."""
        return self.receive(_START_SECONDS) or Reply(b"")

    def end(self) -> None:
        """Kill it, wait for it, and remove its temporary folder."""
        self._finalizer()
        if self._reader is not threading.current_thread():
            self._reader.join()

    def _pipe(self) -> IO[bytes]:
        if self._process.stdin is None:
            raise ValueError("the child was started without a pipe")
        return self._process.stdin


def _spawn() -> subprocess.Popen[bytes]:
    """Start the child program in a session of its own, so that Ctrl-C in a terminal does not reach it."""
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    root = str(Path(__file__).resolve().parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [environment.get("PYTHONPATH"), root]))
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    # One allocation arena keeps threads from reserving 64 MiB of address space each.
    environment["MALLOC_ARENA_MAX"] = "1"
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "genie_ext.engines.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )


def _start_message(lake: Lake, limits: Limits, temp: Path | None) -> dict[str, object]:
    """Return all a child needs to know to open a lake."""
    databases = [attachment.path for attachment in lake.attachments]
    logs = [path.with_name(path.name + ".wal") for path in databases]
    return {
        "setup": list(lake.setup()),
        "files": [str(path) for path in (*databases, *logs)],
        "folders": [str(folder) for folder in lake.folders()],
        "temp": str(temp) if temp else "",
        "memory_mb": limits.memory_mb,
        "threads": limits.threads,
    }


def _make_temp(folder: Path) -> Path | None:
    """Make a fresh folder for spilled data; without one, on a read-only disk, queries stay in memory."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=folder))
    except OSError:
        return None


def _read(process: subprocess.Popen[bytes], replies: queue.SimpleQueue[Reply], limit: int) -> None:
    """Hand on every message of the child, and an empty one when it has ended."""
    stream = process.stdout
    while stream is not None:
        try:
            message = wire.receive(stream, limit)
        except (OSError, ValueError):
            message = None
        if message is None:
            break
        replies.put(Reply(*message))
    replies.put(Reply(b""))


def _end(process: subprocess.Popen[bytes], temp: Path | None) -> None:
    """Kill a child, close its pipes and remove its temporary folder."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:
                # Unsent bytes of a child that is gone have nowhere to go.
                continue
    if temp is not None:
        shutil.rmtree(temp, ignore_errors=True)


def not_opened(lake: Lake, reply: Reply) -> GenieError:
    """Return the error for a lake that the child could not open."""
    if reply.kind != wire.FAILED:
        return EngineError("The process that reads the lake did not start.", hint="Run genie doctor.")
    failure = wire.unpack(reply.body)
    message = " ".join(str(failure["message"]).split())
    holder = _HOLDER.search(message)
    if holder:
        return LakeUnavailableError(
            f"{lake.root} is locked: {holder['program']} (process {holder['pid']}) has it open for writing.",
            hint="Close the connection there, or ask over that connection.",
        )
    if is_memory_error(str(failure["kind"]), message):
        return LakeUnavailableError(f"{lake.root} does not fit the memory limit.", hint="Raise memory_mb.")
    return LakeUnavailableError(f"{lake.root} cannot be opened: {message}", hint="Check the file; run genie doctor.")
