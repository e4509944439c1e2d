"""The commands on webhooks: who is told of jobs, and what came through."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Exit, Option

from memproc.cli.app import FAILED, Database, Json, app, show, tell, warn
from memproc.cli.extras import needing
from memproc.cli.help import Application, Group
from memproc.cli.stores import opened

if TYPE_CHECKING:
    from memproc.service.webhooks.registering import Webhook
    from memproc.store.outbox.letters import Delivery

Number = Annotated[int, Argument(metavar="N", min=1, help="The number of a webhook, as `list` shows it.")]
Secret = Annotated[
    str | None,
    Option(metavar="SECRET", help="whsec_ and base64, or a reference: ENV:NAME, KEYRING:service/user. By default one is made."),
]
MOST_DELIVERIES = 50

hooks = Application(name="webhooks", cls=Group, no_args_is_help=True, rich_markup_mode=None, subcommand_metavar="DB | COMMAND ...")
app.add_typer(hooks, help="Tell URLs of jobs by signed webhooks: add and remove them, send, and look at what came through.")


@hooks.command(name="list")
def list_all(database: Database, as_json: Json = False) -> None:
    """List the webhooks, and how many deliveries each has."""
    from memproc.service.webhooks.registering import webhooks

    with opened(database) as store:
        found = webhooks(store)
    show({"webhooks": [asdict(one) for one in found]}, "\n".join(map(_line, found)) or "no webhooks", as_json=as_json)


@hooks.command()
def add(
    database: Database,
    url: Annotated[str, Argument(metavar="URL", help="Where to post to, by https.")],
    event: Annotated[
        list[str] | None,
        Option(
            metavar="TYPE", help="What to tell, as in batch.job.failed, batch.task.* or all; may be repeated. All of jobs if left."
        ),
    ] = None,
    secret: Secret = None,
    allow_private: Annotated[
        bool, Option("--allow-private", help="Also at an address that is not public, or on this machine by http.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Let a URL be told of the jobs of a store from now on, and show the secret that signs it, once."""
    from memproc.service.webhooks.registering import add_webhook
    from memproc.store.outbox.kinds import OF_JOBS

    with opened(database) as store:
        hook, chosen = add_webhook(store, url, events=event or OF_JOBS, secret=secret, allow_private=allow_private)
    told = f"webhook {hook.number} is told of {', '.join(hook.events)}\nsecret: {chosen}\n"
    told += f"to see whether it comes through: memproc webhooks test {database} {hook.number}"
    show({"webhook": hook.number, "events": [*hook.events], "secret": chosen}, told, as_json=as_json)


@hooks.command()
def remove(database: Database, number: Number, as_json: Json = False) -> None:
    """Tell a webhook nothing any more, and forget its secret; what waits for it is dropped."""
    from memproc.service.webhooks.registering import remove_webhook

    with opened(database) as store:
        dropped = remove_webhook(store, number)
    show({"webhook": number, "dropped": dropped}, f"webhook {number} is removed; {dropped} deliveries dropped", as_json=as_json)


@hooks.command()
def rotate(
    database: Database,
    number: Number,
    secret: Secret = None,
    overlap: Annotated[
        str, Option(metavar="SPAN", help="How long the secret before signs too: a number with s, m, h or d.")
    ] = "24h",
    as_json: Json = False,
) -> None:
    """Give a webhook another secret, and show it once."""
    from memproc.service.webhooks.registering import rotate_webhook

    with opened(database) as store:
        chosen = rotate_webhook(store, number, secret=secret, overlap=overlap)
    told = f"secret: {chosen}\nthe one before signs too for {overlap}"
    show({"webhook": number, "secret": chosen, "overlap": overlap}, told, as_json=as_json)


@hooks.command(name="test")
def ping_one(database: Database, number: Number, as_json: Json = False) -> None:
    """Send a webhook an event of the type memproc.test now. Exit with 1 if it does not come through."""
    with needing("service"):
        from memproc.service.webhooks.sender import ping

    with opened(database) as store:
        answer = ping(store, number)
    told = f"it came through: {answer.status}" if answer.why is None else f"it did not come through: {answer.why}"
    show({"webhook": number, "answer": answer.status, "why": answer.why}, told, as_json=as_json)
    if answer.why is not None:
        raise Exit(FAILED)


@hooks.command()
def deliveries(
    database: Database,
    webhook: Annotated[int | None, Option(metavar="N", help="Those of this webhook.")] = None,
    job: Annotated[int | None, Option(metavar="N", help="Those of this job.")] = None,
    status: Annotated[str | None, Option(help="waiting, delivered, dead, resent or dropped.")] = None,
    limit: Annotated[int, Option(metavar="N", min=1, help="Show at most this many.")] = MOST_DELIVERIES,
    as_json: Json = False,
) -> None:
    """List what was sent to webhooks or waits to be, the newest first."""
    from memproc.service.webhooks.registering import deliveries as listed

    with opened(database) as store:
        found = listed(store, webhook=webhook, job=job, status=status, limit=limit)
    told = "\n".join(map(_told_of, found)) or "no deliveries"
    show({"deliveries": [asdict(one) for one in found]}, told, as_json=as_json)


@hooks.command()
def resend(
    database: Database,
    numbers: Annotated[list[int] | None, Argument(metavar="N...", help="The numbers of dead deliveries; all if left out.")] = None,
    webhook: Annotated[int | None, Option(metavar="N", help="Those of this webhook, which is told of jobs again.")] = None,
    as_json: Json = False,
) -> None:
    """Send dead deliveries again, behind what waits of their job."""
    from memproc.service.webhooks.registering import resend as again

    with opened(database) as store:
        count = again(store, numbers or None, webhook=webhook)
    show({"resent": count}, f"{count} to be sent again", as_json=as_json)


@hooks.command()
def send(
    database: Database,
    until_empty: Annotated[bool, Option("--until-empty", help="End when nothing is due in the next ten seconds.")] = False,
    max_seconds: Annotated[float | None, Option(metavar="SECONDS", min=0, help="End after this time.")] = None,
    as_json: Json = False,
) -> None:
    """Send what is due to webhooks, and go on until Ctrl-C. Any number of processes may do so at once.

    With --until-empty exit with 1 if something is left to the next run.
    """
    from math import inf
    from time import monotonic

    with needing("service"):
        from memproc.service.webhooks.registering import webhooks
        from memproc.service.webhooks.sender import Delivered, deliver

    warn()
    ends_at, done = inf if max_seconds is None else monotonic() + max_seconds, Delivered()
    with opened(database) as store:
        try:
            deliver(store, until=lambda: monotonic() > ends_at, until_empty=until_empty, done=done)
        except KeyboardInterrupt:
            tell("ended; what is left waits for the next sender")
        left = sum(hook.deliveries.get("waiting", 0) for hook in webhooks(store))
    values: dict[str, Any] = {"delivered": done.delivered, "failed": done.failed, "failures": dict(done.failures), "waiting": left}
    lines = [f"{done.delivered} delivered, {done.failed} attempts failed" + (f", {left} left to the next run" if left else "")]
    show(values, "\n".join([*lines, *(f"  {count} x {why}" for why, count in done.failures.most_common(5))]), as_json=as_json)
    if left and until_empty:
        raise Exit(FAILED)


def _line(hook: Webhook) -> str:
    state = hook.status if hook.why is None else f"{hook.status}: {hook.why}"
    counts = ", ".join(f"{count} {status}" for status, count in sorted(hook.deliveries.items())) or "nothing sent"
    return f"{hook.number}  {hook.url}  ({state})\n    {', '.join(hook.events)}\n    {counts}"


def _told_of(one: Delivery) -> str:
    why = f": {one.why}" if one.why else ""
    return f"{one.number}  {one.status}  {one.type} of job {one.job} to webhook {one.webhook}, {one.attempts} attempts{why}"
