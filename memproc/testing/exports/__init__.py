"""Strategies for the files of other systems, with what is in them: as those systems write them, odd cases included.

Strategy: `drawn` draws who said or remembers what, the same for all; a table tells of each system how a file is built from it, and
what is read of it. The tables stand by kind: chats with assistants, messengers, stores of memories, notes, and memproc's own.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from hypothesis import strategies as st

from memproc.errors import UsageError
from memproc.testing.exports.agents import AGENTS
from memproc.testing.exports.assistants import ASSISTANTS
from memproc.testing.exports.conversations import CONVERSATIONS
from memproc.testing.exports.drawn import SOME, Built, Groups, Said, System, groups, one_of_each, pieces_of
from memproc.testing.exports.memories import MEMORIES
from memproc.testing.exports.messengers import MESSENGERS
from memproc.testing.exports.notes import NOTES
from memproc.testing.exports.plain import PLAIN
from memproc.testing.exports.trees import TREES

__all__ = ["EXPORTS", "SOME", "Export", "Said", "exports", "sample_export"]

EXPORTS: Mapping[str, System] = {**TREES, **ASSISTANTS, **CONVERSATIONS, **MESSENGERS, **MEMORIES, **AGENTS, **NOTES, **PLAIN}
"""By name, how the file of a system is drawn; most names are those of formats."""


class Export(NamedTuple):
    """A file of another system. `format` is the name of the format that reads it, and `is_told` says whether memproc finds that out
    by itself. Write `data` into a file named `file`: what is read are `memories`, in order, and of what is left out the report says
    how many parts of each kind.
    """

    name: str
    format: str
    file: str
    data: bytes
    memories: tuple[Said, ...]
    left_out: Mapping[str, int]
    is_told: bool


def exports(name: str | None = None) -> st.SearchStrategy[Export]:
    """Draw a file of a system, of any of those known here by default. Raises UsageError on a name that is none of `EXPORTS`."""
    if name is None:
        return st.sampled_from(sorted(EXPORTS)).flatmap(_of_system)
    return _of_system(name)


def sample_export(name: str) -> Export:
    """Return a file of a system, the same each time, with one piece of each sort. Raises UsageError on an unknown name."""
    return _export(name, _system(name), one_of_each(_system(name)))


def _system(name: str) -> System:
    if name not in EXPORTS:
        raise UsageError(f"{name!r}: there are files of {', '.join(sorted(EXPORTS))}")
    return EXPORTS[name]


def _of_system(name: str) -> st.SearchStrategy[Export]:
    system = _system(name)
    return groups(system).map(lambda found: _export(name, system, found))


def _export(name: str, system: System, found: Groups) -> Export:
    pieces = pieces_of(found)
    read = [system.said(piece) for piece in sorted(pieces, key=system.order or (lambda _: 0)) if piece.sort not in system.left]
    said = [one for each in read for one in ((each,) if isinstance(each, Said) else each)]
    data = _encoded(system.file, system.build(found))
    return Export(name, system.format or name, system.file, data, tuple(said), _left_out(system, found), system.is_told)


def _left_out(system: System, found: Groups) -> Mapping[str, int]:
    """Return by kind how many parts of a file are no memories."""
    kinds = {**system.left, **system.partly}
    told = Counter(kinds[piece.sort] for piece in pieces_of(found) if piece.sort in kinds)
    told.update(system.once)
    for group in found:
        told.update(system.beside)
        told.update([] if group.pieces else [system.empty])
    return dict(told)


def _encoded(file: str, built: Built) -> bytes:
    """Return the bytes of a file of this name, which may be an archive of such files."""
    if not file.endswith(".zip"):
        return _written(file, built)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, held in built.items():
            archive.writestr(zipfile.ZipInfo(name), _written(name, held))
    return stream.getvalue()


def _written(file: str, built: Built) -> bytes:
    """Return lines or one value of JSON, or a text."""
    if isinstance(built, bytes):
        return built
    if isinstance(built, str):
        return built.encode()
    if file.endswith(".jsonl"):
        return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in built).encode()
    return json.dumps(built, indent=1).encode()
