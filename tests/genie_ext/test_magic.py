from __future__ import annotations

import atexit
import sys

import nbformat
import pandas as pd
import pexpect
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient
from traitlets.config import Config

from genie_ext.magic import _Board
from genie_ext.types import Event

COUNT = "How many orders are there?"


@pytest.fixture
def shell():
    made = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    made.run_line_magic("load_ext", "genie_ext")
    yield made
    made.run_line_magic("unload_ext", "genie_ext")
    atexit.unregister(made.atexit_operations)
    made._atexit_once()


@pytest.fixture
def connected(shell, indexed_shop, capsys):
    run(shell, f"%genie connect {indexed_shop}")
    assert "2 tables" in capsys.readouterr().out
    return shell


def run(shell, cell):
    return shell.run_cell(cell, store_history=False)


def one_line_error(shell, cell, capsys):
    capsys.readouterr()
    result = run(shell, cell)
    shown = "".join(capsys.readouterr())
    assert result.error_in_exec is not None
    assert "Traceback" not in shown
    (line,) = [line for line in shown.splitlines() if line.startswith("UsageError: ")]
    return line


def test_ask_shows_the_answer_and_leaves_the_rows(connected, capsys):
    run(connected, f"%ask {COUNT}")
    out = capsys.readouterr().out
    assert "SELECT" in out
    assert connected.user_ns["_answer"].iloc[0, 0] == 4
    assert connected.user_ns["_result"].ok


def test_connect_takes_a_frame_and_asks_about_it(shell, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shell.push({"sales": pd.DataFrame({"region": ["north", "south", "north"], "amount": [1.5, 2.5, 3.0]})})
    run(shell, "%genie connect sales")
    run(shell, "%%ask total\nTotal amount by region")
    assert sorted(map(tuple, shell.user_ns["total"].to_numpy().tolist())) == [("north", 4.5), ("south", 2.5)]
    assert [path.name for path in tmp_path.iterdir()] == [".genie"]


def test_connect_says_which_frame_has_columns_of_no_type(shell, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shell.push({"odd": pd.DataFrame({"a": [1, "x", [2]]})})
    run(shell, "%genie connect odd")
    assert "cannot be written as a table" in capsys.readouterr().err


def test_ask_cell_leaves_the_rows_under_a_name(connected):
    run(connected, f"%%ask orders --no-chart\n{COUNT}")
    assert connected.user_ns["orders"].iloc[0, 0] == 4
    assert connected.user_ns["_answer"] is connected.user_ns["orders"]


def test_ask_goes_on_with_the_question_before_and_new_forgets_it(connected, capsys):
    run(connected, "%ask How many orders are paid?")
    run(connected, "%ask and how many of them are from customers in Paris?")
    follow_up = connected.user_ns["_result"]
    assert follow_up.ok
    assert follow_up.df.iloc[0, 0] == 2
    run(connected, "%genie new")
    assert "new conversation" in capsys.readouterr().out
    run(connected, "%ask and how many of them?")
    assert not connected.user_ns["_result"].ok or connected.user_ns["_result"].df.iloc[0, 0] != 2


def test_ask_empties_the_names_where_it_cannot_answer(connected):
    run(connected, f"%%ask orders\n{COUNT}")
    result = run(connected, "%%ask orders\nWhy?")
    assert result.error_in_exec is None
    assert connected.user_ns["orders"] is None
    assert connected.user_ns["_answer"] is None
    assert not connected.user_ns["_result"].ok


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%ask", "empty"),
        (f"%%ask 2nd\n{COUNT}", "'2nd'"),
        (f"%%ask class\n{COUNT}", "'class'"),
        ("%genie fly", "'fly'"),
        ("%genie connect", "needs a lake"),
        ("%genie connect /nowhere", "no file or folder"),
    ],
)
def test_wrong_use_is_one_line(connected, cell, message, capsys):
    assert message in one_line_error(connected, cell, capsys)


def test_ask_without_a_lake_says_how_to_connect(shell, capsys):
    assert "%genie connect" in one_line_error(shell, f"%ask {COUNT}", capsys)


def test_ask_connects_the_lake_of_the_environment(shell, indexed_shop, monkeypatch):
    monkeypatch.setenv("GENIE_LAKE", str(indexed_shop))
    run(shell, f"%ask {COUNT}")
    assert shell.user_ns["_answer"].iloc[0, 0] == 4


def test_a_failed_connect_keeps_the_session(connected, capsys):
    one_line_error(connected, "%genie connect /nowhere", capsys)
    run(connected, f"%ask {COUNT}")
    assert connected.user_ns["_answer"].iloc[0, 0] == 4


def test_connect_takes_an_open_connection_by_its_name(shell, shop, capsys):
    run(shell, f"import duckdb\nmine = duckdb.connect({str(shop)!r})")
    run(shell, "%genie connect mine")
    run(shell, f"%ask {COUNT}")
    assert shell.user_ns["_answer"].iloc[0, 0] == 4
    assert shell.user_ns["_result"].turn.fallback
    assert run(shell, "mine.execute('SELECT 1').fetchall()").result == [(1,)]
    run(shell, "%unload_ext genie_ext\nmine.close()")


def test_index_reads_the_lake_again(shell, shop, capsys, monkeypatch):
    monkeypatch.setenv("GENIE_ENCODER", "hashing")
    run(shell, f"%genie connect {shop}")
    run(shell, "%genie index --force")
    assert "2 of them read again" in capsys.readouterr().out
    run(shell, f"%ask {COUNT}")
    assert shell.user_ns["_answer"].iloc[0, 0] == 4


def test_status_and_help_say_what_there_is(connected, indexed_shop, capsys):
    run(connected, "%genie status")
    assert str(indexed_shop) in capsys.readouterr().out
    run(connected, "%genie help")
    assert "%%ask [NAME]" in capsys.readouterr().out


def test_a_stopped_question_leaves_the_session_usable(connected, capsys, monkeypatch):
    def stopped(self, text, *, thread=""):
        yield Event(kind="found", text="looking")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("genie_ext.session.Session.events", stopped)
        assert "Stopped" in one_line_error(connected, f"%ask {COUNT}", capsys)
    run(connected, f"%ask {COUNT}")
    assert connected.user_ns["_answer"].iloc[0, 0] == 4


def test_a_defect_is_one_line_unless_debugging(connected, capsys, monkeypatch):
    def broken(self, text, *, thread=""):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("genie_ext.session.Session.events", broken)
    assert "Unexpected ZeroDivisionError" in one_line_error(connected, f"%ask {COUNT}", capsys)
    monkeypatch.setenv("GENIE_DEBUG", "1")
    assert isinstance(run(connected, f"%ask {COUNT}").error_in_exec, ZeroDivisionError)


def test_help_on_the_magic_still_works(connected, capsys):
    run(connected, "%ask?")
    assert "Answer a question" in capsys.readouterr().out


def test_ask_works_inside_a_block_and_with_any_quotes(connected):
    run(connected, f"for _ in range(2):\n    %ask {COUNT}\n    kept = _answer")
    assert connected.user_ns["kept"].iloc[0, 0] == 4
    run(connected, """%ask How many 'paid' "orders" are there?""")
    assert connected.user_ns["_result"].turn.question.text == """How many 'paid' "orders" are there?"""


def test_unload_takes_the_magics_away(shell):
    run(shell, "%unload_ext genie_ext")
    assert "ask" not in shell.magics_manager.magics["cell"]
    shell.run_line_magic("load_ext", "genie_ext")
    assert "ask" in shell.magics_manager.magics["cell"]


def test_ask_works_on_a_terminal(indexed_shop):
    command = [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"]
    with pexpect.spawn(command[0], command[1:], encoding="utf-8", timeout=60, dimensions=(50, 150)) as terminal:
        terminal.expect(r"In \[1\]: ")
        terminal.sendline("%load_ext genie_ext")
        terminal.expect(r"In \[2\]: ")
        terminal.sendline(f"%genie connect {indexed_shop}")
        terminal.expect("2 tables, index")
        terminal.expect(r"In \[3\]: ")
        terminal.sendline(f"%ask {COUNT}")
        terminal.expect("SELECT")
        terminal.expect(r"In \[4\]: ")
        terminal.sendline("int(_answer.iloc[0, 0]) * 1000 + 1")
        terminal.expect("4001")
        terminal.sendline("%ask")
        terminal.expect("UsageError: The question is empty")
        terminal.sendline("exit")
        terminal.expect(pexpect.EOF)


def test_ask_shows_rich_output_in_a_notebook(indexed_shop, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    cells = [
        f"%load_ext genie_ext\n%genie connect {indexed_shop}",
        "%%ask per_status\nHow many orders are there per status?",
        "per_status.shape",
        "%ask",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=120, kernel_name="python3", allow_errors=True).execute(cwd=str(tmp_path))
    connect, asked, shape, wrong = (cell.outputs for cell in notebook.cells)
    assert any("2 tables" in output.get("text", "") for output in connect)
    answer, chart = [output for output in asked if output.output_type == "display_data"]
    assert "<" in answer.data["text/html"]
    assert "SELECT" in answer.data["text/plain"]
    assert "application/vnd.vegalite.v5+json" in chart.data
    assert [output.data["text/plain"] for output in shape] == ["(2, 2)"]
    assert any("The question is empty" in output.get("text", "") for output in wrong)
    assert "File" not in "".join(line for output in wrong for line in output.get("traceback", ()))


def test_progress_of_a_notebook_is_one_line(monkeypatch):
    shown = []
    monkeypatch.setattr("genie_ext.magic._display", lambda bundle, **_: shown.append(bundle))
    _Board(rich=True).show("SELECT\n  *\nFROM orders " + "x" * 200)
    (text,) = [bundle["text/plain"] for bundle in shown]
    assert text.startswith("SELECT * FROM orders xx")
    assert len(text) == 100
