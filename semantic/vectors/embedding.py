"""Give every text of an index its vector and write the files that are searched for the nearest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from semantic.documents import embedded_text
from semantic.store.reader import KINDS, STORE_FILE, Store
from semantic.store.writer import StoreWriter
from semantic.types import DocumentKind, Encoder, Progress
from semantic.vectors import local as nearest
from semantic.vectors.encoders import encode_many

_ENCODE_BATCH = 512


def embed_missing(writer: StoreWriter, encoder: Encoder, progress: Callable[[Progress], None]) -> int:
    """Embed the texts that have no vector yet and return how many there were."""
    total, done = writer.count_missing(), 0
    for chosen in writer.missing(_ENCODE_BATCH):
        rows = encode_many(encoder, [embedded_text(document) for _, document in chosen], total=total)
        writer.add_vectors([code for code, _ in chosen], rows)
        done += len(chosen)
        progress(Progress(phase="embed", done=done, total=total))
    return done


def write_vectors(version: Path, last: Path | None, hashes: Mapping[str, str]) -> dict[str, str]:
    """Write the vector index of every kind and return the hashes of the files.

    Args:
        version: Folder of the version, with its complete store.
        last: Folder of the version that this one continues.
        hashes: Hashes of the files there, of the kinds whose positions are the same still.
    """
    store = Store(version / STORE_FILE)
    try:
        written: dict[str, str] = {}
        for kind in KINDS:
            if store.places(kind):
                known = hashes.get(kind)
                index = nearest.load(last / f"{kind}.faiss", known) if last and known else None
                written[kind] = _write_kind(store, kind, index)
        return written
    finally:
        store.close()


def _write_kind(store: Store, kind: DocumentKind, last: Any | None) -> str:
    """Write the last index with the rows that came, or a new one."""
    read, count = partial(store.vectors, kind), store.places(kind)
    if last is not None and nearest.may_grow(last, count, store.dimensions()):
        nearest.extend(last, read, count)
    else:
        last = nearest.build(read, count)
    return nearest.save(last, store.path.parent / f"{kind}.faiss")
