"""Rejected records: look at them, have them read again, close them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Query, Request

from memproc.service.given import Discard, Number, Rejected, Replay
from memproc.service.kept import kept_to
from memproc.service.rest.callers import Caller, quarantined_of, reaches_rejected
from memproc.service.rest.guard import needs, router
from memproc.service.rest.served import caller_of, served_of
from memproc.service.scopes import Scope
from memproc.service.told import QuarantinedTold, QuarantinePage, ReplayTold
from memproc.store.store import Store

MOST_IN_A_LIST, MOST_ALONE = 2_000, 1_000_000  # bytes of what was read
routes = router()


@routes.get("/api/v1/quarantine", **needs(Scope.QUARANTINE_READ))
async def quarantine(request: Request, asked: Annotated[Rejected, Query()]) -> QuarantinePage:
    """List rejected records, each with its faults and advice, in the order they came."""
    return await served_of(request).call(_quarantine, caller_of(request), asked)


def _quarantine(store: Store, caller: Caller, asked: Rejected) -> QuarantinePage:
    found = store.quarantine(
        status=asked.status,
        category=asked.category,
        code=asked.code,
        namespace=caller.within(asked.namespace),
        after=None if asked.cursor is None else int(asked.cursor),
        limit=asked.limit + 1,
    )
    listed = found[: asked.limit]
    page = [QuarantinedTold.of(one, MOST_IN_A_LIST) for one in listed if reaches_rejected(caller, one)]
    return QuarantinePage(quarantined=page, cursor=str(listed[-1].number) if len(found) > asked.limit else None)


@routes.get("/api/v1/quarantine/{number}", **needs(Scope.QUARANTINE_READ))
async def quarantined(request: Request, number: Number) -> QuarantinedTold:
    """Read one rejected record with its history."""
    return QuarantinedTold.of(await served_of(request).call(quarantined_of, caller_of(request), number), MOST_ALONE)


@routes.post("/api/v1/quarantine/{number}/replay", **needs(Scope.QUARANTINE_WRITE))
async def replay(request: Request, number: Number, asked: Replay) -> ReplayTold:
    """Read a rejected record again, as it is or as it was mended. Accepted, it leaves quarantine and keeps its history."""
    return await served_of(request).call(_replay, caller_of(request), number, asked)


def _replay(store: Store, caller: Caller, number: int, asked: Replay) -> ReplayTold:
    quarantined_of(store, caller, number)
    schema = store.schema if caller.namespaces is None else kept_to(store.schema, caller.namespaces)
    report = store.replay([number], transform=_mended(asked.record), schema=schema)
    now = quarantined_of(store, caller, number)
    outcome = "accepted" if now.status == "replayed" else "rejected"
    return ReplayTold(outcome=outcome, job=report.job, record=QuarantinedTold.of(now, MOST_ALONE))


def _mended(record: dict[str, Any] | None) -> Callable[[Any], dict[str, Any]] | None:
    return None if record is None else lambda _: record


@routes.post("/api/v1/quarantine/{number}/discard", **needs(Scope.QUARANTINE_WRITE))
async def discard(request: Request, number: Number, asked: Discard) -> QuarantinedTold:
    """Close a rejected record without accepting it: its bytes are deleted, the note is kept."""
    return await served_of(request).call(_discard, caller_of(request), number, asked)


def _discard(store: Store, caller: Caller, number: int, asked: Discard) -> QuarantinedTold:
    quarantined_of(store, caller, number)
    store.discard(number, asked.note)
    return QuarantinedTold.of(quarantined_of(store, caller, number), MOST_ALONE)
