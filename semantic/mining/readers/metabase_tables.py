"""What Metabase says about tables and columns, and where each thing of it is from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from semantic.facts import NoteKind, Source
from semantic.mining.raw import Extract, RawJoin, RawKey, RawNote, Relation
from semantic.mining.readers.mbql_names import Names


def described(item: Mapping[str, Any], where: str, names: Names, kind: str) -> Extract:
    """Return what is said about a table or a field.

    Raises:
        NotCarriedError: No file here describes the table of the field.
    """
    column = str(item.get("name") or "") if kind == "Field" else ""
    relation = _relation(item, names, kind)
    source = source_of(item, where, definition=True)
    said: list[tuple[NoteKind, Any]] = [("description", item.get("description"))]
    shown = str(item.get("display_name") or "")
    plain_name = str(item.get("name") or "").replace("_", " ").lower()
    said.append(("synonym", shown if shown.lower() != plain_name else ""))
    if item.get("visibility_type") in {"hidden", "sensitive", "technical", "cruft"}:
        said.append(("hidden", f"{item['visibility_type']} in Metabase"))
    notes = tuple(
        RawNote(relation=relation, column=column, kind=note, text=str(text), source=source)
        for note, text in said
        if text
    )
    keys = (
        (RawKey(relation=relation, columns=(column,), source=source),) if item.get("semantic_type") == "type/PK" else ()
    )
    return Extract(notes=notes, keys=keys, joins=_joins(item, relation, column, names, source))


def _joins(
    item: Mapping[str, Any], relation: Relation, column: str, names: Names, source: Source
) -> tuple[RawJoin, ...]:
    target = item.get("fk_target_field_id")
    if isinstance(target, list) and len(target) > 2:
        parent, key = tuple(str(part) for part in target[1:-1] if part), str(target[-1])
    elif isinstance(target, int) and target in names.columns:
        parent, key = names.columns[target]
    else:
        return ()
    return (RawJoin(child=relation, child_columns=(column,), parent=parent, parent_columns=(key,), source=source),)


def _relation(item: Mapping[str, Any], names: Names, kind: str) -> Relation:
    if kind == "Field":
        return names.table(item.get("table_id"))
    return tuple(str(part) for part in (item.get("schema"), item.get("name")) if part)


def source_of(item: Mapping[str, Any], where: str, *, definition: bool = False) -> Source:
    """Return where a question, a metric or a description is from."""
    creator = item.get("creator")
    owner = (
        creator.get("email") or creator.get("common_name") if isinstance(creator, Mapping) else item.get("creator_id")
    )
    reviews = item.get("moderation_reviews") or []
    verified = any(
        isinstance(r, Mapping) and r.get("status") == "verified" and r.get("most_recent", True) for r in reviews
    )
    last = str(item.get("last_used_at") or item.get("updated_at") or item.get("created_at") or "")[:10]
    return Source(
        kind="dashboard", place=where, title=str(item.get("name") or ""), owner=owner if isinstance(owner, str) else "",
        uses=max(1, int(item.get("view_count") or 1)), last=last, certified=verified,
        definition=definition or item.get("type") == "metric",
    )  # fmt: skip
