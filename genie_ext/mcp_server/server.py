"""The server: who calls, whether they may, what became of it, in the words of the protocol."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import anyio
import anyio.to_thread
from mcp import types
from mcp.server import Server, ServerRequestContext
from pydantic import BaseModel, ValidationError

from genie_ext.errors import ConfigError, GenieError
from genie_ext.mcp_server.audit import Audit
from genie_ext.mcp_server.door import Door
from genie_ext.mcp_server.forms import DATA
from genie_ext.mcp_server.tools import TOOLS_SERVED, Served
from semantic.errors import SemanticError

_ABOUT = f"Ask a DuckDB lakehouse in plain language and get checked SQL and rows. {DATA}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """Serves the calls of all clients, those of one client one after the other.

    Attributes:
        doors: By name of the client.
        caller: Returns the name of the client that makes the present call, None where it is not known.
        audit: Where calls go on record.
    """

    doors: Mapping[str, Door]
    caller: Callable[[], str | None]
    audit: Audit
    _turns: dict[str, anyio.Lock] = field(default_factory=dict)

    async def list_tools(
        self, _context: ServerRequestContext, _given: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        """Return the tools that the caller may call."""
        allowed = self._door().client.tools
        return types.ListToolsResult(
            tools=[_tool(name, TOOLS_SERVED[name]) for name in TOOLS_SERVED if name in allowed]
        )

    async def call(
        self, _context: ServerRequestContext | None, given: types.CallToolRequestParams
    ) -> types.CallToolResult:
        """Serve a call and put it on record, whatever becomes of it; who calls is told by `caller` alone."""
        door, begun, outcome = self._door(), time.perf_counter(), "stopped"
        arguments = given.arguments or {}
        try:
            result = await self._serve(door, given.name, arguments)
            outcome = _outcome(result)
        except (GenieError, SemanticError) as error:
            outcome = f"{type(error).__name__}: {error.message}"
            result = _failed(error.message, error.hint)
        except Exception as error:
            outcome = f"unexpected {type(error).__name__}"
            raise
        finally:
            seconds = time.perf_counter() - begun
            try:
                self.audit.add(client=door.name, tool=given.name, arguments=arguments, outcome=outcome, seconds=seconds)
            except GenieError as error:  # what is not on record is not handed out
                result = _failed(error.message, error.hint)
        return result

    async def _serve(self, door: Door, name: str, arguments: dict[str, Any]) -> types.CallToolResult:
        if name not in door.client.tools:
            allowed = ", ".join(door.client.tools) or "none"
            raise ConfigError(f"The client {door.name} may not call {name}.", hint=f"Its tools are {allowed}.")
        served = TOOLS_SERVED[name]
        try:
            given = served.arguments.model_validate(arguments)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"])) or "the arguments"
            raise ConfigError(f"{name}: {place}: {first['msg']}.", hint="See the schema of the tool.") from error
        async with self._turns.setdefault(door.name, anyio.Lock()):
            return _said(await _in_thread(door, served, given))

    def _door(self) -> Door:
        name = self.caller()
        if name is None or name not in self.doors:
            raise ConfigError("The client is not known.", hint="Come with the token of a client.")
        return self.doors[name]


def make_server(counter: Counter) -> Server[dict[str, Any]]:
    """Return the server of the protocol for a counter."""
    return Server(
        "genie",
        version=version("genie-ext"),
        instructions=_ABOUT,
        on_list_tools=counter.list_tools,
        on_call_tool=counter.call,
    )


async def _in_thread(door: Door, served: Served, given: BaseModel) -> BaseModel:
    """Return a result worked out beside the wire; a caller who goes away stops the query."""
    try:
        return await anyio.to_thread.run_sync(served.serve, door, given, abandon_on_cancel=True)
    except anyio.get_cancelled_exc_class():
        door.cancel()
        raise


def _tool(name: str, served: Served) -> types.Tool:
    return types.Tool(
        name=name,
        description=f"{served.serve.__doc__} {DATA}",
        input_schema=served.arguments.model_json_schema(),
        output_schema=served.result.model_json_schema(),
        annotations=types.ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False),
    )


def _said(result: BaseModel) -> types.CallToolResult:
    text = types.TextContent(type="text", text=result.model_dump_json())
    return types.CallToolResult(content=[text], structured_content=result.model_dump(mode="json"))


def _failed(message: str, hint: str) -> types.CallToolResult:
    text = types.TextContent(type="text", text=f"{message} {hint}".strip())
    return types.CallToolResult(content=[text], is_error=True, structured_content={"message": message, "hint": hint})


def _outcome(result: types.CallToolResult) -> str:
    """Return what became of a question, or of a query that was looked at, else "ok"."""
    found: dict[str, Any] = result.structured_content or {}
    if found.get("passes") is False:
        return f"refused: {found.get('message')}"
    return str(found.get("kind", "ok"))
