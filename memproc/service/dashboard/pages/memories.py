"""Memories: look for them, and see what one said over time."""

from __future__ import annotations

from fastapi import Request, Response

from memproc.service.dashboard.forms import made
from memproc.service.dashboard.guard import pages, shows
from memproc.service.dashboard.rendering import page
from memproc.service.given import Search
from memproc.service.rest.routes import memories as asked
from memproc.service.rest.served import caller_of
from memproc.service.scopes import Scope

routes = pages()


@routes.get("/memories", **shows(Scope.MEMORIES_READ))
async def memories(request: Request) -> Response:
    """Show memories that match what is looked for, the newest first."""
    caller, given = caller_of(request), dict(request.query_params)
    if caller.namespaces is not None and len(caller.namespaces) > 1 and not given.get("namespace"):
        given["namespace"] = caller.namespaces[0]
    which = made(Search, given)
    return page(request, "memories", which=which, found=await asked.find(request, which), namespaces=caller.namespaces or ())


@routes.get("/memories/{memory}", **shows(Scope.MEMORIES_READ))
async def memory(request: Request, memory: str) -> Response:
    """Show a memory, what it said over time, and what it is made of."""
    return page(request, "memory", told=await asked.history(request, memory))
