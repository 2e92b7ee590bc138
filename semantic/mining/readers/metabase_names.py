"""Names behind Metabase's numbers: from the file itself, and from descriptions of databases that lie beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from semantic.errors import SourceError
from semantic.mining.files import SourceFile
from semantic.mining.raw import Relation
from semantic.mining.readers.mbql_names import Column, Names

_LARGEST = 50_000_000
_MOST_FILES = 200
_DEEPEST = 6
_MOST_FIELDS = 20_000
_REFERS = re.compile(
    r"source-card|card__|^\s*(?:- )*\[?(?:metric|measure|segment)\b|source-table: \S{21}\s*$", re.MULTILINE
)
_ENTITY = re.compile(r"^entity_id:\s*['\"]?([\w-]+)", re.MULTILINE)
_KEY = re.compile(r"(?<![\w-])[\w-]{21}(?![\w-])")
_POINTS = re.compile(r"^fk_target_field_id:\s*(?:\[|\n\s*-)", re.MULTILINE)


def names_of(file: SourceFile) -> Names:
    """Return what a file refers to: numbers that files beside it explain, and foreign keys of its export."""
    if file.suffix != ".json":
        links = _export_links(file) if "source-field" in file.text else {}
        items = _export_items(file) if _REFERS.search(file.text) else {}
        return Names(links={**links, **_own_links(file.data)}, items=items)
    folder = file.path.parent
    beside = _beside(folder, tuple((p.name, p.stat().st_mtime_ns) for p in _described(folder)))
    tables, columns = dict(beside.tables), dict(beside.columns)
    _gather(file.data, tables, columns, 0)
    return Names(tables=tables, columns=columns, items=_own_items(file.data))


def _own_items(data: Any) -> dict[str, Mapping[str, Any]]:
    listed = data.get("data", data) if isinstance(data, Mapping) else data
    items = [item for item in listed if isinstance(item, Mapping)] if isinstance(listed, list) else []
    return {str(item["id"]): item for item in items if item.get("dataset_query") and "id" in item}


def _export_items(file: SourceFile) -> dict[str, Mapping[str, Any]]:
    root = next((f for f in list(file.path.parents)[:12] if (f / "collections").is_dir()), file.path.parent)
    paths = [path for path in sorted(root.rglob("*.yaml"))[:_MOST_FIELDS] if not path.is_symlink()]
    known = _keys_at(tuple((str(path), path.stat().st_mtime_ns) for path in paths if path.parent.name != "fields"))
    found: dict[str, Mapping[str, Any]] = {}
    waiting = [file]
    while waiting and len(found) < _MOST_FILES:
        text = _text(waiting.pop())
        for key in set(_KEY.findall(text)) & (known.keys() - found.keys()):
            other = SourceFile(Path(known[key]), key)
            found[key] = item if isinstance(item := _data(other), Mapping) else {}
            waiting.append(other)
    return found


@lru_cache(maxsize=2)
def _keys_at(files: tuple[tuple[str, int], ...]) -> Mapping[str, str]:
    texts = ((name, _text(SourceFile(Path(name), name))) for name, _ in files)
    return {match.group(1): name for name, text in texts if (match := _ENTITY.search(text))}


def _text(file: SourceFile) -> str:
    try:
        return file.text
    except SourceError:
        # A file that cannot be read is reported when its own turn comes.
        return ""


def _data(file: SourceFile) -> Any:
    try:
        return file.data
    except (SourceError, ValueError):
        # So is one that does not parse.
        return None


def _own_links(data: Any) -> dict[Column, Column]:
    # A question lists its columns with the keys among them.
    columns = data.get("result_metadata") if isinstance(data, Mapping) else None
    listed = [one for one in columns if isinstance(one, Mapping)] if isinstance(columns, list) else []
    return dict(link for one in listed if (link := _link(one.get("id"), one.get("fk_target_field_id"))))


def _link(key: Any, target: Any) -> tuple[Column, Column] | None:
    if not all(isinstance(path, list) and len(path) > 2 for path in (key, target)):
        return None
    child, parent = ((tuple(str(part) for part in path[1:-1] if part), str(path[-1])) for path in (key, target))
    return child, parent


def _export_links(file: SourceFile) -> Mapping[Column, Column]:
    root = next((folder for folder in list(file.path.parents)[:12] if (folder / "databases").is_dir()), None)
    if root is None:
        return {}
    fields = [p for p in sorted((root / "databases").rglob("*.yaml"))[:_MOST_FIELDS] if p.parent.name == "fields"]
    return _links_at(tuple((str(path), path.stat().st_mtime_ns) for path in fields if not path.is_symlink()))


@lru_cache(maxsize=2)
def _links_at(files: tuple[tuple[str, int], ...]) -> Mapping[Column, Column]:
    found: dict[Column, Column] = {}
    for name, _ in files:
        file = SourceFile(Path(name), name)
        data = _data(file) if _POINTS.search(_text(file)) else None
        if isinstance(data, Mapping) and isinstance(data.get("table_id"), list):
            link = _link([*data["table_id"], data.get("name")], data.get("fk_target_field_id"))
            found.update([link] if link else [])
    return found


def _described(folder: Path) -> list[Path]:
    found = [path for path in sorted(folder.glob("*.json"))[:_MOST_FILES] if path.is_file() and not path.is_symlink()]
    return [path for path in found if path.stat().st_size <= _LARGEST]


@lru_cache(maxsize=4)
def _beside(folder: Path, files: tuple[tuple[str, int], ...]) -> Names:
    tables: dict[int, Relation] = {}
    columns: dict[int, tuple[Relation, str]] = {}
    for name, _ in files:
        try:
            text = (folder / name).read_text(encoding="utf-8")
            data = json.loads(text) if '"tables"' in text and '"fields"' in text else None
        except (OSError, ValueError, RecursionError):
            # A file that does not parse is reported when its own turn comes.
            continue
        _gather(data, tables, columns, 0)
    return Names(tables=tables, columns=columns)


def _gather(data: Any, tables: dict[int, Relation], columns: dict[int, tuple[Relation, str]], depth: int) -> None:
    if depth > _DEEPEST:
        return
    if isinstance(data, list):
        for item in data:
            _gather(item, tables, columns, depth + 1)
    elif isinstance(data, Mapping):
        relation = _relation(data)
        if relation and isinstance(data.get("id"), int):
            tables[data["id"]] = relation
            columns.update(_fields(data, relation))
        for key in ("tables", "data", "table", "dashcards", "card"):
            _gather(data.get(key), tables, columns, depth + 1)


def _relation(data: Mapping[str, Any]) -> Relation:
    is_table = isinstance(data.get("name"), str) and "schema" in data and ("db_id" in data or "fields" in data)
    return tuple(str(part) for part in (data.get("schema"), data["name"]) if part) if is_table else ()


def _fields(table: Mapping[str, Any], relation: Relation) -> Iterator[tuple[int, tuple[Relation, str]]]:
    for column in table.get("fields") or []:
        if isinstance(column, Mapping) and isinstance(column.get("id"), int):
            yield column["id"], (relation, str(column.get("name")))
