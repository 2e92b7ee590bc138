"""The index of a lake: open it, look tables up by name, and search it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

from semantic import vectors as nearest
from semantic import versions
from semantic.encoders import find_encoder
from semantic.errors import EncoderMismatchError, IndexBrokenError, IndexNotFoundError
from semantic.fingerprints import source_token
from semantic.lake import Lake
from semantic.search import search
from semantic.store import FORMAT, KINDS, STORE_FILE, Store
from semantic.types import BuildReport, DocumentKind, Encoder, Found, Progress, Relationship, Table, TableId


def build_index(
    lake: Lake,
    *,
    encoder: Encoder | None = None,
    progress: Callable[[Progress], None] | None = None,
    force: bool = False,
) -> BuildReport:
    """Build the index of a lake, or bring it up to date.

    Args:
        lake: The lake to read; it is opened read-only and closed again.
        encoder: Turns texts into vectors; MiniLM where it is not given.
        progress: Called with every step.
        force: Read everything again even where nothing changed.

    Raises:
        LakeError: Nothing of the lake can be read.
        IndexBusyError: Another process builds this index.
    """
    # Opening an index must not wait for the engine to load.
    from semantic.build import build

    return build(lake, encoder or find_encoder(), progress or (lambda _: None), force=force)


class Index:
    """An opened index; tables and vectors are read when they are first needed.

    It may be used by several threads, one at a time. Use `open` to make one.
    """

    def __init__(self, store: Store, manifest: versions.Manifest, encoder: Encoder) -> None:
        self._store = store
        self._manifest = manifest
        self._encoder = encoder
        self._nearest: dict[DocumentKind, Any] | None = None
        self._by_name: dict[str, list[TableId]] = {}
        for table in store.ids:
            self._by_name.setdefault(table.name.lower(), []).append(table)
        self._table = lru_cache(maxsize=4096)(store.table)
        self.version = store.path.parent.name
        self.encoder_identity = manifest.encoder

    @classmethod
    def open(cls, lake: Lake, *, encoder: Encoder | None = None) -> Self:
        """Open the index of a lake.

        Raises:
            IndexNotFoundError: The lake has none yet.
            EncoderMismatchError: It was built with another encoder.
            IndexBrokenError: Its files are damaged.
        """
        version = versions.current(lake.home / "index")
        if version is None:
            raise IndexNotFoundError(f"The lake {lake.root} has no index yet.", hint="Build it first.")
        manifest = versions.read_manifest(version)
        encoder = encoder or find_encoder()
        if manifest.format != FORMAT:
            raise IndexBrokenError(f"The index of {lake.root} was made by another release.", hint="Build it again.")
        if manifest.encoder != encoder.identity:
            raise EncoderMismatchError(
                f"The index of {lake.root} was built with {manifest.encoder}, not with {encoder.identity}.",
                hint="Build it again, or open it with the same encoder.",
            )
        path = version / STORE_FILE
        if not path.is_file() or path.stat().st_size != manifest.store_bytes:
            raise IndexBrokenError(f"The index file {path} is incomplete.", hint="Build the index again with force.")
        return cls(Store(path), manifest, encoder)

    def close(self) -> None:
        """Close the files."""
        self._store.close()

    def __enter__(self) -> Self:
        """Return the index itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the files."""
        self.close()

    def is_fresh(self, lake: Lake) -> bool:
        """Tell whether the files of the lake are still those that the index was built from."""
        return self._manifest.sources == source_token(lake)

    @property
    def skipped(self) -> tuple[str, ...]:
        """What the build could not read, each as "name: reason"."""
        return self._manifest.skipped

    def table_ids(self) -> tuple[TableId, ...]:
        """Return the ids of all tables, in the order of the catalog."""
        return tuple(self._store.ids)

    def table(self, table: TableId) -> Table:
        """Return one table with its columns and profile.

        Raises:
            KeyError: There is no such table.
        """
        return self._table(table)

    def find(self, parts: tuple[str, ...]) -> tuple[TableId, ...]:
        """Return all tables that a name of one to three parts may mean, ignoring case."""
        lowered = tuple(part.lower() for part in parts)
        if not 1 <= len(lowered) <= 3:
            return ()
        return tuple(t for t in self._by_name.get(lowered[-1], []) if _fits(t, lowered))

    def short_name(self, table: TableId) -> str:
        """Return the shortest dotted form that means only this table in this lake, its parts unquoted."""
        for name in ((table.name,), (table.schema, table.name), (table.catalog, table.name)):
            if self.find(name) == (table,):
                return ".".join(name)
        return str(table)

    def relationships(self, ids: Collection[TableId]) -> tuple[Relationship, ...]:
        """Return all joins that touch one of the tables."""
        return self._store.relationships(ids)

    def search(
        self, question: str, *, tables: int = 10, columns: int = 25, values: int = 20, passages: int = 5
    ) -> Found:
        """Return what the lake knows about a question: at most so many of each kind, best first."""
        vector = self._encoder.encode([question])
        return search(
            self._store, self._vectors(), question, vector,
            tables=tables, columns=columns, values=values, passages=passages,
        )  # fmt: skip

    def _vectors(self) -> dict[DocumentKind, Any]:
        if self._nearest is None:
            found: dict[DocumentKind, Any] = {}
            for kind in KINDS:
                if kind in self._manifest.vectors:
                    path = self._store.path.parent / f"{kind}.faiss"
                    index = nearest.load(path, self._manifest.vectors[kind])
                    found[kind] = index if index is not None else nearest.build(self._store.vectors(kind))
            self._nearest = found
        return self._nearest


def _fits(table: TableId, parts: tuple[str, ...]) -> bool:
    catalog, schema = table.catalog.lower(), table.schema.lower()
    if len(parts) == 3:
        return (catalog, schema) == parts[:2]
    # DuckDB reads two parts as schema.table, or as catalog.table in the default schema.
    return len(parts) == 1 or schema == parts[0] or (catalog == parts[0] and schema == "main")
