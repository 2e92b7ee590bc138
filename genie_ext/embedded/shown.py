"""Shown columns: what the head of a question asks to see, and whose rows it lists."""

from __future__ import annotations

import re

from genie_ext.embedded.columns import display_columns
from genie_ext.embedded.draft import Draft
from genie_ext.embedded.link import Mention
from genie_ext.types import ColumnRef, Dimension
from semantic.types import TableId

_BREAK = re.compile(r"\b(?:that|who|whose|which|where|with|having|when|if)\b")
_SHOWN_AFTER = re.compile(r"\bwith (?:their|its|the|his|her)\b|\balong with\b|\btogether with\b")
_NAMING = frozenset({"name", "names", "full name", "full names", "title", "titles"})
_IDENTIFYING = frozenset({"id", "ids"})


def add_shown(draft: Draft) -> TableId | None:
    """Add the columns asked for by name in the head of the question; return the table whose rows are listed."""
    text = draft.reading.text.lower()
    entity: TableId | None = None
    for i, mention in enumerate(draft.reading.mentions):
        if i in draft.used or not in_head(draft, mention.start) or _has_other_role(draft, i):
            continue
        if mention.text.casefold() in _NAMING | _IDENTIFYING and _add_named(draft, i):
            continue
        table, column = draft.pick(mention, want="table"), draft.pick(mention, want="column", near=entity)
        if table is not None and (
            column is None or table.score >= column.score - 0.02 or _is_listed(text, mention.start)
        ):
            entity = entity or table.table
        elif column is not None and column.score >= 0.6:
            draft.used.add(i)
            _show(draft, mention.start, ColumnRef(column.table, column.column))
    return entity


def in_head(draft: Draft, position: int) -> bool:
    """Tell whether a place lies before the first relative clause, or behind "with their …"."""
    text = draft.reading.text.lower()
    first = draft.reading.mentions[0].end if draft.reading.mentions else 0
    cut = next((m.start() for m in _BREAK.finditer(text) if m.start() >= first), len(text))
    return position < cut or any(0 <= position - m.end() <= 60 for m in _SHOWN_AFTER.finditer(text))


def _add_named(draft: Draft, index: int) -> bool:
    """Read "names of the items" as the name of an item, and "name of each industry" as the industry itself."""
    owner = _owner(draft, index)
    if owner is None:
        return False
    draft.used.add(index)
    mention, following = draft.reading.mentions[index], draft.reading.mentions[owner]
    table, column = draft.pick(following, want="table"), draft.pick(following, want="column")
    if table is None or (column is not None and column.score > table.score + 0.02):
        return True  # the column that follows is shown by its own mention
    for name in _naming_columns(draft, mention, table.table):
        _show(draft, mention.start, ColumnRef(table.table, name))
    return True


def _naming_columns(draft: Draft, mention: Mention, table: TableId) -> tuple[str, ...]:
    """Return the columns of a table that "name" or "id" of its rows stands for."""
    owner = draft.table(table)
    if mention.text.casefold() in _IDENTIFYING and owner.primary_key:
        return owner.primary_key
    own = next((link for link in mention.columns() if link.table == table and link.score >= 0.9), None)
    return (own.column,) if own else tuple(column.name for column in display_columns(owner))


def _owner(draft: Draft, index: int) -> int | None:
    """Return the number of the mention that "name" belongs to: the first one behind its "of"."""
    mention = draft.reading.mentions[index]
    for i in range(index + 1, len(draft.reading.mentions)):
        between = draft.reading.text[mention.end : draft.reading.mentions[i].start].lower()
        if re.search(r"\b(?:of|for)(?: the| all| each| every| different| distinct| all the)*\s*$", between):
            return i if i not in draft.used or draft.pick(draft.reading.mentions[i], want="table") else None
    return None


def _show(draft: Draft, place: int, ref: ColumnRef) -> None:
    draft.dimensions.append((place, Dimension(column=ref, label=ref.column)))


def _has_other_role(draft: Draft, index: int) -> bool:
    """Tell whether a mention is sorted by, measured by a superlative, or lies behind the figure that is asked for."""
    mention = draft.reading.mentions[index]
    if any(c.kind == "order" and 0 <= mention.start - c.end <= 16 for c in draft.reading.cues):
        return True
    if any(-2 <= phrase.at - mention.end <= 8 for phrase in draft.reading.dates) and draft.pick(mention, want="date"):
        return True  # "hired before 2020" says which date is meant
    return _is_superlative_subject(draft, index) or _behind_figure(draft, mention.start)


def _is_superlative_subject(draft: Draft, index: int) -> bool:
    mention = draft.reading.mentions[index]
    if draft.pick(mention, want="number") is None:
        return False
    lower = draft.reading.text.lower()
    by = re.compile(r"\bby(?: the| their)?(?: total| average)? $")
    cues = [c for c in draft.reading.cues if c.kind == "superlative"]
    return any(0 <= mention.start - c.end <= 3 or by.search(lower[c.end : mention.start]) for c in cues)


def _behind_figure(draft: Draft, position: int) -> bool:
    """Tell whether a place follows the figure that is asked for and is not listed beside it with "and"."""
    starts = [start for start, measure in draft.placed.items() if measure in draft.measures]
    if not starts or position < min(starts):
        return False
    listed = re.compile(r"(?:,| and|along with|together with)(?: the| their| its| what| is| are)*\s*$")
    return listed.search(draft.reading.text[:position].lower()) is None


def _is_listed(text: str, start: int) -> bool:
    return re.match(r"\s*(?:which|list|show|find|give me|how many)(?: all| the| me)*\s*$", text[:start]) is not None
