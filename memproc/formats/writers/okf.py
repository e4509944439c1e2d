"""A folder of concepts of the Open Knowledge Format (OKF), one memory a concept, with what is known of who confirmed it.

Rules: the type of a concept is the kind of the memory, or what it was where it came from OKF; its title the first words. `sources`
are the systems that said it, `generated` is when the first said it, or last changed it. `verified` is who confirmed it: a person
who merged what it was made of (`human:reviewer`), a policy that did, and memproc where two systems said the same in other words
(`process:memproc`), each with the time, as the ledger has it. Where it came from OKF, what it had of these stays. All fields go
along in one object, `memproc`, from which memproc reads them back.

Left out: metadata that makes a head too long to be told as one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from memproc.formats.carried import NAME
from memproc.formats.okf import TRUST
from memproc.formats.own import MARK, PROVENANCE
from memproc.formats.own_note import RULER
from memproc.formats.writers.notes import LONGEST_HEAD_BYTES, json_of, name_of
from memproc.formats.writers.parts import CONFIRMED, id_of
from memproc.records import Plain, encode

_TITLE_CHARS = 60
_DAY_CHARS = len("2025-01-03")
_ELSEWHERE = frozenset(("content", "tags", PROVENANCE, CONFIRMED))
_AS_THEY_WERE = ("description", "resource", "status")


def concepts(memories: Callable[[], Iterator[Plain]], left: Counter[str]) -> Iterator[tuple[str, bytes]]:
    """Give the name and the text of each concept."""
    for memory in memories():
        named = {**memory, "id": id_of(memory)}
        head = _head(named)
        if len(head.encode()) > LONGEST_HEAD_BYTES and "metadata" in named:
            left["metadata"] += 1
            head = _head({name: value for name, value in named.items() if name != "metadata"})
        yield name_of(named), f"{RULER}{head}{RULER}{memory['content']}\n".encode()


def _head(memory: Plain) -> str:
    metadata = memory.get("metadata", {})
    kept = {name: metadata[name] for name in TRUST if _is_trust(name, metadata.get(name))}
    rest = {name: value for name, value in metadata.items() if name not in kept}
    held = {**{name: value for name, value in memory.items() if name not in _ELSEWHERE}, "metadata": rest}
    said: dict[str, Any] = {
        "type": _text(metadata.get("type")) or memory["kind"],
        "title": _text(memory.get("subject")) if _text(metadata.get("type")) else None,
        **{name: _text(metadata.get(name)) for name in _AS_THEY_WERE},
        "tags": memory.get("tags"),
        "generated": _generated(memory, metadata.get("generated")),
        "verified": _joined(kept.get("verified", []), memory.get(CONFIRMED, [])),
        "sources": _joined(kept.get("sources", []), [{"resource": name} for name in _systems(memory)]),
        "stale_after": _text(metadata.get("stale_after")) or memory.get("valid_to", "")[:_DAY_CHARS],
        NAME: {**MARK, **{name: value for name, value in held.items() if value not in ({}, [])}},
    }
    said["title"] = said["title"] or _title(memory["content"])
    return "".join(f"{name}: {json_of(value)}\n" for name, value in said.items() if value)


def _is_trust(name: str, given: object) -> bool:
    """Return whether metadata of this name is what OKF has there, and not what an application means by it."""
    return isinstance(given, list) and bool(given) and all(isinstance(one, dict) and TRUST[name] in one for one in given)


def _joined(known: list[Any], more: list[Any]) -> list[Any]:
    """Return what is known and what is more, each once: first what is known, as it stands, then the others in order."""
    there = set(map(encode, known))
    new = [dict(sorted(one.items())) for one in more if encode(one) not in there]  # as a store gives them back
    return [*known, *sorted(new, key=encode)]


def _systems(memory: Plain) -> list[str]:
    """Return the systems that said a memory."""
    named = {seen.get("source") for seen in memory.get(PROVENANCE, ())} | {memory.get("source")}
    return sorted(name for name in named if name)


def _generated(memory: Plain, given: object) -> dict[str, Any] | None:
    """Return who wrote a memory, and when."""
    if isinstance(given, dict) and isinstance(given.get("by"), str):
        return given
    at = memory.get("updated_at", memory.get("created_at"))
    return {"by": f"process:{memory.get('source', NAME)}", "at": at} if at else None


def _title(content: str) -> str:
    words = " ".join(content[: 4 * _TITLE_CHARS].split())
    return words if len(words) <= _TITLE_CHARS else f"{words[:_TITLE_CHARS].rpartition(' ')[0] or words[:_TITLE_CHARS]} ..."


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
