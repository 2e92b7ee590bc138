"""Vanna 2 and LangChain's SQL agent, set up as their guides say; run by an interpreter that has them installed."""

from __future__ import annotations

import asyncio
import sys
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
warnings.simplefilter("ignore")

from runner import Ask, arguments, run  # noqa: E402 - no package where the peers live

TOLD = arguments()


def vanna() -> Ask:
    """Return the `ask` of an agent of vanna with its DuckDB runner and its tool that runs SQL."""
    from vanna import Agent, AgentConfig
    from vanna.core.registry import ToolRegistry
    from vanna.core.user import RequestContext, User, UserResolver
    from vanna.integrations.duckdb import DuckDBRunner
    from vanna.integrations.local.agent_memory import DemoAgentMemory
    from vanna.integrations.openai import OpenAILlmService
    from vanna.tools import RunSqlTool

    class Anyone(UserResolver):  # type: ignore[misc]
        async def resolve_user(self, request_context: Any) -> Any:  # noqa: ARG002 - their name
            return User(id="1", group_memberships=["user"])

    tools = ToolRegistry()
    runner = DuckDBRunner(str(TOLD.database), read_only=True)
    tools.register_local_tool(RunSqlTool(sql_runner=runner, file_system=_Nowhere()), access_groups=["user"])
    agent = Agent(
        llm_service=OpenAILlmService(model="peer", api_key="none", base_url=TOLD.url),
        tool_registry=tools,
        user_resolver=Anyone(),
        agent_memory=DemoAgentMemory(),
        config=AgentConfig(stream_responses=False),
    )
    loop = asyncio.new_event_loop()

    async def answer(question: str) -> bool:
        parts = [part async for part in agent.send_message(RequestContext(), question)]
        return any(type(part.rich_component).__name__ == "DataFrameComponent" for part in parts)

    return lambda question: loop.run_until_complete(answer(question))


class _Nowhere:
    """A file system that keeps nothing, so that the disk is not part of what is measured."""

    async def write_file(self, *_: Any, **__: Any) -> None:
        """Drop the file."""


def langchain() -> Ask:
    """Return the `ask` of LangChain's SQL agent that calls tools."""
    from langchain_community.agent_toolkits import create_sql_agent
    from langchain_community.utilities import SQLDatabase
    from langchain_openai import ChatOpenAI

    # Its dialect asks DuckDB for constraints in words of PostgreSQL that fail; nothing here needs them.
    database = SQLDatabase.from_uri(
        f"duckdb:///{TOLD.database}", engine_args={"connect_args": {"read_only": True}}, lazy_table_reflection=True
    )
    model = ChatOpenAI(model="peer", api_key="none", base_url=TOLD.url, disable_streaming=True)
    kept = {"return_intermediate_steps": True}
    agent = create_sql_agent(model, db=database, agent_type="tool-calling", agent_executor_kwargs=kept)

    def answer(question: str) -> bool:
        steps = agent.invoke({"input": question})["intermediate_steps"]
        return bool(steps) and not str(steps[-1][1]).startswith("Error")

    return answer


if __name__ == "__main__":
    run({"vanna": vanna, "langchain": langchain}[TOLD.system], TOLD)
