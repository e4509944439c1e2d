"""Jobs: submit them, see how far they are, steer them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import orjson
from fastapi import Query, Request, Response
from starlette.responses import StreamingResponse

from memproc.errors import NotFoundError, UsageError
from memproc.service.given import Asking, JobGiven, Limit, Note, Number, NumberCursor, QueueStateName, TasksAsked
from memproc.service.jobs_told import BatchTold, JobPage, JobReportTold, JobTold, JobWhole, MetricsTold, TasksTold
from memproc.service.reading import ONLY_NAMESPACE
from memproc.service.rest.callers import Caller, reaches_rejected
from memproc.service.rest.following import check_has_room, follow
from memproc.service.rest.guard import needs, router
from memproc.service.rest.jobs_of import job_of, job_told, jobs_told, metrics_of, reaches_job, report_told
from memproc.service.rest.problems import ProblemError
from memproc.service.rest.routes.quarantine import MOST_IN_A_LIST
from memproc.service.rest.served import Served, caller_of, served_of
from memproc.service.rest.sourcing import source_of
from memproc.service.scopes import Scope
from memproc.service.serving import Serving
from memproc.service.told import QuarantinedTold
from memproc.sources.rest.pages import RestPages
from memproc.store.queued import QueuedJob
from memproc.store.store import Store, access_of

routes = router()
_JOBS = "/api/batch/jobs"


@routes.post(_JOBS, status_code=201, **needs(Scope.JOBS_WRITE))
async def submit(request: Request, response: Response, asked: JobGiven) -> JobTold:
    """Submit a job: a worker reads its sources into the store."""
    served = served_of(request)
    told = await served.call(_submit, served, caller_of(request), asked)
    response.headers["Location"] = f"{_JOBS}/{told.number}"
    return told


def _submit(store: Store, served: Served, caller: Caller, asked: JobGiven) -> JobTold:
    serving = served.serving
    namespace = caller.within(asked.namespace)
    records = asked.options.records
    sources = [source_of(serving, served.access, caller, one, records) for one in asked.sources]
    for number in asked.after:
        job_of(store, caller, number)
    leaves_out = {"records"} if any(isinstance(one, RestPages) for one in sources) else set()
    options = asked.options.model_dump(exclude_none=True, exclude=leaves_out)
    options |= {ONLY_NAMESPACE: True} if caller.namespaces is not None else {}
    job = store.submit(
        sources,
        namespace=namespace,
        source=asked.source,
        format=asked.format,
        settings=asked.settings.model_dump(exclude_none=True, by_alias=True),
        options=options,
        submitter=caller.who,
        **{name: getattr(asked, name) for name in ("name", "priority", "after", "if_failed", "at", "deadline", "retries", "held")},
    )
    [told] = jobs_told(store, serving, [job])
    return told


@routes.get(_JOBS, **needs(Scope.JOBS_READ))
async def jobs(
    request: Request, state: QueueStateName | None = None, limit: Limit = 50, cursor: NumberCursor | None = None
) -> JobPage:
    """List the jobs, the newest first."""
    served = served_of(request)
    return await served.call(_jobs, served.serving, caller_of(request), (state, limit, cursor))


def _jobs(store: Store, serving: Serving, caller: Caller, which: tuple[str | None, int, str | None]) -> JobPage:
    state, limit, cursor = which
    found = [one for one in store.queue(state) if reaches_job(caller, one) and (cursor is None or one.number < int(cursor))]
    page = sorted(found, key=lambda one: -one.number)[:limit]
    return JobPage(jobs=jobs_told(store, serving, page), cursor=str(page[-1].number) if len(found) > limit else None)


@routes.get("/api/batch/metrics", **needs(Scope.JOBS_READ))
async def metrics(request: Request) -> MetricsTold:
    """Tell the queue in figures: how many wait and how long, which deadlines were met, what each namespace used."""
    return await served_of(request).call(metrics_of, caller_of(request))


@routes.get(f"{_JOBS}/{{number}}", **needs(Scope.JOBS_READ))
async def job(request: Request, number: Number) -> JobWhole:
    """Tell how far a job is, with its runs and the changes of its state."""
    served = served_of(request)
    return await served.call(job_told, served.serving, caller_of(request), number)


@routes.get(f"{_JOBS}/{{number}}/tasks", **needs(Scope.JOBS_READ))
async def tasks(request: Request, number: Number, asked: Annotated[TasksAsked, Query()]) -> TasksTold:
    """List what a job did: its batches, and the records that it rejected."""
    return await served_of(request).call(_tasks, caller_of(request), number, asked)


def _tasks(store: Store, caller: Caller, number: int, asked: TasksAsked) -> TasksTold:
    found, limit = job_of(store, caller, number), asked.limit
    batches = access_of(store).batches(number, after=int(asked.cursor or 0), limit=limit + 1)
    own = None if caller.namespaces is None else found.namespace
    behind = None if asked.quarantined_cursor is None else int(asked.quarantined_cursor)
    bad = store.quarantine(status=None, job=number, namespace=own, after=behind, limit=limit + 1)
    return TasksTold(
        batches=[BatchTold(**{name: getattr(one, name) for name in BatchTold.model_fields}) for one in batches[:limit]],
        cursor=str(batches[limit - 1].number) if len(batches) > limit else None,
        quarantined=[QuarantinedTold.of(one, MOST_IN_A_LIST) for one in bad[:limit] if reaches_rejected(caller, one)],
        quarantined_cursor=str(bad[limit - 1].number) if len(bad) > limit else None,
    )


@routes.get(f"{_JOBS}/{{number}}/report", response_model=JobReportTold, **needs(Scope.REPORTS_READ))
async def report(request: Request, number: Number) -> Response:
    """Tell what a job did: outcomes, their proof, errors, duplicates, pace, quality by field; of other namespaces nothing."""
    return Response(await served_of(request).call(_report, caller_of(request), number), media_type="application/json")


def _report(store: Store, caller: Caller, number: int) -> bytes:
    return orjson.dumps(report_told(store, caller, job_of(store, caller, number)))


@routes.get(
    f"{_JOBS}/{{number}}/events",
    response_class=StreamingResponse,
    responses={200: {"description": "Events `progress` with the job as data, then `end`.", "content": {"text/event-stream": {}}}},
    **needs(Scope.JOBS_READ),
)
async def events(request: Request, number: Number) -> Response:
    """Follow a job by server-sent events: `progress` whenever it has changed, `end` when it has ended."""
    served, caller = served_of(request), caller_of(request)
    first = await served.call(job_told, served.serving, caller, number)
    check_has_room(request)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(follow(request, first), headers=headers, media_type="text/event-stream")


@routes.put(f"{_JOBS}/{{number}}/pause", **needs(Scope.JOBS_WRITE))
async def pause(request: Request, number: Number, asked: Asking | None = None) -> JobTold:
    """Let a job wait until it is resumed; one that runs ends after its batch."""
    return await _steered(request, number, Store.pause_job, asked)


@routes.put(f"{_JOBS}/{{number}}/resume", **needs(Scope.JOBS_WRITE))
async def resume(request: Request, number: Number, asked: Asking | None = None) -> JobTold:
    """Let a paused job go on behind its last batch."""
    return await _steered(request, number, Store.resume_job, asked)


@routes.put(f"{_JOBS}/{{number}}/hold", **needs(Scope.JOBS_WRITE))
async def hold(request: Request, number: Number, asked: Asking | None = None) -> JobTold:
    """Hand a job over to a person: no worker takes it until it is released."""
    return await _steered(request, number, Store.hold_job, asked)


@routes.put(f"{_JOBS}/{{number}}/release", **needs(Scope.JOBS_WRITE))
async def release(request: Request, number: Number, asked: Asking | None = None) -> JobTold:
    """Let workers have a job that was held."""
    return await _steered(request, number, Store.release_job, asked)


@routes.put(f"{_JOBS}/{{number}}/retry", **needs(Scope.JOBS_WRITE))
async def retry(request: Request, number: Number, asked: Asking | None = None) -> JobTold:
    """Let a failed, cancelled or skipped job run again, behind its last batch."""
    return await _steered(request, number, Store.retry_job, asked)


@routes.delete(f"{_JOBS}/{{number}}", **needs(Scope.JOBS_WRITE))
async def cancel(request: Request, number: Number, why: Note = "") -> JobTold:
    """End a job for good; one that runs ends after its batch, and what it has stored stays."""
    return await _steered(request, number, Store.cancel_job, Asking(why=why))


async def _steered(request: Request, number: int, verb: Callable[..., QueuedJob], asked: Asking | None) -> JobTold:
    served, caller = served_of(request), caller_of(request)

    def steered(store: Store) -> JobTold:
        job_of(store, caller, number)
        try:
            now = verb(store, number, by=caller.who, why=(asked or Asking()).why)
        except NotFoundError:
            raise
        except UsageError as error:
            raise ProblemError(409, "job-state", str(error)) from error
        [told] = jobs_told(store, served.serving, [now])
        return told

    return await served.call(steered)
