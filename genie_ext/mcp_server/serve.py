"""The two wires: standard input and output for one client, HTTP with bearer tokens for several."""

from __future__ import annotations

import socket
from typing import Any

import anyio
from mcp.server import Server
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.stdio import stdio_server

from genie_ext.errors import ConfigError
from genie_ext.mcp_server.clients import Tokens

PATH = "/mcp"


class Verifier:
    """Tells which client a bearer token belongs to.

    Args:
        tokens: The tokens of the clients.
    """

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return the access of a token, None where it is wrong."""
        name = self._tokens.client_of(token)
        return None if name is None else AccessToken(token=token, client_id=name, scopes=[])


def http_caller() -> str | None:
    """Return the client whose token came with the present call."""
    access = get_access_token()
    return access.client_id if access is not None else None


def serve_stdio(server: Server[dict[str, Any]]) -> None:
    """Serve one client over standard input and output until it goes away; stray output goes to stderr meanwhile."""

    async def serve() -> None:
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    anyio.run(serve)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one.

    Raises:
        ConfigError: The address cannot be used.
    """
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(kind, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(100)
    except OSError as error:
        listener.close()
        message = f"{host}:{port} cannot be listened on: {error.strerror or error}."
        raise ConfigError(message, hint="Choose another port with --http, or 0 for a free one.") from error
    return listener


def serve_http(server: Server[dict[str, Any]], tokens: Tokens, listener: socket.socket) -> None:
    """Serve clients over streamable HTTP until the process is told to stop; without a token nobody comes in."""
    import uvicorn

    host, port = listener.getsockname()[:2]
    # Tokens are ours, not those of an authorization server: the address only fills a field that must not be empty.
    auth = AuthSettings(issuer_url=f"http://127.0.0.1:{port}", resource_server_url=None)  # type: ignore[arg-type]
    app = server.streamable_http_app(streamable_http_path=PATH, host=host, auth=auth, token_verifier=Verifier(tokens))
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="on")
    uvicorn.Server(config).run(sockets=[listener])
