"""The files of a Superset export, in a folder or a zip: which datasets and databases the others refer to."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from semantic.errors import SourceError
from semantic.mining.files import SourceFile

_MOST_MEMBERS = 5_000
_LARGEST_MEMBER = 5_000_000
_LARGEST_WHOLE = 200_000_000
_DIALECTS = {
    "postgresql": "postgres", "redshift": "redshift", "duckdb": "duckdb", "motherduck": "duckdb",
    "snowflake": "snowflake",
    "bigquery": "bigquery", "databricks": "databricks", "mysql": "mysql", "mariadb": "mysql", "trino": "trino",
    "presto": "presto", "mssql": "tsql", "sqlite": "sqlite", "clickhouse": "clickhouse", "clickhousedb": "clickhouse",
    "hive": "hive", "oracle": "oracle", "athena": "athena", "awsathena": "athena",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What charts and dashboards refer to, by its key."""

    datasets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    databases: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    charts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def dialects(self, dataset: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the dialect that the expressions of a dataset are written in, none where nobody says so."""
        database = self.databases.get(str(dataset.get("database_uuid")), {})
        scheme = str(database.get("sqlalchemy_uri") or "").split(":")[0].split("+")[0].lower()
        return (_DIALECTS[scheme],) if scheme in _DIALECTS else ()


def bundle(items: Iterable[Any]) -> Bundle:
    """Sort the parsed files of an export."""
    datasets, databases, charts = (dict[str, Mapping[str, Any]]() for _ in range(3))
    for item in items:
        if isinstance(item, Mapping) and item.get("uuid"):
            for key, kind in (("table_name", datasets), ("database_name", databases), ("slice_name", charts)):
                if key in item:
                    kind[str(item["uuid"])] = item
    return Bundle(datasets=datasets, databases=databases, charts=charts)


def bundle_of(file: SourceFile) -> Bundle:
    """Return the export that a file of a folder belongs to, itself alone where it lies by itself."""
    root = next((p for p in list(file.path.parents)[:5] if (p / "datasets").is_dir()), None)
    if root is None:
        return bundle([file.data])
    # Only dashboards refer to charts.
    parts = ("datasets", "databases", *(["charts"] if "dashboard_title:" in file.text else []))
    paths = [p for part in parts for p in sorted((root / part).rglob("*.y*ml"))]
    usual = [p for p in paths[:_MOST_MEMBERS] if not p.is_symlink() and p.is_file()]
    return _bundle_at(tuple((str(p), p.stat().st_mtime_ns) for p in usual if p.stat().st_size <= _LARGEST_MEMBER))


@lru_cache(maxsize=4)
def _bundle_at(files: tuple[tuple[str, int], ...]) -> Bundle:
    return bundle(_parsed(SourceFile(Path(name), name)) for name, _ in files)


def _parsed(file: SourceFile) -> Any:
    try:
        return file.data
    except (SourceError, ValueError):
        # It is reported when its own turn comes.
        return None


def is_export(path: Path) -> bool:
    """Tell whether a zip is an export of Superset."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()[:_MOST_MEMBERS]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    return any(name.endswith("metadata.yaml") for name in names) and any(name.endswith(".yaml") for name in names)


def members(file: SourceFile, lost: list[str]) -> dict[str, Any]:
    """Return the parsed YAML files of a zip by name; nothing is unpacked onto the disk.

    Raises:
        SourceError: It is damaged, or larger unpacked than people write.
    """
    found: dict[str, Any] = {}
    try:
        with zipfile.ZipFile(file.path) as archive:
            listed = [info for info in archive.infolist() if info.filename.endswith((".yaml", ".yml"))]
            if len(listed) > _MOST_MEMBERS or sum(info.file_size for info in listed) > _LARGEST_WHOLE:
                raise SourceError(f"{file.place}: larger unpacked than an export is")
            for info in listed:
                with archive.open(info) as stream:
                    # The size in the archive's list may lie; what is read is what counts.
                    content = stream.read(_LARGEST_MEMBER + 1)
                _member(f"{file.place}:{info.filename}", content, info.filename, found, lost)
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        OSError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as e:
        raise SourceError(f"{file.place}: the zip cannot be read: {e}") from e
    return found


def _member(place: str, content: bytes, name: str, found: dict[str, Any], lost: list[str]) -> None:
    if len(content) > _LARGEST_MEMBER:
        lost.append(f"{place}: larger than {_LARGEST_MEMBER // 1_000_000} MB")
        return
    try:
        found[name] = _text_data(place, content.decode("utf-8"))
    except UnicodeDecodeError:
        lost.append(f"{place}: not UTF-8 text")
    except SourceError as error:
        lost.append(str(error))


def _text_data(place: str, text: str) -> Any:
    member = SourceFile(Path(place + ".yaml"), place)
    # The text is at hand already; the path names no file.
    member.__dict__["text"] = text
    return member.data
