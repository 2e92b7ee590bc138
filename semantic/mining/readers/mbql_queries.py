"""Questions built in Metabase's editor as SQL: source, joins, filters, groups, and one stage over another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from semantic.mining.raw import Relation
from semantic.mining.readers.mbql import Clauses
from semantic.mining.readers.mbql_names import Names
from semantic.mining.readers.mbql_terms import NotCarriedError, aggregations, filters, parts, quoted, stages
from semantic.mining.readers.templates import is_template, plain, without_optional

_MOST_CARDS = 10
_JOINS = {"left-join": "LEFT JOIN", "right-join": "RIGHT JOIN", "inner-join": "JOIN", "full-join": "FULL JOIN"}


def query_sql(query: Mapping[str, Any], names: Names, depth: int = 0) -> str:
    """Return a question as SQL.

    Raises:
        NotCarriedError: It says something that cannot be carried over.
    """
    source = ""
    for stage in stages(query):
        native = stage.get("native")
        if native:
            text = without_optional(str(native.get("query") if isinstance(native, Mapping) else native)).strip(" ;\n")
            source = plain(text) if is_template(text) else text
            continue
        source = _stage_sql(stage, source or _card_sql(stage, names, depth), names)
    if not source:
        raise NotCarriedError("a question without a source")
    return source


def _card_sql(stage: Mapping[str, Any], names: Names, depth: int) -> str:
    reference = stage.get("source-card") or stage.get("source-table")
    if not isinstance(reference, str | int) or (isinstance(reference, int) and "source-card" not in stage):
        return ""
    item = names.items.get(str(reference).removeprefix("card__"))
    if item is None or depth > _MOST_CARDS or not isinstance(item.get("dataset_query"), Mapping):
        raise NotCarriedError(f"a question over the question {reference}, which no file here describes,")
    return query_sql(item["dataset_query"], names, depth + 1)


def clauses(stage: Mapping[str, Any], names: Names) -> tuple[Clauses, Relation]:
    """Return what writes the clauses of a stage over a table, and that table.

    Raises:
        NotCarriedError: The stage reads no table.
    """
    reference = stage.get("source-table")
    if reference is None or isinstance(reference, str):
        raise NotCarriedError("a question without a table")
    relation = names.table(reference)
    aliases = {relation: relation[-1]}
    for join in stage.get("joins") or []:
        aliases.setdefault(names.table(_join_source(join)), str(join.get("alias") or "joined"))
    qualified = bool(stage.get("joins")) or "'source-field'" in str(stage)
    return Clauses(names=names, aliases=aliases, expressions=_expressions(stage), qualified=qualified), relation


def _stage_sql(stage: Mapping[str, Any], source: str, names: Names) -> str:
    if source:
        writer, origin = Clauses(names=names, expressions=_expressions(stage)), f"({source}) AS source"
        if stage.get("joins"):
            raise NotCarriedError("a join onto the result of a question")
    else:
        writer, relation = clauses(stage, names)
        origin = _table(relation) + "".join(f" {_join(join, writer, names)}" for join in stage.get("joins") or [])
    groups = [writer.sql(clause) for clause in stage.get("breakout") or []]
    measures = [_named(writer.sql(clause), name) for clause, name in aggregations(stage)]
    columns = [*groups, *measures] or _columns(stage, writer)
    where = " AND ".join(writer.sql(clause) for clause in filters(stage))
    # The order of a top list is part of its meaning; other orders are looks.
    order = _order(stage, writer) if stage.get("limit") else ""
    sql = f"SELECT {', '.join(columns)} FROM {origin}{_implied(writer)}"
    sql += f" WHERE {where}" if where else ""
    sql += f" GROUP BY {', '.join(groups)}" if groups else ""
    sql += f" ORDER BY {order}" if order else ""
    return sql + (f" LIMIT {int(stage['limit'])}" if stage.get("limit") else "")


def _implied(writer: Clauses) -> str:
    return "".join(
        f" LEFT JOIN {_table(parent)} AS {quoted(alias)} "
        f"ON {quoted(writer.aliases[child])}.{quoted(key)} = {quoted(alias)}.{quoted(target)}"
        for alias, ((child, key), (parent, target)) in writer.implied.items()
    )


def _table(relation: Relation) -> str:
    return ".".join(quoted(part) for part in relation)


def _columns(stage: Mapping[str, Any], writer: Clauses) -> list[str]:
    fields = stage.get("fields")
    shown = [writer.sql(clause) for clause in fields] if isinstance(fields, list) else ["*"]
    return shown + [_named(writer.sql(clause), name) for name, clause in writer.expressions.items()]


def _expressions(stage: Mapping[str, Any]) -> dict[str, Any]:
    listed = stage.get("expressions") or {}
    if isinstance(listed, Mapping):
        return {str(name): clause for name, clause in listed.items()}
    named = [(parts(clause)[1].get("lib/expression-name"), clause) for clause in listed if isinstance(clause, list)]
    return {str(name): clause for name, clause in named if name}


def _join(join: Mapping[str, Any], writer: Clauses, names: Names) -> str:
    relation = names.table(_join_source(join))
    conditions = join.get("conditions") or [join.get("condition")]
    on = " AND ".join(writer.sql(clause) for clause in conditions)
    word = _JOINS.get(str(join.get("strategy") or "left-join"), "LEFT JOIN")
    return f"{word} {_table(relation)} AS {quoted(str(join.get('alias') or 'joined'))} ON {on}"


def _join_source(join: Mapping[str, Any]) -> Any:
    inner = stages(join) if isinstance(join.get("stages"), list) else [join]
    if len(inner) != 1 or set(inner[0]) & {"aggregation", "filters", "filter", "source-query", "joins"} - (
        {"filter"} if inner[0] is join else set()
    ):
        raise NotCarriedError("a join with the result of a question")
    return inner[0].get("source-table")


def _order(stage: Mapping[str, Any], writer: Clauses) -> str:
    measures = aggregations(stage)
    written: list[str] = []
    for clause in stage.get("order-by") or []:
        direction, _, arguments = parts(clause)
        operator, _, inner = parts(arguments[0]) if arguments and isinstance(arguments[0], list) else ("", {}, [])
        by_measure = operator == "aggregation" and inner and isinstance(inner[0], int) and inner[0] < len(measures)
        # The newer form refers to a measure by a key that only its own options know.
        if operator == "aggregation" and not by_measure:
            position = next((i for i, (m, _) in enumerate(measures) if parts(m)[1].get("lib/uuid") == inner[0]), 0)
        else:
            position = inner[0] if by_measure else 0
        target = (
            writer.sql(measures[position][0]) if operator == "aggregation" and measures else writer.sql(arguments[0])
        )
        written.append(f"{target} {direction.upper()}")
    return ", ".join(written)


def _named(sql: str, name: str) -> str:
    return f"{sql} AS {quoted(name)}" if name else sql
