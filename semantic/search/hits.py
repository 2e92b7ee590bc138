"""Turn what was ranked into hits that say why they were found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from semantic.found import Hit, ValueHit
from semantic.search.closeness import Meaning
from semantic.search.evidence import Evidence
from semantic.search.outline import Floats, Ints
from semantic.search.ranking import name_reasons
from semantic.search.standing import Bonuses, Standing
from semantic.store.reader import Store
from semantic.types import Document, DocumentKind, TableId

# In standard deviations from the background.
_CLOSE = 2.0
_LIKELY = 0.5
# A table whose own name and columns hold less of the question is there for the tables it joins.
_UNSAID = 0.25


@dataclass(frozen=True, slots=True)
class Report:
    """Writes the hits of one question.

    Attributes:
        store: Where the documents are.
        evidence: What spoke for the tables.
        standing: How they were ranked.
        words: The words of the question as they were said.
        values: Cell values that the question names.
        bonuses: What else spoke for tables and columns.
    """

    store: Store
    evidence: Evidence
    standing: Standing
    words: Sequence[str]
    values: tuple[ValueHit, ...]
    bonuses: Bonuses

    def tables(self, limit: int) -> tuple[Hit, ...]:
        """Return the best tables."""
        standing = self.standing
        places = standing.table_order[:limit]
        positions = self.evidence.outline.table_positions[standing.chosen.tables[places]]
        return self._hits("table", places, positions, standing.tables, standing.table_meaning)

    def columns(self, limit: int) -> tuple[Hit, ...]:
        """Return the best columns."""
        standing = self.standing
        places = standing.column_order[:limit]
        return self._hits("column", places, standing.chosen.columns[places], standing.columns, standing.column_meaning)

    def _hits(
        self, kind: DocumentKind, places: Ints, positions: Ints, logs: Floats, meaning: Meaning
    ) -> tuple[Hit, ...]:
        documents = self.store.documents(f"kind = ? AND position IN ({','.join(map(str, positions))})", (kind,))
        values: dict[TableId, list[ValueHit]] = defaultdict(list)
        for hit in self.values:
            values[hit.table].append(hit)
        return tuple(
            Hit(
                document=documents[position],
                score=float(np.exp(logs[place])),
                dense=round(float(meaning.cosines[place]), 4),
                lexical=round(self._said(kind, position), 4),
                reasons=tuple(dict.fromkeys(self._reasons(documents[position], values, meaning.scores[place], place))),
            )
            for place, position in zip(places.tolist(), positions.tolist(), strict=True)
        )

    def _said(self, kind: DocumentKind, position: int) -> float:
        """Return the share of the question that a table or a column covers."""
        coverage, outline = self.evidence.coverage, self.evidence.outline
        if kind == "table":
            strengths = coverage.tables[:, outline.position_tables[position]]
        else:
            strengths = coverage.titles[:, outline.column_title[position]]
            strengths = np.maximum(strengths, coverage.columns.get(position, 0.0))
        return float(coverage.weights @ strengths / coverage.total)

    def _reasons(
        self, document: Document, values: Mapping[TableId, Sequence[ValueHit]], close: float, place: int
    ) -> Iterator[str]:
        table = document.table
        if table is None:
            return
        yield from name_reasons(document.title, document.text, self.words)
        for hit in values.get(table, ()):
            if document.column in {"", hit.column}:
                yield f"holds the value '{hit.value}'{'' if document.column else f' in {hit.column}'}"
        if (table, document.column) in self.bonuses:
            yield self.bonuses[table, document.column][1]
        if close > _CLOSE:
            yield "close in meaning"
        number = self.evidence.outline.number(table)
        if not document.column:
            yield from self._joined(number, place)
        yield from self._about(number)

    def _joined(self, number: int, place: int) -> Iterator[str]:
        """Name the better tables that a table is joined with, where its own words say little."""
        outline, standing = self.evidence.outline, self.standing
        if self._said("table", int(outline.table_positions[number])) > _UNSAID:
            return
        better = standing.chosen.tables[standing.table_order][: int(np.sum(standing.tables > standing.tables[place]))]
        around = outline.neighbours(number)
        if joined := [outline.tables[t].name for t in better.tolist() if t in around][:2]:
            yield f"joined with {' and '.join(joined)}"

    def _about(self, number: int) -> Iterator[str]:
        outline = self.evidence.outline
        schema = outline.schema_of[number]
        if len(outline.schemas) > 1 and self.standing.schemas[schema] > np.log(_LIKELY):
            group = outline.schemas[schema]
            yield f"{'.'.join(group[0]) if len(group) == 1 else group[0][0]} fits the whole question best"
        if outline.stale[number]:
            yield "looks like an old or intermediate copy"
        if outline.empty[number]:
            yield "has no rows"
