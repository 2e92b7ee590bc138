"""What works on this machine and for this lake, each with the real error and the next step."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from genie_ext import disk
from genie_ext.config import Settings, load_settings
from genie_ext.embedded.parser.weights import SHIPPED, load_weights, read_card
from genie_ext.engines.base import Limits
from genie_ext.errors import GenieError
from genie_ext.guard.check import check
from genie_ext.lakes import open_index, open_lake
from genie_ext.policies import make_policy, views_past
from genie_ext.worker import Worker
from semantic.errors import IndexNotFoundError, SemanticError
from semantic.lake import Lake
from semantic.meaning import lake_token
from semantic.store import versions
from semantic.types import Table, TableId
from semantic.vectors.encoders import find_encoder

PACKAGES = ("duckdb", "sqlglot", "pyarrow", "numpy", "faiss-cpu", "tokenizers", "sentence-transformers", "jupyterlab")
_INSTALL = "Run make setup, or: pip install -c constraints.txt -e '.[dev]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What it is.
        ok: True where it works.
        text: What was found, or the error.
        hint: The next step, empty where there is none.
    """

    name: str
    ok: bool
    text: str
    hint: str = ""


def examine(path: str | Path | None = None, **overrides: Any) -> Iterator[Check]:
    """Look at the installation and, where a path is given, at that lake; yield each check when it is done.

    Args:
        path: The lake, None for the installation alone.
        overrides: Settings that differ from genie.toml and the environment.
    """
    yield Check(name="Python", ok=True, text=platform.python_version())
    yield from map(_package, PACKAGES)
    yield _guarded("SQLite", _sqlite)
    settings = load_settings(path, **overrides)
    yield _guarded("encoder", lambda: _encoder(settings))
    yield _guarded("parser", _parser)
    if path is None:
        yield _guarded("worker", lambda: _worker_alone(settings))
    else:
        yield from _examine_lake(path, settings)
    if settings.models:
        yield from (_guarded(f"model {name}", partial(_model, name, settings)) for name in settings.models)
    else:
        yield Check(name="models", ok=True, text="none configured; every question is answered by the embedded tier")


def _model(name: str, settings: Settings) -> Check:
    """Look at what is set of a model; nothing is sent to it."""
    from genie_ext.models.bound import bind
    from genie_ext.models.keys import find_key
    from genie_ext.models.said import shown_server

    bound = bind(settings)
    if name in bound.barred:
        return Check(name=f"model {name}", ok=True, text="kept out by local_only")
    card = next((card for cards in bound.cards.values() for card in cards if card.name == name), None)
    if card is None:
        hint = "Name it in [roles], or take it out of [models]."
        return Check(name=f"model {name}", ok=False, text="fills no role", hint=hint)
    find_key(name, settings.models[name])
    roles = ", ".join(role for role, cards in bound.cards.items() if card in cards)
    text = f"{card.model} for {roles} at {shown_server(card.server)}; genie models check calls it"
    return Check(name=f"model {name}", ok=True, text=text)


def _examine_lake(path: str | Path, settings: Settings) -> Iterator[Check]:
    try:
        lake = open_lake(path, settings)
    except SemanticError as error:
        yield _failed("lake", error)
        return
    yield _guarded("lake", lambda: _lake(lake))
    yield _guarded("index", lambda: _index(lake, settings))
    yield _guarded("worker", lambda: _worker(lake, settings))
    yield _guarded("policy", lambda: _policy(lake, settings))


def _guarded(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except Exception as error:  # noqa: BLE001 - the doctor shows whatever a part of the house raises
        return _failed(name, error)


def _failed(name: str, error: Exception) -> Check:
    if isinstance(error, GenieError | SemanticError):
        return Check(name=name, ok=False, text=error.message, hint=error.hint)
    if isinstance(error, OSError):
        return Check(name=name, ok=False, text=disk.explain("A file or folder cannot be used", error), hint=disk.HINT)
    return Check(name=name, ok=False, text=f"{type(error).__name__}: {error}", hint=_INSTALL)


def _package(name: str) -> Check:
    try:
        return Check(name=name, ok=True, text=importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Check(name=name, ok=False, text="not installed", hint=_INSTALL)


def _sqlite() -> Check:
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute("CREATE VIRTUAL TABLE probe USING fts5(text)")
        except sqlite3.OperationalError as error:
            return Check(name="SQLite", ok=False, text=str(error), hint="Use a Python whose SQLite has FTS5.")
    return Check(name="SQLite", ok=True, text=f"{sqlite3.sqlite_version} with full-text search")


def _encoder(settings: Settings) -> Check:
    encoder = find_encoder(settings.encoder)
    (vector,) = encoder.encode(["How many orders were placed last month?"])
    return Check(name="encoder", ok=True, text=f"{encoder.identity}, {len(vector)} dimensions")


def _parser() -> Check:
    weights = load_weights()
    card = read_card(SHIPPED)
    return Check(name="parser", ok=True, text=f"{len(weights)} weights of {card.date}, as their card says")


def _lake(lake: Lake) -> Check:
    import duckdb

    with closing(duckdb.connect()) as connection:
        for statement in lake.setup():
            connection.execute(statement)
        query = "SELECT count(*) FROM information_schema.tables WHERE table_catalog NOT IN ('system', 'temp')"
        tables = connection.execute(query).fetchall()[0][0]
    skipped = f"; skipped: {'; '.join(lake.skipped)}" if lake.skipped else ""
    return Check(name="lake", ok=True, text=f"{lake.root}: {tables:,} tables and views{skipped}")


def _index(lake: Lake, settings: Settings) -> Check:
    build = f"Run genie index {lake.root}"
    try:
        with open_index(lake, settings) as index:
            text = (
                f"{index.version}: {len(index.table_ids()):,} tables, {index.count_personal():,} columns with personal "
                f"data, {index.encoder_identity}"
            )
    except IndexNotFoundError:
        there = next(path for path in (lake.home, *lake.home.parents) if path.exists())
        if not (there.is_dir() and os.access(there, os.W_OK)):
            text = f"cannot be written to {lake.home}: {there} is not a writable folder"
            return Check(name="index", ok=False, text=text, hint="Choose another folder with the setting home.")
        return Check(name="index", ok=True, text="none yet; the first question builds it", hint=build)
    except SemanticError as error:
        return Check(name="index", ok=False, text=error.message, hint=f"{build} --force")
    version = versions.current(lake.home / "index")
    if version and versions.read_manifest(version).sources != lake_token(lake):
        return Check(name="index", ok=True, text=f"{text}; the lake has changed since", hint=build)
    return Check(name="index", ok=True, text=text)


def _policy(lake: Lake, settings: Settings) -> Check:
    """Look for views that show what the policy keeps back in the tables that they read."""
    try:
        with open_index(lake, settings) as index:
            views = views_past(make_policy(settings, index), index)
            names = ", ".join(index.short_name(view) for view in views[:5])
    except IndexNotFoundError:
        return Check(name="policy", ok=True, text="looked at when there is an index")
    if not views:
        return Check(name="policy", ok=True, text="no view reads past it")
    more = f" and {len(views) - 5} more" if len(views) > 5 else ""
    hint = (
        "A view shows what it reads: give it row_filters and hidden_columns of its own, "
        "or leave it out of allowed_tables."
    )
    return Check(name="policy", ok=True, text=f"views that read past it: {names}{more}", hint=hint)


def _worker_alone(settings: Settings) -> Check:
    with tempfile.TemporaryDirectory(prefix="genie-doctor-") as folder:
        return _worker(Lake(root=Path(folder), home=Path(folder)), settings)


def _worker(lake: Lake, settings: Settings) -> Check:
    limits = Limits(timeout_s=settings.timeout_s, memory_mb=settings.memory_mb, threads=settings.threads)
    with Worker(lake, limits) as worker:
        worker.run(check("SELECT 1 AS one", _NoTables()))
        return Check(name="worker", ok=True, text=f"runs; walls: {', '.join(worker.hardening) or 'none'}")


class _NoTables:
    """A catalog without tables, for a query that needs none."""

    def find(self, parts: tuple[str, ...]) -> tuple[TableId, ...]:  # noqa: ARG002 - there is nothing to find
        return ()

    def table(self, table: TableId) -> Table:
        raise KeyError(table)

    def table_ids(self) -> tuple[TableId, ...]:
        return ()

    def short_name(self, table: TableId) -> str:
        return str(table)
