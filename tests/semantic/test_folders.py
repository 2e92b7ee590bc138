from __future__ import annotations

import threading

import duckdb

from semantic.folders import is_database


def test_is_database_tells_a_database_while_other_threads_open_and_close_files(tmp_path):
    path, other = tmp_path / "shop.duckdb", tmp_path / "other"
    duckdb.connect(str(path)).close()
    other.write_bytes(b"")
    ended = threading.Event()

    def open_and_close():
        while not ended.is_set():
            for file in [other.open("rb") for _ in range(20)]:
                file.close()

    threads = [threading.Thread(target=open_and_close) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        assert all(is_database(path) for _ in range(150))
    finally:
        ended.set()
        for thread in threads:
            thread.join()
