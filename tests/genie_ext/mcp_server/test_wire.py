from __future__ import annotations

import json
import subprocess
import sys

from tests.genie_ext.mcp_server.callers import GENIE

HELLO = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "t", "version": "1"},
}


def test_stdout_holds_messages_and_nothing_else_even_where_the_index_is_built_first(shop):
    messages = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {
            "jsonrpc": "2.0",
            "id": 2,
            "method": "tools/call",
            "params": {"name": "run_sql", "arguments": {"sql": "SELECT COUNT(*) FROM orders"}},
        },
    ]
    with subprocess.Popen(
        [sys.executable, *GENIE, "--lake", str(shop)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        lines = []
        for message in messages:
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
            if "id" in message:
                lines.append(process.stdout.readline())
        process.stdin.close()
        lines += process.stdout.readlines()
    found = [json.loads(line) for line in lines]
    assert [one["id"] for one in found] == [1, 2]
    assert found[1]["result"]["structuredContent"]["rows"]["data"] == [[4]]
    assert process.returncode == 0
