"""Put the tables and columns of a lake in order for one question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from semantic.search.closeness import Meaning
from semantic.search.evidence import Evidence
from semantic.search.outline import Floats, Ints
from semantic.search.weighing import (
    COLUMN_WEIGHTS,
    JOINED_WEIGHTS,
    SCHEMA_WEIGHTS,
    TABLE_WEIGHTS,
    Shortlist,
    penalties,
    weigh,
)
from semantic.types import TableId

Bonuses = Mapping[tuple[TableId, str], tuple[float, str]]
"""What else speaks for a table (column empty) or a column: log odds and the reason."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The tables and columns that were weighed, each with its log chance.

    Attributes:
        chosen: The tables and columns.
        schemas: Log chance of each schema of the lake, shape (S,).
        tables: Log chance of each table, shape (N,).
        columns: Log chance of each column, shape (M,).
        table_meaning: How close the tables are in meaning.
        column_meaning: How close the columns are in meaning.
        table_order: Places of the tables, best first.
        column_order: Places of the columns, best first.
    """

    chosen: Shortlist
    schemas: Floats
    tables: Floats
    columns: Floats
    table_meaning: Meaning
    column_meaning: Meaning
    table_order: Ints
    column_order: Ints


def rank(evidence: Evidence, bonuses: Bonuses, *, wants_stale: bool) -> Standing:
    """Weigh the schemas, then the tables and columns of the best of them.

    Args:
        evidence: What speaks for them.
        bonuses: What else speaks for tables and columns.
        wants_stale: True where the question asks for copies.
    """
    outline = evidence.outline
    on_tables = {outline.number(t): b for (t, column), (b, _) in bonuses.items() if not column}
    odds = weigh(evidence.of_schemas(), SCHEMA_WEIGHTS)
    for table, bonus in on_tables.items():
        odds[outline.schema_of[table]] += bonus
    schemas = odds - np.logaddexp.reduce(odds)
    chosen = evidence.choose(schemas, np.array(sorted(on_tables), dtype=np.int64))
    table_meaning = evidence.compare("table", outline.table_positions[chosen.tables])
    column_meaning = evidence.compare("column", chosen.columns)
    alone = weigh(evidence.of_tables(chosen, table_meaning, column_meaning), TABLE_WEIGHTS)
    table_odds = weigh(evidence.of_joined(chosen, alone), JOINED_WEIGHTS)
    table_odds += np.array([on_tables.get(t, 0.0) for t in chosen.tables.tolist()], dtype=np.float32)
    column_odds = weigh(evidence.of_columns(chosen, column_meaning, table_odds), COLUMN_WEIGHTS)
    column_odds += _column_bonuses(evidence, chosen, bonuses)
    shared = schemas[outline.schema_of[chosen.tables]] + penalties(outline, chosen.tables, wants_stale=wants_stale)
    tables = shared - np.logaddexp(0, -table_odds)
    columns = shared[chosen.owner] - np.logaddexp(0, -column_odds)
    return Standing(
        chosen=chosen, schemas=schemas, tables=tables, columns=columns, table_meaning=table_meaning,
        column_meaning=column_meaning, table_order=np.argsort(-tables, kind="stable"),
        column_order=np.argsort(-columns, kind="stable"),
    )  # fmt: skip


def _column_bonuses(evidence: Evidence, chosen: Shortlist, bonuses: Bonuses) -> Floats:
    found = np.zeros(len(chosen.columns), dtype=np.float32)
    for (table, column), (bonus, _) in bonuses.items():
        if column:
            positions = evidence.outline.columns_named(evidence.outline.number(table), column)
            found[np.isin(chosen.columns, positions)] += bonus
    return found
