"""The shapes of other systems that memories are written in: by name, how each is written.

A writer is a function of the memories of a store. It is pure: it gives the bytes of a file, piece by piece, or the names and texts
of the files of a folder. It may read the memories several times, and counts by name what its shape cannot hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from memproc.config import Shape
from memproc.formats.writers import graph, langgraph, markdown, markdown_daily, mcp, mem0, okf, table
from memproc.records import Plain

Memories = Callable[[], Iterator[Plain]]

FILES: Mapping[Shape, Callable[[Memories, Counter[str]], Iterator[bytes]]] = {
    "csv": table.lines,
    "mem0": mem0.lines,
    "langgraph": langgraph.lines,
    "mcp": mcp.lines,
    "graphml": graph.graphml,
    "graph": graph.node_link,
}
FOLDERS: Mapping[Shape, Callable[[Memories, Counter[str]], Iterator[tuple[str, bytes]]]] = {
    "markdown": markdown.notes,
    "markdown-daily": markdown_daily.days,
    "okf": okf.concepts,
}
CONFIRMED: frozenset[Shape] = frozenset(("okf",))  # which say who confirmed a memory
GRAPHS: frozenset[Shape] = frozenset(("graphml", "graph"))  # their writers are told where each relation leads
