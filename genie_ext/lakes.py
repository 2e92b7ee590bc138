"""The lake that a path, or an open connection, and the settings mean, and its index."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from genie_ext.config import Settings
from semantic.errors import IndexBusyError
from semantic.index import Index, build_index
from semantic.lake import Lake, find_lake, quote_name, quote_text
from semantic.types import BuildReport, Progress
from semantic.vectors.encoders import find_encoder

if TYPE_CHECKING:
    import duckdb

_PATIENCE_S = 600.0
_LOOK_S = 0.2


def open_lake(lake: str | Path | duckdb.DuckDBPyConnection, settings: Settings) -> Lake:
    """Return the lake at a path, or behind a connection, with the sources of meaning that the settings name.

    Raises:
        LakeError: There is no lake, or it cannot be read.
    """
    if isinstance(lake, str | Path):
        home = settings.home_of(lake)
        return find_lake(lake, home=home, named=settings.sources, model=settings.model)
    from semantic.live import live_lake

    return live_lake(lake, home=settings.home, named=settings.sources, model=settings.model)


def open_index(lake: Lake, settings: Settings) -> Index:
    """Open the index of a lake.

    Raises:
        IndexNotFoundError: The lake has none yet.
        EncoderMismatchError: It was built with another encoder.
        IndexBrokenError: Its files are damaged.
    """
    return Index.open(lake, encoder=find_encoder(settings.encoder), vectors=settings.vectors)


def refresh_index(
    lake: Lake, settings: Settings, *, progress: Callable[[Progress], None] | None = None, force: bool = False
) -> BuildReport:
    """Build the index of a lake, or bring it up to date.

    Raises:
        SemanticError: The lake cannot be read or the index cannot be written.
    """
    encoder = find_encoder(settings.encoder)
    return build_index(lake, encoder=encoder, progress=progress, force=force, vectors=settings.vectors)


def build_or_wait(
    lake: Lake,
    settings: Settings,
    *,
    progress: Callable[[Progress], None] | None = None,
    force: bool = False,
    patience_s: float = _PATIENCE_S,
) -> BuildReport:
    """Build the index of a lake, or wait for the process that builds it and read what changed since.

    Raises:
        IndexBusyError: That process is not done in time.
        SemanticError: The lake cannot be read or the index cannot be written.
    """
    end = time.monotonic() + patience_s
    while True:
        try:
            return refresh_index(lake, settings, progress=progress, force=force)
        except IndexBusyError:
            if time.monotonic() >= end:
                raise
            if progress is not None:
                progress(Progress(phase="waiting for another process that reads the lake", done=0, total=0))
            time.sleep(_LOOK_S)


def plain_setup(lake: Lake, index: Index) -> tuple[str, ...]:
    """Return the statements that make a lake visible on a fresh connection, under the names that its queries use."""
    places = dict.fromkeys(f"{quote_name(table.catalog)}.{quote_name(table.schema)}" for table in index.table_ids())
    return (*lake.setup(), f"SET search_path = {quote_text(','.join(places))}")
