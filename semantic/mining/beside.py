"""Files that were not named, but explain named ones: readers look into them for what those refer to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

YAML = frozenset({".yaml", ".yml"})
"""Suffixes of the files that explain others from further away."""
_ABOVE = 12
"""Folders above a named path that may be the top of a project or an export."""
_PARTS = ("collections", "databases", "datasets", "charts", "dashboards")
"""Folders at the top of the exports of Metabase and Superset."""


def folders_beside(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the folders whose files, at any depth, explain the named paths: a project of dbt, parts of an export."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir() or path.suffix.lower() in YAML:
            real = path.resolve()
            for inner, folder in zip((real, *real.parents), list(real.parents)[:_ABOVE], strict=False):
                found |= dict.fromkeys(_tops(folder, inner.name))
    yield from found


def files_beside(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files that explain named ones because they lie in the same folder."""
    for path in paths:
        kinds = YAML if path.suffix.lower() in YAML else {".json"}
        if path.is_file() and path.suffix.lower() in kinds:
            yield from (p for p in sorted(path.resolve().parent.iterdir()) if p.suffix.lower() in kinds and p.is_file())


def _tops(folder: Path, inner: str) -> list[Path]:
    if (folder / "dbt_project.yml").is_file():
        return [folder]
    # A folder of that name elsewhere may hold all data of a person.
    return [part for name in _PARTS if (part := folder / name).is_dir()] if inner in _PARTS else []
