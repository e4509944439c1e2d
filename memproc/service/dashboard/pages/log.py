"""The log of what was asked."""

from __future__ import annotations

from fastapi import Request, Response
from pydantic import BaseModel, Field

from memproc.service.dashboard.forms import made
from memproc.service.dashboard.guard import pages, shows
from memproc.service.dashboard.rendering import page
from memproc.service.given import MOST_ON_A_PAGE, NumberCursor
from memproc.service.rest.routes import reports as asked
from memproc.service.scopes import Scope
from memproc.service.told import LineTold

MOST_PAGES, LEAST_LINES = 25, 50
routes = pages()


class _Which(BaseModel):
    """Which lines are listed: those older than one, and of these the ones that hold a text."""

    cursor: NumberCursor | None = None
    text: str = Field("", max_length=200)


@routes.get("/log", **shows(Scope.AUDIT_READ))
async def log(request: Request) -> Response:
    """Show who asked what, the newest first; where a text is looked for, in some thousands of lines at once."""
    which = made(_Which, request.query_params)
    wanted, lines, cursor = which.text.casefold(), list[LineTold](), which.cursor
    for _ in range(MOST_PAGES):
        found = await asked.log(request, MOST_ON_A_PAGE, cursor)
        lines += [one for one in found.lines if wanted in " ".join(map(str, one.model_dump().values())).casefold()]
        cursor = found.cursor
        if cursor is None or len(lines) >= LEAST_LINES:
            break
    return page(request, "log", which=which, lines=lines, cursor=cursor)
