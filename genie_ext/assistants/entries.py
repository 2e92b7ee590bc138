"""What jupyter-server-mcp finds at its entry point: the names of the tools."""

from __future__ import annotations

TOOLS = [
    f"genie_ext.assistants.tools:genie_{name}"
    for name in ("ask", "search_meaning", "check_sql", "run_sql", "explain_answer")
]
