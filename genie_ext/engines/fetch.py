"""Rows of a query as Arrow batches, up to a number of rows and a size."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

# DuckDB's own vector size: the size is looked at as often as the engine hands out rows.
_VECTOR_ROWS = 2048


class SizeError(Exception):
    """The result is larger than the limit."""


def fetch(
    connection: duckdb.DuckDBPyConnection, executable: str, *, rows: int, size: int
) -> tuple[pa.Schema, list[pa.RecordBatch], bool]:
    """Return the schema, the first rows, and whether there are more.

    Args:
        connection: A connection without an unfinished result.
        executable: The query.
        rows: Rows fetched at most.
        size: Bytes fetched at most.

    Raises:
        SizeError: The rows are larger than `size`.
    """
    reader = connection.sql(executable).to_arrow_reader(_VECTOR_ROWS)
    try:
        batches: list[pa.RecordBatch] = []
        seen, used = 0, 0
        for batch in reader:
            kept = batch.slice(0, rows - seen)
            used += kept.nbytes
            if used > size:
                raise SizeError(f"The result is larger than {size / 2**20:g} MiB.")
            batches.append(kept)
            seen += batch.num_rows
            if seen > rows:
                break
        return reader.schema, batches, seen > rows
    finally:
        # An open reader would keep the connection from its next query.
        reader.close()
