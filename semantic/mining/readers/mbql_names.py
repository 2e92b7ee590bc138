"""What other files say that a question of Metabase refers to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from semantic.mining.raw import Relation
from semantic.mining.readers.mbql_terms import NotCarriedError

Column = tuple[Relation, str]
"""A table and a column of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What other files say that a question refers to.

    Attributes:
        tables: Tables by the number that Metabase gave them.
        columns: Columns by their number.
        links: The column that each foreign key points at.
        items: Questions, metrics, measures and segments by their key.
    """

    tables: Mapping[int, Relation] = field(default_factory=dict)
    columns: Mapping[int, Column] = field(default_factory=dict)
    links: Mapping[Column, Column] = field(default_factory=dict)
    items: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def table(self, reference: Any) -> Relation:
        """Return the table a reference means.

        Raises:
            NotCarriedError: It is another question, or a number nobody explains.
        """
        if isinstance(reference, Sequence) and not isinstance(reference, str):
            found: Relation | None = tuple(str(part) for part in reference[1:] if part)
        else:
            found = self.tables.get(reference) if isinstance(reference, int) else None
        if not found:
            raise NotCarriedError(f"table {reference}, which no file here describes,")
        return found
