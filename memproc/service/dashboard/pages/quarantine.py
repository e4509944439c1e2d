"""Rejected records: what is wrong with most of them, and each one to be looked at, mended and read again."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import Request, Response

from memproc.service.dashboard.forms import form_of, made
from memproc.service.dashboard.guard import pages, shows
from memproc.service.dashboard.rendering import page, to
from memproc.service.dashboard.words import pretty
from memproc.service.given import Discard, Number, Rejected, Replay
from memproc.service.rest.landed import patterns_of
from memproc.service.rest.routes import quarantine as asked
from memproc.service.rest.served import caller_of, served_of
from memproc.service.scopes import Scope
from memproc.service.told import QuarantinedTold

LONGEST_MENDED = 200_000  # characters of a record that are mended in a form
routes = pages()


@routes.get("/quarantine", **shows(Scope.QUARANTINE_READ))
async def quarantine(request: Request) -> Response:
    """Show what is wrong with rejected records, and list them."""
    caller, given = caller_of(request), dict(request.query_params)
    if caller.namespaces is not None and len(caller.namespaces) > 1 and not given.get("namespace"):
        given["namespace"] = caller.namespaces[0]
    which = made(Rejected, given)
    found = await asked.quarantine(request, which)
    patterns = await served_of(request).call(patterns_of, caller)
    return page(request, "quarantine", which=which, found=found, patterns=patterns, namespaces=caller.namespaces or ())


@routes.get("/quarantine/{number}", **shows(Scope.QUARANTINE_READ))
async def record(request: Request, number: Number) -> Response:
    """Show one rejected record, with a form to mend it."""
    one = await asked.quarantined(request, number)
    return _shown(request, one, pretty(one.raw))


def _shown(request: Request, one: QuarantinedTold, text: str, wrong: str = "") -> Response:
    values: dict[str, Any] = {"one": one, "text": text, "wrong": wrong, "is_short": len(text) <= LONGEST_MENDED}
    return page(request, "rejected", status=422 if wrong else 200, **values)


@routes.post("/quarantine/{number}/replay", **shows(Scope.QUARANTINE_WRITE))
async def replay(request: Request, number: Number) -> Response:
    """Read a record again, as it was mended in the form or as it is; where it is rejected again, show what is wrong now."""
    fields = await form_of(request)
    text = fields.get("record", "")
    mended = None
    if fields.get("how") != "as-it-is":
        try:
            mended = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            return _shown(request, await asked.quarantined(request, number), text, f"this is no JSON: {error}")
        if not isinstance(mended, dict):
            return _shown(request, await asked.quarantined(request, number), text, "give an object with the fields of a memory")
    told = await asked.replay(request, number, Replay(record=mended))
    if told.outcome == "accepted":
        return to(request, f"/quarantine/{number}?did=replay")
    return _shown(
        request, told.record, text or pretty(told.record.raw), "it was read again, and is rejected again: see what is wrong"
    )


@routes.post("/quarantine/{number}/discard", **shows(Scope.QUARANTINE_WRITE))
async def discard(request: Request, number: Number) -> Response:
    """Close a record for good."""
    await asked.discard(request, number, made(Discard, await form_of(request)))
    return to(request, f"/quarantine/{number}?did=discard")
