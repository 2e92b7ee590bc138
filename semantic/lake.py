"""Find the lake at a path: database files, data files and folders of data files, without reading their rows."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from semantic.errors import LakeError
from semantic.folders import DATABASE_SUFFIXES, FORMS, Format, Walk, damage, data_format, is_database, stem

if TYPE_CHECKING:
    import duckdb

# Names DuckDB keeps for itself; `main` would be taken for a schema.
_RESERVED_ALIASES = frozenset({"memory", "system", "temp", "main"})
# Below this size a whole CSV file is sniffed, so that late odd rows do not break the types.
_FULL_SNIFF_BYTES = 20_000_000
_NAMED_FILE = "sources.txt"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A DuckDB database file and the catalog name it is attached under."""

    alias: str
    path: Path


@dataclass(frozen=True, slots=True)
class FileTable:
    """A table made of one file or of a folder of files; `pattern` is the glob that reads them all."""

    name: str
    format: Format
    pattern: str
    hive: bool
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Lake:
    """Everything that can be asked at one path.

    Attributes:
        root: The path it was found at.
        home: Folder that holds what is derived from it.
        attachments: Database files.
        files: Tables made of data files.
        sources: Every data file the lake consists of.
        documents: Files beside the data that say what it means: notes, queries, notebooks, dashboards, models.
        named: Files and folders elsewhere that say so, named by the user.
        model: Folder of the semantic model's files.
        skipped: What looks like data and cannot be used, each as "name: reason".
        connection: The open connection that the lake is read through, None where it is read from its files.
    """

    root: Path
    home: Path
    attachments: tuple[Attachment, ...] = ()
    files: tuple[FileTable, ...] = ()
    sources: tuple[Path, ...] = ()
    documents: tuple[Path, ...] = ()
    named: tuple[Path, ...] = ()
    model: Path | None = None
    skipped: tuple[str, ...] = ()
    connection: duckdb.DuckDBPyConnection | None = field(default=None, compare=False, repr=False)

    def setup(self) -> tuple[str, ...]:
        """Return the statements, in order, that make the lake visible on a fresh in-memory DuckDB connection."""
        attach = (f"ATTACH {quote_text(str(a.path))} AS {quote_name(a.alias)} (READ_ONLY)" for a in self.attachments)
        return (*attach, *(_create_view(table) for table in self.files))

    def folders(self) -> tuple[Path, ...]:
        """Return the folders that hold the file tables, outermost only."""
        found = sorted({path.parent for table in self.files for path in table.paths})
        outer: list[Path] = []
        for folder in found:
            if not any(folder.is_relative_to(other) for other in outer):
                outer.append(folder)
        return tuple(outer)

    def without(self, broken: dict[str, str]) -> Lake:
        """Return the lake less the attachments and file tables named in `broken`, whose reasons become `skipped`."""
        return replace(
            self,
            attachments=tuple(a for a in self.attachments if a.alias not in broken),
            files=tuple(f for f in self.files if f.name not in broken),
            skipped=(*self.skipped, *(f"{name}: {reason}" for name, reason in broken.items())),
        )


def quote_name(name: str) -> str:
    """Quote an identifier for DuckDB."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Quote a string literal for DuckDB."""
    return "'" + text.replace("'", "''") + "'"


def find_lake(
    path: str | Path, *, home: Path | None = None, named: Sequence[Path] = (), model: Path | None = None
) -> Lake:
    """Find the lake at `path`.

    Args:
        path: A DuckDB file, a Parquet, CSV or JSON file, or a folder of such files and of folders of them.
        home: Where derived files go; beside the lake in `.genie` where it is not given.
        named: Files and folders elsewhere that say what the data means; those named in earlier builds count, too.
        model: Folder of the semantic model's files; the home where it is not given.

    Raises:
        LakeError: There is nothing there, or nothing that can be read.
    """
    root = Path(path).expanduser().resolve()
    if not root.exists():
        raise LakeError(f"There is no file or folder at {root}.", hint="Check the path of the lake.")
    if root.is_dir():
        lake = _folder_lake(root, home or root / ".genie")
    else:
        lake = _file_lake(root, home or root.parent / ".genie" / root.name)
    if not lake.attachments and not lake.files:
        found = f" Not usable: {'; '.join(lake.skipped)}." if lake.skipped else ""
        raise LakeError(
            f"{root} holds no tables.{found}",
            hint="A lake is a DuckDB file, or a folder with DuckDB, Parquet, CSV or JSON files.",
        )
    every = dict.fromkeys((*(p.expanduser().resolve() for p in named), *remembered(lake.home)))
    return replace(lake, named=tuple(every), model=model or lake.home)


def remembered(home: Path) -> tuple[Path, ...]:
    """Return the files and folders that earlier builds were told to read for meaning."""
    try:
        lines = (home / _NAMED_FILE).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ()
    return tuple(Path(line) for line in lines if line.strip())


def remember(home: Path, named: Sequence[Path]) -> None:
    """Keep the files and folders to read for meaning, so that later builds read them, too."""
    home.mkdir(parents=True, exist_ok=True)
    (home / _NAMED_FILE).write_text("".join(f"{path}\n" for path in named), encoding="utf-8")


def _file_lake(path: Path, home: Path) -> Lake:
    if is_database(path):
        return Lake(path, home, (Attachment(_alias(path, set()), path),), sources=(path,))
    form = data_format(path)
    if form is None:
        raise LakeError(
            f"{path} is neither a DuckDB database nor a Parquet, CSV or JSON file.",
            hint="Point to a DuckDB file, or to a folder with data files.",
        )
    if reason := damage(path, form):
        raise LakeError(f"{path} cannot be read: {reason}.", hint="Write the file again, or point to another one.")
    table = FileTable(stem(path), form, _escape(path), hive=False, paths=(path,))
    return Lake(path, home, files=(table,), sources=(path,))


def _folder_lake(root: Path, home: Path) -> Lake:
    attachments: list[Attachment] = []
    files: list[FileTable] = []
    walk = Walk(root, home.resolve())
    for name, paths in walk.tables():
        for path in [p for p in paths if data_format(p) is None]:
            if is_database(path):
                attachments.append(Attachment(_alias(path, {a.alias.lower() for a in attachments}), path))
            else:
                walk.skipped.append(f"{path.relative_to(root)}: not a DuckDB database file")
        for form in FORMS:
            if members := walk.sound([p for p in paths if data_format(p) == form], form):
                files.append(_file_table(name, form, members, {f.name.lower() for f in files}))
    sources = sorted({*(a.path for a in attachments), *(p for f in files for p in f.paths)})
    return Lake(
        root, home, tuple(attachments), tuple(files), tuple(sources), tuple(walk.documents), skipped=tuple(walk.skipped)
    )


def _file_table(name: str, form: Format, paths: tuple[Path, ...], taken: set[str]) -> FileTable:
    label = name if name.lower() not in taken else f"{name}_{form}"
    while label.lower() in taken:
        label += "_2"
    if len(paths) == 1:
        hive = "=" in paths[0].parent.name
        return FileTable(label, form, _escape(paths[0]), hive, paths)
    common = Path(os.path.commonpath([p.parent for p in paths]))
    hive = any("=" in part for p in paths for part in p.parent.relative_to(common).parts)
    suffixes = {"".join(p.suffixes[-2:]) if p.suffix in {".gz", ".zst"} else p.suffix for p in paths}
    ending = suffixes.pop() if len(suffixes) == 1 else ""
    depth = "**/" if any(p.parent != common for p in paths) else ""
    return FileTable(label, form, f"{_escape(common)}/{depth}*{ending}", hive, paths)


def _create_view(table: FileTable) -> str:
    options = ["union_by_name=true", f"hive_partitioning={'true' if table.hive else 'false'}"]
    if table.format == "csv" and sum(p.stat().st_size for p in table.paths if p.exists()) < _FULL_SNIFF_BYTES:
        options.append("sample_size=-1")
    # A list names exactly the sound files; a glob would read the skipped ones, too. Long lists make slow statements.
    few = len(table.paths) <= 500
    source = f"[{', '.join(quote_text(_escape(p)) for p in table.paths)}]" if few else quote_text(table.pattern)
    read = f"read_{table.format}({source}, {', '.join(options)})"
    return f"CREATE VIEW memory.main.{quote_name(table.name)} AS SELECT * FROM {read}"


def _escape(path: Path) -> str:
    return re.sub(r"([*?\[])", r"[\1]", str(path))


def _alias(path: Path, taken: set[str]) -> str:
    alias = path.stem if path.suffix.lower() in DATABASE_SUFFIXES else path.name
    alias = f"{alias}_db" if alias.lower() in _RESERVED_ALIASES else alias
    while alias.lower() in taken:
        alias += "_2"
    return alias
