"""Verified queries and instructions of a Snowflake model."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from semantic.facts import RuleKind, Source
from semantic.mining.raw import Extract, RawQuery, RawRule
from semantic.mining.readers.expressions import InexpressibleError, plain_column
from semantic.mining.readers.expressions import table as based
from semantic.mining.readers.shapes import mapping, words
from semantic.mining.readers.snowflake_names import DIALECT, Logical, Names

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n\s*(?:[-*•]|\d+[.)])?\s*")
_REFUSE = re.compile(r"\b(reject|refuse|decline|block|(?:do|must|should|can) ?not answer|cannot answer)", re.IGNORECASE)
_CLARIFY = re.compile(r"\b(clarif\w*|ask (?:back|the user|which|what|for)|ambiguous)", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“]([^\"”]{2,60})[\"”]")
_ABOUT = re.compile(
    r"\b(?:about|mentions?|concerning|related to|regarding)\s+([\w &/-]+?(?:(?:,| or| and) [\w &/-]+?)*)"
    r"\s*(?:$|[.:;,]|\b(?:reject|refuse|decline|block|ask|say|then|without|because|since)\b)",
    re.IGNORECASE,
)


def verified(names: Names, raw: list[dict[str, Any]]) -> list[RawQuery]:
    """Return the verified queries, written over base tables."""
    found: list[RawQuery] = []
    for entry in raw:
        part = f"verified_queries.{words(entry.get('name')) or words(entry.get('question'))}"
        source = Source(
            kind="semantic view", place=f"{names.place}:{part}", title=words(entry.get("name")),
            owner=words(entry.get("verified_by")), last=_day(entry.get("verified_at")),
        )  # fmt: skip
        try:
            sql = _over_base_tables(names, str(entry.get("sql") or ""))
        except InexpressibleError as error:
            names.lost.append(f"{names.place}:{part}: {error}")
            continue
        found.append(
            RawQuery(sql=sql, dialect=DIALECT, text=words(entry.get("question")), source=source, verified=True)
        )
    return found


def defined(table: Logical, raw: dict[str, Any], source: Source) -> Extract:
    """Return the query that makes a logical table."""
    sql = str(mapping(raw.get("base_table")).get("definition") or "").strip()
    text = words(raw.get("description")) or table.name
    return Extract(queries=(RawQuery(sql=sql, dialect=DIALECT, text=text, source=source),) if sql else ())


def rules(raw: dict[str, Any], place: str) -> list[RawRule]:
    """Return the instructions: sentence by sentence where they sort questions, whole where they speak of SQL."""
    modules = mapping(raw.get("module_custom_instructions"))
    found: list[RawRule] = []
    for key, text in (("custom_instructions", raw.get("custom_instructions")),
                      ("sql_generation", modules.get("sql_generation"))):  # fmt: skip
        if words(text):
            found.append(RawRule(kind="instruct", words=(), text=words(text), source=_source(place, key)))
    for sentence in _SENTENCE.split(str(modules.get("question_categorization") or "")):
        if text := words(sentence).lstrip("-*• "):
            kind, about = _sorted(text)
            source = _source(place, "question_categorization")
            found.append(RawRule(kind=kind, words=about, text=text, source=source))
    return found


def _sorted(sentence: str) -> tuple[RuleKind, tuple[str, ...]]:
    """Return what a sentence asks for and for which words; without words it can only be heeded as text."""
    about = [word.strip().lower() for word in _QUOTED.findall(sentence)]
    if not about and (match := _ABOUT.search(sentence)):
        about = [word.strip().lower() for word in re.split(r",| or | and ", match[1])]
    kind: RuleKind = "refuse" if _REFUSE.search(sentence) else "clarify" if _CLARIFY.search(sentence) else "instruct"
    known = tuple(dict.fromkeys(word for word in about if word))
    return (kind, known) if known else ("instruct", ())


def _source(place: str, part: str) -> Source:
    return Source(kind="semantic view", place=f"{place}:{part}", definition=True)


def _day(value: Any) -> str:
    text = words(value)
    if text.isdigit():
        return datetime.fromtimestamp(int(text), UTC).date().isoformat() if int(text) < 10**11 else ""
    return text[:10] if re.match(r"\d{4}-\d\d-\d\d", text) else ""


def _over_base_tables(names: Names, sql: str) -> str:
    """Put base tables and their columns in the place of logical ones."""
    import sqlglot
    from sqlglot import exp

    try:
        tree = sqlglot.parse_one(sql, dialect=DIALECT)
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise InexpressibleError("its SQL does not parse") from error
    if not isinstance(tree, exp.Query) or "semantic_view(" in sql.lower().replace(" ", ""):
        raise InexpressibleError("it reads a semantic view, not tables")
    for select in tree.find_all(exp.Select):
        owners = _owners(names, select)
        if owners is not None:
            _columns(names, select, owners)
    made = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for table in list(tree.find_all(exp.Table)):
        logical = _logical(names, table.name) if not table.db and table.name.lower() not in made else None
        if logical is None:
            continue
        if not logical.relation:
            raise InexpressibleError(f"it reads {logical.name}, which is made by a query")
        table.replace(based(logical.relation, table.alias or table.name))
    return tree.sql(dialect=DIALECT)


def _logical(names: Names, name: str) -> Logical | None:
    return names.table(name.removeprefix("__"))


def _owners(names: Names, select: Any) -> dict[str, Logical] | None:
    """Return the logical tables a SELECT reads by alias, None where it also reads something else."""
    from sqlglot import exp

    origin = select.args.get("from_") or select.args.get("from")
    read = [part.this for part in (origin, *select.args.get("joins", ())) if part is not None]
    found = {t.alias_or_name: _logical(names, t.name) for t in read if isinstance(t, exp.Table)}
    known = {alias: table for alias, table in found.items() if table is not None}
    return known if read and len(known) == len(read) else None


def _columns(names: Names, select: Any, owners: dict[str, Logical]) -> None:
    from sqlglot import exp

    for named in list(select.find_all(exp.Column)):
        if named.find_ancestor(exp.Select) is not select:
            continue
        holders = [owners[named.table]] if named.table in owners else list(owners.values()) if not named.table else []
        table = next((t for t in holders if named.name.lower() in t.columns), None)
        if table is None:
            continue
        alias = next(alias for alias, owner in owners.items() if owner is table)
        put = _physical(names, table, named.name, alias if len(owners) > 1 or named.table else "")
        if named.parent is select and named.arg_key == "expressions":
            put = exp.alias_(put, named.name)
        named.replace(put)


def _physical(names: Names, table: Logical, name: str, alias: str) -> Any:
    from sqlglot import exp

    tree = names.column(table, name)
    if any(c.table for c in tree.find_all(exp.Column)):
        raise InexpressibleError(f"'{name}' is made from columns of several tables")
    for c in tree.find_all(exp.Column):
        c.set("table", exp.to_identifier(alias) if alias else None)
    return tree if plain_column(tree) is not None else exp.Paren(this=tree)
