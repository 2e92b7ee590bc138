"""A frame of a notebook as the table of a question: its own lake, under the settings of the lake beside it."""

from __future__ import annotations

import base64
import io
import json

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from genie_ext.frames import FOLDER, MOST_BYTES, parquet_of
from genie_ext.server.history import Kept
from genie_ext.server.seats import Asking, Seat

SALES = pd.DataFrame({"region": ["north", "north", "south"], "amount": [10, 20, 5]})


def about(frame=SALES, name="sales"):
    return {"name": name, "parquet": base64.b64encode(parquet_of(frame)).decode()}


async def test_a_frame_is_asked_about_in_place_of_the_lake_and_follow_ups_lean_on_it(ask):
    kind, told = (await ask("How many sales are there?", about=about()))[-1]
    assert (kind, told["about"]) == ("answer", "sales")
    assert told["turn"]["answer"]["key_figure"] == "3"
    assert [table.rpartition(".")[2] for table in told["turn"]["sql"]["tables"]] == ["sales"]
    _, told = (await ask("and how many of them in north?", about=about()))[-1]
    assert told["turn"]["answer"]["key_figure"] == "2"


async def test_the_lake_does_not_follow_up_on_a_frame_nor_a_frame_on_the_lake(ask):
    await ask("How many orders are there?")
    _, told = (await ask("and how many of them in north?", about=about()))[-1]
    assert told["turn"]["plan"] is None or "orders" not in told["turn"]["plan"]["interpretation"]
    _, told = (await ask("only the returned ones"))[-1]
    assert told["turn"]["answer"]["key_figure"] == "1"


async def test_a_frame_named_like_a_table_of_the_lake_hides_nothing_of_either(ask):
    frame = pd.DataFrame({"order_id": [1, 2, 3, 4, 5, 6, 7]})
    _, told = (await ask("How many orders are there?", about=about(frame, "orders")))[-1]
    assert told["turn"]["answer"]["key_figure"] == "7"
    _, told = (await ask("How many orders are there?", "other"))[-1]
    assert told["turn"]["answer"]["key_figure"] == "4"


async def test_the_thread_says_what_was_asked_about_a_frame_and_exports_it_as_words(ask, call, jp_fetch):
    await ask("How many sales are there?", about=about())
    await ask("How many orders are there?")
    _, told = await call("threads/t")
    assert [turn["about"] for turn in told["turns"]] == ["sales", ""]
    exported = await jp_fetch("genie", "api", "threads", "t", "export")
    cells = json.loads(exported.body)["cells"]
    shown = next(cell for cell in cells if "sales" in cell["source"] and "FROM" in cell["source"])
    assert shown["cell_type"] == "markdown"
    assert [cell["cell_type"] for cell in cells if "FROM orders" in cell["source"]] == ["code"]


async def test_rows_of_an_answer_about_a_frame_are_read_from_it_as_long_as_it_is_kept(ask, call, jp_fetch, lake):
    told = (await ask("Total amount by region", about=about()))[-1][1]
    sent = await jp_fetch("genie", "api", "rows", f"{told['id']}.parquet")
    assert parquet.read_table(io.BytesIO(sent.body)).num_rows == 2
    for kept in list(lake.parent.rglob("sales.parquet")):
        kept.parent.rename(kept.parent.with_name("." + kept.parent.name))
    code, said = await call(f"rows/{told['id']}.parquet")
    assert (code, said["message"]) == (404, "The frame sales is no longer kept.")


@pytest.mark.parametrize("kind", ["verify", "case"])
async def test_an_answer_about_a_frame_says_nothing_of_the_lake(ask, call, kind):
    told = (await ask("How many sales are there?", about=about()))[-1][1]
    code, said = await call(kind, "POST", {"turn": told["id"]})
    assert code == 400
    assert "about the frame sales" in said["message"]


@pytest.mark.parametrize(
    ("parquet_text", "code", "said"),
    [
        ("not base64!", 400, "not in base64"),
        (base64.b64encode(b"no table").decode(), 400, "not a Parquet file"),
        ("A" * (4 * (MOST_BYTES + 3) // 3), 413, "more than 24 MiB"),
    ],
)
async def test_what_is_no_frame_is_refused_with_the_reason(call, parquet_text, code, said):
    body = {"question": "How many?", "thread": "t", "about": {"name": "x", "parquet": parquet_text}}
    found, told = await call("ask", "POST", body)
    assert found == code
    assert said in told["message"]


async def test_a_name_that_is_no_name_of_a_table_stays_inside_the_folder(ask, lake):
    _, told = (await ask("How many rows are there?", about=about(name="../../a b; DROP")))[-1]
    assert told["about"] == "a_b__DROP"
    assert [path.parent.parent.name for path in lake.parent.rglob("a_b__DROP.parquet")] == [FOLDER]


async def test_settings_and_budgets_of_the_lake_hold_for_a_frame(ask, lake, opened):
    (lake.parent / "genie.toml").write_text('privacy = "schema"\nhidden_columns = ["customers.name"]\n')
    _, told = (await ask("How many sales are there?", about=about()))[-1]
    assert told["turn"]["privacy"] == "schema"
    assert told["turn"]["answer"]["key_figure"] == "3"


def test_a_session_that_nobody_uses_is_closed_and_opens_again(lake):
    seat = Seat(lake)
    list(seat.events("How many orders are there?", "t", (), Asking()))
    assert not seat.rest(3600)
    assert seat.rest(0)
    assert not seat.rest(0)
    *_, last = seat.events("only the returned ones", "t", ("How many orders are there?",), Asking())
    assert last.value.answer.key_figure == "1"
    seat.close()


def test_a_session_in_use_is_not_closed(lake):
    seat = Seat(lake)
    with seat.held():
        assert not seat.rest(0)
    seat.close()


async def test_a_chart_is_drawn_as_a_picture_that_runs_nothing(ask, call, jp_fetch, jp_serverapp):
    told = (await ask("Number of orders by status"))[-1][1]
    assert told["turn"]["answer"]["chart"]
    sent = await jp_fetch("genie", "api", "charts", f"{told['id']}.svg", params={"width": "300", "dark": "1"})
    assert sent.headers["Content-Type"].startswith("image/svg+xml")
    assert "default-src 'none'" in sent.headers["Content-Security-Policy"]
    assert b"<svg" in sent.body[:200]
    assert b"<script" not in sent.body
    bare = (await ask("How many orders are there?"))[-1][1]
    assert (await call(f"charts/{bare['id']}.svg"))[0] == 400
    assert (await call(f"charts/{'0' * 32}.svg"))[0] == 404


async def test_text_in_a_chart_stays_text(ask, jp_fetch, jp_serverapp, lake):
    frame = pd.DataFrame({"kind": ["<script>x</script>", '"><img src=x>'], "amount": [1, 2]})
    told = (await ask("Total amount by kind", about=about(frame, "things")))[-1][1]
    sent = await jp_fetch("genie", "api", "charts", f"{told['id']}.svg")
    assert b"<script" not in sent.body
    assert b"<img" not in sent.body


def test_a_history_that_is_older_than_frames_is_still_read(tmp_path):
    import sqlite3

    from genie_ext.server.history import History

    with sqlite3.connect(tmp_path / "panel.db") as old:
        old.executescript(
            "CREATE TABLE turns (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, thread TEXT NOT NULL,"
            " user TEXT NOT NULL, question TEXT NOT NULL, turn TEXT NOT NULL);"
            "INSERT INTO turns VALUES (1, 'a', 't', 'u', 'How many?', '{}')"
        )
    history = History(tmp_path / "panel.db")
    assert history.turn("u", "a") == Kept(id="a", thread="t", question="How many?", turn={})
    assert history.questions("u", "t") == ("How many?",)


def test_a_table_of_arrow_is_a_frame_too():
    held = parquet.read_table(io.BytesIO(parquet_of(pa.table({"a": [1]}))))
    assert held.to_pydict() == {"a": [1]}
