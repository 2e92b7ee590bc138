"""The lake that a path, or an open connection, and the settings mean, and its index."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from genie_ext.config import Settings
from semantic.index import Index, build_index
from semantic.lake import Lake, find_lake
from semantic.types import BuildReport, Progress
from semantic.vectors.encoders import find_encoder

if TYPE_CHECKING:
    import duckdb


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
