from __future__ import annotations

import json
import resource
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from genie_ext.batch import run_batch
from genie_ext.batch_results import read_records
from genie_ext.errors import ConfigError, GenieError, GuardError, QueryCancelledError, QueryTimeoutError
from genie_ext.question_files import Item, read_questions
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
    records = list(run_batch(items("a", "b"), tmp_path, [Scripted()], as_csv=True))
    assert [record.status for record in records] == ["answered", "answered"]
    assert [line["id"] for line in lines(tmp_path)] == ["1", "2"]
    assert parquet.read_table(tmp_path / records[0].file).column("n").to_pylist() == [1, 2]
    assert (tmp_path / "rows" / "2.csv").read_text(encoding="utf-8") == "n\n1\n2\n"


def test_run_batch_skips_what_is_done_and_asks_a_changed_question_again(tmp_path):
    list(run_batch(items("a", "b"), tmp_path, [Scripted()]))
    session = Scripted()
    list(run_batch(items("a", "B", "c"), tmp_path, [session]))
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
        run_batch(items("unclear", "unknown", "forbidden", "slow", "broken", "defect", "fine"), tmp_path, [session])
    )
    ends = ["clarification", "refused", "guard", "error", "error", "error", "answered"]
    assert [record.status for record in records] == ends
    assert records[2].sql == "DROP TABLE t"
    assert "ZeroDivisionError" in records[5].text


def test_run_batch_asks_errors_again_only_when_told(tmp_path):
    list(run_batch(items("slow", "b"), tmp_path, [Scripted(slow=QueryTimeoutError("Too slow."))]))
    assert list(run_batch(items("slow", "b"), tmp_path, [Scripted()])) == []
    assert [record.status for record in run_batch(items("slow", "b"), tmp_path, [Scripted()], retry=True)] == [
        "answered"
    ]


def test_run_batch_removes_a_torn_last_line_and_asks_that_question_again(tmp_path):
    list(run_batch(items("a", "b"), tmp_path, [Scripted()]))
    path = tmp_path / "results.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    session = Scripted()
    list(run_batch(items("a", "b"), tmp_path, [session]))
    assert [text for text, _ in session.asked] == ["b"]
    assert [line["id"] for line in lines(tmp_path)] == ["1", "2"]


def test_run_batch_refuses_damage_in_the_middle(tmp_path):
    (tmp_path / "results.jsonl").write_text("{bad\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="line 1 is not a result"):
        list(run_batch(items("a"), tmp_path, [Scripted()]))


def test_run_batch_keeps_what_is_done_when_stopped(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        list(run_batch(items("a", "stop", "c"), tmp_path, [Scripted(stop=KeyboardInterrupt())]))
    session = Scripted()
    list(run_batch(items("a", "stop", "c"), tmp_path, [session]))
    assert [text for text, _ in session.asked] == ["stop", "c"]


def test_run_batch_asks_the_start_of_a_thread_again_before_a_resumed_follow_up(tmp_path):
    talk = tuple(replace(item, thread="t") for item in items("a", "b"))
    list(run_batch(talk[:1], tmp_path, [Scripted()]))
    session = Scripted()
    records = list(run_batch(talk, tmp_path, [session]))
    assert session.asked == [("a", "t"), ("b", "t")]
    assert [record.id for record in records] == ["2"]


def test_run_batch_makes_safe_and_distinct_file_names(tmp_path):
    odd = (Item(id="../x", question="a"), Item(id="..-x", question="b"), Item(id=".._x", question="c"))
    files = [record.file for record in run_batch(odd, tmp_path, [Scripted()])]
    assert len(set(files)) == 3
    assert all((tmp_path / name).resolve().parent == tmp_path / "rows" for name in files)


def test_run_batch_refuses_a_folder_that_another_run_writes_to(tmp_path):
    first = run_batch(items("a", "b"), tmp_path, [Scripted()])
    next(first)
    with pytest.raises(ConfigError, match="Another run"):
        next(run_batch(items("a"), tmp_path, [Scripted()]))
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
            list(run_batch(items(*"abcdefgh"), folder, [session]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "cannot be written: File too large" in str(caught.value)
    assert "Free some space" in caught.value.hint
    list(run_batch(items(*"abcdefgh"), folder, [session]))
    assert [(line["id"], line["status"]) for line in lines(folder)] == [(name, "answered") for name in "12345678"]


class Slow(Scripted):
    """Answers only when told, and forgets what is under way when cancelled."""

    def __init__(self, *, go=True, **replies):
        super().__init__(**replies)
        self.started, self.go = threading.Event(), threading.Event()
        self.cancelled = False
        if go:
            self.go.set()

    def ask(self, text, *, thread=""):
        self.started.set()
        self.go.wait(20)
        if self.cancelled:
            raise QueryCancelledError("The question was stopped.")
        return super().ask(text, thread=thread)

    def cancel(self):
        self.cancelled = True
        self.go.set()


def test_several_sessions_answer_every_question_once_side_by_side(tmp_path):
    sessions = [Slow(go=False), Slow(go=False), Slow(go=False)]
    records = run_batch(items(*map(str, range(30))), tmp_path, sessions)

    def let_all_go():
        assert all(session.started.wait(20) for session in sessions)
        for session in sessions:
            session.go.set()

    helper = threading.Thread(target=let_all_go)
    helper.start()
    found = [record.id for record in records]
    helper.join()
    assert sorted(found, key=int) == [str(number) for number in range(1, 31)]
    assert [line["id"] for line in lines(tmp_path)] == found
    assert sum(len(session.asked) for session in sessions) == 30
    assert all(session.asked for session in sessions)


def test_the_questions_of_a_thread_are_asked_in_order_by_one_session(tmp_path):
    talk = tuple(Item(id=f"{name}{n}", question=f"{name}{n}", thread=name) for n in range(4) for name in "pqr")
    sessions = [Slow(), Slow()]
    assert len(list(run_batch(talk, tmp_path, sessions))) == 12
    for name in "pqr":
        told = [[text for text, thread in session.asked if thread == name] for session in sessions]
        assert sorted(told) == [[], [f"{name}{n}" for n in range(4)]]


def test_what_is_done_in_the_middle_of_a_thread_is_heard_again_before_what_follows(tmp_path):
    talk = tuple(replace(item, thread="t") for item in items("a", "b", "c"))
    list(run_batch(talk, tmp_path, [Scripted(b=QueryTimeoutError("Too slow."), c=QueryTimeoutError("Too slow."))]))
    list(run_batch((talk[0], replace(talk[2])), tmp_path, [Scripted()], retry=True))
    session = Scripted()
    assert [record.id for record in run_batch(talk, tmp_path, [session], retry=True)] == ["2"]
    assert [text for text, _ in session.asked] == ["a", "b"]


def test_an_error_in_one_session_ends_the_others_and_keeps_what_is_done(tmp_path):
    held = Slow(go=False)
    records = run_batch(items(*"abcdef"), tmp_path, [Slow(c=KeyboardInterrupt(), d=KeyboardInterrupt()), held])
    with pytest.raises(KeyboardInterrupt):
        list(records)
    assert held.cancelled
    done = {line["question"] for line in lines(tmp_path)}
    session = Scripted()
    list(run_batch(items(*"abcdef"), tmp_path, [session]))
    assert {text for text, _ in session.asked} == set("abcdef") - done


def test_a_reader_that_leaves_ends_all_sessions(tmp_path):
    quick, held = Slow(), Slow(go=False)
    records = run_batch(items(*"abcdef"), tmp_path, [quick, held])
    next(records)
    records.close()
    assert held.cancelled
    assert not any("_work" in thread.name for thread in threading.enumerate())


def test_the_command_answers_with_several_jobs_what_it_answers_with_one(tmp_path, indexed_shop):
    questions = tmp_path / "q.txt"
    questions.write_text("".join(f"How many orders have an amount above {n}?\n" for n in range(8)), encoding="utf-8")
    found = []
    for jobs in ("1", "3"):
        folder = tmp_path / jobs
        command = [sys.executable, "-m", "genie_ext.cli", "batch", questions, "-o", folder, "--lake", indexed_shop]
        subprocess.run([*command, "--jobs", jobs], capture_output=True, text=True, check=True)
        found.append({line["id"]: (line["status"], line["text"], line["sql"]) for line in lines(folder)})
    assert found[0] == found[1]
    assert len(found[0]) == 8
