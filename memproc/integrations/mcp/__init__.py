"""An MCP server over a memproc store: `serve_stdio` and `serve_http` of `server`, for which the command is `memproc mcp`."""
