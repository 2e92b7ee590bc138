from __future__ import annotations

import pytest

from genie_ext import Genie, Result
from genie_ext.errors import (
    CannotAnswerError,
    ConfigError,
    GenieError,
    LakeUnavailableError,
    QuestionError,
)
from genie_ext.types import Clarification, Question, Refusal, Turn

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def genie(indexed_shop):
    with Genie(indexed_shop) as made:
        yield made


def test_ask_gives_rows_sql_plan_checks_and_confidence(genie):
    result = genie.ask("How many orders are there per status?")
    assert result.ok
    assert dict(result.df.itertuples(index=False)) == {"paid": 3, "returned": 1}
    assert result.arrow.num_rows == 2
    assert result.sql.startswith("SELECT")
    assert result.plan.interpretation
    assert result.checks
    assert 0.5 < result.confidence <= 1
    assert result.tier == "embedded"
    assert result.text == result.answer.text
    assert result.turn.question.text == "How many orders are there per status?"


def test_result_shows_itself_as_text_and_html(genie):
    result = genie.ask("How many orders are there?")
    assert "SELECT" in str(result)
    assert repr(result) == str(result)
    assert {"text/plain", "text/html"} <= result._repr_mimebundle_().keys()


def test_ask_goes_on_in_a_thread(genie):
    genie.ask("How many orders are paid?", thread="t")
    assert genie.ask("and how many of them are from customers in Paris?", thread="t").df.iloc[0, 0] == 2


def test_a_refused_question_has_a_reason_and_no_rows(genie):
    result = genie.ask("Why?")
    assert not result.ok
    assert result.confidence == 0
    assert result.text
    with pytest.raises(CannotAnswerError) as caught:
        _ = result.df
    assert result.text in str(caught.value)


@pytest.mark.parametrize(
    ("turn", "message"),
    [
        (Turn(question=Question(text="x"), refusal=Refusal(reason="No weather.", suggestions=("Ask orders.",))),
         "No weather. Ask orders."),
        (Turn(question=Question(text="x"), clarification=Clarification(question="Which?", choices=("a", "b"))),
         "Which? Ask again with one of: a; b."),
    ],
)  # fmt: skip
def test_rows_of_a_result_without_answer_raise_what_was_said(turn, message):
    with pytest.raises(CannotAnswerError) as caught:
        _ = Result(turn).arrow
    assert str(caught.value) == message
    assert Result(turn).sql == ""


def test_settings_of_the_call_count(indexed_shop):
    with Genie(indexed_shop, row_limit=2) as genie:
        result = genie.ask("List the orders")
        assert result.arrow.num_rows == 2
        assert result.turn.rows.truncated


def test_wrong_use_raises_an_error_of_the_house(indexed_shop, genie, tmp_path):
    with pytest.raises(ConfigError, match="speed"):
        Genie(indexed_shop, speed=9)
    with pytest.raises(GenieError, match="no file or folder"):
        Genie(tmp_path / "none")
    with pytest.raises(QuestionError):
        genie.ask("  ")


def test_a_connection_of_the_user_stays_open(shop):
    import duckdb

    with duckdb.connect(str(shop)) as connection:
        with Genie(connection, encoder="hashing") as genie:
            result = genie.ask("How many orders are there?")
            assert result.df.iloc[0, 0] == 4
            assert result.turn.fallback
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_a_refusal_names_what_is_missing():
    refusal = Refusal(reason="The lake has no such table.", missing=("weather", "Mars"), suggestions=("Ask orders.",))
    with pytest.raises(CannotAnswerError) as caught:
        _ = Result(Turn(question=Question(text="x"), refusal=refusal)).df
    assert str(caught.value) == "The lake has no such table. Missing: weather; Mars. Ask orders."


@pytest.mark.parametrize("lake", [5, None, b"lake"])
def test_what_is_neither_path_nor_connection_is_refused(lake):
    with pytest.raises(LakeUnavailableError, match="a path or an open DuckDB connection"):
        Genie(lake)


def test_two_lakes_that_share_a_home_keep_their_own_index(shop, tmp_path):
    import duckdb

    other = tmp_path / "other" / shop.name
    other.parent.mkdir()
    with duckdb.connect(str(other)) as connection:
        connection.execute("CREATE TABLE planets AS SELECT range AS planet_id FROM range(8)")
    options = {"encoder": "hashing", "home": str(tmp_path / "state")}
    with Genie(shop, **options) as first, Genie(other, **options) as second:
        assert first.session.lake.home.parent == second.session.lake.home.parent == tmp_path / "state"
        assert first.ask("How many orders are there?").df.iloc[0, 0] == 4
        assert second.ask("How many planets are there?").df.iloc[0, 0] == 8
    with duckdb.connect() as connection, Genie(other, **options) as second:
        connection.execute("CREATE TABLE moons AS SELECT range AS moon_id FROM range(3)")
        with Genie(connection, **options) as live:
            assert live.ask("How many moons are there?").df.iloc[0, 0] == 3
        assert second.ask("How many planets are there?").df.iloc[0, 0] == 8
    assert len(list((tmp_path / "state").iterdir())) == 3


def test_a_session_repairs_an_index_whose_middle_was_overwritten(shop):
    with Genie(shop, encoder="hashing") as genie:
        store = genie.session.lake.home / "index" / genie.session.index.version / "meta.db"
    data = bytearray(store.read_bytes())
    data[len(data) // 3 : 2 * len(data) // 3] = b"x" * (2 * len(data) // 3 - len(data) // 3)
    store.write_bytes(data)
    with Genie(shop, encoder="hashing") as genie:
        assert genie.session.report is not None
        assert genie.ask("How many orders are there?").df.iloc[0, 0] == 4
