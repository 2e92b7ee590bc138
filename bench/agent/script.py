"""A model server without a model: it knows the gold SQL of every question and says it at once, on the real wires.

`python -m bench.agent.script QUESTIONS` prints its address and serves until its input ends.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from genie_ext.models.scripted import Asked, Scripted, ScriptedServer

PLANNER, WRITER, PEER = "planner", "writer", "peer"
ARGUMENTS = {"run_sql": "sql", "sql_db_query": "query"}
"""The tools through which peers run a query, each with the name of its argument."""
_MARK = "Question: "


class Script:
    """Answers as the planner, the writer or the model of a peer, by the question in what it is asked.

    Args:
        gold: The SQL of each question.
    """

    def __init__(self, gold: Mapping[str, str]) -> None:
        self.gold = gold

    def __call__(self, asked: Asked) -> Scripted:
        """Return the reply."""
        if asked.body["model"] == PEER:
            return self._as_peer(asked)
        question = _after_mark(asked.prompt)
        sql = self.gold[question]
        return Scripted(
            data=_plan(question, sql) if asked.body["model"] == PLANNER else {"sql": sql, "assumptions": []}
        )

    def _as_peer(self, asked: Asked) -> Scripted:
        """Call the tool that runs a query, then say that it is done: the fewest calls that an agent can make."""
        messages = asked.body["messages"]
        if messages[-1]["role"] == "tool":
            return Scripted(text="Done.")
        question = next(text for message in reversed(messages) if (text := _text(message)) in self.gold)
        tool = next(name for t in asked.body["tools"] if (name := t["function"]["name"]) in ARGUMENTS)
        arguments = json.dumps({ARGUMENTS[tool]: self.gold[question]})
        call = {"id": "call_1", "type": "function", "function": {"name": tool, "arguments": arguments}}
        return Scripted(
            raw=json.dumps(_completion({"role": "assistant", "content": None, "tool_calls": [call]})).encode()
        )


def read_questions(path: Path) -> list[tuple[str, str]]:
    """Return questions with their gold SQL, in order."""
    items = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [(" ".join(item["question"].split()), item["sql_duckdb"]) for item in items]


def _after_mark(prompt: str) -> str:
    return next(line[len(_MARK) :] for line in prompt.splitlines() if line.startswith(_MARK))


def _text(message: Mapping[str, Any]) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content or ())


def _plan(question: str, sql: str) -> dict[str, Any]:
    """Return a plan of one step that has to be written: over the tables of the gold SQL, with a formula."""
    tables = sorted({table.name for table in sqlglot.parse_one(sql, dialect="duckdb").find_all(exp.Table)})
    step = {"name": "answer", "purpose": question, "sources": tables}
    step["measures"] = [{"label": "figure", "formula": question}]
    return {"kind": "plan", "interpretation": question, "steps": [step], "confidence": 0.9}


def _completion(message: Mapping[str, Any]) -> dict[str, Any]:
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    return {"id": "1", "object": "chat.completion", "created": 0, "model": PEER, "choices": [choice], "usage": usage}


def main() -> None:
    """Serve until the input ends."""
    with ScriptedServer(Script(dict(read_questions(Path(sys.argv[1]))))) as server:
        print(server.openai_url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
