"""The command on jobs: list them with their progress, or ask one to pause, resume or stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from typer import Option

from memproc.cli.app import Database, Json, app, show
from memproc.cli.help import Application, Group
from memproc.cli.progress_lines import told_left
from memproc.cli.stores import opened
from memproc.cli.watching import GONE, values_of, watched
from memproc.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from memproc.store.answers import Job

_COUNTS = ("read", "stored", "duplicate", "merged", "quarantined")


jobs_app = Application(cls=Group, rich_markup_mode=None, no_args_is_help=True, subcommand_metavar="DB | COMMAND ...")
app.add_typer(jobs_app, name="jobs", help="List the ingestions, watch them, or work with the queue of jobs that wait.")


@jobs_app.command("list")
def list_jobs(
    database: Database,
    pause: Annotated[
        int | None, Option(metavar="N", min=1, help="Ask job N to stop after its current batch; ingest --resume continues it.")
    ] = None,
    go_on: Annotated[
        int | None, Option("--resume", metavar="N", min=1, help="Withdraw a request to job N that has not taken effect yet.")
    ] = None,
    cancel: Annotated[int | None, Option(metavar="N", min=1, help="Ask job N to stop for good; committed batches stay.")] = None,
    watch: Annotated[bool, Option("--watch", help="Show how far the running jobs are until they end, or Ctrl-C.")] = False,
    as_json: Json = False,
) -> None:
    """List the ingestions, watch them, or ask one to pause or to stop."""
    if watch and any(number is not None for number in (pause, go_on, cancel)):
        raise UsageError("--watch only looks: ask a job to pause or to stop without it")
    with opened(database) as store:
        if watch:
            watched(store, as_json=as_json)
            return
        by_number = {job.number: job for job in store.jobs()}
        for number, verb in ((pause, "pause"), (go_on, "resume"), (cancel, "cancel")):
            if number is not None:
                if number not in by_number:
                    raise NotFoundError(f"no job {number}")
                getattr(by_number[number], verb)()
        listed = store.jobs()
    show({"jobs": [values_of(job) for job in listed]}, "\n".join(map(_line, listed)) or "no jobs", as_json=as_json)


def _line(job: Job) -> str:
    is_dead = job.status == "running" and job.is_alive is False
    asked = f", {job.request} asked" if job.request else ""
    state = GONE if is_dead else f"{job.status}{asked}"
    left = "" if job.seconds_left is None else f", {told_left(job.seconds_left)} left"
    how_far = "" if job.share is None else f"{job.share:.0%}{left}: "
    counts = " + ".join(f"{getattr(job, name)} {name}" for name in _COUNTS[1:])
    form = f" ({job.format})" if job.format else ""
    return f"{job.number}  {state}  {job.source}{form} from {job.started_at}\n    {how_far}read {job.read} = {counts}"
