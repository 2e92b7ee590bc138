"""Words of key columns and tables: what a column name says it points at, and what a table may be called by."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from semantic.names import singular, split_words
from semantic.types import Table

KEY_WORDS = frozenset(
    {"id", "key", "code", "no", "nr", "num", "number", "uuid", "guid", "sk", "fk", "pk", "ref", "cd", "fid"}
)
_GLUED_KEYS = ("id", "no", "code", "key", "num", "nr", "cd")
LAYERS = frozenset({"ref", "dim", "fct", "fact", "stg", "staging", "tbl", "lkp", "lookup", "raw", "base", "tmp",
                    "temp", "vw", "int", "t", "src", "source", "rpt", "mart", "agg"})  # fmt: skip
_TAILS = frozenset({"table", "tbl", "master", "info", "data", "list", "dim", "fact", "detail", "record", "view",
                    "header", "hdr"})  # fmt: skip
# Names that many unrelated tables have; equality of these says nothing.
_GENERIC_WORDS = """id key code no number num nr name title type kind date year month day time status state description
    value rank position level count email phone address city country gender sex age price amount total quantity
    color colour label note comment text url version sequence seq index order rowid uuid first last firstname lastname
    fname lname size weight height rating score category language model capacity"""
_GENERIC = frozenset(_GENERIC_WORDS.split())
# `member_in_charge_id` is a member, `genre_is` a genre: what follows these words tells more about it.
_AFTERTHOUGHTS = frozenset({"in", "is", "of", "for", "on", "at", "to", "from", "responsible"})


@lru_cache(maxsize=65536)
def core_words(name: str) -> tuple[tuple[str, ...], bool]:
    """Return the words of a column name less its key suffix, and whether it had one."""
    words = list(name_words(name))
    keyed = False
    # `club_id_1` and `club_id_2` are two roles of one key.
    if len(words) > 2 and words[-1].isdigit() and words[-2] in KEY_WORDS:
        words.pop()
    while words and words[-1] in KEY_WORDS:
        words.pop()
        keyed = True
    if words and not keyed:
        for ending in _GLUED_KEYS:
            if words[-1].endswith(ending) and len(words[-1]) >= len(ending) + 2:
                return (*words[:-1], singular(words[-1].removesuffix(ending))), True
    return tuple(words), keyed


@lru_cache(maxsize=65536)
def head_words(core: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words before the first that only tells more about them, empty where there is none."""
    cut = next((i for i, word in enumerate(core) if word in _AFTERTHOUGHTS), 0)
    return core[:cut]


def entity_forms(table: Table) -> tuple[tuple[str, float], ...]:
    """Return the names a column may call a table by, in the singular and joined, with how well each stands for it."""
    return _forms(table.id.name, table.id.schema)


@lru_cache(maxsize=65536)
def _forms(name: str, schema: str) -> tuple[tuple[str, float], ...]:
    words = list(name_words(name))
    schema_words = name_words(schema)
    if tuple(words[: len(schema_words)]) == schema_words and len(words) > len(schema_words):
        words = words[len(schema_words) :]
    while len(words) > 1 and words[0] in LAYERS:
        words = words[1:]
    forms = {joined(words): 1.0}
    # In `stg_shop__order` the source stands before the two underscores.
    if entity := name.rpartition("__")[2] if "__" in name.strip("_") else "":
        forms.setdefault(joined(name_words(entity)), 0.95)
    if len(words) > 1 and words[-1] in _TAILS:
        words = words[:-1]
        forms.setdefault(joined(words), 0.95)
    if len(words) > 1:
        forms.setdefault(words[-1], 0.8)
    return tuple(forms.items())


@lru_cache(maxsize=65536)
def name_words(name: str) -> tuple[str, ...]:
    """Return the words of an identifier in the singular."""
    return tuple(singular(word) for word in split_words(name)) or (name.lower(),)


def joined(words: Iterable[str]) -> str:
    """Return words as one, since names differ in where they break them."""
    return "".join(words)


def is_generic(name: str) -> bool:
    """Tell whether joined words are a name that unrelated tables share."""
    return name in _GENERIC


def shared_prefix(table: Table) -> str:
    """Return a short prefix such as `o_` that nearly all columns of a table bear, empty where there is none."""
    first = table.columns[0].name if table.columns else ""
    prefix = first[: first.find("_") + 1]
    if not 2 <= len(prefix) <= 4 or len(table.columns) < 3:
        return ""
    return prefix if all(c.name.startswith(prefix) for c in table.columns) else ""


@lru_cache(maxsize=65536)
def layer_word(table: str) -> str:
    """Return the word that says which layer of a lake a table is of, such as `stg`, empty where none does."""
    first = split_words(table)[:1]
    return first[0] if first and first[0] in LAYERS else ""


def abbreviates(short: str, long: str) -> bool:
    """Tell whether letters of `long`, in order and from its first, spell `short`."""
    if not 3 <= len(short) < len(long) or short[0] != long[0]:
        return False
    if long.startswith(short):
        return True
    if len(short) * 5 < len(long) * 2:
        return False
    rest = iter(long)
    return all(letter in rest for letter in short)


def shortens(short: str, table: Table) -> bool:
    """Tell whether a word is short for a table's name; a whole word of it, as "order" in `order_items`, is not."""
    if short in name_words(table.id.name):
        return False
    return any(abbreviates(short, form) for form, _ in entity_forms(table))
