"""Subjects: which column a word without a name of its own is about ("oldest", "cheaper than", "how much")."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from genie_ext.embedded.columns import holds_dates, is_key, is_number
from genie_ext.embedded.draft import Draft
from genie_ext.embedded.lexicon import read_lexicon
from genie_ext.embedded.words import name_stems, stem
from genie_ext.types import ColumnRef
from semantic.found import Hit
from semantic.types import Table, TableId

Lookup = Callable[[str], Sequence[Hit]]
"""Finds columns by meaning: a phrase to hits, best first."""

_HINTS = tuple((frozenset(hint["words"].split()), hint["columns"].split()) for hint in read_lexicon("hints")["hint"])
_RECENCY = frozenset({"latest", "newest", "recent", "earliest", "last", "first"})
_OF_AGE = frozenset({"oldest", "youngest", "older", "younger"})
_REVERSED = frozenset({"birth", "birthday", "born", "dob", "founded", "opening", "built", "year"})
_DATE_WORDS = ("order", "date", "created", "time", "start", "timestamp", "event", "day", "year", "opened", "placed")
_LEAST_COSINE = 0.35
"""Below, the neighbours that MiniLM finds are noise."""
_CLEARLY = 0.5
"""By how much more must speak for one date than for another."""
_SIDE_DATES = frozenset(
    {
        "update", "updated", "modified", "loaded", "etl", "delivery", "due", "expected", "birth", "end", "cancelled",
    }
)  # fmt: skip
_MONEY = ("revenue", "amount", "sale", "total", "spend", "spent", "paid", "price", "cost", "value", "payment")


def hinted_column(draft: Draft, word: str, table: TableId | None) -> ColumnRef | None:
    """Return the column that an adjective such as "oldest" is about, in `table` first, else in the weightiest."""
    said = set(word.split())
    wanted: list[str] = next((columns for words, columns in _HINTS if words & said), [])
    for candidate in _ordered(draft, table):
        date = date_column(draft, candidate.id) if said & _RECENCY else None
        if date is not None:
            return date
        for name in wanted:
            for column in candidate.columns:
                ranks = is_number(column) or column.family == "date"
                if ranks and name in name_stems(column.name) and not is_key(candidate, column):
                    return ColumnRef(candidate.id, column.name)
    return None


def runs_backwards(word: str, column: str) -> bool:
    """Tell whether "oldest" means the smallest value of this column (a birth date) rather than the largest (an age)."""
    return bool(_OF_AGE & set(word.split()) and _REVERSED & set(name_stems(column)))


def date_column(draft: Draft, table: TableId, *, phrase: str = "") -> ColumnRef | None:
    """Return the date that rows of a table are usually counted by; words of `phrase` prefer a column of that name."""
    best = _best_date(draft, table, phrase)
    return best[1] if best else None


def _best_date(draft: Draft, table: TableId, phrase: str = "") -> tuple[float, ColumnRef] | None:
    """Return the date that rows of a table are usually counted by, with how much speaks for it."""
    said = {stem(word) for word in phrase.split()}
    owner = draft.table(table)
    best: tuple[float, ColumnRef] | None = None
    for place, column in enumerate(owner.columns):
        if column.family != "date" and not holds_dates(column):
            continue
        stems = set(name_stems(column.name)) | {stem(w.strip(".,;")) for w in column.comment.split()}
        score = 2.0 * len(stems & said) + (stems & set(name_stems(owner.id.name)) != set()) * 0.6 - 0.01 * place
        score += next((0.5 - 0.02 * i for i, word in enumerate(_DATE_WORDS) if word in stems), 0.0)
        score -= 0.8 * bool(stems & _SIDE_DATES - said)
        if best is None or score > best[0]:
            best = (score, ColumnRef(table, column.name))
    return best


def metric_date(draft: Draft, *, phrase: str = "") -> ColumnRef | None:
    """Return the date that the governed figure asked for is followed over, as defined or by the rows it aggregates.

    Where its own rows have no date, that of the nearest rows they point at is taken, if only one table is that near;
    of several dates the words of `phrase` prefer one of that name.
    """
    previous = draft.context.previous if draft.continues else None
    before = previous.plan.steps[-1].measures if previous is not None and previous.plan is not None else ()
    measure = next((m for m in draft.measures or before if m.metric is not None), None)
    known = {table.id: table for table in draft.context.tables}
    if measure is None or measure.metric is None or measure.table not in known:
        return None
    time = measure.metric.time
    column = known[time[0]].column(time[1]) if time is not None and time[0] in known else None
    if time is not None and column is not None:
        return ColumnRef(time[0], column.name)
    own = date_column(draft, measure.table, phrase=phrase)
    return own or _date_above(draft, (measure.table, *measure.metric.tables), phrase)


def _clear_date(draft: Draft, tables: Sequence[TableId], phrase: str) -> ColumnRef | None:
    """Return the one date of some tables that clearly more speaks for than for the others."""
    dates = [best for table in tables if (best := _best_date(draft, table, phrase)) is not None]
    dates.sort(key=lambda best: -best[0])
    clear = len(dates) == 1 or (len(dates) > 1 and dates[0][0] - dates[1][0] >= _CLEARLY)
    return dates[0][1] if clear else None


def _date_above(draft: Draft, tables: Sequence[TableId], phrase: str) -> ColumnRef | None:
    """Return the date of the nearest rows that those of the first table point at; those of the others are near."""
    seen, near, beside = {tables[0]}, {tables[0]}, set(tables[1:])
    while near:
        joins = (join for join in draft.context.relationships if join.cardinality != "many-to-many")
        near = ({join.parent for join in joins if join.child in near} | beside) - seen
        seen |= near
        if any(date_column(draft, parent) is not None for parent in near):
            return _clear_date(draft, sorted(near), phrase)
    return None


def default_number(draft: Draft, phrase: str, lookup: Lookup, table: TableId | None) -> ColumnRef | None:
    """Return the number that a phrase such as "spend" is most likely about, by meaning first, then by name."""
    for hit in lookup(phrase) if phrase else ():
        found = hit.document.table
        if found is not None and draft.weights.get(found, 0) >= 0.3 and hit.dense >= _LEAST_COSINE:
            column = draft.table(found).column(hit.document.column)
            if column is not None and is_number(column) and not is_key(draft.table(found), column):
                return ColumnRef(found, column.name)
    for owner in _ordered(draft, table)[:2]:
        for word in _MONEY:
            for column in owner.columns:
                if word in name_stems(column.name) and is_number(column) and not is_key(owner, column):
                    return ColumnRef(owner.id, column.name)
    return None


def year_column(draft: Draft, tables: Sequence[TableId]) -> ColumnRef | None:
    """Return a column of year numbers in one of the tables."""
    for table in tables:
        for column in draft.table(table).columns:
            if "year" in name_stems(column.name) and is_number(column):
                return ColumnRef(table, column.name)
    return None


def _ordered(draft: Draft, first: TableId | None) -> list[Table]:
    tables = sorted(draft.context.tables, key=lambda t: (t.id != first, -draft.weights.get(t.id, 0.0)))
    return [t for t in tables if t.id == first or draft.weights.get(t.id, 0.0) >= 0.25]
