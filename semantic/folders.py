"""Walk the folders of a lake and tell which files make which table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Format = Literal["parquet", "csv", "json"]

FORMS: tuple[Format, ...] = ("parquet", "csv", "json")

DATABASE_SUFFIXES = frozenset({".duckdb", ".ddb", ".db"})
DOCUMENT_SUFFIXES = frozenset(
    {".md", ".markdown", ".txt", ".rst", ".html", ".htm", ".pdf", ".sql", ".ipynb", ".yml", ".yaml"}
)
FORMATS: dict[str, Format] = {
    ".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".tsv": "csv",
    ".json": "json", ".jsonl": "json", ".ndjson": "json",
}  # fmt: skip
_PART_NAME = re.compile(
    r"^(part|data|chunk|file|export|batch)?[-_. ]*[\d][\w.\-]*$|^[0-9a-f]{8}[0-9a-f-]{8,}[\w.\-]*$", re.IGNORECASE
)
_HIVE_FOLDER = re.compile(r"^[^=/]+=[^/]*$")
_MAX_DEPTH = 6
# Dashboards and the like are JSON about data, not data.
_DASHBOARD = ".lvdash.json"
_DESCRIPTIONS = (_DASHBOARD, ".vl.json", ".vega.json")
_DBT = frozenset({"manifest.json", "semantic_manifest.json", "catalog.json", "run_results.json"})


@dataclass(slots=True)
class Walk:
    """A walk through the folders of a lake.

    Attributes:
        root: Where it starts.
        home: The folder of derived files, which is no part of the lake.
        documents: Files met on the way that say what the data means.
        skipped: What looks like data and cannot be used, each as "name: reason".
    """

    root: Path
    home: Path
    documents: list[Path] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def tables(self) -> Iterator[tuple[str, list[Path]]]:
        """Yield (table name, files) of every table; database files come alone with an empty name."""
        yield from self._folder(self.root, 0)

    def _folder(self, folder: Path, depth: int) -> Iterator[tuple[str, list[Path]]]:
        inside = folder.relative_to(self.root)
        if known := _table_format(folder):
            self.skipped.append(f"{inside}: {known} tables are not read yet, their files may be outdated")
            return
        entries = [e for e in sorted(folder.iterdir()) if not _is_hidden(e) and e.resolve() != self.home]
        plain = [e for e in entries if e.is_file()]
        folders = [e for e in entries if e.is_dir()]
        self.documents += [e for e in plain if _is_document(e)]
        yield from (("", [e]) for e in plain if e.suffix.lower() in DATABASE_SUFFIXES)
        data = [e for e in plain if data_format(e)]
        name = "_".join(inside.parts)
        if folders and all(_HIVE_FOLDER.match(e.name) for e in folders):
            yield name or folder.name, [*data, *_below(folders)]
            return
        if data and _is_one_table(data, at_root=folder == self.root):
            yield name or folder.name, data
        else:
            yield from ((f"{name}_{stem(e)}" if name else stem(e), [e]) for e in data)
        if depth < _MAX_DEPTH:
            for sub in folders:
                yield from self._folder(sub, depth + 1)

    def sound(self, paths: Iterable[Path], form: Format) -> tuple[Path, ...]:
        """Return the files that can be what their names say, and name the others in `skipped`."""
        good: list[Path] = []
        for path in paths:
            if reason := damage(path, form):
                self.skipped.append(f"{path.relative_to(self.root)}: {reason}")
            else:
                good.append(path)
        return tuple(good)


def _is_hidden(path: Path) -> bool:
    return path.name.startswith((".", "_"))


def data_format(path: Path) -> Format | None:
    """Return the format a file name promises, None where it is not a data file."""
    name = path.name.lower()
    if name.endswith(_DESCRIPTIONS) or (name in _DBT and _is_dbt(path)):
        return None
    for packed in (".gz", ".zst"):
        name = name.removesuffix(packed)
    return FORMATS.get(Path(name).suffix)


def _is_document(path: Path) -> bool:
    name = path.name.lower()
    known = path.suffix.lower() in DOCUMENT_SUFFIXES or name.endswith(_DASHBOARD)
    return known or (name in _DBT and _is_dbt(path))


def _is_dbt(path: Path) -> bool:
    """Tell the artefacts of dbt from data of the same name by their first key."""
    with path.open("rb") as file:
        head = file.read(400)
    return b'"metadata"' in head or b'"semantic_models"' in head


def _table_format(folder: Path) -> str:
    if (folder / "_delta_log").is_dir():
        return "Delta"
    metadata = folder / "metadata"
    return "Iceberg" if metadata.is_dir() and any(metadata.glob("*.metadata.json")) else ""


def _below(folders: Iterable[Path]) -> list[Path]:
    found = (path for folder in folders for path in sorted(folder.rglob("*")))
    return [p for p in found if p.is_file() and not _is_hidden(p) and data_format(p)]


def _is_one_table(data: list[Path], *, at_root: bool) -> bool:
    """Tell parts of one table from a folder of different tables, by their names and then by their columns."""
    if len({data_format(p) for p in data}) > 1:
        return False
    if all(_PART_NAME.match(stem(p)) for p in data) and len(data) > 1:
        return True
    if at_root:
        return False
    if len(data) == 1:
        return bool(_PART_NAME.match(stem(data[0]))) or stem(data[0]).lower() == data[0].parent.name.lower()
    headers = [frozenset(_header(p)) for p in data[:5]]
    return all(headers[0]) and all(len(h & headers[0]) * 2 > len(h | headers[0]) for h in headers)


def _header(path: Path) -> list[str]:
    if data_format(path) == "parquet":
        import pyarrow.parquet as pq

        try:
            return list(pq.read_schema(path).names)
        except (OSError, ValueError):
            return []
    if path.suffix.lower() in {".csv", ".tsv"}:
        with path.open(encoding="utf-8", errors="replace") as lines:
            return re.split(r"[,;\t|]", lines.readline().strip())
    return []


def damage(path: Path, form: Format) -> str:
    """Return why a file cannot be what its name says, empty where it can."""
    size = path.stat().st_size
    if size == 0:
        return "the file is empty"
    if form != "parquet":
        return ""
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(max(0, size - 4))
        end = file.read(4)
    return "" if start == b"PAR1" and end == b"PAR1" else "not a complete Parquet file"


def is_database(path: Path) -> bool:
    """Tell whether a file is a DuckDB database, by its first bytes."""
    if _is_open_here(path):
        return True
    with path.open("rb") as file:
        head = file.read(12)
    return len(head) == 12 and head[8:12] == b"DUCK"


def _is_open_here(path: Path) -> bool:
    """Tell whether this process has the file open; closing a second handle would drop the lock of the first."""
    handles = Path("/proc/self/fd")
    if not handles.is_dir():
        return False
    return any(_target(handle) == str(path) for handle in handles.iterdir())


def _target(handle: Path) -> str:
    try:
        return str(handle.readlink())
    except OSError:  # another thread has closed it since it was listed
        return ""


def stem(path: Path) -> str:
    """Return a file name less the endings of data files."""
    name = path.name
    for suffix in reversed(path.suffixes):
        if suffix.lower() in FORMATS or suffix.lower() in {".gz", ".zst"}:
            name = name[: -len(suffix)]
    return name or path.name
