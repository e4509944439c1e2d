"""Adapters to other packages, and ways in that developers of agents expect: bars, metrics, an MCP server, LangGraph, mem0's shape.

Each is thin over the events of an ingestion or the verbs of `Store`, and is imported by its own name, as what it needs is an extra.
"""
