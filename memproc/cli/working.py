"""An ingestion from the command line, from what is read to what to do next: what is told of it, where, and how it is stopped."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from memproc.cli.app import show, tell, tell_event
from memproc.cli.following import Asked, following, lines_of, resuming
from memproc.cli.interrupting import interruptible
from memproc.cli.progress import Shown, shown_progress
from memproc.cli.remotes import shown as without_password
from memproc.errors import MemprocError

if TYPE_CHECKING:
    from memproc.cli.options import ProgressForm
    from memproc.report.events import JobStarted
    from memproc.report.report import Report


class Telling(NamedTuple):
    """How an ingestion is told: the form of its progress, whether errors alone are told, whether the report is JSON."""

    form: ProgressForm
    is_quiet: bool
    as_json: bool


class Wanted(NamedTuple):
    """What the command was given to read, as sources and as it was written, and the store; `called` is what is no source."""

    given: Sequence[Any]
    what: Sequence[str]
    into: str
    called: str | None = None


Told = tuple[dict[str, Any], str]  # a result, as JSON values and as text


def as_it_is(report: Report) -> Told:
    """Return a report as it is told."""
    return report.as_dict(), str(report)


def worked(work: Callable[[Shown], Report], wanted: Wanted, telling: Telling, told: Callable[[Report], Told] = as_it_is) -> Report:
    """Do the work and tell of it: what is read, how far it is, the report, and what to do next. Return the report, also of an
    ingestion that was interrupted. `told` makes of the report what is told at the end. An error that ends a job which can be
    resumed gets a note with the command.
    """
    from memproc.report.ending import Interrupted

    asked = Asked(sys.argv[1:], wanted.into, wanted.what, can_resume=False)

    def begin(reading: JobStarted) -> None:
        nonlocal asked
        asked = asked._replace(can_resume=reading.can_resume)
        shown.start(reading)

    named = [without_password(one) for one in wanted.what] if wanted.called is None else [wanted.called]
    thing = "file" if wanted.given and all(isinstance(one, Path) for one in wanted.given) else "source"
    try:
        with shown_progress("off" if telling.is_quiet else telling.form, named, thing) as shown, interruptible(shown) as kept:
            report = work(kept._replace(start=begin))
    except Interrupted as interrupted:
        report = interrupted.report
        tell("memproc: interrupted" + (": --resume goes on behind the last batch" if asked.can_resume else ""))
    except MemprocError as error:
        if asked.can_resume:
            error.add_note(f"to go on:\n  {resuming(asked)}")
        raise
    _tell_end(report, told(report), asked, telling)
    return report


def _tell_end(report: Report, told: Told, asked: Asked, telling: Telling) -> None:
    """Print the report, and what to do next."""
    found = following(report, asked)
    commands = [one.command for one in found]
    if telling.as_json or not telling.is_quiet:
        values, text = told
        show({**values, "next": commands}, text, as_json=telling.as_json)
    if telling.is_quiet:
        return
    if telling.form == "json":
        tell_event({"event": "end", "status": report.status, "next": commands})
    elif not telling.as_json:
        sys.stdout.flush()  # where both are one terminal or one file, the report comes first
        for line in lines_of(found):
            tell(line)
