"""Periods: date phrases become a time range on a date column, or conditions on year numbers."""

from __future__ import annotations

from genie_ext.embedded.dates import DatePhrase
from genie_ext.embedded.draft import Draft
from genie_ext.embedded.link import Mention
from genie_ext.embedded.subjects import date_column, metric_date, year_column
from genie_ext.types import ColumnRef, Filter, TimeRange
from semantic.types import TableId


def add_dates(draft: Draft) -> None:
    """Turn date phrases into a time range on the date the counted rows are known by, or into year numbers."""
    for phrase in draft.reading.dates:
        tables = [t for t in (draft.focus(), *draft.weighty()) if t is not None]
        named = _date_mention(draft, phrase) or _date_of_table(draft, phrase)
        defined = metric_date(draft, phrase=_words_before(draft, phrase))
        if named is None and defined is None and any(measure.metric for measure in draft.measures):
            draft.missing.append(f"which date “{phrase.text}” is about")
            continue
        ref = named or defined or _usual_date(draft, tables, phrase) or _date_before(draft)
        away = ref is None or (named is None and ref != defined and ref.table not in tables[:1])
        year = year_column(draft, tables[:3]) if phrase.years and away else None
        if year is not None:
            draft.filters.extend(_years(year, phrase))
        elif ref is None:
            draft.missing.append(f"a date that “{phrase.text}” could apply to")
        elif draft.time is not None:
            draft.missing.append("which of the two periods is meant")
        else:
            draft.time = TimeRange(column=ref, start=phrase.start, end=phrase.end, phrase=phrase.text)
            draft.assumptions.append(f"“{phrase.text}” is about {ref.table.name}.{ref.column}")


def _date_mention(draft: Draft, phrase: DatePhrase) -> ColumnRef | None:
    for i, mention in enumerate(draft.reading.mentions):
        if (
            not _is_grain(draft, mention)
            and -2 <= phrase.at - mention.end <= 8
            and (link := draft.pick(mention, want="date"))
        ):
            draft.used.add(i)
            return ColumnRef(link.table, link.column)
    return None


def _is_grain(draft: Draft, mention: Mention) -> bool:
    """Tell whether a figure is split by the period that a word names: "by channel and month in 2026"."""
    return any(d.grain is not None and start == mention.start for start, d in draft.dimensions)


def _date_of_table(draft: Draft, phrase: DatePhrase) -> ColumnRef | None:
    """Return the date of a table named right before the period: "customers who ordered in 2025"."""
    for mention in (m for m in draft.reading.mentions if not _is_grain(draft, m)):
        link = draft.pick(mention, want="table") if 0 <= phrase.at - mention.end <= 2 else None
        if link is not None:
            return date_column(draft, link.table)
    return None


def _usual_date(draft: Draft, tables: list[TableId], phrase: DatePhrase) -> ColumnRef | None:
    """Return the date of the first table that has one; words before the phrase prefer a column of their name."""
    words = _words_before(draft, phrase)
    dates = (date_column(draft, table, phrase=words) for table in tables)
    return next((ref for ref in dates if ref is not None), None)


def _words_before(draft: Draft, phrase: DatePhrase) -> str:
    return draft.reading.text[max(0, phrase.at - 30) : phrase.at]


def _date_before(draft: Draft) -> ColumnRef | None:
    """Return the date that the question before was about, for one that names nothing but another period."""
    previous = draft.context.previous
    plan = previous.plan if previous is not None else None
    time = plan.steps[-1].time if plan is not None else None
    known = {table.id for table in draft.context.tables}
    return time.column if time is not None and time.column.table in known else None


def _years(ref: ColumnRef, phrase: DatePhrase) -> list[Filter]:
    first = phrase.start.year if phrase.start else None
    last = phrase.end.year - 1 if phrase.end else None
    if first is not None and first == last:
        return [Filter(subject=ref, operator="=", values=(first,), phrase=phrase.text)]
    if first is not None and last is not None:
        return [Filter(subject=ref, operator="between", values=(first, last), phrase=phrase.text)]
    if first is not None:
        return [Filter(subject=ref, operator=">=", values=(first,), phrase=phrase.text)]
    return [Filter(subject=ref, operator="<=", values=(last or 0,), phrase=phrase.text)]
