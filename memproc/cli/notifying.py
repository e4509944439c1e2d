"""The commands on notifications: the rules by which people are told of jobs, and what was sent."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Exit, Option

from memproc.cli.app import FAILED, Database, Json, app, show, tell, warn
from memproc.cli.extras import needing
from memproc.cli.help import Application, Group
from memproc.cli.stores import opened
from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.service.notifications.rules import Rules
    from memproc.store.outbox.notices import Notice

LARGEST_RULES = 1 << 20
MOST_NOTICES = 50

notify = Application(name="notify", cls=Group, no_args_is_help=True, rich_markup_mode=None, subcommand_metavar="DB | COMMAND ...")
app.add_typer(notify, help="Tell people how jobs end, by mail and chat: keep rules, try channels, send, and look at what was sent.")


@notify.command(name="list")
def list_all(
    database: Database,
    limit: Annotated[int, Option(metavar="N", min=1, help="Show at most this many.")] = MOST_NOTICES,
    as_json: Json = False,
) -> None:
    """List what was sent, or waits to be, the newest first."""
    with needing("notify"):
        from memproc.service.notifications.notifier import notices
    from memproc.times import from_micros

    with opened(database) as store:
        found = notices(store, limit=limit)
    listed = [{**one._asdict(), "due_at": None if one.due_at is None else from_micros(one.due_at)} for one in found]
    for one in listed:
        del one["message"]
    show({"notices": listed}, "\n".join(map(_line, found)) or "no notices", as_json=as_json)


@notify.command()
def rules(
    database: Database,
    file: Annotated[Path | None, Argument(metavar="FILE", help="Rules in TOML to keep; without one those kept are shown.")] = None,
    clear: Annotated[bool, Option("--clear", help="Keep no rules any more.")] = False,
    as_json: Json = False,
) -> None:
    """Keep the rules of a file in a store, or show those that it keeps. A fault is told with its line, and nothing is changed."""
    if clear and file is not None:
        raise UsageError("give FILE or --clear, not both")
    with needing("notify"):
        from memproc.service.notifications.notifier import rules_of, set_rules

    with opened(database) as store:
        read = set_rules(store, None if file is None else _text_of(file), str(file)) if clear or file is not None else None
        kept = rules_of(store)
    told = (kept or "no rules are kept").rstrip("\n") if read is None else _kept(read, database)
    show({"rules": kept}, told, as_json=as_json)


@notify.command(name="test")
def try_one(
    database: Database,
    channel: Annotated[str, Argument(metavar="CHANNEL", help="The name of a channel in the rules.")],
    as_json: Json = False,
) -> None:
    """Send a message to a channel now. Exit with 1 if it could not be sent."""
    with needing("notify"):
        from memproc.service.notifications.notifier import try_channel

        with opened(database) as store:
            why = try_channel(store, channel)
    show({"channel": channel, "why": why}, "sent" if why is None else f"not sent: {why}", as_json=as_json)
    if why is not None:
        raise Exit(FAILED)


@notify.command()
def send(
    database: Database,
    until_empty: Annotated[bool, Option("--until-empty", help="End as soon as nothing can be sent now.")] = False,
    max_seconds: Annotated[float | None, Option(metavar="SECONDS", min=0, help="End after this time.")] = None,
    as_json: Json = False,
) -> None:
    """Send what is due by the rules, and go on until Ctrl-C. Exit with 1 if it ended and something could not be sent."""
    from math import inf
    from time import monotonic

    with needing("notify"):
        from memproc.service.notifications.notifier import Notified
        from memproc.service.notifications.notifier import notify as sent_by_rules

    warn()
    ends_at, done = inf if max_seconds is None else monotonic() + max_seconds, Notified()
    with opened(database) as store:
        try:
            sent_by_rules(store, until=lambda: monotonic() > ends_at, until_empty=until_empty, done=done)
        except KeyboardInterrupt:
            tell("ended; what is left waits for the next run")
    told = f"{done.messages} messages with {done.notices} notices; {done.failed} could not be sent"
    show(asdict(done), told, as_json=as_json)
    if done.failed and until_empty:
        raise Exit(FAILED)


def _kept(read: Rules, database: str) -> str:
    from memproc.report.report import counted

    rules, channels = counted(len(read.rules), "rule"), counted(len(read.channels), "channel")
    tries = [f"  memproc notify test {quote(database)} {quote(name)}" for name in read.channels]
    return "\n".join([f"{rules} and {channels} are kept; to try a channel:", *tries])


def _line(one: Notice) -> str:
    why = f": {one.why}" if one.why else ""
    return f"{one.number}  {one.status}  {one.rule}: job {one.facts.get('job')} {one.facts.get('end')}, to {one.channel}{why}"


def _text_of(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            read = stream.read(LARGEST_RULES + 1)
        if len(read) > LARGEST_RULES:
            raise UsageError(f"{file}: is larger than 1 MiB, and no file of rules")
        return read.decode()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: is no UTF-8: {error}") from error
