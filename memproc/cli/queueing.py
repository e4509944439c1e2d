"""The commands on the queue: look at what waits, and ask something of a job."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from memproc.cli.app import Database, Json, show
from memproc.cli.jobs import jobs_app
from memproc.cli.output import fields_of
from memproc.cli.stores import opened
from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.store.queued import QueuedJob, QueueStats
    from memproc.store.store import Store

Number = Annotated[int, Argument(metavar="N", min=1, help="The number of the job.")]
By = Annotated[str | None, Option("--by", metavar="NAME", help="Who asks for it; by default who is logged in.")]
Why = Annotated[str, Option("--why", metavar="TEXT", help="Why; kept with the change.")]
Set = Annotated[list[str] | None, Option("--set", metavar="NAME=VALUE", help="A setting of the run, as in batch_size=500.")]


@jobs_app.command("queue")
def list_queue(
    database: Database,
    state: Annotated[
        str | None, Option(metavar="NAME", help="Only waiting, held, running, paused, done, failed, cancelled or skipped ones.")
    ] = None,
    stats: Annotated[bool, Option("--stats", help="Tell how many wait, how long, and what each namespace used.")] = False,
    as_json: Json = False,
) -> None:
    """List the jobs that were submitted, or count them."""
    with opened(database) as store:
        if stats:
            counted = store.queue_stats()
            values = fields_of(counted)
            values |= {
                "tenants": [fields_of(one) for one in counted.tenants],
                "workers": [fields_of(one) for one in counted.workers],
            }
            show(values, "\n".join(_lines_of(counted)), as_json=as_json)
            return
        listed = store.queue(state)
    show({"jobs": [fields_of(one) for one in listed]}, "\n".join(map(line_of, listed)) or "no jobs", as_json=as_json)


@jobs_app.command("show")
def show_job(database: Database, number: Number, as_json: Json = False) -> None:
    """Show a job of the queue: what it reads, its attempts, and each change of its state."""
    with opened(database) as store:
        history = store.queued(number)
    read = history.job.work.get("sources", ())
    lines = [line_of(history.job), *(f"    {one if isinstance(one, str) else one['label']}" for one in read)]
    for one in history.attempts:
        used = "" if one.cpu_seconds is None else f", {one.cpu_seconds:.1f} s of CPU"
        lines.append(f"  attempt {one.attempt} by {one.worker} from {one.began_at}: {one.outcome or 'running'}{used}")
    for step in history.changes:
        by = f" by {step.made_by}" if step.made_by else ""
        lines.append(f"  {step.made_at}  {step.became}{by}" + (f": {step.why}" if step.why else ""))
    values = {
        "job": fields_of(history.job),
        "attempts": [fields_of(one) for one in history.attempts],
        "changes": [fields_of(one) for one in history.changes],
    }
    show(values, "\n".join(lines), as_json=as_json)


@jobs_app.command()
def pause(database: Database, number: Number, by: By = None, why: Why = "", as_json: Json = False) -> None:
    """Let a job wait until it is resumed; one that runs ends after its batch."""
    _ask(database, "pause_job", number, as_json, by=asker(by), why=why)


@jobs_app.command()
def resume(database: Database, number: Number, by: By = None, why: Why = "", as_json: Json = False) -> None:
    """Let a paused job go on."""
    _ask(database, "resume_job", number, as_json, by=asker(by), why=why)


@jobs_app.command()
def cancel(database: Database, number: Number, by: By = None, why: Why = "", as_json: Json = False) -> None:
    """End a job for good; one that runs ends after its batch, and what it has stored stays."""
    _ask(database, "cancel_job", number, as_json, by=asker(by), why=why)


@jobs_app.command()
def hold(database: Database, number: Number, by: By = None, why: Why = "", as_json: Json = False) -> None:
    """Hand a job over to a person: no worker takes it until it is released."""
    _ask(database, "hold_job", number, as_json, by=asker(by), why=why)


@jobs_app.command()
def release(database: Database, number: Number, by: By = None, why: Why = "", as_json: Json = False) -> None:
    """Let workers have a held job."""
    _ask(database, "release_job", number, as_json, by=asker(by), why=why)


@jobs_app.command()
def retry(database: Database, number: Number, set_: Set = None, by: By = None, why: Why = "", as_json: Json = False) -> None:
    """Run a failed, cancelled or skipped job again, behind its last batch; with other settings anew, as another job."""
    _ask(database, "retry_job", number, as_json, settings=values_of(set_) or None, by=asker(by), why=why)


@jobs_app.command()
def rules(
    database: Database,
    set_: Annotated[list[str] | None, Option("--set", metavar="NAME=VALUE", help="A rule to change, as in at_once=4.")] = None,
    as_json: Json = False,
) -> None:
    """Show the rules by which the queue is worked off, or change some."""
    with opened(database) as store:
        now = store.set_queue_rules(**_rules_in(set_)) if set_ else store.queue_rules()
    values = now.as_dict()
    show(values, "\n".join(f"{name} = {'none' if value is None else value}" for name, value in values.items()), as_json=as_json)


@jobs_app.command("schedules")
def list_schedules(
    database: Database,
    end: Annotated[int | None, Option(metavar="N", min=1, help="Submit no more jobs of schedule N.")] = None,
    by: By = None,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """List what is submitted again and again, or end it."""
    with opened(database) as store:
        found = store.schedules() if end is None else [store.end_schedule(end, by=asker(by), why=why)]
    lines = [
        f"{one.number}  {one.cron} in {one.time_zone}"
        + (f"  {one.name}" if one.name else "")
        + (f"  next is job {one.next_job} at {one.next_at}" if one.next_job else "")
        + (f"  ended at {one.ended_at}" if one.ended_at else "")
        for one in found
    ]
    show({"schedules": [fields_of(one) for one in found]}, "\n".join(lines) or "no schedules", as_json=as_json)


def line_of(job: QueuedJob) -> str:
    """Return a job of the queue as a line."""
    waits = f" for {job.waits_for}" if job.waits_for and job.waits_for != "time" else ""
    behind = f" {', '.join(map(str, job.needs))}" if job.waits_for == "jobs" else ""
    until = f" until {job.not_before}" if job.waits_for == "time" else ""
    name = f" {job.name}" if job.name else ""
    whose = f" of {job.namespace}" if job.namespace else ""
    error = f": {job.error}" if job.error else ""
    return f"{job.number}  {job.state}{waits}{behind}{until}  {job.priority}{name}{whose}, submitted {job.submitted_at}{error}"


def _lines_of(stats: QueueStats) -> list[str]:
    """Return the figures of a queue as lines."""
    lines = [f"jobs: {', '.join(f'{count} {state}' for state, count in stats.states.items()) or 'none'}"]
    if stats.mean_wait_seconds is not None:
        lines.append(f"waited: {stats.mean_wait_seconds:.1f} s in the mean, {stats.longest_wait_seconds or 0:.1f} s at most")
    if stats.deadlines_met is not None:
        lines.append(f"deadlines: {stats.deadlines}, of which {stats.deadlines_met:.1%} were met")
    for used in stats.tenants:
        whose = "no namespace" if used.namespace is None else f"namespace {used.namespace}"
        tries = "1 attempt" if used.attempts == 1 else f"{used.attempts} attempts"
        lines.append(f"{whose}: {tries}, {used.cpu_seconds:.1f} s of CPU ({used.share:.1%}), {used.peak_bytes >> 20} MiB at most")
    for one in stats.workers:
        job = "" if one.job is None else f" job {one.job}"
        lines.append(f"worker {one.machine}:{one.pid}: {one.state}{job}, seen {one.seen_at}")
    return [*lines, *(() if stats.workers else ("no worker is at work: memproc work DB is one",))]


def asker(by: str | None) -> str:
    """Return who asks, by default who is logged in."""
    if by is not None:
        return by
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # the system knows no name
        return ""


def values_of(pairs: list[str] | None) -> dict[str, Any]:
    """Return the settings of --set options. Raises UsageError on one that is not NAME=VALUE, or that there is not."""
    from memproc.configuring import check_names, checked

    found = dict(_pairs(pairs))
    check_names(found, "--set")
    return {name: checked(name, value, f"--set {name}={value}") for name, value in found.items()}


def _rules_in(pairs: list[str] | None) -> dict[str, Any]:
    import orjson

    found: dict[str, Any] = {}
    for name, value in _pairs(pairs):
        try:
            found[name] = None if value == "none" else orjson.loads(value)
        except orjson.JSONDecodeError:
            found[name] = value
    return found


def _pairs(pairs: list[str] | None) -> list[tuple[str, str]]:
    found = []
    for pair in pairs or ():
        name, is_given, value = pair.partition("=")
        if not is_given or not name:
            raise UsageError(f"--set {pair}: give NAME=VALUE")
        found.append((name, value))
    return found


def _ask(database: str, verb: str, number: int, as_json: bool, **given: Any) -> None:
    with opened(database) as store:
        _show_asked(store, verb, number, as_json=as_json, **given)


def _show_asked(store: Store, verb: str, number: int, *, as_json: bool, **given: Any) -> None:
    job = getattr(store, verb)(number, **given)
    show(fields_of(job), line_of(job), as_json=as_json)
