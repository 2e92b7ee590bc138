"""The draft of a plan: what has been decided so far, and how phrases are settled on one table or column."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from genie_ext.embedded.columns import is_key, is_number
from genie_ext.embedded.cues import Cue
from genie_ext.embedded.link import Link, Mention
from genie_ext.embedded.read import Reading
from genie_ext.embedded.steps import measured_table
from genie_ext.types import (
    Clarification,
    ColumnRef,
    Context,
    Dimension,
    Filter,
    Measure,
    Order,
    SegmentFilter,
    TimeRange,
)
from semantic.types import Column, Table, TableId


@dataclass(slots=True)
class Draft:
    """Mutable while a question is composed; `finish` elsewhere turns it into a frozen step.

    Attributes:
        missing: What a slot needed and did not find, in words for the user.
        show_order: True where the column sorted by is to be shown as well ("top five products by price").
        continues: True where the question changes the one before.
        used: Numbers of the mentions that already have a role.
        placed: Measures by the place of the cue or name that asked for them.
        spent: Places of cues that only say again what a governed figure is.
        unclear: What is to be asked back, where two readings are equally good.
        guessed: The superlative of which the question does not say by what, empty where it does.
        doubts: Choices that lower the confidence, as (clause, how much of the odds they cost).
    """

    context: Context
    reading: Reading
    measures: list[Measure] = field(default_factory=list)
    dimensions: list[tuple[int, Dimension]] = field(default_factory=list)
    filters: list[Filter] = field(default_factory=list)
    order: list[Order] = field(default_factory=list)
    keys: list[ColumnRef] = field(default_factory=list)
    sources: list[TableId] = field(default_factory=list)
    segments: list[SegmentFilter] = field(default_factory=list)
    time: TimeRange | None = None
    limit: int | None = None
    show_order: bool = False
    distinct: bool = False
    continues: bool = False
    assumptions: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unclear: Clarification | None = None
    guessed: str = ""
    doubts: list[tuple[str, float]] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    placed: dict[int, Measure] = field(default_factory=dict)
    spent: set[int] = field(default_factory=set)
    weights: dict[TableId, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Weigh each table by how much of the question points at it."""
        self.weights = _weigh(self.context, self.reading)

    # --- settling a mention ---

    def table(self, table: TableId) -> Table:
        """Return the full table of an id of the context."""
        return next(t for t in self.context.tables if t.id == table)

    def column(self, ref: ColumnRef) -> Column | None:
        """Return the column a reference names."""
        return self.table(ref.table).column(ref.column)

    def identifies(self, ref: ColumnRef) -> bool:
        """Tell whether a column only identifies rows."""
        column = self.column(ref)
        return column is not None and is_key(self.table(ref.table), column)

    def pick(self, mention: Mention, *, want: str = "any", near: TableId | None = None) -> Link | None:
        """Return the best reading of a mention.

        Args:
            mention: The phrase.
            want: "any", "table", "column", "number" or "date"; only such things are considered.
            near: A table to prefer.
        """
        best: tuple[float, Link] | None = None
        for link in mention.links:
            if not self._fits(link, want):
                continue
            score = (
                link.score
                + 0.3 * self.weights.get(link.table, 0.0)
                + 0.2 * (link.table == near)
                - 0.05 * (want == "any" and bool(link.column))
            )
            if best is None or score > best[0]:
                best = (score, link)
        return best[1] if best else None

    def focus(self) -> TableId | None:
        """Return the table the question is most about."""
        measured = (measured_table(measure) for measure in self.measures)
        for table in (*measured, *(d.column.table for _, d in self.dimensions), *self.sources):
            if table is not None:
                return table
        return max(self.weights, key=lambda t: self.weights[t]) if self.weights else None

    def weighty(self) -> list[TableId]:
        """Return the tables that much of the question points at, weightiest first."""
        return sorted((t for t, weight in self.weights.items() if weight >= 0.3), key=lambda t: -self.weights[t])

    def listed(self) -> TableId | None:
        """Return the table that the question names first, whose rows it usually lists."""
        for mention in self.reading.mentions:
            table = self.pick(mention, want="table")
            if table is not None:
                return table.table
            if mention.score >= 0.95 and len(mention.text.split()) > 1:  # a whole column name such as "stadium names"
                return mention.links[0].table
        return None

    def _fits(self, link: Link, want: str) -> bool:
        if want == "any":
            return True
        if want == "table" or not link.column:
            return want == "table" and not link.column
        owner = self.table(link.table)
        column = owner.column(link.column)
        if column is None:
            return False
        if want == "number":
            return is_number(column) and (link.score >= 0.95 or not is_key(owner, column))
        return column.family == "date" if want == "date" else True

    # --- places in the question ---

    def after(self, cue: Cue, *, reach: int = 24) -> tuple[int, Mention] | None:
        """Return the next mention that starts within `reach` characters after a cue, with its number."""
        for i, mention in enumerate(self.reading.mentions):
            if cue.end <= mention.start <= cue.end + reach:
                return i, mention
        return None

    def before(self, cue: Cue, *, reach: int = 40) -> tuple[int, Mention] | None:
        """Return the last mention that ends within `reach` characters before a cue, with its number."""
        for i in reversed(range(len(self.reading.mentions))):
            mention = self.reading.mentions[i]
            if cue.start - reach <= mention.end <= cue.start:
                return i, mention
        return None

    def negated(self, start: int) -> bool:
        """Tell whether a "not" or "without" reaches the place `start`."""
        return any(
            cue.kind in ("negation", "null")
            and 0 <= start - cue.end <= 45
            and not re.search(r"[,;]| but ", self.reading.text[cue.end : start])
            for cue in self.reading.cues
        )

    def doubt(self, clause: str, cost: float) -> None:
        """Note a reason to trust the plan less; `cost` is subtracted from its log odds."""
        self.doubts.append((clause, cost))


def _weigh(context: Context, reading: Reading) -> dict[TableId, float]:
    raw: dict[TableId, float] = defaultdict(float)
    for mention in reading.mentions:
        best: dict[TableId, float] = {}
        for link in mention.links:
            best[link.table] = max(best.get(link.table, 0.0), link.score * (1.0 if not link.column else 0.8))
        for table, score in best.items():
            raw[table] += score / (1 + 0.3 * (len(best) - 1))
    for table in (table for named in reading.named for metric in named.metrics[:1] for table in metric.tables):
        raw[table] += 1.0
    for group in reading.values:
        for hit in group:
            raw[hit.table] += 0.5 * hit.score / len(group)
    for rank, hit_table in enumerate(hit.document.table for hit in context.found.tables[:10]):
        if hit_table is not None and (raw.get(hit_table) or rank == 0):
            raw[hit_table] += 0.3 / (1 + rank)
    top = max(raw.values(), default=1.0) or 1.0
    known = {table.id for table in context.tables}
    return {table: value / top for table, value in raw.items() if table in known}
