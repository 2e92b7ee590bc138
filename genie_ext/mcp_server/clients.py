"""Who may come in: each client with its tools, its tables, its budget and the variable that holds its token."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import ConfigDict, Field, PositiveFloat, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from genie_ext.config import secret
from genie_ext.errors import ConfigError

ToolName = Literal["ask", "search_meaning", "check_sql", "run_sql", "explain_answer"]
TOOLS: tuple[ToolName, ...] = get_args(ToolName)

_NAME = re.compile(r"[A-Za-z0-9][\w.@-]{0,63}", re.ASCII)
_SHORTEST_TOKEN = 16


@dataclass(frozen=True, slots=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Client:
    """What one client may do.

    Attributes:
        tools: Tools it may call.
        tables: Name patterns of the tables it may read, within what the settings allow; none = as the settings say.
        budget: US dollars that its questions may cost on a day, UTC; none = as the settings say.
        rows: Rows that one result holds at most.
        token_variable: Environment variable that holds its token for HTTP.
    """

    tools: tuple[ToolName, ...] = TOOLS
    tables: tuple[str, ...] = ()
    budget: PositiveFloat | None = None
    rows: Annotated[int, Field(ge=1, le=10_000)] = 100
    token_variable: str = ""


Clients = Mapping[str, Client]
_FILE = TypeAdapter(dict[str, Client])


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Which client a token belongs to; tokens are never shown."""

    by_token: Mapping[str, str] = field(default_factory=dict, repr=False)

    def client_of(self, token: str) -> str | None:
        """Return the client of a token, in a time that does not tell how much of it is right; None for a wrong one."""
        import hmac

        given = token.encode()
        found = [name for known, name in self.by_token.items() if hmac.compare_digest(known.encode(), given)]
        return found[0] if found else None


def read_clients(path: Path) -> dict[str, Client]:
    """Return the clients of a TOML file with one table for each.

    Raises:
        ConfigError: It cannot be read, names no client, or says something that is not known.
    """
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.", hint="Mend the file of clients.") from error
    for name in found:
        check_name(name)
    try:
        clients = _FILE.validate_python(found)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path} sets {place}: {first['msg'].lower()}.", hint="See docs/mcp.md.") from error
    if not clients:
        raise ConfigError(f"{path} names no client.", hint="Add a table such as [desktop].")
    return clients


def check_name(name: str) -> str:
    """Return the name of a client.

    Raises:
        ConfigError: It is no plain name.
    """
    if _NAME.fullmatch(name) is None:
        raise ConfigError(f"{name!r} is no name of a client.", hint="Use letters, digits, dots, dashes, at most 64.")
    return name


def read_tokens(clients: Clients) -> Tokens:
    """Return the tokens of clients from the environment.

    Raises:
        ConfigError: A client has none, a short one, or that of another.
    """
    found: dict[str, str] = {}
    for name, client in clients.items():
        token = secret(client.token_variable) if client.token_variable else None
        if token is None:
            hint = f"Set token_variable of [{name}] to an environment variable that holds it."
            raise ConfigError(f"The client {name} has no token.", hint=hint)
        if len(token) < _SHORTEST_TOKEN:
            message = f"The token of {name} has fewer than {_SHORTEST_TOKEN} characters."
            raise ConfigError(message, hint="Make one with: python -c 'import secrets; print(secrets.token_urlsafe())'")
        if token in found:
            raise ConfigError(f"{name} and {found[token]} have the same token.", hint="Give each client its own.")
        found[token] = name
    return Tokens(by_token=found)
