"""`Memory`: the calls of mem0's `Memory` over a memproc store.

Rules: names and results are mem0's, of version 2. What is added is a fact of its scope. One that was there already is not added
again (`NONE`); one that says the same joins what was there (`UPDATE`), which `unmerge` of the store undoes. A deletion forgets.

Left out: whatever needs a model. `infer=True` and `rerank=True` are refused, and a search is by words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from heapq import nlargest
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from memproc.api import validate
from memproc.arguments import share_of, whole_number
from memproc.config import Settings
from memproc.errors import NotFoundError, UsageError
from memproc.integrations.mem0.filters import meets
from memproc.integrations.mem0.items import (
    ACTOR,
    EXPIRES,
    ROLE,
    changes_of,
    deletion_of,
    expiring,
    item_of,
    messages_in,
    own_metadata,
)
from memproc.integrations.mem0.scope import AGENT, IDS, Scope
from memproc.integrations.words import share_found, words_of
from memproc.records import Fault, Outcome, Plain, plain
from memproc.store.store import Store

SOURCE = "mem0"
_PAGE = 500
_EVENTS = {Outcome.STORED: "ADD", Outcome.MERGED: "UPDATE", Outcome.DUPLICATE: "NONE"}
_UNSET = object()
_NO_MODEL = "memproc has no model and calls none"


class Memory:
    """Memories in the shape of mem0, in a memproc store. Thread-safe; close it, or use it in a `with` block."""

    def __init__(self, where: str | Path | Store[Any], *, settings: Settings | None = None) -> None:
        """Open the store at a path or SQLAlchemy URL, or make it; or use an open one, which the caller closes."""
        self._is_own = not isinstance(where, Store)
        self.store: Store[Any] = where if isinstance(where, Store) else Store(where, settings=settings)

    def add(
        self,
        messages: Any,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        timestamp: Any = None,
        expiration_date: Any = None,
        infer: bool = False,
        memory_type: str | None = None,
        prompt: str | None = None,
    ) -> dict[str, Any]:
        """Add a text, or each message but those of the system, as it is; return `{"results": [...]}` with an id and an event each.

        Nothing is added if one of them is no valid memory. Raises UsageError then, without any id of whose it is, and on what needs
        a model.
        """
        if infer:
            raise UsageError(f"infer=True: {_NO_MODEL}: let your own extract the facts, and add each with infer=False")
        given = {"timestamp": timestamp, "memory_type": memory_type, "prompt": prompt}
        _refuse({name: value for name, value in given.items() if value is not None})
        scope = Scope.of({"user_id": user_id, "agent_id": agent_id, "run_id": run_id})
        shared = {"namespace": scope.namespace, "conversation": scope.run_id, "source": SOURCE, "created_at": datetime.now(UTC)}
        held = {**own_metadata(metadata), **({AGENT: scope.agent_id} if scope.agent_id else {})}
        if expiration_date is not None:
            held[EXPIRES], shared["valid_to"] = expiring(expiration_date)
        records = []
        for role, text, name in messages_in(messages):
            told = {**held, ROLE: role, **({ACTOR: name} if name else {})}
            speaker = name or (None if role == "user" else role)
            records.append({**shared, "content": text, "subject": scope.subject_of(speaker), "metadata": told})
        return {"results": [self._added(record) for record in [*map(self._valid, records)]]}

    def get(self, memory_id: str) -> dict[str, Any] | None:
        """Return a memory, None if there is none with this id."""
        memory = self.store.get(str(memory_id))
        return None if memory is None else {**item_of(plain(memory)), "score": None}

    def get_all(
        self, *, filters: Mapping[str, Any] | None = None, top_k: int = 20, show_expired: bool = False, **kwargs: Any
    ) -> dict[str, Any]:
        """Return the newest `top_k` memories that meet the filters, which say whose they are."""
        _refuse(kwargs)
        most = whole_number("top_k", top_k, least=0)
        return {"results": [*islice(self._meeting(filters, show_expired=show_expired), most)]}

    def search(
        self,
        query: str,
        *,
        top_k: int = 20,
        filters: Mapping[str, Any] | None = None,
        threshold: float = 0.1,
        rerank: bool = False,
        explain: bool = False,
        reference_date: Any = None,
        show_expired: bool = False,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Return the `top_k` memories that meet the filters and have most words of the query, each with that share as its score,
        which is at least the threshold. `explain` tells the words that were found.
        """
        asked = {"rerank": rerank or None, "reference_date": reference_date}
        _refuse({**kwargs, **{name: value for name, value in asked.items() if value is not None}})
        words, least, most = words_of(query), share_of("threshold", threshold), whole_number("top_k", top_k, least=0)
        if not words:
            raise UsageError(f"query={query!r}: give at least one word")
        scored = (
            {**item, "score": share_found(words, item["memory"])} for item in self._meeting(filters, show_expired=show_expired)
        )
        best = nlargest(most, (item for item in scored if item["score"] >= least), key=lambda item: item["score"])
        if explain:
            best = [{**item, "score_details": {"words": sorted(words & words_of(item["memory"]))}} for item in best]
        return {"results": best}

    def update(
        self,
        memory_id: str,
        text: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        expiration_date: Any = _UNSET,
        data: str | None = None,
    ) -> dict[str, str]:
        """Change what a memory says; what it said is its history. Metadata is added to what there is."""
        there = self._there(memory_id)
        said = data if text is None else text
        if said is None and metadata is None and expiration_date is _UNSET:
            raise UsageError(f"give a text, metadata or an {EXPIRES}")
        held = {**there.get("metadata", {}), **own_metadata(metadata)}
        changes: dict[str, Any] = {} if said is None else {"content": said}
        if expiration_date is not _UNSET:
            held.pop(EXPIRES, None)
            changes["valid_to"] = None
            if expiration_date is not None:
                held[EXPIRES], changes["valid_to"] = expiring(expiration_date)
        _check(self.store.update(there["id"], {**changes, "metadata": held or None}).faults)
        return {"message": "Memory updated successfully!"}

    def delete(self, memory_id: str) -> dict[str, str]:
        """Forget a memory with its history. Raises UsageError if there is none with this id."""
        self.store.forget(self._there(memory_id)["id"])
        return {"message": "Memory deleted successfully!"}

    def delete_all(self, user_id: str | None = None, agent_id: str | None = None, run_id: str | None = None) -> dict[str, str]:
        """Forget all of a user, an agent or a run, or what is of each that is given; of a user also what was rejected."""
        scope = Scope.of({"user_id": user_id, "agent_id": agent_id, "run_id": run_id})
        if scope == Scope(user_id=scope.user_id):
            self.store.forget(namespace=scope.namespace)
        else:
            for memory in [*self._of(scope, expired=True)]:
                with suppress(NotFoundError):  # another one deleted it
                    self.store.forget(memory["id"])
        return {"message": "Memories deleted successfully!"}

    def history(self, memory_id: str) -> list[dict[str, Any]]:
        """Return what a memory said over time, the oldest first; of a deleted one only that; nothing of one that never was."""
        memory = self.store.get(str(memory_id))
        if memory is not None:
            return changes_of(plain(memory), self.store.history(str(memory_id)).steps)
        try:
            return deletion_of(str(memory_id), self.store.trace(str(memory_id)).ledger)
        except NotFoundError:
            return []

    def reset(self) -> None:
        """Forget everything in the store, whoever brought it there. Hashes stay, which let nothing come back by a re-ingestion."""
        for name in self.store.namespaces():
            self.store.forget(namespace=name)

    def close(self) -> None:
        """Close the store, if it was opened here."""
        if self._is_own:
            self.store.close()

    def __enter__(self) -> Self:
        """Return the object itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the store, if it was opened here."""
        self.close()

    def _valid(self, record: dict[str, Any]) -> Any:
        verdict = validate({name: value for name, value in record.items() if value not in (None, {})}, schema=self.store.schema)
        _check(verdict.errors)
        return verdict.memory

    def _added(self, record: Any) -> dict[str, Any]:
        added = self.store.add(record)
        _check(added.faults)
        told = {"memory": record.content, "event": _EVENTS[added.outcome]}
        who = {ACTOR: record.metadata.get(ACTOR), ROLE: record.metadata[ROLE]}
        return {"id": None if added.memory is None else added.memory.id, **told, **who}

    def _there(self, memory_id: str) -> Plain:
        memory = self.store.get(str(memory_id))
        if memory is None:
            raise UsageError(f"there is no memory with the id {memory_id!r}: take one that add, search or get_all gave")
        return plain(memory)

    def _meeting(self, filters: Mapping[str, Any] | None, *, show_expired: bool) -> Iterator[dict[str, Any]]:
        given = dict(filters or {})
        scope = Scope.of(given)
        rest = {name: value for name, value in given.items() if name not in IDS}
        return (item for item in map(item_of, self._of(scope, expired=show_expired)) if meets(item, rest))

    def _of(self, scope: Scope, *, expired: bool) -> Iterator[Plain]:
        """Give the memories of a scope, the newest first. Those of a user are found by an index, others by looking at all."""
        find = partial(self.store.find, namespace=scope.user_id, conversation=scope.run_id, expired=expired, limit=_PAGE)
        after = None
        while page := find(after=after):
            yield from filter(scope.has, map(plain, page))
            after = page[-1]


def _refuse(given: Mapping[str, Any]) -> None:
    """Raise UsageError on arguments that nothing is done with."""
    if named := [name for name in given if name in IDS]:
        raise UsageError(f"{', '.join(named)}: say it in filters, as in filters={{'user_id': 'ann'}}")
    if given:
        raise UsageError(f"{', '.join(given)}: {_NO_MODEL}, so this does nothing here: leave it out")


def _check(faults: tuple[Fault, ...]) -> None:
    if faults:
        raise UsageError("; ".join(f"{fault.path or 'record'}: {fault.message} - {fault.hint}" for fault in faults))
