"""Facts in the stored index: one row each, as JSON, with the tables they speak of."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, cast

from semantic.facts import Dimension, Facts, Metric, MinedJoin, Note, PastQuery, Rule, Segment, Term
from semantic.store.reader import Store
from semantic.types import TableId

Fact = Metric | Dimension | Segment | PastQuery | Term | Note | Rule | MinedJoin
_CLASSES: dict[str, type[Any]] = {
    "metrics": Metric, "dimensions": Dimension, "segments": Segment, "queries": PastQuery, "terms": Term,
    "notes": Note, "rules": Rule, "joins": MinedJoin,
}  # fmt: skip
SCHEMA = """
CREATE TABLE facts (position INTEGER PRIMARY KEY, id TEXT, part TEXT, body TEXT);
CREATE TABLE fact_tables (position INTEGER, table_id INTEGER);
CREATE INDEX facts_id ON facts (id);
CREATE INDEX fact_tables_table ON fact_tables (table_id);
"""


def write_facts(con: sqlite3.Connection, facts: Facts, ids: dict[TableId, int]) -> None:
    """Write all facts to a store, in place of those that it holds.

    Args:
        con: The store's connection.
        facts: What is known.
        ids: Numbers of the tables in the store.
    """
    con.execute("DELETE FROM facts")
    con.execute("DELETE FROM fact_tables")
    for part in _CLASSES:
        for fact in getattr(facts, part):
            cursor = con.execute(
                "INSERT INTO facts (id, part, body) VALUES (?, ?, ?)",
                (getattr(fact, "id", ""), part, _pack(part, fact)),
            )
            owners = {(cursor.lastrowid, ids[table]) for table in _tables(fact) if table in ids}
            con.executemany("INSERT INTO fact_tables VALUES (?, ?)", sorted(owners))
    for part in ("lost", "skipped"):
        con.executemany(
            "INSERT INTO facts (id, part, body) VALUES ('', ?, ?)", [(part, line) for line in getattr(facts, part)]
        )


def read_facts(store: Store) -> Facts:
    """Return all facts of a stored index, less passages, which are documents of it."""
    found: dict[str, list[Any]] = {}
    for part, body in store.query("SELECT part, body FROM facts ORDER BY position"):
        found.setdefault(part, []).append(_unpack(part, body) if part in _CLASSES else body)
    return Facts(**{part: tuple(facts) for part, facts in found.items()})


def read_fact(store: Store, key: str) -> Fact | None:
    """Return the fact of an id, None where there is none."""
    rows = store.query("SELECT part, body FROM facts WHERE id = ? LIMIT 1", (key,))
    return _unpack(*rows[0]) if rows else None


def facts_of(store: Store, part: str, tables: Iterable[TableId]) -> Iterator[Fact]:
    """Yield the facts of one part, such as "segments", that speak of one of the tables, most trusted first."""
    codes = ",".join(str(store.ids[table]) for table in tables if table in store.ids)
    rows = store.query(
        "SELECT DISTINCT f.position, f.body FROM facts f JOIN fact_tables t USING (position) "
        f"WHERE f.part = ? AND t.table_id IN ({codes}) ORDER BY f.position",
        (part,),
    )
    return (_unpack(part, body) for _, body in rows)


def rules_of(store: Store) -> tuple[Rule, ...]:
    """Return the rules on what to do with some questions."""
    rows = store.query("SELECT body FROM facts WHERE part = 'rules' ORDER BY position")
    return tuple(cast("Rule", _unpack("rules", body)) for (body,) in rows)


def _tables(fact: Fact) -> tuple[TableId, ...]:
    if isinstance(fact, Note):
        return (fact.table,)
    if isinstance(fact, MinedJoin):
        return (fact.relationship.child, fact.relationship.parent)
    return () if isinstance(fact, Term | Rule) else fact.tables


@cache
def _adapter(part: str) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(_CLASSES[part])


def _pack(part: str, fact: Fact) -> str:
    return cast("bytes", _adapter(part).dump_json(fact, exclude_defaults=True)).decode()


def _unpack(part: str, body: str) -> Fact:
    return cast("Fact", _adapter(part).validate_json(body))
