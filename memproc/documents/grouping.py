"""Which documents there are: the memories of a store, one by one or in groups, each with what a template is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any, NamedTuple, get_args

from memproc.config import Per
from memproc.dedup.keys import key_of
from memproc.documents.spool import AT_ONCE, Group, Spool
from memproc.formats.writers.notes import stem_of, stem_of_memory
from memproc.records import Memory, Plain, encode, plain
from memproc.store.store import Store

PERS: tuple[Per, ...] = get_args(Per)
UNDATED = "undated"
_DAY_CHARS = len("2025-01-03")

_NOTHING: Mapping[str, Any] = dict.fromkeys(map(str, PERS))  # what a template is told, if it is known

Filters = Mapping[str, Any]
Queries = Mapping[str, Filters]


class Document(NamedTuple):
    """A document to be made: its name without an ending, and what its template is told."""

    stem: str
    context: Mapping[str, Any]


class Documents(NamedTuple):
    """All documents to be made, and how many there will be, None if that is not known ahead."""

    total: int | None
    each: Iterator[Document]


def documents_of(store: Store[Memory], per: Per, queries: Queries, filters: Filters) -> Iterator[Documents]:
    """Yield once the documents of a store; they can be gone through as long as this is not gone on with."""
    if per == "memory":
        yield Documents(None, (_of_memory(memory) for memory in _found(store, filters)))
        return
    with closing(Spool()) as spool:
        if per == "query":
            for name, more in queries.items():
                spool.put(((name,), memory) for memory in _found(store, {**filters, **more}))
            known = {group.key[0]: group for group in spool.groups()}
            groups = [known.get(name, Group((name,), 0)) for name in queries]
        else:
            spool.put((_KEYS[per](memory), memory) for memory in _found(store, filters))
            groups = spool.groups()
        is_of_one = isinstance(filters.get("namespace"), str)
        yield Documents(len(groups), (_of_group(spool, per, group, is_of_one=is_of_one) for group in groups))


def _found(store: Store[Memory], filters: Filters) -> Iterator[Plain]:
    """Yield the memories that filters of `find` mean, namespace by namespace, the newest first, with all their fields.

    Within one namespace pages are read by an index; over all of them each page would be sorted anew.
    """
    empty: Plain = {**dict.fromkeys(store.schema.model_fields), "tags": [], "relations": [], "metadata": {}}
    for namespace in store.namespaces() if filters.get("namespace") is None else [filters["namespace"]]:
        after: Memory | None = None
        is_more = True
        while is_more:
            page = store.find(limit=AT_ONCE, after=after, **{**filters, "namespace": namespace})
            yield from ({**empty, **plain(memory)} for memory in page)
            after, is_more = (page[-1], len(page) == AT_ONCE) if page else (None, False)


_KEYS: Mapping[Per, Callable[[Plain], tuple[str | None, ...]]] = {
    "subject": lambda memory: (memory["namespace"], memory["subject"]),
    "day": lambda memory: (memory["namespace"], (memory["created_at"] or UNDATED)[:_DAY_CHARS]),
    "namespace": lambda memory: (memory["namespace"],),
}


def _of_memory(memory: Plain) -> Document:
    own = {name: memory[name] for name in ("namespace", "subject")}
    day = memory["created_at"][:_DAY_CHARS] if memory["created_at"] else None
    told = {"per": "memory", "memory": memory, "memories": [memory], "day": day, **own}
    return Document(stem_of_memory(memory), {**_NOTHING, **told})


def _of_group(spool: Spool, per: Per, group: Group, *, is_of_one: bool) -> Document:
    """Return the document of a group; `is_of_one` tells that only one namespace was asked for."""
    key = group.key
    told: dict[str, Any] = {**_NOTHING, "per": per, "memories": spool.memories(group)}
    known = key_of(encode([per, *key]))
    if per == "query":
        return Document(stem_of(key[0] or "", known, "query"), {**told, "query": key[0]})
    told["namespace"] = key[0]
    if per == "namespace":
        return Document(stem_of(key[0] or "", known, "namespace"), told)
    if per == "day":
        day = key[1] or UNDATED
        stem = day if is_of_one else f"{day}-{stem_of(key[0] or '', known, 'namespace')}"
        return Document(stem, {**told, "day": None if day == UNDATED else day})
    return Document(stem_of(key[1] or "", known, "no-subject"), {**told, "subject": key[1]})
