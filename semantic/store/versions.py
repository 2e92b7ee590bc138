"""Index versions on disk: one builder at a time, an atomic switch, and nothing half-written in use."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from semantic.errors import IndexBrokenError, IndexBusyError, SemanticError
from semantic.store.checksums import has_hash
from semantic.store.reader import REBUILD, STORE_FILE

_POINTER = "CURRENT"
_MANIFEST = "manifest.json"
_VERSION = re.compile(r"\d{6,}-\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a version says about itself.

    Attributes:
        format: Layout of the files.
        encoder: Identity of the encoder.
        sources: Token of the files the lake consisted of.
        store_bytes: Size of the SQLite file.
        store_hash: SHA-256 of the SQLite file.
        vectors: Hash of each FAISS file, by document kind.
        report: Counts of the build, for runs that find nothing to do.
        skipped: What could not be read.
    """

    format: int
    encoder: str
    sources: str
    store_bytes: int
    store_hash: str
    vectors: dict[str, str]
    report: dict[str, int]
    skipped: tuple[str, ...]


def current(folder: Path) -> Path | None:
    """Return the folder of the version in use, None where there is none."""
    try:
        name = (folder / _POINTER).read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
        return None
    except OSError as error:
        raise IndexBrokenError(
            f"The index in {folder} cannot be read: {error.strerror} ({folder / _POINTER}).",
            hint=f"Make it readable, or remove {folder}.",
        ) from error
    # A damaged pointer names nothing that a build has made; the next build starts anew.
    return folder / name if _VERSION.fullmatch(name) else None


def read_manifest(version: Path) -> Manifest:
    """Read what a version says about itself and hold its SQLite file against that.

    Raises:
        IndexBrokenError: One of the two is missing or damaged.
    """
    try:
        stored = json.loads((version / _MANIFEST).read_text(encoding="utf-8"))
        stored["skipped"] = tuple(stored["skipped"])
        manifest = Manifest(**stored)
        store = version / STORE_FILE
        if store.stat().st_size != manifest.store_bytes:
            raise IndexBrokenError(f"The index file {store} is incomplete.", hint=REBUILD)
        if not has_hash(store, manifest.store_hash):
            raise IndexBrokenError(f"The index file {store} is damaged: its checksum is wrong.", hint=REBUILD)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise IndexBrokenError(f"The index in {version} is damaged: {error}.", hint=REBUILD) from error
    return manifest


@contextmanager
def build_lock(folder: Path) -> Iterator[None]:
    """Hold the right to build here.

    Raises:
        IndexBusyError: Another process holds it.
        SemanticError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("a")
    except OSError as error:
        raise SemanticError(
            f"The index cannot be written to {folder}: {error.strerror}.",
            hint="Choose another home folder, with the setting home.",
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise IndexBusyError(
                f"Another process is building the index in {folder}.", hint="Wait until it is done and try again."
            ) from error
        yield


def start(folder: Path, token: str) -> Path:
    """Make the folder of the next version, after removing what killed builds have left."""
    sweep(folder)
    used = current(folder)
    number = int(used.name.split("-")[0]) + 1 if used else 1
    version = folder / f"{number:06d}-{token[:8]}"
    version.mkdir()
    return version


def sweep(folder: Path) -> None:
    """Remove every version but the one in use."""
    used = current(folder)
    for old in folder.iterdir():
        if old.is_dir() and old != used:
            shutil.rmtree(old)


def publish(version: Path, manifest: Manifest) -> None:
    """Make a complete version the one in use and remove the one before it."""
    (version / _MANIFEST).write_text(json.dumps(asdict(manifest), indent=1), encoding="utf-8")
    for path in version.iterdir():
        _sync(path)
    _sync(version)
    folder = version.parent
    used = current(folder)
    pointer = folder / f"{_POINTER}.tmp"
    pointer.write_text(version.name, encoding="utf-8")
    _sync(pointer)
    pointer.replace(folder / _POINTER)
    _sync(folder)
    if used is not None and used != version and used.is_dir():
        shutil.rmtree(used)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
