"""The tables of a metric view: its source, and the joins below it, however deep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from semantic.facts import Source
from semantic.mining.raw import RawJoin, Relation
from semantic.mining.readers.expressions import InexpressibleError, Tree, parse, parts_of
from semantic.mining.readers.shapes import dotted, entries, identifier, texts, words

DIALECT = "databricks"
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A table that a view joins, with the names that lead to it; `many` where one row of the source meets several."""

    path: Path
    alias: str
    relation: Relation
    many: bool = False


@dataclass(slots=True)
class Joins:
    """All joins of one view by their path in small letters."""

    base: Relation
    place: str
    tables: dict[Path, Joined] = field(default_factory=dict)
    found: list[RawJoin] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def joins(self) -> tuple[RawJoin, ...]:
        """The joins as relationships."""
        return tuple(self.found)


def source_table(text: str) -> tuple[Relation, str]:
    """Return the table a source names and its condition, an empty name where it is a query of more than that."""
    import sqlglot
    from sqlglot import exp

    if name := dotted(text):
        return name, ""
    try:
        tree = sqlglot.parse_one(text, dialect=DIALECT)
    except sqlglot.errors.SqlglotError:
        return (), ""
    plain = {"expressions", "from_", "from", "where", "kind"}
    if not isinstance(tree, exp.Select) or any(value for key, value in tree.args.items() if key not in plain):
        return (), ""
    origin, where = tree.find(exp.From), tree.args.get("where")
    if not tree.is_star or len(tree.expressions) != 1 or origin is None or not isinstance(origin.this, exp.Table):
        return (), ""
    return tuple(part.name for part in origin.this.parts), where.this.sql(dialect=DIALECT) if where else ""


def read_joins(raw: Any, base: Relation, place: str) -> Joins:
    """Return the joins of a view, those below others with them."""
    joins = Joins(base, place)
    _descend(joins, raw, (), base, many=False)
    return joins


def by_last_name(tables: Mapping[Path, Joined], path: Path) -> Joined | None:
    """Return the one join whose path ends like this, None where there is none or more than one."""
    found = [table for known, table in tables.items() if known[-len(path) :] == path]
    return found[0] if len(found) == 1 else None


def _descend(joins: Joins, raw: Any, above: Path, parent: Relation, *, many: bool) -> None:
    for entry in entries(raw):
        name = words(entry.get("name"))
        path = (*above, name.lower())
        relation, condition = source_table(words(entry.get("source")))
        if not name or not relation or condition:
            joins.lost.append(f"{joins.place}:{name or 'joins'}: joined to a query, whose columns have no table")
            continue
        several = many or "one_to_many" in words(entry.get("cardinality")).lower().replace("-", "_")
        taken = {table.alias for table in joins.tables.values()}
        alias = name if name not in taken else "__".join((*above, name))
        table = Joined(path=path, alias=alias, relation=relation, many=several)
        joins.tables[path] = table
        try:
            joins.found.append(_join(joins, entry, table, parent))
        except InexpressibleError as error:
            joins.lost.append(f"{joins.place}:{name}: {error}")
        _descend(joins, entry.get("joins"), path, relation, many=several)


def _join(joins: Joins, entry: dict[str, Any], table: Joined, parent: Relation) -> RawJoin:
    pairs = [(identifier(c), identifier(c)) for c in texts(entry.get("using"))]
    # YAML 1.1 reads the key `on` as true, and files are written by tools of both versions.
    condition = words(entry.get("on") or dict[Any, Any](entry).get(True))
    if not pairs:
        pairs = _pairs(parse(condition, DIALECT), table.path)
    source = Source(kind="metric view", place=f"{joins.place}:{'.'.join(table.path)}", definition=True)
    ours, theirs = tuple(a for a, _ in pairs), tuple(b for _, b in pairs)
    if table.many:
        return RawJoin(child=table.relation, child_columns=theirs, parent=parent, parent_columns=ours, source=source)
    return RawJoin(child=parent, child_columns=ours, parent=table.relation, parent_columns=theirs, source=source,
                   cardinality="many-to-one")  # fmt: skip


def _pairs(condition: Tree, path: Path) -> list[tuple[str, str]]:
    """Return the columns that are set equal, the joining side first."""
    from sqlglot import exp

    pairs: list[tuple[str, str]] = []
    for part in condition.flatten() if isinstance(condition, exp.And) else (condition,):
        both = (part.args["this"], part.args["expression"]) if isinstance(part, exp.EQ) else ()
        sides = [side for side in both if isinstance(side, exp.Column)]
        if len(sides) != 2:
            raise InexpressibleError("it is joined on more than equal columns")
        left, right = (parts_of(side) for side in sides)
        ends = [tuple(p.lower() for p in side[:-1])[-1:] == path[-1:] for side in (left, right)]
        if ends[0] == ends[1]:
            raise InexpressibleError("its condition does not tell the two sides apart")
        pairs.append((right[-1], left[-1]) if ends[0] else (left[-1], right[-1]))
    return pairs
