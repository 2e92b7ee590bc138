"""Which lakes a server may ask: that of the settings, and those below the folder that it shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from genie_ext.config import CONFIG_FILE, default_lake, load_settings
from genie_ext.lakes import open_lake
from semantic.folders import DATABASE_SUFFIXES, data_format, is_database

_DEPTH = 2
_MOST_LAKES = 50
# JSON lies in many a folder that holds no data.
_TELLING = ("parquet", "csv")


def find_lakes(root: Path) -> tuple[Path, ...]:
    """Return the lakes that may be asked, the configured one first; a link that leads out of the root is none.

    Below the root these are DuckDB files, and folders that hold Parquet or CSV files or a genie.toml of their own.
    """
    usual = default_lake()
    configured = (Path(usual).expanduser().resolve(),) if usual else ()
    below = (path for path in _below(root, root, _DEPTH) if path.is_relative_to(root))
    own = (root,) if (root / CONFIG_FILE).is_file() and _holds_data(root) else ()
    return tuple(dict.fromkeys((*configured, *below, *own)))[:_MOST_LAKES]


def home_of(lake: Path) -> Path:
    """Return the folder that keeps what belongs to a lake.

    Raises:
        LakeError: There is no lake any more.
    """
    settings = load_settings(lake)
    return settings.home_of(lake) or open_lake(lake, settings).home


def _below(folder: Path, root: Path, depth: int) -> Iterator[Path]:
    for entry in _entries(folder):
        place = entry.resolve()
        if entry.name.startswith((".", "_")) or entry.name == "node_modules" or not place.is_relative_to(root):
            continue
        if _is_database(entry) or (entry.is_dir() and ((entry / CONFIG_FILE).is_file() or _holds_data(entry))):
            yield place
        elif entry.is_dir() and depth > 0:
            yield from _below(entry, root, depth - 1)


def _entries(folder: Path) -> list[Path]:
    """Return what a folder holds; nothing where this user may not look."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _holds_data(folder: Path) -> bool:
    return any(data_format(entry) in _TELLING and entry.is_file() for entry in _entries(folder))


def _is_database(path: Path) -> bool:
    try:
        return path.suffix.lower() in DATABASE_SUFFIXES and path.is_file() and is_database(path)
    except OSError:  # it is gone by now, or not for this user
        return False
