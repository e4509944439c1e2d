"""The command that submits a job to the queue of a store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from memproc.cli.app import Json, settings_of, show, tell
from memproc.cli.how_read import HowRead
from memproc.cli.jobs import jobs_app
from memproc.cli.option_groups import grouped
from memproc.cli.options import AsOf, FirstOnly, Gate, Hiding, Namespace, SourceName, Written
from memproc.cli.output import fields_of
from memproc.cli.queueing import By, Set, asker, line_of, values_of
from memproc.cli.remotes import Following, FromDatabase
from memproc.cli.rest_options import FromWeb
from memproc.store.queued import IfFailed, Missed, Priority


@jobs_app.command()
@grouped
def submit(
    what: Annotated[list[str], Argument(metavar="SOURCE", help="Files, folders, patterns, archives, a database, a web API.")],
    into: Annotated[str, Option(metavar="DB", help="The store: a path, or a SQLAlchemy URL.")],
    database: FromDatabase,
    web: FromWeb,
    written: Written,
    following: Following,
    hiding: Hiding,
    namespace: Namespace = None,
    source: SourceName = None,
    as_of: AsOf = None,
    limit: FirstOnly = None,
    gate: Gate = None,
    set_: Set = None,
    name: Annotated[str, Option(metavar="TEXT", help="What the job is called.")] = "",
    priority: Annotated[Priority, Option(help="high goes first; who waits for long rises.")] = "normal",
    after: Annotated[list[int] | None, Option(metavar="N", min=1, help="Not before job N has ended; may be given again.")] = None,
    if_failed: Annotated[
        IfFailed, Option(help="If one of those fails: wait until it is retried, skip this one, or run it.")
    ] = "wait",
    at: Annotated[str | None, Option(metavar="TIME", help="Not before this time.")] = None,
    every: Annotated[
        str | None, Option(metavar="CRON", help='Again and again, as in "0 3 * * *" for three at night (extra `service`).')
    ] = None,
    time_zone: Annotated[str, Option(metavar="ZONE", help="Of that expression, as in Europe/Berlin.")] = "UTC",
    missed: Annotated[Missed, Option(help="What was missed as no worker was there: run once, or skip.")] = "once",
    deadline: Annotated[str | None, Option(metavar="TIME", help="When it shall be done; it is told whether it was.")] = None,
    retries: Annotated[int, Option(metavar="N", min=0, help="How often a failed attempt is tried again.")] = 0,
    held: Annotated[bool, Option("--held", help="Leave it to a person: no worker takes it until it is released.")] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Let a worker (`memproc work`) ingest files into a store, which is made where there is none."""
    from memproc.store.store import Store

    how = HowRead(database, None, web, written)
    given, asked = how.given(what, following)
    options = how.arguments(asked) | {"as_of": as_of, "limit": limit, "gate": gate}
    options["mapping"] = written.mapped.mapping or options["mapping"]
    settings = {**how.dates, **hiding.settings, **values_of(set_)}
    with Store(into, settings=settings_of()) as store:
        job = store.submit(
            given,
            namespace=namespace,
            source=source,
            format=options.pop("format"),
            settings=settings,
            options={name: value for name, value in options.items() if value},
            name=name,
            submitter=asker(by),
            priority=priority,
            after=after or (),
            if_failed=if_failed,
            at=at,
            every=every,
            time_zone=time_zone,
            missed=missed,
            deadline=deadline,
            retries=retries,
            held=held,
        )
    for one in job.work.get("sources", ()):
        if isinstance(one, str) and "://" not in one and not Path(one).exists():
            tell(f"{one} is not there now: the job fails unless its worker finds it under this path")
    show(fields_of(job), line_of(job), as_json=as_json)
