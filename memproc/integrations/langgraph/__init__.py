"""A `BaseStore` of LangGraph over a memproc store: `MemprocStore`."""

from memproc.integrations.langgraph.store import MemprocStore

__all__ = ["MemprocStore"]
