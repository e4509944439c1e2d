"""The application that serves a store over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from memproc import __version__
from memproc.asynchronous.store import AsyncStore
from memproc.config import Settings
from memproc.records import Memory
from memproc.service.rest.filing import delete_old
from memproc.service.rest.gate import Gate
from memproc.service.rest.openapi import openapi_of
from memproc.service.rest.problems import tell_problems
from memproc.service.rest.routes import forgetting, jobs, memories, quarantine, reports, reviews, uploads
from memproc.service.rest.served import Served
from memproc.service.serving import Serving
from memproc.service.told import HealthTold
from memproc.store.store import Store

ROUTERS = (memories.routes, forgetting.routes, reviews.routes, quarantine.routes, reports.routes, uploads.routes, jobs.routes)


def app(
    where: str | Path | Store, *, serving: Serving | None = None, settings: Settings | None = None, schema: type[Memory] = Memory
) -> FastAPI:
    """Return an ASGI application that serves a store at a path or SQLAlchemy URL, which it opens when it starts, or an open one.

    `app.include_router` and `app.mount` add to it what is one's own; `app.state.served` is what its routes have.
    """
    how = serving or Serving()
    made = FastAPI(
        title="memproc",
        version=__version__,
        lifespan=partial(_lifespan, where=where, how=how, settings=settings, schema=schema),
        openapi_url="/api/openapi.json",
        docs_url=None,  # these pages load from other hosts
        redoc_url=None,
    )
    tell_problems(made)
    made.add_middleware(Gate, most_bytes=how.body_bytes)
    for routes in ROUTERS:
        made.include_router(routes)
    made.add_api_route("/api/health", _health, methods=["GET"], response_model=HealthTold)
    if how.dashboard:
        from memproc.service.dashboard.routes import add_dashboard  # noqa: PLC0415 - only what serves pages needs Jinja2

        add_dashboard(made)
    made.openapi = openapi_of(made, where.schema if isinstance(where, Store) else schema)  # type: ignore[method-assign]
    return made


async def _health() -> HealthTold:
    """Tell that the server answers."""
    return HealthTold(status="ok", version=__version__)


@asynccontextmanager
async def _lifespan(
    made: FastAPI, *, where: str | Path | Store, how: Serving, settings: Settings | None, schema: type[Memory]
) -> AsyncIterator[None]:
    """Open the store and keep the books as long as the application runs."""
    store = AsyncStore(where if isinstance(where, Store) else Store(where, settings=settings, schema=schema))
    served = made.state.served = Served(store, how)
    try:
        if how.uploads is not None:
            await store.threads.call(partial(delete_old, how, served.access))
        served.books.begin()
        yield
    finally:
        served.is_ending = True
        await served.books.end()
        served.owner.end()
        if isinstance(where, Store):
            store.threads.end()
        else:
            await store.close()
