"""`MemprocStore`: items of LangGraph as memories, one each.

Rules: an item is the record of its namespace and key, of the source `langgraph`. A put is an `upsert`, so what was there before is
its history; a deletion forgets the item with that. Items are events, which nothing is merged with: what a key holds is what was put
there, whatever else says the same.

Left out: embeddings. A query ranks items by how many of its words they have.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from heapq import merge, nlargest
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Self

import orjson

from memproc.api import validate
from memproc.config import Settings
from memproc.dedup.keys import identity_key
from memproc.errors import NotFoundError, UsageError
from memproc.formats.langgraph_places import ITEM, KIND, SOURCE, id_of_key, item_in, name_of, path_of, text_said
from memproc.integrations.extras import told_which_extra
from memproc.integrations.langgraph.matching import fits, meets
from memproc.integrations.words import share_found, words_of
from memproc.records import Memory, Plain, plain
from memproc.store.store import Store

with told_which_extra("langgraph"):
    from langgraph.store.base import (
        BaseStore,
        GetOp,
        Item,
        ListNamespacesOp,
        Op,
        PutOp,
        Result,
        SearchItem,
        SearchOp,
        TTLConfig,
        validate_op_namespace,
    )

_PAGE = 200
_MOST_MERGED = 50  # namespaces that are read side by side
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)  # the date of an item without any: it is the oldest
_TICK = timedelta(microseconds=1)
_TICKS = 1_000  # of the clock, that a record is told later than one which was forgotten


class MemprocStore(BaseStore):
    """A store for graphs of LangGraph that keeps its items in a memproc store: undoable, and durable in SQLite or on a server.

    `batch` reads what was there before it, then puts, each in its own transaction; the last put of a key counts. A time to live
    begins with the put and reading does not prolong it; what is past it is not given. A value must be JSON.
    """

    supports_ttl = True

    def __init__(self, store: Store[Any], *, default_ttl: float | None = None) -> None:
        """Use an open store, which the caller closes. `default_ttl` is in minutes, for what is put without a time to live."""
        self._store = store
        self.ttl_config = TTLConfig(refresh_on_read=False, omit_expired=True, default_ttl=default_ttl)

    @classmethod
    @contextmanager
    def from_conn_string(
        cls, where: str | Path, *, settings: Settings | None = None, default_ttl: float | None = None
    ) -> Iterator[Self]:
        """Open the store at a path or SQLAlchemy URL, or make it, for the length of the block."""
        with Store(where, settings=settings) as store:
            yield cls(store, default_ttl=default_ttl)

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Do operations and return a result for each, in their order. Raises UsageError, a ValueError, on what cannot be kept."""
        asked = [*ops]
        for op in asked:
            validate_op_namespace(op)
        results = [None if isinstance(op, PutOp) else self._read(op) for op in asked]
        for put in {(tuple(op.namespace), op.key): op for op in asked if isinstance(op, PutOp)}.values():
            self._put(put)
        return results

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Do operations in a thread, as `batch` does."""
        return await asyncio.to_thread(self.batch, [*ops])

    def _read(self, op: Op) -> Result:
        if isinstance(op, GetOp):
            return self._get(op)
        if isinstance(op, SearchOp):
            return self._search(op)
        if isinstance(op, ListNamespacesOp):
            return self._list_namespaces(op)
        raise UsageError(f"{type(op).__name__} is no operation of a store: give GetOp, SearchOp, PutOp or ListNamespacesOp")

    def _get(self, op: GetOp) -> Item | None:
        memory = self._memory_at(op.namespace, op.key)
        found = _item(plain(memory)) if memory is not None and not _is_past(memory) else None
        return found and Item(
            value=found.value, key=found.key, namespace=found.namespace, created_at=found.created_at, updated_at=found.updated_at
        )

    def _search(self, op: SearchOp) -> list[SearchItem]:
        found = (item for item in self._below(tuple(op.namespace_prefix)) if meets(item.value, op.filter))
        words = words_of(op.query or "")
        if not words:
            return [*islice(found, op.offset, op.offset + op.limit)]
        for_rank = (_ranked(item, words) for item in found)
        best = nlargest(op.offset + op.limit, for_rank, key=lambda item: (item.score or 0, item.updated_at))
        return best[op.offset :]

    def _list_namespaces(self, op: ListNamespacesOp) -> list[tuple[str, ...]]:
        """Return a page of the namespaces that have an item: no more of them are looked into than the page takes."""
        named = ((path_of(name), name) for name in self._store.namespaces())
        fitting = sorted((path, name) for path, name in named if path and fits(path, op.match_conditions))
        alike = groupby(fitting, key=lambda one: one[0][: op.max_depth])
        kept = (shown for shown, group in alike if any(any(self._items_in(name)) for _, name in group))
        return [*islice(kept, op.offset, op.offset + op.limit)]

    def _below(self, prefix: tuple[str, ...]) -> Iterator[SearchItem]:
        """Give the items of the namespaces that begin so, the newest first."""
        paths = ((path_of(name), name) for name in self._store.namespaces())
        names = [name for path, name in paths if path is not None and path[: len(prefix)] == prefix]
        if len(names) > _MOST_MERGED:  # to ask for the newest of each would cost more than to pass over those of others
            return (item for item in self._items_in(None) if item.namespace[: len(prefix)] == prefix)
        return merge(*map(self._items_in, names), key=lambda item: item.updated_at, reverse=True)

    def _items_in(self, name: str | None) -> Iterator[SearchItem]:
        after = None
        while page := self._store.find(namespace=name, kind=KIND, limit=_PAGE, after=after):
            yield from filter(None, (_item(plain(memory)) for memory in page))
            after = page[-1]

    def _memory_at(self, path: Sequence[str], key: str) -> Memory | None:
        named = {"namespace": name_of(path), "source": SOURCE, "id": id_of_key(key)}
        if self._store.policy.dedup == "off":  # records of one id are memories of their own there
            return self._store.get(named["id"], source=SOURCE, namespace=named["namespace"])
        return self._store.get(identity_key({**named, "kind": KIND}).hex())

    def _put(self, op: PutOp) -> None:
        there = self._memory_at(op.namespace, op.key)
        if op.value is None:
            with suppress(NotFoundError):  # another one deleted it
                if there is not None:
                    self._store.forget(str(there.id))
            return
        now = datetime.now(UTC)
        record = {
            "content": text_said(op.value) or op.key or "(nothing)",
            "id": id_of_key(op.key),
            "namespace": name_of(op.namespace),
            "source": SOURCE,
            "kind": KIND,
            "created_at": now if there is None or there.created_at is None or _is_past(there) else there.created_at,
            "valid_to": None if op.ttl is None else now + timedelta(minutes=op.ttl),
            "metadata": {ITEM: {"key": op.key, "value": dict(op.value)}},
        }
        self._upsert({name: value for name, value in record.items() if value is not None})

    def _upsert(self, record: dict[str, Any]) -> None:
        """Write a record, a tick later where the very same was forgotten: it is put anew."""
        for _ in range(_TICKS):
            verdict = validate(record, schema=self._store.schema)
            updated = None if verdict.memory is None else self._store.upsert(verdict.memory)
            faults = verdict.errors if updated is None else updated.faults
            if faults:
                told = "; ".join(f"{fault.path.removeprefix(f'metadata.{ITEM}.value.')}: {fault.message}" for fault in faults)
                raise UsageError(f"this item cannot be kept: {told}")
            if updated is None or updated.reason != "forgotten":
                return
            record = {**record, "created_at": record["created_at"] + _TICK}


def _is_past(memory: Memory) -> bool:
    return memory.valid_to is not None and memory.valid_to <= datetime.now(UTC)


def _item(memory: Plain) -> SearchItem | None:
    """Return the item that a memory is, None if it is none."""
    item, path = item_in(memory), path_of(memory["namespace"])
    if item is None or path is None:
        return None
    dates = [datetime.fromisoformat(memory[name]) if name in memory else None for name in ("created_at", "updated_at")]
    created, updated = dates[0] or dates[1] or _LONG_AGO, dates[1] or dates[0] or _LONG_AGO
    return SearchItem(path, *item, created, updated)


def _ranked(item: SearchItem, words: frozenset[str]) -> SearchItem:
    item.score = share_found(words, f"{text_said(item.value)} {orjson.dumps(item.value).decode()}")
    return item
