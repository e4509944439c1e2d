"""Jobs: the queue, submitting, one job as it goes on, and steering it."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import Request, Response
from pydantic import BaseModel

from memproc.report.figures import Pace
from memproc.report.pages.time_sections import lines
from memproc.service.dashboard.forms import form_of, local, made
from memproc.service.dashboard.guard import pages, shows
from memproc.service.dashboard.live import streamed
from memproc.service.dashboard.rendering import page, part, to
from memproc.service.given import (
    MOST_ON_A_PAGE,
    Asking,
    JobGiven,
    Limit,
    Namespace,
    Note,
    Number,
    NumberCursor,
    QueueStateName,
    SourceGiven,
    TasksAsked,
)
from memproc.service.rest.landed import pace_of_job
from memproc.service.rest.routes import jobs as asked
from memproc.service.rest.routes import uploads
from memproc.service.rest.routes.uploads import FileName
from memproc.service.rest.served import caller_of, served_of
from memproc.service.scopes import Scope

LEAST_BATCHES = 20
routes = pages()
_VERBS = {
    "pause": asked.pause,
    "resume": asked.resume,
    "hold": asked.hold,
    "release": asked.release,
    "retry": asked.retry,
}


class _Which(BaseModel):
    """Which jobs are listed."""

    state: QueueStateName | None = None
    limit: Limit = 50
    cursor: NumberCursor | None = None


class _Why(BaseModel):
    """Why something is asked of a job."""

    why: Note = ""


@routes.get("/jobs", **shows(Scope.JOBS_READ))
async def jobs(request: Request) -> Response:
    """Show the queue, with a form to submit a job."""
    which = made(_Which, request.query_params)
    found = await asked.jobs(request, which.state, which.limit, which.cursor)
    sent = (await uploads.uploads(request)).uploads
    serving = served_of(request).serving
    places = {"takes_files": serving.uploads is not None, "has_roots": bool(serving.folders), "hosts": tuple(serving.hosts)}
    chosen = request.query_params.get("upload", "")
    return page(request, "jobs", found=found, which=which, uploads=sent, places=places, chosen=chosen)


@routes.post("/jobs", **shows(Scope.JOBS_WRITE))
async def submit(request: Request) -> Response:
    """Submit the job of a form."""
    fields = await form_of(request)
    source = made(SourceGiven, {fields.get("kind", ""): fields.get(fields.get("kind", ""), "")})
    response = Response()
    job = await asked.submit(request, response, made(JobGiven, {**fields, "sources": [source]}))
    return to(request, f"/jobs/{job.number}?did=submit")


@routes.post("/files", **shows(Scope.JOBS_WRITE, takes_file=True))
async def send(request: Request, name: FileName, namespace: Namespace | None = None) -> Response:
    """Take a file that is to be read, and lead to the form in which it is chosen."""
    sent = await uploads.upload(request, name, namespace)
    return to(request, f"/jobs?upload={sent.number}&did=upload")


@routes.get("/jobs/{number}", **shows(Scope.JOBS_READ))
async def job(request: Request, number: Number) -> Response:
    """Show how far a job is, what it did, and what can be asked of it."""
    return page(request, "job", live=f"/jobs/{number}/live", **await _told(request, number))


@routes.get("/jobs/{number}/live", **shows(Scope.JOBS_READ))
async def live(request: Request, number: Number) -> Response:
    """Send how far a job is whenever it has changed."""

    async def told(again: Request) -> str:
        return part(again, "job", **await _told(again, number) | {"here": f"/jobs/{number}"})

    return await streamed(request, told)


async def _told(request: Request, number: int) -> dict[str, Any]:
    served = served_of(request)
    pace = await served.call(pace_of_job, caller_of(request), number)
    after = _before_the_last(pace)
    return {
        "job": await asked.job(request, number),
        "tasks": await asked.tasks(request, number, TasksAsked(limit=MOST_ON_A_PAGE, cursor=str(after) if after else None)),
        "charts": lines(pace.timeline)[:3],
        "pace": pace,
    }


def _before_the_last(pace: Pace) -> int:
    """Return the number behind which there are some of the last batches."""
    batches = 0
    for one in reversed(pace.timeline):
        batches += one.batches
        if batches >= LEAST_BATCHES:
            return one.batch - 1
    return 0


@routes.post("/jobs/{number}/{verb}", **shows(Scope.JOBS_WRITE))
async def steer(
    request: Request, number: Number, verb: Literal["pause", "resume", "hold", "release", "retry", "cancel"]
) -> Response:
    """Do to a job what a click asks for."""
    fields = await form_of(request)
    why = made(_Why, fields).why
    if verb == "cancel":
        await asked.cancel(request, number, why)
    else:
        await _VERBS[verb](request, number, Asking(why=why))
    return to(request, f"{local(fields.get('back', ''))}?did={verb}")
