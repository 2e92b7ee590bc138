"""genie mcp: the lake as tools for programs that speak the Model Context Protocol."""

from __future__ import annotations

import importlib.util
import secrets
from pathlib import Path
from typing import Any

import click

from genie_ext.cli.options import lake_option, open_settings, settings_option
from genie_ext.config import Settings, secret
from genie_ext.errors import ConfigError
from genie_ext.mcp_server.clients import TOOLS, Client, Tokens, check_name, read_clients, read_tokens
from genie_ext.progress import say

_TOKEN = "GENIE_MCP_TOKEN"  # noqa: S105 - the name of a variable


@click.command()
@lake_option
@click.option(
    "--http", "port", metavar="PORT", type=click.IntRange(0, 65535), help="Serve HTTP there; 0 = a free port."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on, with --http.")
@click.option("--client", "name", metavar="NAME", help="Name of the client, in budget and audit. Default: mcp.")
@click.option("--tool", "tools", type=click.Choice(TOOLS), multiple=True, help="A tool it may call; default: all.")
@click.option("--table", "tables", metavar="PATTERN", multiple=True, help="Tables it may read, such as sales.*.")
@click.option("--budget", type=click.FloatRange(0, min_open=True), help="US dollars its questions may cost on a day.")
@click.option("--rows", type=click.IntRange(1, 10_000), help="Rows of one result at most. Default: 100.")
@click.option("--clients", "file", type=click.Path(path_type=Path), help="TOML file of several clients.")
@settings_option
def mcp(
    *,
    lake: str | None,
    port: int | None,
    host: str,
    name: str | None,
    tools: tuple[str, ...],
    tables: tuple[str, ...],
    budget: float | None,
    rows: int | None,
    file: Path | None,
    overrides: dict[str, Any],
) -> None:
    """Serve the lake to programs that speak the Model Context Protocol.

    Over standard input and output, or with --http over streamable HTTP, where a bearer token is required: that of
    GENIE_MCP_TOKEN, else one that is made and shown once. What clients called is in mcp.jsonl of the lake's home.
    """
    if importlib.util.find_spec("mcp") is None:
        raise ConfigError("The package mcp is not installed.", hint="Install it: pip install 'genie-ext[mcp]'")
    own = {"tools": tools, "tables": tables, "budget": budget, "rows": rows}
    clients = _clients(file, name, {key: value for key, value in own.items() if value}, several=port is not None)
    path, settings = open_settings(lake, overrides)
    if port is None:
        _stdio(path, settings, clients)
    else:
        _http(path, settings, clients, _tokens(clients, from_file=file is not None), (host, port))


def _clients(file: Path | None, name: str | None, own: dict[str, Any], *, several: bool) -> dict[str, Client]:
    """Return the clients of the file, or the one that the options describe."""
    if file is None:
        return {check_name(name or "mcp"): Client(**own)}
    if own:
        raise click.UsageError("--tool, --table, --budget and --rows are for one client; set them in the file.")
    clients = read_clients(file)
    if name is not None:
        if name not in clients:
            raise ConfigError(f"{file} has no client {name}.", hint=f"It has {', '.join(clients)}.")
        return {name: clients[name]}
    if not several and len(clients) > 1:
        raise click.UsageError("Standard input and output are one client's: name it with --client.")
    return clients


def _tokens(clients: dict[str, Client], *, from_file: bool) -> Tokens:
    if from_file:
        return read_tokens(clients)
    (name,) = clients
    if secret(_TOKEN) is not None:
        return read_tokens({name: Client(token_variable=_TOKEN)})
    token = secrets.token_urlsafe(32)
    say(f"Token of {name}, shown once: {token}")
    return Tokens(by_token={token: name})


def _stdio(path: Path, settings: Settings, clients: dict[str, Client]) -> None:
    from genie_ext.mcp_server.serve import serve_stdio

    (name,) = clients
    _serve(path, settings, clients, lambda: name, serve_stdio)


def _http(path: Path, settings: Settings, clients: dict[str, Client], tokens: Tokens, address: tuple[str, int]) -> None:
    from genie_ext.mcp_server.serve import PATH, http_caller, listen, serve_http

    listener = listen(*address)
    host, port = listener.getsockname()[:2]
    if host not in {"127.0.0.1", "::1"}:
        say("Others on the network can reach this, and nothing is encrypted: put a proxy with TLS in front of it.")
    say(f"Listening on http://{f'[{host}]' if ':' in host else host}:{port}{PATH}")
    with listener:
        _serve(path, settings, clients, http_caller, lambda server: serve_http(server, tokens, listener))


def _serve(path: Path, settings: Settings, clients: dict[str, Client], caller: Any, serve: Any) -> None:
    """Serve until the wire is cut, then close what was opened."""
    from genie_ext.lakes import open_lake
    from genie_ext.mcp_server.audit import Audit
    from genie_ext.mcp_server.door import Door
    from genie_ext.mcp_server.server import Counter, make_server

    home = open_lake(path, settings).home
    doors = {name: Door(path, settings, name, client) for name, client in clients.items()}
    try:
        serve(make_server(Counter(doors=doors, caller=caller, audit=Audit(home))))
    finally:
        for door in doors.values():
            door.close()
