"""The tools: name, arguments, result and what serves each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from genie_ext.mcp_server.clients import ToolName
from genie_ext.mcp_server.door import Door
from genie_ext.mcp_server.forms import AskOut, CheckOut, ExplainOut, MeaningOut, QuestionIn, RowsOut, SqlIn, WordsIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One tool: `serve` takes the arguments and returns the result."""

    arguments: type[BaseModel]
    result: type[BaseModel]
    serve: Callable[[Door, Any], BaseModel]


TOOLS_SERVED: dict[ToolName, Served] = {
    "ask": Served(arguments=QuestionIn, result=AskOut, serve=Door.ask),
    "search_meaning": Served(arguments=WordsIn, result=MeaningOut, serve=Door.search_meaning),
    "check_sql": Served(arguments=SqlIn, result=CheckOut, serve=Door.check_sql),
    "run_sql": Served(arguments=SqlIn, result=RowsOut, serve=Door.run_sql),
    "explain_answer": Served(arguments=QuestionIn, result=ExplainOut, serve=Door.explain_answer),
}
