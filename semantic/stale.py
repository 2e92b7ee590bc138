"""Mark tables that are copies, backups or staging steps of better ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from semantic.names import singular, split_words
from semantic.types import Table

# Words that say so whatever else is there.
_CERTAIN = frozenset(
    {"old", "bak", "backup", "bkp", "tmp", "temp", "deprecated", "obsolete", "copy", "scratch", "unused"}
)
# Words that mean a worse version only where the better one exists.
_BESIDE = frozenset({"stg", "staging", "stage", "raw", "base", "test", "archive", "archived", "hist", "snapshot",
                     "prev", "previous", "v1", "orig", "original", "int", "src", "source", "seed", "dev"})  # fmt: skip
_FILLER = frozenset({"of", "the", "v", "dim", "fct", "fact", "table", "data", "tbl"})


def find_stale(tables: Sequence[Table]) -> list[Table]:
    """Return the tables with `stale` set where the name, beside the other names, says so."""
    originals = {_core(t, _CERTAIN | _BESIDE) for t in tables if not _marks(t)}
    # A staging table is the original of its own temporary copy.
    originals |= {("", *_core(t, _CERTAIN)) for t in tables if not _marks(t) & _CERTAIN}
    return [replace(t, stale=_is_stale(t, originals)) for t in tables]


def stale_words(words: Iterable[str]) -> bool:
    """Tell whether a question asks for copies itself."""
    return bool(set(words) & (_CERTAIN | _BESIDE))


def _is_stale(table: Table, originals: set[tuple[str, ...]]) -> bool:
    marks = _marks(table)
    if not marks:
        return False
    core = _core(table, _CERTAIN | _BESIDE)
    if core in originals or (marks & _CERTAIN and ("", *_core(table, _CERTAIN)) in originals):
        return True
    words = split_words(table.id.name)
    # Without a better one, only a mark at either end of a longer name is a statement about the table.
    return (
        bool(core) and len(words) > 1 and (words[-1] in {"bak", "backup", "bkp", "old"} or words[0] in {"tmp", "temp"})
    )


def _marks(table: Table) -> set[str]:
    return set(split_words(table.id.name)) & (_CERTAIN | _BESIDE)


def _core(table: Table, marks: frozenset[str]) -> tuple[str, ...]:
    words = split_words(table.id.name)
    kept = [singular(w) for w in words if w not in marks and w not in _FILLER]
    if set(words) & marks:
        kept = [w for w in kept if not w.isdigit()]
    return tuple(kept)
