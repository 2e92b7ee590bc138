"""Read what people wrote about a lake: find the files, give each to the reader of its format, gather what they say."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from semantic.errors import SourceError
from semantic.mining.beside import YAML, files_beside, folders_beside
from semantic.mining.files import SourceFile
from semantic.mining.raw import Extract

READERS = (
    "dbt", "metricflow", "metric_view", "snowflake", "ossie", "superset", "lakeview", "metabase",
    "notebook", "log", "sql", "evidence", "markdown", "html", "pdf",
)  # fmt: skip
"""Modules of `semantic.mining.readers`; the first that fits a file reads it, so the narrower formats stand first."""

_MEGABYTE = 1_000_000
LARGEST = MappingProxyType({
    ".sql": 20 * _MEGABYTE, ".ddl": 20 * _MEGABYTE, ".ipynb": 150 * _MEGABYTE, ".jsonl": 4_000 * _MEGABYTE,
    ".ndjson": 4_000 * _MEGABYTE, ".csv": 4_000 * _MEGABYTE, ".yaml": 20 * _MEGABYTE, ".yml": 20 * _MEGABYTE,
    ".json": 150 * _MEGABYTE, ".zip": 100 * _MEGABYTE, ".pdf": 100 * _MEGABYTE, ".html": 20 * _MEGABYTE,
    ".htm": 20 * _MEGABYTE, ".md": 10 * _MEGABYTE, ".markdown": 10 * _MEGABYTE, ".mdx": 10 * _MEGABYTE,
    ".qmd": 10 * _MEGABYTE, ".txt": 10 * _MEGABYTE, ".rst": 10 * _MEGABYTE,
})  # fmt: skip
"""Suffixes that some reader knows, with the bytes above which a file is no longer something people wrote."""

# A file of another program may have any form; one that a reader stumbles over must not keep the others from being read.
_UNEXPECTED = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError)
_LEFT_OUT = frozenset({"node_modules", "__pycache__", "site-packages", "venv", "dbt_packages"})
_COMPILED = frozenset({"compiled", "run"})
_MAX_DEPTH = 24
_MAX_FILES = 50_000


class Reader(Protocol):
    """A module that reads one format."""

    def fits(self, file: SourceFile) -> bool:
        """Tell whether the file has this format."""
        ...

    def read(self, file: SourceFile) -> Extract:
        """Return what the file says."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read.

    Attributes:
        extract: What all files say, in the order of the files.
        files: Names of the files that were read.
        skipped: What was not read, each as "name: reason".
        paths: All files that were looked at; a change to one of them makes the reading old.
    """

    extract: Extract
    files: tuple[str, ...]
    skipped: tuple[str, ...]
    paths: tuple[Path, ...]


@dataclass(slots=True)
class _Found:
    files: dict[Path, str] = field(default_factory=dict)
    named: set[Path] = field(default_factory=set)
    skipped: list[str] = field(default_factory=list)


def find_files(paths: Sequence[Path], without: Iterable[Path] = ()) -> tuple[Path, ...]:
    """Return the files that `read_sources` would look at, and those that explain them, without reading any.

    Raises:
        SourceError: A path does not exist.
    """
    found = dict.fromkeys(_find(paths, Path(), without).files)
    found |= dict.fromkeys(files_beside(paths))
    for folder in folders_beside(paths):
        found |= dict.fromkeys(path for path in _walk(folder, [], folder.name) if path.suffix.lower() in YAML)
    return tuple(found)


def read_sources(paths: Sequence[Path], root: Path, without: Iterable[Path] = ()) -> Reading:
    """Read files and folders; a file that cannot be read is named in the result and the rest goes on.

    Args:
        paths: Files, or folders that are walked.
        root: Folder that names are relative to where a file lies inside.
        without: Files that are left out wherever they are met.

    Raises:
        SourceError: A path does not exist.
    """
    found = _find(paths, root, without)
    readers = [_reader(name) for name in READERS]
    parts, files, skipped = list[Extract](), list[str](), found.skipped
    for path, place in found.files.items():
        try:
            part = _read(path, place, readers)
        except SourceError as error:
            skipped.append(str(error) if error.message.startswith(place) else f"{place}: {error}")
            continue
        if part is not None:
            files.append(place)
            parts.append(part)
        elif path in found.named:
            skipped.append(_why_not(path, place))
    return Reading(extract=_joined(parts), files=tuple(files), skipped=tuple(skipped), paths=tuple(found.files))


def _read(path: Path, place: str, readers: Sequence[Reader]) -> Extract | None:
    largest = LARGEST.get(path.suffix.lower())
    if largest is None:
        return None
    try:
        if path.stat().st_size > largest:
            raise SourceError(f"{place}: larger than {largest // _MEGABYTE} MB")
        # What parsers warn about in the files of other people is nothing the user could act on.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file = SourceFile(path, place)
            reader = next((reader for reader in readers if reader.fits(file)), None)
            return reader.read(file) if reader else None
    except OSError as error:
        raise SourceError(f"{place}: {error.strerror or error}") from error
    except RecursionError as error:
        raise SourceError(f"{place}: nested too deeply") from error
    except _UNEXPECTED as error:
        raise SourceError(f"{place}: not of the form it looks like ({type(error).__name__}: {error})") from error


def _why_not(path: Path, place: str) -> str:
    # A broken file looks like no format at all; what is wrong with it says more.
    if path.suffix.lower() in {".json", ".yaml", ".yml"}:
        try:
            _ = SourceFile(path, place).data
        except (SourceError, ValueError) as error:
            return str(error) if str(error).startswith(place) else f"{place}: {error}"
    return f"{place}: no reader knows this format"


def _reader(name: str) -> Reader:
    reader: Reader = import_module(f"semantic.mining.readers.{name}")
    return reader


def _joined(parts: Sequence[Extract]) -> Extract:
    return Extract(**{name: tuple(one for part in parts for one in getattr(part, name)) for name in Extract.__slots__})


def _find(paths: Sequence[Path], root: Path, without: Iterable[Path]) -> _Found:
    found = _Found()
    base = root.resolve()
    for path in paths:
        if not path.exists():
            raise SourceError(f"{path}: there is no such file or folder", hint="Check the path given as a source.")
        real = path.resolve()
        if real.is_dir():
            for file in _walk(real, found.skipped, _place(real, base, real.parent)):
                found.files.setdefault(file, _place(file, base, real.parent))
        else:
            found.files.setdefault(real, _place(real, base, real.parent))
            found.named.add(real)
    for path in without:
        found.files.pop(path.resolve(), None)
    return found


def _place(path: Path, root: Path, parent: Path) -> str:
    return path.relative_to(root if path.is_relative_to(root) else parent).as_posix()


def _walk(folder: Path, skipped: list[str], place: str) -> Iterator[Path]:
    count = 0
    for name, folders, files in os.walk(folder):
        here = Path(name)
        depth = len(here.relative_to(folder).parts)
        folders[:] = sorted(f for f in folders if _is_walked(here, f))
        if depth >= _MAX_DEPTH and folders:
            skipped.append(f"{here.relative_to(folder.parent).as_posix()}: folders deeper than {_MAX_DEPTH}")
            folders.clear()
        for file in sorted(files):
            path = here / file
            if file.startswith(".") or path.suffix.lower() not in LARGEST:
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(folder):
                skipped.append(f"{path.relative_to(folder.parent).as_posix()}: a link that leads out of the folder")
                continue
            count += 1
            if count > _MAX_FILES:
                skipped.append(f"{place}: more than {_MAX_FILES:,} files; the rest was left out")
                return
            yield path.resolve()


def _is_walked(parent: Path, name: str) -> bool:
    # dbt writes every model again under target/; its manifest beside them says more.
    compiled = parent.name == "target" and name in _COMPILED
    return not (name.startswith(".") or name in _LEFT_OUT or compiled or (parent / name).is_symlink())
