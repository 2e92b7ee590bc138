"""The program inside the worker's process: a locked-down DuckDB that answers one query after the other.

Started as `python -m genie_ext.engines.child`; reads messages on standard input, writes them on standard output, and
ends when standard input ends, so that it never outlives its parent.
"""

from __future__ import annotations

import os
import queue
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from genie_ext.engines import wire
from genie_ext.engines.fetch import fetch
from genie_ext.engines.landlock import restrict

if TYPE_CHECKING:
    import duckdb

# Beside DuckDB's own memory there are its threads' stacks, the result as Arrow and the message that carries it.
_HEADROOM = 768 * 2**20
_MESSAGE_BYTES = 64 * 2**20
_SYSTEM = ("/usr", "/lib", "/lib64", "/etc/localtime", "/etc/ld.so.cache", "/proc", "/sys", "/dev/null", "/dev/urandom")

Message = dict[str, Any]


def main() -> None:
    """Serve until standard input ends."""
    incoming = sys.stdin.buffer
    outgoing = os.fdopen(os.dup(1), "wb")
    # Whatever prints must not land between two messages.
    os.dup2(2, 1)
    first = wire.receive(incoming, _MESSAGE_BYTES)
    if first is None or first[0] != wire.START:
        return
    start = wire.unpack(first[1])
    try:
        connection, walls = _open(start)
    except Exception as error:  # noqa: BLE001 - every failure to start is told to the parent, which names it
        wire.send(outgoing, wire.FAILED, wire.pack(_described(error)))
        return
    wire.send(outgoing, wire.READY, wire.pack({"hardening": walls}))
    _serve(connection, incoming, outgoing, start["temp"])


def _open(start: Message) -> tuple[duckdb.DuckDBPyConnection, list[str]]:
    """Put up every wall and return the connection behind them."""
    walls = list(restrict(read=_readable(start), write=[Path(start["temp"])] if start["temp"] else []))
    import duckdb
    import pyarrow as pa

    pa.set_cpu_count(1)
    if _limit_memory(start["memory_mb"]):
        walls.append("address space limit")
    connection = duckdb.connect(":memory:")
    for statement in _resources(start):
        connection.execute(statement)
    for statement in start["setup"]:
        connection.execute(statement)
    for statement in _lockdown(start):
        connection.execute(statement)
    return connection, [*walls, "duckdb lockdown", "separate process"]


def _readable(start: Message) -> list[Path]:
    """Return what the child must read: the lake, Python, its packages and the system's libraries."""
    paths = [*start["files"], *start["folders"], *sys.path, sys.prefix, sys.base_prefix, *_SYSTEM]
    return [Path(path) for path in paths if path]


def _limit_memory(memory_mb: int) -> bool:
    """Bound the address space by what is mapped now plus the memory limit; say whether the system does that."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return False
    import resource

    mapped = int(statm.read_text("ascii").split()[0]) * resource.getpagesize()
    limit = mapped + memory_mb * 2**20 + _HEADROOM
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return True


def _resources(start: Message) -> list[str]:
    """Return the settings that bound memory, threads and temporary files."""
    return [
        f"SET temp_directory={_quoted(start['temp'])}",
        f"SET memory_limit='{start['memory_mb']}MiB'",
        f"SET max_temp_directory_size='{4 * start['memory_mb']}MiB'",
        f"SET threads={start['threads']}",
        "SET enable_progress_bar=false",
        "SET python_enable_replacements=false",
    ]


def _lockdown(start: Message) -> list[str]:
    """Return the settings, in order, after which only the lake can be read and no setting changed."""
    folders = ", ".join(_quoted(folder) for folder in start["folders"])
    return [
        *([f"SET allowed_directories=[{folders}]"] if folders else []),
        "SET autoinstall_known_extensions=false",
        "SET autoload_known_extensions=false",
        "SET allow_community_extensions=false",
        "SET enable_external_access=false",
        "SET lock_configuration=true",
    ]


def _quoted(text: str) -> str:
    """Quote a string literal for DuckDB."""
    return "'" + text.replace("'", "''") + "'"


def _serve(connection: duckdb.DuckDBPyConnection, incoming: IO[bytes], outgoing: IO[bytes], temp: str) -> None:
    """Answer queries in the order they come; interrupts reach the one that runs."""
    queries: queue.SimpleQueue[Message] = queue.SimpleQueue()
    running: list[duckdb.DuckDBPyConnection] = []

    def listen() -> None:
        while (message := wire.receive(incoming, _MESSAGE_BYTES)) is not None:
            if message[0] == wire.QUERY:
                queries.put(wire.unpack(message[1]))
            elif message[0] == wire.INTERRUPT:
                for cursor in tuple(running):
                    cursor.interrupt()
        # Nobody is left to answer: no orderly end, a query may hold every other thread.
        shutil.rmtree(temp or os.devnull, ignore_errors=True)
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        query = queries.get()
        cursor = connection.cursor()
        running.append(cursor)
        try:
            parts = _answer(cursor, query)
        except BaseException as error:  # noqa: BLE001 - whatever a query raises is its answer; the child goes on
            wire.send(outgoing, wire.FAILED, wire.pack(_described(error)))
        else:
            wire.send(outgoing, wire.ROWS, *parts)
        finally:
            running.clear()
            cursor.close()


def _answer(cursor: duckdb.DuckDBPyConnection, query: Message) -> tuple[bytes, ...]:
    """Run one query and return its rows: a line of JSON and an Arrow stream."""
    import pyarrow as pa

    started = time.perf_counter()
    schema, batches, truncated = fetch(cursor, query["sql"], rows=query["rows"], size=query["bytes"])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    head = wire.pack({"truncated": truncated, "seconds": time.perf_counter() - started})
    return head, b"\n", sink.getvalue()


def _described(error: BaseException) -> Message:
    """Return an error as a message: the kind of exception and its text."""
    return {"kind": type(error).__name__, "message": str(error)}


if __name__ == "__main__":
    main()
