"""Build the index of a lake, reading only what changed since the last build."""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from semantic.build_joins import join_tables
from semantic.catalog import connect, explain, read_catalog
from semantic.documents import column_document, embedded_text, table_document, text_hash, word_documents
from semantic.errors import IndexBrokenError, LakeError, SemanticError
from semantic.fact_documents import fact_documents
from semantic.fingerprints import file_stamps, table_tokens
from semantic.joins.probes import Prober
from semantic.lake import Lake
from semantic.meaning import Meaning, lake_token, read_meaning
from semantic.profile import Reading, read_table
from semantic.stale import find_stale
from semantic.store import versions
from semantic.store.checksums import file_hash
from semantic.store.reader import FORMAT, STORE_FILE, Store
from semantic.store.writer import StoreWriter
from semantic.types import BuildReport, Column, Document, Encoder, Progress, Relationship, Table, TableId
from semantic.values.personal import marked
from semantic.vectors.embedding import embed_missing, write_vectors
from semantic.vectors.local import is_sound
from semantic.vectors.nearest import VectorHome

_VALUES_KEPT = 5
_Last = tuple[Path, versions.Manifest]


@dataclass(slots=True)
class _Build:
    """One build under way: what it reads from, what it writes to, and what it has done so far."""

    lake: Lake
    encoder: Encoder
    progress: Callable[[Progress], None]
    previous: Store | None
    last: versions.Manifest | None
    con: duckdb.DuckDBPyConnection
    writer: StoreWriter
    skipped: list[str] = field(default_factory=list)
    changed: set[TableId] = field(default_factory=set)
    embedded: int = 0

    def same_vectors(self) -> dict[str, str]:
        """Return the hashes of the last version's vector files whose rows stand where they stood."""
        if self.last is None or self.last.encoder != self.encoder.identity:
            return {}
        return {kind: code for kind, code in self.last.vectors.items() if kind not in self.writer.renumbered}


def build(
    lake: Lake, encoder: Encoder, progress: Callable[[Progress], None], *, force: bool, vectors: str
) -> BuildReport:
    """Build the index of a lake, or bring it up to date; `semantic.index.build_index` documents it."""
    start = time.monotonic()
    folder = lake.home / "index"
    with versions.build_lock(folder), closing(VectorHome(vectors, lake.home)) as home:
        token = lake_token(lake)
        last = None if force else _last(folder)
        if last is not None and _is_current(*last, token, encoder.identity):
            home.publish(last[0])
            return BuildReport(
                **last[1].report, changed=0, embedded=0, skipped=last[1].skipped,
                seconds=time.monotonic() - start, version=last[0].name,
            )  # fmt: skip
        with _explained(folder):
            version, manifest, state = _write(lake, encoder, progress, token, last)
            home.publish(version)
            versions.publish(version, manifest)
            home.keep(version)
    return BuildReport(
        **manifest.report, changed=len(state.changed), embedded=state.embedded, skipped=manifest.skipped,
        seconds=time.monotonic() - start, version=version.name,
    )  # fmt: skip


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Say what a full or failing disk means, and leave none of the half-written version on it."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            versions.sweep(folder)
        reason = f"{error.strerror} ({error.filename or folder})" if isinstance(error, OSError) else f"{error}"
        kept = "" if versions.current(folder) is None else " The last good index is kept."
        raise SemanticError(
            f"The index in {folder} could not be written: {reason}.{kept}",
            hint="Free some space there, or choose another home folder with the setting home.",
        ) from error


def _last(folder: Path) -> _Last | None:
    """Return the version in use with what it says about itself, None where there is none that can be used."""
    version = versions.current(folder)
    if version is None:
        return None
    try:
        manifest = versions.read_manifest(version)
    except IndexBrokenError:
        return None
    return (version, manifest) if manifest.format == FORMAT else None


def _is_current(version: Path, manifest: versions.Manifest, token: str, identity: str) -> bool:
    """Tell whether there is nothing to do; damaged vector files are written anew."""
    if (manifest.sources, manifest.encoder) != (token, identity):
        return False
    return all(is_sound(version / f"{kind}.faiss", code) for kind, code in manifest.vectors.items())


def _write(
    lake: Lake, encoder: Encoder, progress: Callable[[Progress], None], token: str, last: _Last | None
) -> tuple[Path, versions.Manifest, _Build]:
    """Write a whole new version beside the one in use."""
    with ExitStack() as stack:
        con, usable = connect(lake)
        stack.callback(con.close)
        previous = Store(last[0] / STORE_FILE) if last else None
        if previous is not None:
            stack.callback(previous.close)
        version = versions.start(lake.home / "index", token)
        writer = StoreWriter(version / STORE_FILE, previous.path if previous else None)
        state = _Build(lake, encoder, progress, previous, last[1] if last else None, con, writer, list(usable.skipped))
        complete = False
        try:
            counts = _fill(state, usable)
            complete = True
        finally:
            writer.close(complete=complete)
    hashes = write_vectors(version, last[0] if last else None, state.same_vectors())
    progress(Progress(phase="vectors", done=1, total=1))
    manifest = versions.Manifest(
        format=FORMAT, encoder=encoder.identity, sources=token, vectors=hashes, report=counts,
        store_bytes=(version / STORE_FILE).stat().st_size, store_hash=file_hash(version / STORE_FILE),
        skipped=tuple(state.skipped),
    )  # fmt: skip
    return version, manifest, state


def _fill(state: _Build, usable: Lake) -> dict[str, int]:
    catalog = read_catalog(state.con, usable)
    if not catalog.tables:
        raise LakeError(f"{usable.root} holds no tables.", hint="Load data into it first, or point to another lake.")
    profiled, declared = find_stale(_read_all(state, usable, catalog.tables)), catalog.relationships
    # Both lists of half a million columns at once would be felt.
    del catalog
    meaning = read_meaning(state.lake, profiled, state.progress)
    state.skipped += meaning.facts.skipped
    joins = _join(state, meaning, declared)
    # What the engine keeps of a large lake is more than all that is left to do needs.
    state.con.close()
    state.writer.add_relationships(joins)
    state.writer.add_facts(meaning.facts)
    _describe(state, meaning)
    if state.last is not None and state.last.encoder != state.encoder.identity:
        state.writer.forget_vectors()
    state.embedded = embed_missing(state.writer, state.encoder, state.progress)
    columns = sum(len(table.columns) for table in meaning.tables)
    return {"tables": len(meaning.tables), "columns": columns, "relationships": len(joins)}


def _read_all(state: _Build, usable: Lake, tables: Sequence[Table]) -> list[Table]:
    """Return the profiled tables, each read only where it changed and without what only the store needs."""
    stamps = file_stamps(usable)
    known: dict[TableId, str] = {}
    if state.previous is not None:
        same = {name for name, stamp in state.previous.stamps().items() if stamps.get(name) == stamp}
        known = {t: token for t, token in state.previous.fingerprints().items() if t.catalog in same and token}
    tokens = table_tokens(state.con, usable, tables, known)
    state.writer.keep_only({table.id for table in tables})
    state.writer.add_stamps(stamps)
    kept: list[Table] = []
    for done, table in enumerate(tables, start=1):
        kept.append(_slim(_read(state, replace(table, fingerprint=tokens[table.id]))))
        state.progress(Progress(phase="profile", done=done, total=len(tables)))
    return kept


def _read(state: _Build, table: Table) -> Table:
    """Return the profiled table, from the last version where nothing changed."""
    if state.previous is not None and table.id in state.previous.ids:
        known = state.previous.table(table.id)
        if known.fingerprint == table.fingerprint:
            columns = (replace(c, profile=k.profile) for c, k in zip(table.columns, known.columns, strict=True))
            return marked(replace(table, columns=tuple(columns), rows=known.rows, primary_key=known.primary_key))
    state.changed.add(table.id)
    try:
        reading = read_table(state.con, table)
    except duckdb.Error as error:
        state.skipped.append(f"{table.id}: columns only, its rows could not be read: {explain(error)}")
        # A failed reading is no known state: the next build tries again.
        reading = Reading(replace(table, fingerprint=""))
    state.writer.add_values(table.id, ((c, v, n) for c, pairs in reading.values.items() for v, n in pairs))
    read = marked(reading.table)
    state.writer.add_table(read)
    return read


def _slim(table: Table) -> Table:
    """Keep a few frequent values only: all of them, for every column of a large lake, fill the memory of a laptop."""
    return replace(table, columns=tuple(_slim_column(c) for c in table.columns))


def _slim_column(column: Column) -> Column:
    profile = column.profile
    if profile is None:
        return column
    few = tuple((sys.intern(value), count) for value, count in profile.frequent[:_VALUES_KEPT])
    return replace(column, name=sys.intern(column.name), type=sys.intern(column.type),
                   profile=replace(profile, frequent=few))  # fmt: skip


def _join(state: _Build, meaning: Meaning, declared: Sequence[Relationship]) -> list[Relationship]:
    def report(done: int, total: int) -> None:
        state.progress(Progress(phase="joins", done=done, total=total))

    last, changed = None, set(state.changed)
    if state.previous is not None:
        last = state.previous.relationships()
        changed |= set(state.previous.ids) ^ {table.id for table in meaning.tables}
    prober = Prober(state.con, meaning.tables)
    return join_tables(meaning, declared, prober, last=last, changed=changed, progress=report)


def _describe(state: _Build, meaning: Meaning) -> None:
    """Write what is said about every table, and anew the documents of those where anything changed."""
    for table in meaning.tables:
        if state.writer.describe(table) or table.id in state.changed:
            state.writer.outdate_documents(table.id)
            stored = state.writer.table(table.id)
            _add(state, [table_document(stored), *(column_document(stored, column) for column in stored.columns)])
    _add(state, fact_documents(meaning.facts))
    _add(state, word_documents(meaning.tables))
    state.writer.drop_outdated()


def _add(state: _Build, documents: Iterable[Document]) -> None:
    state.writer.add_documents((document, text_hash(embedded_text(document))) for document in documents)
