"""Build the index of a lake, reading only what changed since the last build."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import numpy as np

from semantic import vectors as nearest
from semantic import versions
from semantic.catalog import connect, explain, read_catalog
from semantic.documents import column_document, embedded_text, passages, table_document, text_hash
from semantic.encoders import encode_many
from semantic.errors import IndexBrokenError, LakeError, SemanticError
from semantic.fingerprints import source_token, table_tokens
from semantic.joins import find_joins
from semantic.lake import Lake
from semantic.probes import Prober
from semantic.profile import read_table
from semantic.stale import find_stale
from semantic.store import FORMAT, KINDS, STORE_FILE, Store, StoreWriter
from semantic.types import BuildReport, Document, Encoder, Progress, Relationship, Table, TableId, Vectors

_ENCODE_BATCH = 512


@dataclass(slots=True)
class _Build:
    """One build under way: what it reads from, what it writes to, and what it has done so far."""

    lake: Lake
    encoder: Encoder
    progress: Callable[[Progress], None]
    previous: Store | None
    con: duckdb.DuckDBPyConnection
    writer: StoreWriter
    skipped: list[str] = field(default_factory=list)
    changed: set[TableId] = field(default_factory=set)
    embedded: int = 0


def build(lake: Lake, encoder: Encoder, progress: Callable[[Progress], None], *, force: bool) -> BuildReport:
    """Build the index of a lake, or bring it up to date; `semantic.index.build_index` documents it."""
    start = time.monotonic()
    folder = lake.home / "index"
    with versions.build_lock(folder):
        token = source_token(lake)
        if not force and (report := _unchanged(folder, token, encoder.identity, start)):
            return report
        previous = None if force else _previous(folder)
        try:
            with _explained(folder):
                version, manifest, state = _write(lake, encoder, progress, token, previous)
                versions.publish(version, manifest)
        finally:
            if previous is not None:
                previous.close()
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


def _unchanged(folder: Path, token: str, identity: str, start: float) -> BuildReport | None:
    """Return the report of a build that has nothing to do, None where there is something."""
    version = versions.current(folder)
    if version is None:
        return None
    try:
        manifest = versions.read_manifest(version)
    except IndexBrokenError:
        return None
    if (manifest.sources, manifest.encoder, manifest.format) != (token, identity, FORMAT):
        return None
    return BuildReport(
        **manifest.report, changed=0, embedded=0, skipped=manifest.skipped,
        seconds=time.monotonic() - start, version=version.name,
    )  # fmt: skip


def _previous(folder: Path) -> Store | None:
    version = versions.current(folder)
    if version is None:
        return None
    try:
        return Store(version / STORE_FILE) if versions.read_manifest(version).format == FORMAT else None
    except IndexBrokenError:
        return None


def _write(
    lake: Lake, encoder: Encoder, progress: Callable[[Progress], None], token: str, previous: Store | None
) -> tuple[Path, versions.Manifest, _Build]:
    """Write a whole new version beside the one in use."""
    con, usable = connect(lake)
    complete = False
    try:
        version = versions.start(lake.home / "index", token)
        writer = StoreWriter(version / STORE_FILE)
        state = _Build(lake, encoder, progress, previous, con, writer, list(usable.skipped))
        try:
            counts = _fill(state, usable)
            complete = True
        finally:
            writer.close(complete=complete)
    finally:
        con.close()
    manifest = versions.Manifest(
        format=FORMAT, encoder=encoder.identity, sources=token, vectors=_save_vectors(state, version), report=counts,
        store_bytes=(version / STORE_FILE).stat().st_size, store_hash=versions.file_hash(version / STORE_FILE),
        skipped=tuple(state.skipped),
    )  # fmt: skip
    return version, manifest, state


def _fill(state: _Build, usable: Lake) -> dict[str, int]:
    catalog = read_catalog(state.con, usable)
    if not catalog.tables:
        raise LakeError(f"{usable.root} holds no tables.", hint="Load data into it first, or point to another lake.")
    tokens = table_tokens(state.con, usable, catalog.tables)
    tables: list[Table] = []
    for done, table in enumerate(catalog.tables, start=1):
        tables.append(_read(state, replace(table, fingerprint=tokens[table.id])))
        state.progress(Progress(phase="profile", done=done, total=len(catalog.tables)))
    tables = find_stale(tables)
    for table in tables:
        state.writer.add_table(table)
    joins = _join(state, tables, catalog.relationships)
    state.writer.add_relationships(joins)
    _embed(state, _documents(state, tables))
    return {"tables": len(tables), "columns": sum(len(t.columns) for t in tables), "relationships": len(joins)}


def _read(state: _Build, table: Table) -> Table:
    """Return the profiled table, from the last version where nothing changed."""
    if state.previous is not None and table.id in state.previous.ids:
        known = state.previous.table(table.id)
        if known.fingerprint == table.fingerprint:
            state.writer.add_values(table.id, state.previous.values(table.id))
            return known
    state.changed.add(table.id)
    try:
        reading = read_table(state.con, table)
    except duckdb.Error as error:
        state.skipped.append(f"{table.id}: columns only, its rows could not be read: {explain(error)}")
        # A failed reading is no known state: the next build tries again.
        return replace(table, fingerprint="")
    state.writer.add_values(table.id, ((c, v, n) for c, pairs in reading.values.items() for v, n in pairs))
    return reading.table


def _join(state: _Build, tables: Sequence[Table], declared: Sequence[Relationship]) -> list[Relationship]:
    """Return all joins; those between unchanged tables are taken from the last version."""
    known: list[Relationship] = []
    changed: set[TableId] | None = None
    if state.previous is not None:
        present = {t.id for t in tables}
        changed = state.changed | (set(state.previous.ids) ^ present)
        settled = present - changed
        known = [r for r in state.previous.relationships() if r.origin == "inferred" and {r.child, r.parent} <= settled]

    def report(done: int, total: int) -> None:
        state.progress(Progress(phase="joins", done=done, total=total))

    found = find_joins(tables, Prober(state.con, tables), declared=declared, changed=changed, progress=report)
    again = {(r.child, r.child_columns) for r in (*declared, *found)}
    return [*declared, *found, *(r for r in known if (r.child, r.child_columns) not in again)]


def _documents(state: _Build, tables: Iterable[Table]) -> list[tuple[Document, bytes]]:
    documents: list[Document] = []
    for table in tables:
        documents.append(table_document(table))
        documents += [column_document(table, column) for column in table.columns]
    documents += passages(state.lake.sources, state.lake.root, state.skipped)
    return [(document, text_hash(embedded_text(document))) for document in documents]


def _embed(state: _Build, documents: list[tuple[Document, bytes]]) -> None:
    """Give every text a vector, from the last version where it has one."""
    state.writer.add_documents(documents)
    texts = {code: embedded_text(document) for document, code in documents}
    if state.previous is not None and _same_encoder(state.previous, state.encoder):
        for code, vector in state.previous.known_vectors():
            if code in texts:
                state.writer.add_vectors([code], np.frombuffer(vector, dtype=np.float16)[None, :].astype(np.float32))
                del texts[code]
    # Texts of like length share a batch, so that little is padded.
    todo = sorted(texts.items(), key=lambda pair: len(pair[1]))
    state.embedded = len(todo)
    for first in range(0, len(todo), _ENCODE_BATCH):
        chosen = todo[first : first + _ENCODE_BATCH]
        rows = encode_many(state.encoder, [text for _, text in chosen], total=len(todo))
        state.writer.add_vectors([code for code, _ in chosen], rows)
        state.progress(Progress(phase="embed", done=first + len(chosen), total=len(todo)))


def _same_encoder(previous: Store, encoder: Encoder) -> bool:
    return versions.read_manifest(previous.path.parent).encoder == encoder.identity


def _save_vectors(state: _Build, version: Path) -> dict[str, str]:
    store = Store(version / STORE_FILE)
    try:
        hashes: dict[str, str] = {}
        for kind in KINDS:
            rows: Vectors = store.vectors(kind)
            if len(rows):
                hashes[kind] = nearest.save(nearest.build(rows), version / f"{kind}.faiss")
        state.progress(Progress(phase="vectors", done=1, total=1))
        return hashes
    finally:
        store.close()
