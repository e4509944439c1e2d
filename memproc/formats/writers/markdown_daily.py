"""A folder of notes in markdown, all memories of a day in one, as a diary has them.

Rules: the day is that of `created_at`, in UTC; what has no date is in `undated.md`. A note of more than 1 MiB goes on in the next,
`2025-01-03-2.md`. The memories of a day stand in the order of their times, whose they are and ids (`formats/own_day.py`). All texts
are held in memory, because the memories of a day stand anywhere in a store.

Left out: nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from memproc.formats.own import MARK, PROVENANCE
from memproc.formats.own_day import DAY, written
from memproc.formats.own_note import RULER
from memproc.formats.writers.notes import json_of
from memproc.formats.writers.parts import id_of
from memproc.records import Plain

_UNDATED = "undated"
_DAY_CHARS = len("2025-01-03")
_PART_CHARS = 1 << 20
_ELSEWHERE = frozenset(("content", PROVENANCE))
_ORDER = ("created_at", "namespace", "source", "conversation", "id")


def days(memories: Callable[[], Iterator[Plain]], _left: Counter[str]) -> Iterator[tuple[str, bytes]]:
    """Give the name and the text of each note."""
    by_day: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
    for memory in memories():
        named = {**memory, "id": id_of(memory)}
        held = {**MARK, **{name: value for name, value in named.items() if name not in _ELSEWHERE}}
        order = tuple(str(named.get(name, "")) for name in _ORDER)
        by_day[named.get("created_at", _UNDATED)[:_DAY_CHARS]].append((order, written(json_of(held).encode(), named["content"])))
    for day, texts in sorted(by_day.items()):
        for number, part in enumerate(_parts([text for _, text in sorted(texts)]), 1):
            name = day if number == 1 else f"{day}-{number}"
            yield f"{name}.md", f"{RULER}{DAY}: {json_of(day)}\n{RULER}{part}".encode()


def _parts(texts: list[str]) -> Iterator[str]:
    """Yield texts joined to parts that are not too long."""
    part: list[str] = []
    size = 0
    for text in texts:
        if part and size + len(text) > _PART_CHARS:
            yield "".join(part)
            part, size = [], 0
        part.append(text)
        size += len(text)
    yield "".join(part)
