"""Tokens that change when the rows of a database table change: from the cells of small ones, else from the storage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from semantic.lake import quote_name
from semantic.types import TableId

if TYPE_CHECKING:
    import duckdb

# Below, reading all cells costs less than listing where they lie.
_FEW_ROWS = 1_000
# Tables asked for in one query, since asking costs as much as reading a small table.
_AT_ONCE = 25


def row_tokens(con: duckdb.DuckDBPyConnection, tables: Sequence[TableId]) -> dict[TableId, str]:
    """Return a text per table that changes with its rows."""
    databases = con.execute("SELECT database_name, path FROM duckdb_databases()").fetchall()
    # Rows in memory have no blocks, and an update leaves their statistics alone.
    in_memory = {name for name, path in databases if not path}
    rows = con.execute("SELECT database_name, schema_name, table_name, estimated_size FROM duckdb_tables()").fetchall()
    small = {TableId(*row[:3]) for row in rows if row[3] < _FEW_ROWS}
    read = [t for t in tables if t.catalog in in_memory or t in small]
    tokens: dict[TableId, str] = {}
    for first in range(0, len(read), _AT_ONCE):
        tokens.update(_contents(con, read[first : first + _AT_ONCE]))
    return {t: tokens[t] if t in tokens else _storage(con, t) for t in tables}


def _contents(con: duckdb.DuckDBPyConnection, tables: Sequence[TableId]) -> Iterator[tuple[TableId, str]]:
    """Yield a hash over all cells of each table, whatever the order of the rows."""
    import duckdb

    # A column may bear the name of its table, which then no longer means the row.
    parts = (f"SELECT {i} AS i, count(*) AS n, sum(hash(*COLUMNS(*))) AS h FROM {_quoted(t)}"
             for i, t in enumerate(tables))  # fmt: skip
    try:
        found = con.execute(f"{' UNION ALL '.join(parts)} ORDER BY i").fetchall()
    except duckdb.Error as error:
        if len(tables) > 1:
            for table in tables:
                yield from _contents(con, [table])
        else:
            yield tables[0], f"unreadable: {error}"
        return
    yield from ((tables[i], repr((count, code))) for i, count, code in found)


def _storage(con: duckdb.DuckDBPyConnection, table: TableId) -> str:
    """Hash where the rows lie and what their statistics are, with their number, since deletions move nothing."""
    import duckdb

    full = _quoted(table)
    name = full.replace("'", "''")
    try:
        rows = con.execute(
            "SELECT bit_xor(hash(row_group_id, column_id, segment_id, count, stats, block_id, block_offset)), count(*) "
            f"FROM pragma_storage_info('{name}') UNION ALL SELECT count(*), 0 FROM {full}"
        ).fetchall()
    except duckdb.Error as error:
        return f"unreadable: {error}"
    return repr(rows)


def _quoted(table: TableId) -> str:
    return ".".join(quote_name(part) for part in (table.catalog, table.schema, table.name))
