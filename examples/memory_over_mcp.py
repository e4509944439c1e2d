"""An agent's memory over MCP: a client starts the server, which keeps to one person, and adds, finds, changes and forgets.

The client here is that of the SDK. An agent's program has one of its own, and needs the command and its arguments alone.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from mcp import Client, StdioServerParameters

SERVER = StdioServerParameters(command=sys.executable, args=["-m", "memproc", "mcp", "agent.db", "--namespace", "ann"])


async def main() -> None:
    """Do what an agent would."""
    async with Client(SERVER, read_timeout_seconds=60) as client:

        async def call(tool: str, **arguments: Any) -> Any:
            result = await client.call_tool(tool, arguments)
            return result.content[0].text if result.is_error else result.structured_content

        added = await call("add", content="Lives in Rome", tags=["home"])
        print(added["outcome"])
        print((await call("add", content="lives in Rome."))["outcome"])

        moved = await call("update", id=added["memory"]["id"], changes={"content": "Lives in Oslo"})
        print(moved["memory"]["content"])
        told = await call("history", id=added["memory"]["id"])
        print([step["content"] for step in told["steps"]])

        found = await call("find", tag="home")
        print([memory["content"] for memory in found["memories"]])
        print(await call("find", namespace="bob"))

        print("would remove", (await call("forget", id=added["memory"]["id"]))["observations"])
        await call("forget", id=added["memory"]["id"], confirm=True)
        print((await call("find"))["memories"])


if __name__ == "__main__":
    asyncio.run(main())
