"""The log of what was asked."""

from __future__ import annotations

from fastapi import Request, Response
from pydantic import BaseModel

from memproc.service.dashboard.forms import made
from memproc.service.dashboard.guard import pages, shows
from memproc.service.dashboard.rendering import page
from memproc.service.given import Limit, NumberCursor
from memproc.service.rest.routes import reports as asked
from memproc.service.scopes import Scope

routes = pages()


class _Which(BaseModel):
    """Which lines are listed: those older than one, and of these the ones that hold a text."""

    cursor: NumberCursor | None = None
    limit: Limit = 200
    text: str = ""


@routes.get("/log", **shows(Scope.AUDIT_READ))
async def log(request: Request) -> Response:
    """Show who asked what, the newest first."""
    which = made(_Which, request.query_params)
    found = await asked.log(request, which.limit, which.cursor)
    wanted = which.text.casefold()
    lines = [one for one in found.lines if wanted in " ".join(map(str, one.model_dump().values())).casefold()]
    return page(request, "log", which=which, found=found, lines=lines)
