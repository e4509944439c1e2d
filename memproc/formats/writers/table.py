"""A table (CSV): a row a memory, a column a field that a memory of the store has.

Rules: tags stand between semicolons, or as a JSON list where one of them holds what separates tags. Metadata, relations and emotion
are JSON, times ISO 8601 in UTC. The memories are read twice, first for the columns. Nothing is held in memory.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator

import orjson

from memproc.formats.cells import split_tags
from memproc.formats.own import PROVENANCE
from memproc.formats.writers.parts import id_of
from memproc.records import Memory, Plain

_FIELDS = tuple(Memory.model_fields)


def lines(memories: Callable[[], Iterator[Plain]], _left: Counter[str]) -> Iterator[bytes]:
    """Give the head and the rows."""
    names = {"id", "content"}
    for memory in memories():
        names |= memory.keys()
    names.discard(PROVENANCE)
    columns = [*filter(names.__contains__, _FIELDS), *sorted(names.difference(_FIELDS))]
    yield _row(columns)
    for memory in memories():
        yield _row([_cell(name, value) for name, value in _in_columns({**memory, "id": id_of(memory)}, columns)])


def _in_columns(memory: Plain, columns: list[str]) -> Iterator[tuple[str, object]]:
    return ((name, memory.get(name)) for name in columns)


def _cell(name: str, value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if name == "tags" and isinstance(value, list):
        joined = ";".join(value)
        if split_tags(joined) == value:
            return joined
    return orjson.dumps(value).decode()


def _row(cells: list[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(cells)  # with both line ends it quotes cells that hold either
    return text.getvalue().encode()
