"""Reports of the store, and the log of what was asked."""

from __future__ import annotations

import orjson
from fastapi import Request
from starlette.responses import Response

from memproc.service.given import Limit, NumberCursor
from memproc.service.rest.callers import Caller
from memproc.service.rest.guard import needs, router
from memproc.service.rest.served import caller_of, served_of
from memproc.service.scopes import Scope
from memproc.service.told import LineTold, LogPage, ReportTold
from memproc.store.store import Store, access_of

routes = router()


@routes.get("/api/v1/report", response_model=ReportTold, **needs(Scope.REPORTS_READ))
async def report(request: Request) -> Response:
    """Tell what the store holds: outcomes, their proof, errors, duplicates, pace, quality by field."""
    return Response(await served_of(request).call(_report, caller_of(request)), media_type="application/json")


def _report(store: Store, caller: Caller) -> bytes:
    caller.check_reaches_all()
    return orjson.dumps({**store.report().as_dict(), "store": ""})


@routes.get("/api/v1/log", **needs(Scope.AUDIT_READ))
async def log(request: Request, limit: Limit = 100, cursor: NumberCursor | None = None) -> LogPage:
    """List what was asked of this server, by whom and how it ended, the newest first."""
    return await served_of(request).call(_log, caller_of(request), limit, None if cursor is None else int(cursor))


def _log(store: Store, caller: Caller, limit: int, before: int | None) -> LogPage:
    caller.check_reaches_all()
    found = access_of(store).log(before=before, limit=limit + 1)
    page = [*map(LineTold.of, found[:limit])]
    return LogPage(lines=page, cursor=str(page[-1].number) if len(found) > limit else None)
