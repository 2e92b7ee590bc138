"""The file of ledger, budgets and cache: shared by processes, and clear about what is wrong with it."""

from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
import threading

import pytest

from genie_ext.errors import StateError
from genie_ext.models.state import State

INSERT = "INSERT INTO rungs VALUES (?, 'm', 'text')"

WRITER = """
import sys
from pathlib import Path
from genie_ext.models.state import State
state = State(Path(sys.argv[1]))
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    with state.write() as connection:
        connection.execute("INSERT INTO rungs VALUES (?, 'm', 'text')", (str(number),))
    print(number, flush=True)
"""

BARRED = """
import os, sys
from pathlib import Path
from genie_ext.errors import StateError
from genie_ext.models.state import State
if os.geteuid() == 0:
    os.setuid(65534)
state = State(Path(sys.argv[1]))
try:
    with state.write() as connection:
        connection.execute("INSERT INTO rungs VALUES ('a', 'm', 'text')")
except StateError as error:
    print(error)
"""


def servers(state):
    return {row["server"] for row in state.rows("SELECT server FROM rungs")}


@pytest.fixture
def state(tmp_path):
    with_file = State(tmp_path / "home" / "state.db")
    yield with_file
    with_file.close()


def put(state, server="a"):
    with state.write() as connection:
        connection.execute(INSERT, (server,))


def test_state_reads_nothing_and_makes_nothing_where_there_is_no_file(state):
    assert state.rows("SELECT * FROM calls") == []
    assert not state.path.parent.exists()


def test_state_makes_a_file_for_the_user_alone(state):
    put(state)
    assert servers(state) == {"a"}
    assert stat.S_IMODE(state.path.stat().st_mode) == 0o600


def test_state_undoes_what_an_error_leaves(state):
    put(state)
    with pytest.raises(sqlite3.ProgrammingError), state.write() as connection:
        connection.executemany(INSERT, [("b",), ("too", "many")])
    assert servers(state) == {"a"}


def test_state_is_written_by_many_threads(state):
    threads = [threading.Thread(target=put, args=(state, str(number))) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert servers(state) == {str(number) for number in range(16)}


def test_state_is_made_and_written_by_many_processes_at_once(state):
    processes = [
        subprocess.Popen([sys.executable, "-c", WRITER, state.path, str(n * 20), str(n * 20 + 20)], stdout=-1)
        for n in range(4)
    ]
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    assert servers(state) == {str(number) for number in range(80)}


def test_state_keeps_all_that_was_committed_when_its_writer_is_killed(state):
    process = subprocess.Popen([sys.executable, "-c", WRITER, state.path, "0", "1000000"], stdout=-1, text=True)
    written = [process.stdout.readline().strip() for _ in range(30)]
    process.send_signal(signal.SIGKILL)
    written += process.stdout.read().split()[:-1]
    process.wait()
    process.stdout.close()
    assert set(written) <= servers(state)
    assert state.rows("PRAGMA integrity_check")[0][0] == "ok"
    put(state, "after")
    assert "after" in servers(state)


def test_state_says_that_another_process_holds_the_file(state):
    put(state)
    holder = sqlite3.connect(state.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    other = State(state.path, wait_s=0.05)
    with pytest.raises(StateError, match=r"state\.db is held by another process.*try again"):
        put(other, "b")
    holder.execute("ROLLBACK")
    put(other, "b")
    assert servers(state) == {"a", "b"}
    holder.close()
    other.close()


def test_state_says_that_the_disk_is_full_and_keeps_its_rows(state):
    put(state)
    connection = state._connection()
    connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0]}")
    with pytest.raises(StateError, match=r"the disk is full.*Free some space"):
        put(state, "x" * 100_000)
    assert servers(state) == {"a"}
    put(state, "b")
    assert servers(state) == {"a", "b"}


@pytest.mark.parametrize("there", [True, False])
def test_state_says_that_the_folder_cannot_be_written(state, there):
    if there:
        put(state)
        state.close()
        state.path.chmod(0o444)
    state.path.parent.mkdir(exist_ok=True)
    state.path.parent.chmod(0o555)
    for folder in list(state.path.parents)[1:5]:
        # Folders of tests are closed to others.
        folder.chmod(folder.stat().st_mode | 0o011)
    found = subprocess.run([sys.executable, "-c", BARRED, state.path], capture_output=True, text=True, check=True)
    state.path.parent.chmod(0o755)
    assert "state.db cannot be" in found.stdout
    assert "Make the file and its folder writable, or set home to another folder." in found.stdout


def test_state_says_that_its_folder_is_a_file(tmp_path):
    (tmp_path / "home").write_text("a file")
    with pytest.raises(StateError, match=r"cannot be used.*set home to another folder"):
        put(State(tmp_path / "home" / "state.db"))


@pytest.mark.parametrize("damage", [b"no database at all" * 1000, None])
def test_state_says_that_the_file_is_damaged_and_begins_anew_when_it_is_gone(state, damage):
    put(state)
    state.close()
    whole = state.path.read_bytes()
    state.path.write_bytes(damage or whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(StateError, match=r"state\.db is damaged.*Move it away"):
        put(state, "b")
    state.path.rename(state.path.with_suffix(".old"))
    put(state, "c")
    assert servers(state) == {"c"}


def test_state_refuses_the_file_of_a_later_version(state):
    put(state)
    with state.write() as connection:
        connection.execute("PRAGMA user_version = 99")
    other = State(state.path)
    with pytest.raises(StateError, match=r"later version.*Update genie-ext"):
        other.rows("SELECT 1")


def test_state_writes_where_the_file_is_now_after_it_was_moved_away(state):
    put(state)
    for file in state.path.parent.iterdir():
        file.rename(state.path.parent.parent / file.name)
    put(state, "b")
    assert servers(state) == {"b"}
