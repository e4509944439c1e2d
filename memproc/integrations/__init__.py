"""Ways in that developers of agents expect: an MCP server, a store of LangGraph, the shape of mem0.

Each is thin over the verbs of `Store`, and is imported by its own name, as what it needs is an extra.
"""
