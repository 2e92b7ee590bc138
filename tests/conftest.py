"""What every test gets: an environment of its own, no network, and a small lake."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import settings

# The machines tests run on are shared, so a slow example says nothing about the code.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

SHOP = """
CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, name VARCHAR, city VARCHAR);
INSERT INTO customers VALUES (1, 'Ada', 'Paris'), (2, 'Bo', 'Rome'), (3, 'Cem', 'Paris');
CREATE TABLE orders (
    order_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (customer_id),
    status VARCHAR, amount DECIMAL(10, 2), ordered_on DATE
);
INSERT INTO orders VALUES
    (1, 1, 'paid', 10.50, '2024-01-05'), (2, 1, 'returned', 20.00, '2024-01-20'),
    (3, 2, 'paid', 5.25, '2024-02-03'), (4, 3, 'paid', 99.99, '2024-03-09');
"""


@pytest.fixture(autouse=True)
def _own_environment(tmp_path_factory, monkeypatch):
    for name in [name for name in os.environ if name.startswith("GENIE_") or name == "NO_COLOR"]:
        monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("IPYTHONDIR", str(home / "ipython"))


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    connect = socket.socket.connect

    def only_here(self, address):
        if self.family in {socket.AF_INET, socket.AF_INET6} and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            pytest.fail(f"a test tried to reach {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", only_here)


def write_shop(path: Path) -> Path:
    import duckdb

    with duckdb.connect(str(path)) as connection:
        connection.execute(SHOP)
    return path


@pytest.fixture
def shop(tmp_path) -> Path:
    """A DuckDB file with customers and orders."""
    folder = tmp_path / "lake"
    folder.mkdir()
    return write_shop(folder / "shop.duckdb")


@pytest.fixture(scope="session")
def untrained(tmp_path_factory):
    """A parser of random weights: all of it runs, and nothing that it writes means anything."""
    import torch

    from bench.train.export import export
    from bench.train.model import Parser as Trained
    from genie_ext.embedded.parser.grammar import WORDS
    from genie_ext.embedded.parser.inputs import FEATURES
    from genie_ext.embedded.parser.parse import Parser

    torch.manual_seed(1)
    parser = Trained(words=len(WORDS), features=FEATURES, roles=6)
    for name, weights in parser.named_parameters():
        if weights.ndim > 1 and not name.startswith("embeddings"):
            torch.nn.init.normal_(weights, std=0.04)
    path = tmp_path_factory.mktemp("untrained") / "parser.safetensors"
    export(parser.state_dict(), {"sets": {}, "held_right": None}, path)
    return Parser(path)


@pytest.fixture(scope="session")
def indexed_shop(tmp_path_factory) -> Path:
    """The same file with its index; for tests that change nothing."""
    from semantic.index import build_index
    from semantic.lake import find_lake
    from semantic.vectors.encoders import find_encoder

    path = write_shop(tmp_path_factory.mktemp("indexed") / "shop.duckdb")
    build_index(find_lake(path), encoder=find_encoder("minilm"))
    return path
