from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from genie_ext.cli.main import genie, run
from genie_ext.cli.reference import cli_page, config_page

DOCS = Path(__file__).parents[2] / "docs"
COUNT = "How many orders are there?"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def ask(shop, *options, question=COUNT):
    return run(["ask", question, "--lake", str(shop), *options])


def test_ask_writes_rows_to_stdout_and_notes_to_stderr_in_a_pipe(indexed_shop, capsys):
    assert ask(indexed_shop) == 0
    out, err = capsys.readouterr()
    rows = list(csv.reader(io.StringIO(out)))
    assert rows[1:] == [["4"]]
    assert "SELECT" in err


def test_ask_writes_the_whole_answer_on_a_terminal(indexed_shop):
    main, terminal = pty.openpty()
    command = [sys.executable, "-m", "genie_ext.cli", "ask", COUNT, "--lake", str(indexed_shop)]
    process = subprocess.Popen(command, stdout=terminal, stderr=subprocess.PIPE)
    os.close(terminal)
    shown = b""
    try:
        while chunk := os.read(main, 4096):
            shown += chunk
    except OSError:
        # Linux ends a terminal that nobody writes to any more with an error.
        pass
    _, notes = process.communicate()
    os.close(main)
    assert process.returncode == 0
    assert b"4" in shown
    assert b"SELECT" in shown
    assert notes == b""


def test_ask_writes_json(indexed_shop, capsys):
    assert ask(indexed_shop, "--json") == 0
    out, err = capsys.readouterr()
    assert "4" in json.dumps(json.loads(out))
    assert err == ""


def test_ask_writes_only_the_sql(indexed_shop, capsys):
    assert ask(indexed_shop, "--sql") == 0
    out, err = capsys.readouterr()
    assert out.upper().startswith("SELECT")
    assert err == ""


def test_ask_takes_a_bare_question_as_the_default_command(indexed_shop, capsys):
    assert run([COUNT, "--lake", str(indexed_shop), "--sql"]) == 0
    assert "SELECT" in capsys.readouterr().out


def test_ask_writes_rows_to_a_file(indexed_shop, capsys, tmp_path):
    assert ask(indexed_shop, "-o", "rows.csv") == 0
    assert (tmp_path / "rows.csv").read_text(encoding="utf-8").endswith("\n4\n")
    assert capsys.readouterr().out == ""


def test_ask_writes_a_chart_or_says_that_there_is_none(indexed_shop, capsys, tmp_path):
    assert ask(indexed_shop, "--chart", "chart.html") == 0
    assert "No chart" in capsys.readouterr().err
    assert ask(indexed_shop, "--chart", "chart.html", question="How many orders are there per status?") == 0
    assert "<html" in (tmp_path / "chart.html").read_text(encoding="utf-8").lower()


def test_ask_exits_with_3_and_writes_no_rows_where_it_cannot_answer(indexed_shop, capsys):
    assert ask(indexed_shop, question="What is the weather on Mars tomorrow?") == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.strip()
    assert "Traceback" not in err


def test_ask_exits_with_4_where_a_policy_forbids_the_query(indexed_shop, capsys):
    assert ask(indexed_shop, "-s", "hidden_columns=customers.name", question="List customer names") == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert "hidden" in err


def test_ask_goes_on_with_a_thread_in_another_process(shop, capsys):
    command = ["--lake", str(shop), "--thread", "t", "--csv", "-s", "encoder=hashing"]
    assert run(["ask", "How many orders are paid?", *command]) == 0
    assert run(["ask", "and how many of them are from customers in Paris?", *command]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2"


def test_ask_takes_one_form_of_output_at_a_time(indexed_shop, capsys):
    assert ask(indexed_shop, "--sql", "--csv") == 2
    assert "Only one of --sql, --csv" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "code", "error"),
    [
        (["--lake", "none"], 2, "There is no file or folder at"),
        (["--lake", "SHOP", "--csv"], 2, "Only one of --json, --csv"),
        (["--lake", "SHOP", "--width", "x"], 2, "'x' is not a valid integer range"),
        (["--lake", "SHOP", "-s", "hidden_columns=orders.order_id,orders.amount"], 4, "hidden"),
    ],
)
def test_ask_writes_an_error_as_json_where_json_is_asked_for(indexed_shop, capsys, options, code, error):
    words = [str(indexed_shop) if word == "SHOP" else word for word in options]
    assert run(["ask", "What is the average amount of orders?", "--json", *words]) == code
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found.keys() == {"error", "hint"}
    assert error in found["error"]
    assert ("Check the path" in found["hint"]) == ("none" in options)
    assert err == ""


@pytest.mark.parametrize("options", [["-o", "rows.csv"], ["--csv"], []])
def test_ask_says_that_rows_were_cut_off_and_how_to_get_them(indexed_shop, capsys, options):
    assert ask(indexed_shop, *options, "-s", "row_limit=2", question="List all orders") == 0
    assert "the first 2 rows; there are more. Raise the limit: -s row_limit=20" in capsys.readouterr().err
    assert ask(indexed_shop, *options, question="List all orders") == 0
    assert "Raise the limit" not in capsys.readouterr().err


def test_ask_leaves_the_table_out_of_the_report_in_a_pipe(indexed_shop, capsys):
    assert ask(indexed_shop, "--csv", question="List all customers") == 0
    out, err = capsys.readouterr()
    assert out.startswith("customer_id,name,city\n")
    assert "Understood" in err
    assert "──" not in err
    assert "more row" not in err


def test_ask_shows_the_answer_where_the_thread_cannot_be_kept(shop, capsys):
    command = ["--lake", str(shop), "--csv", "-s", "encoder=hashing"]
    assert run(["index", str(shop), "--encoder", "hashing"]) == 0
    (shop.parent / ".genie" / shop.name / "state.db").mkdir()
    capsys.readouterr()
    assert run(["ask", COUNT, "--thread", "t", *command]) == 0
    out, err = capsys.readouterr()
    assert out.endswith("\n4\n")
    assert "The thread t does not hold this question" in err


def test_search_shows_what_the_index_knows(indexed_shop, capsys):
    assert run(["search", "orders from Paris", "--lake", str(indexed_shop)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^table +[\d.]+  orders  — its name says orders", out, re.MULTILINE)
    assert re.search(r"^value +[\d.]+  'Paris' is 'Paris' in customers\.city  — exact", out, re.MULTILINE)
    assert re.search(r"^join +orders → customers on customer_id = customer_id", out, re.MULTILINE)


def test_search_without_an_index_says_so(shop, capsys):
    assert run(["search", "orders", "--lake", str(shop)]) == 2
    assert "no index" in capsys.readouterr().err


def test_ask_reads_the_lake_from_the_environment(indexed_shop, monkeypatch, capsys):
    monkeypatch.setenv("GENIE_LAKE", str(indexed_shop))
    assert run(["ask", COUNT, "--csv"]) == 0
    assert capsys.readouterr().out.endswith("\n4\n")


def test_ask_takes_the_current_folder_where_it_is_a_lake(shop, monkeypatch, capsys):
    monkeypatch.chdir(shop.parent)
    monkeypatch.setenv("GENIE_ENCODER", "hashing")
    assert run(["ask", COUNT]) == 0
    assert capsys.readouterr().out.endswith("\n4\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ask", COUNT], "--lake PATH"),
        (["ask", COUNT, "--lake", "none"], "no file or folder"),
        (["ask", "  ", "--lake", "SHOP"], ""),
        (["ask"], "Missing argument"),
        (["ask", COUNT, "--lake", "SHOP", "-s", "timeout_s=never"], "timeout_s"),
        (["ask", COUNT, "--lake", "SHOP", "-s", "speed=9"], "speed"),
        (["nothing"], "No such command"),
        (["batch", "none.txt", "-o", "run", "--lake", "SHOP"], "none.txt"),
        (["eval"], "--bench"),
        (["search", " ", "--lake", "SHOP"], "at least one word"),
        (["index", "none"], "no file or folder"),
    ],
)
def test_wrong_use_is_one_message_and_exit_code_2(arguments, message, indexed_shop, capsys):
    assert run([str(indexed_shop) if word == "SHOP" else word for word in arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.strip()
    assert "Traceback" not in err


def test_an_unexpected_error_is_one_line_unless_debugging(indexed_shop, capsys, monkeypatch):
    def broken(*_arguments, **_options):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("genie_ext.session.Session.events", broken)
    assert ask(indexed_shop) == 1
    assert capsys.readouterr().err.startswith("Unexpected ZeroDivisionError: oops.")
    monkeypatch.setenv("GENIE_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        ask(indexed_shop)


def test_a_reader_that_has_seen_enough_is_no_error(indexed_shop):
    command = f"{sys.executable} -m genie_ext.cli ask 'List all orders' --lake {indexed_shop} | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "BrokenPipe" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("options", ["--csv", "--json", "--sql", ""])
def test_a_reader_that_ends_early_ends_the_command_quietly(tmp_path, options):
    path = tmp_path / "many.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE orders AS SELECT range AS order_id, 'a text that fills pipes' AS note FROM range(9000)"
        )
    assert run(["index", str(path), "--encoder", "hashing"]) == 0
    command = f"{sys.executable} -m genie_ext.cli ask 'List all orders' --lake {path} -s encoder=hashing {options}"
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -c 5; exit ${{PIPESTATUS[0]}}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert len(done.stdout) == 5
    assert "rror" not in done.stderr
    assert "ipe" not in done.stderr


@pytest.mark.parametrize("options", [["--csv"], ["--json"], ["--sql"]])
def test_output_to_a_full_disk_is_one_message(indexed_shop, options):
    command = [sys.executable, "-m", "genie_ext.cli", "ask", COUNT, "--lake", str(indexed_shop), *options]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "The output cannot be written: No space left on device." in done.stderr
    assert "Unexpected" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_file_that_cannot_be_used_is_named(indexed_shop, capsys, monkeypatch):
    def broken(*_arguments, **_options):
        raise PermissionError(13, "Permission denied", "/some/file")

    monkeypatch.setattr("genie_ext.session.Session.events", broken)
    assert ask(indexed_shop) == 1
    assert capsys.readouterr().err.startswith("A file or folder cannot be used: Permission denied (/some/file).")


@pytest.mark.parametrize("command", [["ask", COUNT, "--lake"], ["index"]])
def test_a_home_that_is_a_file_is_one_message(shop, capsys, command):
    (shop.parent / ".genie").write_text("in the way", encoding="utf-8")
    assert run([*command, str(shop), "-s", "encoder=hashing"]) == 2
    assert "The index cannot be written to" in capsys.readouterr().err


def test_two_lakes_share_a_home(shop, capsys, monkeypatch, tmp_path):
    other = tmp_path / "other.duckdb"
    with duckdb.connect(str(other)) as connection:
        connection.execute("CREATE TABLE planets AS SELECT range AS planet_id FROM range(8)")
    monkeypatch.setenv("GENIE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("GENIE_ENCODER", "hashing")
    assert run(["index", str(shop)]) == 0
    assert run(["index", str(other)]) == 0
    capsys.readouterr()
    assert run(["search", "planets", "--lake", str(other)]) == 0
    assert run(["ask", COUNT, "--lake", str(shop)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^table +[\d.]+  planets ", out, re.MULTILINE)
    assert out.endswith("\n4\n")


def test_index_repairs_what_was_damaged(shop, capsys):
    assert run(["index", str(shop), "--encoder", "hashing"]) == 0
    (store,) = shop.parent.rglob("meta.db")
    data = bytearray(store.read_bytes())
    data[len(data) // 2] ^= 0xFF
    store.write_bytes(data)
    command = ["search", "orders", "--lake", str(shop), "-s", "encoder=hashing"]
    assert run(command) == 2
    assert "genie index LAKE --force" in capsys.readouterr().err
    assert run(["index", str(shop), "--encoder", "hashing"]) == 0
    assert run(command) == 0


def test_index_reports_what_it_did_and_then_finds_nothing_to_do(shop, capsys):
    assert run(["index", str(shop), "--encoder", "hashing"]) == 0
    out, err = capsys.readouterr()
    assert "2 tables" in out
    assert "2 tables read" in out
    assert "…" in err
    assert run(["index", str(shop), "--encoder", "hashing"]) == 0
    assert "0 tables read" in capsys.readouterr().out
    assert run(["index", str(shop), "--encoder", "hashing", "--force"]) == 0
    assert "2 tables read" in capsys.readouterr().out


def test_batch_writes_results_and_says_how_many(indexed_shop, capsys, tmp_path):
    (tmp_path / "q.txt").write_text(f"{COUNT}\nWhat is the weather on Mars tomorrow?\n", encoding="utf-8")
    command = ["batch", "q.txt", "-o", "run", "--lake", str(indexed_shop), "--csv"]
    assert run(command) == 0
    assert "2 of 2 questions done, 2 of them now: 1 answered, 1 " in capsys.readouterr().out
    assert (tmp_path / "run" / "rows" / "1.csv").read_text(encoding="utf-8").endswith("\n4\n")
    assert run(command) == 0
    assert "2 of 2 questions done, 0 of them now" in capsys.readouterr().out


def test_batch_stopped_by_ctrl_c_keeps_what_is_done(indexed_shop, tmp_path):
    lines = "".join(f"How many orders have an amount above {n}?\n" for n in range(200))
    (tmp_path / "q.txt").write_text(lines, encoding="utf-8")
    command = [sys.executable, "-m", "genie_ext.cli", "batch", "q.txt", "-o", "run", "--lake", str(indexed_shop)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    results = tmp_path / "run" / "results.jsonl"
    while process.poll() is None and not (results.exists() and results.read_bytes().count(b"\n") >= 2):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130, err
    assert "Traceback" not in err
    done = len([json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()])
    assert 2 <= done < 200
    assert f"{done} of 200 questions done" in out


def test_eval_measures_a_file_of_questions(shop, capsys, tmp_path):
    cases = [
        {"id": "a", "db": "shop", "question": COUNT, "sql_duckdb": "SELECT count(*) FROM orders"},
        {"id": "b", "db": "shop", "question": COUNT, "sql_duckdb": "SELECT 17"},
        {"id": "c", "db": "shop", "question": "Weather on Mars?", "sql_duckdb": "SELECT 1", "unanswerable": True},
        {"id": "d", "db": "shop", "question": "left out", "sql_duckdb": "SELECT 1", "usable": False},
    ]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases), encoding="utf-8")
    command = ["eval", "q.jsonl", "--databases", str(shop.parent), "--details", "out.jsonl", "--home", "indexes"]
    assert run([*command, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {key: found[key] for key in ("n", "answered", "right", "wrong")} == {
        "n": 3, "answered": 2, "right": 2, "wrong": 1,
    }  # fmt: skip
    details = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["right"] for line in details] == [True, False, True]
    assert not (shop.parent / ".genie").exists()
    assert run(command) == 0
    assert "66.7%" in capsys.readouterr().out


def test_doctor_exits_with_1_where_something_is_wrong(capsys, indexed_shop):
    assert run(["doctor", "--lake", str(indexed_shop)]) == 0
    assert run(["doctor", "--lake", "none"]) == 1
    assert "FAIL  lake" in capsys.readouterr().out


def test_config_show_names_values_and_their_origin(capsys, monkeypatch, tmp_path):
    (tmp_path / "genie.toml").write_text("threads = 1\n", encoding="utf-8")
    monkeypatch.setenv("GENIE_ROW_LIMIT", "5")
    assert run(["config", "show", "-s", "timeout_s=7"]) == 0
    lines = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines() if line}
    assert lines["threads"] == ["1", str(tmp_path / "genie.toml")]
    assert lines["row_limit"] == ["5", "GENIE_ROW_LIMIT"]
    assert lines["timeout_s"] == ["7.0", "the", "call"]
    assert lines["privacy"] == ["values", "default"]


def test_config_explain_explains_every_setting(capsys):
    assert run(["config", "explain"]) == 0
    assert "row_limit (GENIE_ROW_LIMIT)" in capsys.readouterr().out


def test_demo_builds_a_lake_and_asks_it(capsys, tmp_path):
    assert run(["demo", "--folder", "lake", "--scale", "0.05"]) == 0
    out, _ = capsys.readouterr()
    assert out.count("\n? ") >= 10
    assert "make lab" in out
    assert (tmp_path / "lake" / "genie.toml").is_file()


def test_the_pages_of_the_reference_are_up_to_date():
    assert (DOCS / "cli.md").read_text(encoding="utf-8") == cli_page(genie), "run make docs"
    assert (DOCS / "config.md").read_text(encoding="utf-8") == config_page(), "run make docs"
