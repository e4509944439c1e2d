"""What landed, by day."""

from __future__ import annotations

from fastapi import Request, Response

from memproc.service.dashboard.charts import DAYS, of_days, table_of_days
from memproc.service.dashboard.guard import pages, shows
from memproc.service.dashboard.rendering import page
from memproc.service.rest.landed import days_of
from memproc.service.rest.routes import jobs as asked
from memproc.service.rest.served import caller_of, served_of
from memproc.service.scopes import Scope

routes = pages()


@routes.get("/days", **shows(Scope.JOBS_READ))
async def days(request: Request) -> Response:
    """Show what landed on each day, and what each namespace used."""
    found = await served_of(request).call(days_of, caller_of(request), DAYS)
    metrics = await asked.metrics(request)
    return page(request, "days", charts=of_days(found), table=table_of_days(found), metrics=metrics, days=DAYS)
