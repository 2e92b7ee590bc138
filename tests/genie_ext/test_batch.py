from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from genie_ext.batch import Item, read_questions, read_records, run_batch
from genie_ext.errors import ConfigError, GenieError, GuardError, QueryTimeoutError
from genie_ext.types import Answer, Clarification, Question, Refusal, Rows, Turn
from semantic.errors import IndexBrokenError


class Scripted:
    """Answers from a table of question → turn or error, and remembers what it was asked."""

    def __init__(self, **replies):
        self.replies = replies
        self.asked = []

    def ask(self, text, *, thread=""):
        self.asked.append((text, thread))
        reply = self.replies.get(text, answered(text))
        if isinstance(reply, BaseException):
            raise reply
        return reply


def answered(text):
    rows = Rows(table=pa.table({"n": [1, 2]}))
    return Turn(question=Question(text=text), rows=rows, answer=Answer(text="two rows", confidence=0.9), seconds=0.5)


def items(*texts):
    return tuple(Item(id=str(number), question=text) for number, text in enumerate(texts, start=1))


def lines(folder):
    return [json.loads(line) for line in (folder / "results.jsonl").read_text(encoding="utf-8").splitlines()]


def test_read_questions_reads_json_lines(tmp_path):
    path = tmp_path / "q.jsonl"
    path.write_text('{"id": "a", "question": " How many? ", "thread": "t"}\n\n"And why?"\n', encoding="utf-8")
    assert read_questions(path) == (Item(id="a", question="How many?", thread="t"), Item(id="3", question="And why?"))


def test_read_questions_reads_csv_and_text(tmp_path):
    table, text = tmp_path / "q.csv", tmp_path / "q.txt"
    table.write_text('\ufeffid,question\nx,"How many, really?"\n,Why?\n', encoding="utf-8")
    text.write_text("# first\n\nHow many?\n\n  # then\n  Why?\n", encoding="utf-8")
    assert [(item.id, item.question) for item in read_questions(table)] == [("x", "How many, really?"), ("2", "Why?")]
    assert [(item.id, item.question) for item in read_questions(text)] == [("1", "How many?"), ("2", "Why?")]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("q.jsonl", "{bad", "line 1 is not JSON"),
        ("q.jsonl", '{"q": 1}', "line 1 has no question"),
        ("q.jsonl", "[1]", "line 1 has no question"),
        ("q.jsonl", '{"id": 1, "question": "a"}\n{"id": "1", "question": "b"}', "'1' twice"),
        ("q.csv", "frage\nWarum?\n", "no column named question"),
        ("q.txt", "\n", "holds no question"),
    ],
)
def test_read_questions_says_what_is_wrong_and_where(tmp_path, name, text, message):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_questions(path)


def test_read_questions_names_a_missing_file(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_questions(tmp_path / "none.txt")


def test_run_batch_writes_a_line_and_the_rows_of_each_question(tmp_path):
    records = list(run_batch(items("a", "b"), tmp_path, Scripted(), as_csv=True))
    assert [record.status for record in records] == ["answered", "answered"]
    assert [line["id"] for line in lines(tmp_path)] == ["1", "2"]
    assert parquet.read_table(tmp_path / records[0].file).column("n").to_pylist() == [1, 2]
    assert (tmp_path / "rows" / "2.csv").read_text(encoding="utf-8") == "n\n1\n2\n"


def test_run_batch_skips_what_is_done_and_asks_a_changed_question_again(tmp_path):
    list(run_batch(items("a", "b"), tmp_path, Scripted()))
    session = Scripted()
    list(run_batch(items("a", "B", "c"), tmp_path, session))
    assert [text for text, _ in session.asked] == ["B", "c"]
    assert {name: record.question for name, record in read_records(tmp_path).items()} == {"1": "a", "2": "B", "3": "c"}


def test_run_batch_records_every_kind_of_end_and_goes_on(tmp_path):
    question = Question(text="x")
    session = Scripted(
        unclear=Turn(question=question, clarification=Clarification(question="Which?", choices=("a", "b"))),
        unknown=Turn(question=question, refusal=Refusal(reason="There is no weather.")),
        forbidden=GuardError("Not allowed.", sql="DROP TABLE t"),
        slow=QueryTimeoutError("Too slow."),
        broken=IndexBrokenError("The index is damaged."),
        defect=ZeroDivisionError("oops"),
    )
    records = list(
        run_batch(items("unclear", "unknown", "forbidden", "slow", "broken", "defect", "fine"), tmp_path, session)
    )
    ends = ["clarification", "refused", "guard", "error", "error", "error", "answered"]
    assert [record.status for record in records] == ends
    assert records[2].sql == "DROP TABLE t"
    assert "ZeroDivisionError" in records[5].text


def test_run_batch_asks_errors_again_only_when_told(tmp_path):
    list(run_batch(items("slow", "b"), tmp_path, Scripted(slow=QueryTimeoutError("Too slow."))))
    assert list(run_batch(items("slow", "b"), tmp_path, Scripted())) == []
    assert [record.status for record in run_batch(items("slow", "b"), tmp_path, Scripted(), retry=True)] == ["answered"]


def test_run_batch_removes_a_torn_last_line_and_asks_that_question_again(tmp_path):
    list(run_batch(items("a", "b"), tmp_path, Scripted()))
    path = tmp_path / "results.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    session = Scripted()
    list(run_batch(items("a", "b"), tmp_path, session))
    assert [text for text, _ in session.asked] == ["b"]
    assert [line["id"] for line in lines(tmp_path)] == ["1", "2"]


def test_run_batch_refuses_damage_in_the_middle(tmp_path):
    (tmp_path / "results.jsonl").write_text("{bad\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="line 1 is not a result"):
        list(run_batch(items("a"), tmp_path, Scripted()))


def test_run_batch_keeps_what_is_done_when_stopped(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        list(run_batch(items("a", "stop", "c"), tmp_path, Scripted(stop=KeyboardInterrupt())))
    session = Scripted()
    list(run_batch(items("a", "stop", "c"), tmp_path, session))
    assert [text for text, _ in session.asked] == ["stop", "c"]


def test_run_batch_asks_the_start_of_a_thread_again_before_a_resumed_follow_up(tmp_path):
    talk = tuple(replace(item, thread="t") for item in items("a", "b"))
    list(run_batch(talk[:1], tmp_path, Scripted()))
    session = Scripted()
    records = list(run_batch(talk, tmp_path, session))
    assert session.asked == [("a", "t"), ("b", "t")]
    assert [record.id for record in records] == ["2"]


def test_run_batch_makes_safe_and_distinct_file_names(tmp_path):
    odd = (Item(id="../x", question="a"), Item(id="..-x", question="b"), Item(id=".._x", question="c"))
    files = [record.file for record in run_batch(odd, tmp_path, Scripted())]
    assert len(set(files)) == 3
    assert all((tmp_path / name).resolve().parent == tmp_path / "rows" for name in files)


def test_run_batch_refuses_a_folder_that_another_run_writes_to(tmp_path):
    first = run_batch(items("a", "b"), tmp_path, Scripted())
    next(first)
    with pytest.raises(ConfigError, match="Another run"):
        next(run_batch(items("a"), tmp_path, Scripted()))
    first.close()


def test_run_batch_resumes_after_the_process_was_killed(tmp_path, indexed_shop):
    questions = tmp_path / "q.txt"
    questions.write_text("".join(f"How many orders have an amount above {n}?\n" for n in range(40)), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "genie_ext.cli",
        "batch",
        questions,
        "-o",
        tmp_path / "run",
        "--lake",
        indexed_shop,
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    results = tmp_path / "run" / "results.jsonl"
    while process.poll() is None and not (results.exists() and results.read_bytes().count(b"\n") >= 3):
        time.sleep(0.01)
    process.kill()
    process.wait()
    done = results.read_bytes().count(b"\n")
    assert 3 <= done < 40
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"40 of 40 questions done, {40 - done} of them now" in again.stdout
    assert sorted(int(line["id"]) for line in lines(tmp_path / "run")) == list(range(1, 41))
    assert all(Path(tmp_path / "run" / line["file"]).is_file() for line in lines(tmp_path / "run") if line["file"])


@pytest.mark.parametrize("room", [100, 700])
def test_run_batch_stops_on_a_full_disk_and_goes_on_later(tmp_path, room):
    session, folder = Scripted(), tmp_path / "run"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        with pytest.raises(GenieError) as caught:
            list(run_batch(items(*"abcdefgh"), folder, session))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "cannot be written: File too large" in str(caught.value)
    assert "Free some space" in caught.value.hint
    list(run_batch(items(*"abcdefgh"), folder, session))
    assert [(line["id"], line["status"]) for line in lines(folder)] == [(name, "answered") for name in "12345678"]
