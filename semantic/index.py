"""The index of a lake: open it, look tables up by name, and search it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

from semantic.errors import EncoderMismatchError, IndexBrokenError, IndexNotFoundError
from semantic.facts import Facts, Metric, Rule, Segment
from semantic.found import Found
from semantic.lake import Lake
from semantic.meaning import lake_token
from semantic.search.searcher import Searcher
from semantic.search.within import Within
from semantic.store import versions
from semantic.store.facts import Fact, facts_of, read_fact, read_facts, rules_of
from semantic.store.reader import FORMAT, STORE_FILE, Store
from semantic.types import BuildReport, DocumentKind, Encoder, Progress, Relationship, Table, TableId
from semantic.vectors.encoders import find_encoder
from semantic.vectors.nearest import FAISS, VectorHome


def build_index(
    lake: Lake,
    *,
    encoder: Encoder | None = None,
    progress: Callable[[Progress], None] | None = None,
    force: bool = False,
    vectors: str = FAISS,
) -> BuildReport:
    """Build the index of a lake, or bring it up to date.

    Args:
        lake: The lake to read; it is opened read-only and closed again.
        encoder: Turns texts into vectors; MiniLM where it is not given.
        progress: Called with every step.
        force: Read everything again even where nothing changed.
        vectors: "faiss", or the address of a PostgreSQL server with pgvector that gets the vectors as well.

    Raises:
        LakeError: Nothing of the lake can be read.
        IndexBusyError: Another process builds this index.
        SemanticError: The server cannot be used.
    """
    # Opening an index must not wait for the engine to load.
    from semantic.build import build

    return build(lake, encoder or find_encoder(), progress or (lambda _: None), force=force, vectors=vectors)


class Index:
    """An opened index; tables and vectors are read when they are first needed.

    It may be used by several threads, one at a time. Use `open` to make one.
    """

    def __init__(self, store: Store, manifest: versions.Manifest, encoder: Encoder, home: VectorHome) -> None:
        self._store = store
        self._home = home
        self._manifest = manifest
        self._encoder = encoder
        self._nearest: dict[DocumentKind, Any] | None = None
        self._searcher: Searcher | None = None
        self._by_name: dict[str, list[TableId]] = {}
        for table in store.ids:
            self._by_name.setdefault(table.name.lower(), []).append(table)
        self._table = lru_cache(maxsize=4096)(store.table)
        self._rules = rules_of(store)
        self._segments: tuple[Segment, ...] | None = None
        self.version = store.path.parent.name
        self.encoder_identity = manifest.encoder

    @classmethod
    def open(cls, lake: Lake, *, encoder: Encoder | None = None, vectors: str = FAISS) -> Self:
        """Open the index of a lake.

        Args:
            lake: The lake.
            encoder: The one that the index was built with; MiniLM where it is not given.
            vectors: Where the nearest vectors are searched, as for `build_index`.

        Raises:
            IndexNotFoundError: The lake has none yet.
            EncoderMismatchError: It was built with another encoder.
            IndexBrokenError: Its files are damaged.
            SemanticError: The server cannot be used.
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
        home = VectorHome(vectors, lake.home)
        return cls(Store(path), manifest, encoder, home)

    def close(self) -> None:
        """Close the files."""
        self._home.close()
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
        return self._manifest.sources == lake_token(lake)

    @property
    def skipped(self) -> tuple[str, ...]:
        """What the build could not read, each as "name: reason"."""
        return self._manifest.skipped

    def table_ids(self) -> tuple[TableId, ...]:
        """Return the ids of all tables, in the order of the catalog."""
        return tuple(self._store.ids)

    def holds(self, table: TableId) -> bool:
        """Tell whether there is such a table."""
        return table in self._store.ids

    def hidden(self) -> tuple[tuple[TableId, str], ...]:
        """Return the tables and columns that the semantic model hides; the column is empty for a whole table."""
        return self._store.hidden()

    def count_personal(self) -> int:
        """Return how many columns hold personal data."""
        return self._store.count_personal()

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

    def facts(self) -> Facts:
        """Return all that is known beyond the catalog, less passages."""
        return read_facts(self._store)

    def fact(self, key: str) -> Fact | None:
        """Return the fact of an id, None where there is none."""
        return read_fact(self._store, key)

    def metric(self, key: str) -> Metric | None:
        """Return the metric of an id, None where there is none."""
        found = self.fact(key)
        return found if isinstance(found, Metric) else None

    def segments(self, tables: Collection[TableId]) -> tuple[Segment, ...]:
        """Return the named conditions on one of the tables, most trusted first."""
        return tuple(fact for fact in facts_of(self._store, "segments", tables) if isinstance(fact, Segment))

    def all_segments(self) -> tuple[Segment, ...]:
        """Return all named conditions, most trusted first."""
        if self._segments is None:
            found = facts_of(self._store, "segments", self._store.ids)
            self._segments = tuple(fact for fact in found if isinstance(fact, Segment))
        return self._segments

    def metrics(self, tables: Collection[TableId]) -> tuple[Metric, ...]:
        """Return the metrics over one of the tables, most trusted first."""
        return tuple(fact for fact in facts_of(self._store, "metrics", tables) if isinstance(fact, Metric))

    def rules(self) -> tuple[Rule, ...]:
        """Return what to do with some questions."""
        return self._rules

    def search(
        self,
        question: str,
        *,
        tables: int = 10,
        columns: int = 25,
        values: int = 20,
        passages: int = 5,
        facts: int = 5,
        within: Within | None = None,
    ) -> Found:
        """Return what the lake knows about a question: at most so many of each kind, best first.

        Args:
            question: The question, or any words.
            tables: Most tables.
            columns: Most columns.
            values: Most cell values.
            passages: Most passages of documents.
            facts: Most metrics, past queries and terms, each.
            within: What may be found.
        """
        if self._searcher is None:
            self._searcher = Searcher(self._store, self._vectors(), self._encoder)
        return self._searcher.search(
            question, tables=tables, columns=columns, values=values, passages=passages, facts=facts, within=within
        )

    def _vectors(self) -> dict[DocumentKind, Any]:
        if self._nearest is None:
            self._nearest = self._home.open(self._store, self._manifest.vectors)
        return self._nearest


def _fits(table: TableId, parts: tuple[str, ...]) -> bool:
    catalog, schema = table.catalog.lower(), table.schema.lower()
    if len(parts) == 3:
        return (catalog, schema) == parts[:2]
    # DuckDB reads two parts as schema.table, or as catalog.table in the default schema.
    return len(parts) == 1 or schema == parts[0] or (catalog == parts[0] and schema == "main")
