"""The command on jobs: list them with their progress, or ask one to pause, resume or stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from typer import Option

from memproc.cli.app import Database, Json, app, show
from memproc.cli.stores import opened
from memproc.errors import NotFoundError

if TYPE_CHECKING:
    from memproc.store.answers import Job

_COUNTS = ("read", "stored", "duplicate", "merged", "quarantined")
_TOLD = ("number", "status", "request", "is_alive", "runs", "source", "format", "started_at", "finished_at", *_COUNTS)


@app.command()
def jobs(
    database: Database,
    pause: Annotated[
        int | None, Option(metavar="N", min=1, help="Ask job N to stop after its current batch; ingest --resume continues it.")
    ] = None,
    go_on: Annotated[
        int | None, Option("--resume", metavar="N", min=1, help="Withdraw a request to job N that has not taken effect yet.")
    ] = None,
    cancel: Annotated[int | None, Option(metavar="N", min=1, help="Ask job N to stop for good; committed batches stay.")] = None,
    as_json: Json = False,
) -> None:
    """List the ingestions, or ask one to pause or to stop."""
    with opened(database) as store:
        by_number = {job.number: job for job in store.jobs()}
        for number, verb in ((pause, "pause"), (go_on, "resume"), (cancel, "cancel")):
            if number is not None:
                if number not in by_number:
                    raise NotFoundError(f"no job {number}")
                getattr(by_number[number], verb)()
        listed = store.jobs()
    values = [{name: getattr(job, name) for name in _TOLD} for job in listed]
    show({"jobs": values}, "\n".join(map(_line, listed)) or "no jobs", as_json=as_json)


def _line(job: Job) -> str:
    is_dead = job.status == "running" and job.is_alive is False
    asked = f", {job.request} asked" if job.request else ""
    state = "its process is gone: ingest --resume goes on" if is_dead else f"{job.status}{asked}"
    counts = " + ".join(f"{getattr(job, name)} {name}" for name in _COUNTS[1:])
    return f"{job.number}  {state}  {job.source} ({job.format}) from {job.started_at}\n    read {job.read} = {counts}"
