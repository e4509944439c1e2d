"""What happens now: the queue in figures, jobs that run, and those that were submitted last."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import Request, Response

from memproc.service.dashboard.charts import MINUTES, of_minutes
from memproc.service.dashboard.guard import pages, shows
from memproc.service.dashboard.live import streamed
from memproc.service.dashboard.rendering import page, part, to
from memproc.service.dashboard.sections import sections_of
from memproc.service.rest.landed import minutes_of
from memproc.service.rest.routes import jobs as asked
from memproc.service.rest.served import caller_of, served_of
from memproc.service.scopes import Scope

MOST_RUNNING, MOST_NEWEST = 50, 15
routes = pages()


@routes.get("/", **shows(None))
async def overview(request: Request) -> Response:
    """Show what happens now, or lead to what somebody may look at."""
    caller = caller_of(request)
    if Scope.JOBS_READ in caller.scopes:
        return page(request, "overview", live="/live", **await _told(request))
    sections = sections_of(caller)
    return to(request, sections[0].path) if sections else page(request, "nothing")


@routes.get("/live", **shows(Scope.JOBS_READ))
async def live(request: Request) -> Response:
    """Send what happens now whenever it has changed."""
    return await streamed(request, _part)


async def _part(request: Request) -> str:
    return part(request, "overview", **await _told(request) | {"here": "/"})


async def _told(request: Request) -> dict[str, Any]:
    running = (await asked.jobs(request, "running", MOST_RUNNING, None)).jobs
    newest = (await asked.jobs(request, None, MOST_NEWEST, None)).jobs
    minutes = await served_of(request).call(minutes_of, caller_of(request), MINUTES)
    return {
        "metrics": await asked.metrics(request),
        "running": running,
        "newest": [one for one in newest if one.state != "running"],
        "charts": of_minutes(minutes, datetime.now(UTC)),
    }
