"""The commands on quarantined records: list, show, group, export, discard or retry them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from typer import Argument, Exit, Option

from memproc.cli.app import FAILED, Database, Json, Limit, app, settings_of, show
from memproc.cli.option_groups import grouped
from memproc.cli.options import MAX_DEPTH, MAX_FIELDS, Dated, FormatName, Hiding, Mapped, MaxDepth, MaxFields
from memproc.cli.output import fields_of, target, times
from memproc.cli.stores import opened
from memproc.config import QuarantineStatus
from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.cli.progress import Shown
    from memproc.report.report import Report
    from memproc.store.answers import Quarantined
    from memproc.store.quarantine.triage import Filters

EXCERPT_CHARS = 100


Status = Literal[QuarantineStatus, "all"]
Numbers = Annotated[list[int] | None, Argument(metavar="N", help="The numbers of quarantined records.")]
Category = Annotated[str | None, Option(help="Only records of this category: validation, transform, source and so on.")]
Code = Annotated[str | None, Option(help="Only records with a fault of this code.")]
OfJob = Annotated[int | None, Option("--job", help="Only records that this job rejected.")]
OfSource = Annotated[str | None, Option("--source", help="Only records from this file or source.")]


@app.command()
def quarantine(
    database: Database,
    numbers: Numbers = None,
    show_one: Annotated[int | None, Option("--show", metavar="N", help="Show record N in full, with its history.")] = None,
    patterns: Annotated[bool, Option("--patterns", help="Group records with similar faults, the most frequent first.")] = False,
    export: Annotated[
        str | None, Option(metavar="FILE", help="Write JSON lines to edit and read with retry --from; - for standard output.")
    ] = None,
    discard: Annotated[
        bool, Option("--discard", help="Close these records, or all that match the filters, without ingesting them.")
    ] = False,
    note: Annotated[str, Option(help="Why they are discarded; kept in their history.")] = "",
    category: Category = None,
    code: Code = None,
    job: OfJob = None,
    source: OfSource = None,
    status: Annotated[Status, Option(help=f"Which records to list: {', '.join(get_args(QuarantineStatus))}, or all.")] = "open",
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """List the quarantined records, each with its faults and advice; or show, group, export or discard them."""
    which: Filters = {"category": category, "code": code, "job": job, "source": source}
    _mind_use(numbers, which, (show_one is not None, patterns, export is not None, discard), takes_numbers=discard)
    with opened(database) as store:
        if show_one is not None:
            one = store.quarantined(show_one)
            show(_as_values(one), "\n".join(_told_whole(one)), as_json=as_json)
        elif patterns:
            found = store.patterns(limit=limit, **which)
            told = "\n".join(f"{pattern.told()} (as in {pattern.example})" for pattern in found) or "nothing is in quarantine"
            show({"patterns": [fields_of(pattern) for pattern in found]}, told, as_json=as_json)
        elif export is not None:
            lines = store.export_quarantine(target(export), **which)
            show({"lines": lines, "to": export}, f"{lines} lines to {export}", as_json=as_json, to=export)
        elif discard:
            count = store.discard(numbers or [one.number for one in store.quarantine(**which)], note)
            show({"discarded": count}, f"{count} discarded", as_json=as_json)
        else:
            if numbers:
                listed = [store.quarantined(number) for number in numbers]
            else:
                listed = store.quarantine(status=None if status == "all" else status, limit=limit, **which)
            _list(listed, as_json=as_json)


@app.command()
@grouped
def retry(
    database: Database,
    mapped: Mapped,
    dates: Dated,
    hiding: Hiding,
    numbers: Numbers = None,
    edited: Annotated[Path | None, Option("--from", metavar="FILE", help="An edited export of quarantine.")] = None,
    format: FormatName = None,
    category: Category = None,
    code: Code = None,
    job: OfJob = None,
    source: OfSource = None,
    max_fields: MaxFields = MAX_FIELDS,
    max_depth: MaxDepth = MAX_DEPTH,
    as_json: Json = False,
) -> None:
    """Ingest quarantined records again: all, some, or as edited in an export. Exit with 1 if one still fails."""
    from memproc.cli.working import Telling, Told, Wanted, worked

    which: Filters = {"category": category, "code": code, "job": job, "source": source}
    settings = settings_of(max_fields=max_fields, max_depth=max_depth, **dates.settings, **hiding.settings)
    mapping = mapped.found()

    def told(report: Report) -> Told:
        text = str(report) if report.job is not None else "\n".join(["nothing to replay", *report.notes])
        return report.as_dict(), text

    with opened(database, settings=settings) as store:

        def work(shown: Shown) -> Report:
            return store.replay(numbers or None, mapping=mapping, edited=edited, format=format, on_event=shown.hear, **which)

        wanted = Wanted([], [], database, called="quarantine")
        report = worked(work, wanted, Telling("auto", is_quiet=False, as_json=as_json), told)
    if report.status != "done" or report.quarantined:
        raise Exit(FAILED)


def _mind_use(numbers: Sequence[int] | None, which: Filters, acts: Sequence[bool], *, takes_numbers: bool) -> None:
    if sum(acts) > 1:
        raise UsageError("give one of --show, --patterns, --export and --discard")
    if numbers and any(acts) and not takes_numbers:
        raise UsageError("give numbers to list or to --discard; --show takes its own")
    if takes_numbers and bool(numbers) == any(value is not None for value in which.values()):
        raise UsageError("say what to discard: numbers, or else filters")


def _list(listed: Sequence[Quarantined], *, as_json: bool) -> None:
    lines = [line for record in listed for line in _told(record)]
    values = [_as_values(record) for record in listed]
    show({"quarantined": values}, "\n".join(lines) or "nothing is in quarantine", as_json=as_json)


def _as_values(one: Quarantined) -> dict[str, Any]:
    history = [fields_of(entry) for entry in one.history]
    faults = [fault.as_dict() for fault in one.faults]
    return {**fields_of(one), "faults": faults, "raw": one.raw.decode("utf-8", "replace"), "history": history}


def _told(one: Quarantined) -> list[str]:
    status = "" if one.status == "open" else f", {one.status}"
    seen = f"{one.category}, seen {times(one.times_seen)}{status}"
    return [
        f"{one.number}  job {one.job}, position {one.position} of {one.source} ({seen})",
        *(f"    {fault.path or 'record'}: {fault.message} - {fault.hint}" for fault in one.faults),
        f"    {_excerpt(one.raw)}",
    ]


def _told_whole(one: Quarantined) -> list[str]:
    """Return all that is known of a record as lines of text; bytes that are not UTF-8 are shown as escapes."""
    head, *faults, _ = _told(one)
    where = [f"format {one.format}", *([f"namespace {one.namespace}"] if one.namespace else []), f"last seen {one.last_seen}"]
    tracebacks = [f"    {line}" for fault in one.faults for line in fault.traceback.splitlines()]
    text = one.raw.decode("utf-8", "backslashreplace") or "(its bytes are gone)"
    became = (f" as {entry.other}" if entry.other else "" for entry in one.history)
    history = [f"    {entry.made_at}  {entry.kind}{what}: {entry.reason}" for entry, what in zip(one.history, became, strict=True)]
    return [head, f"    {', '.join(where)}", *faults, *tracebacks, "  raw:", text, "  history:", *history]


def _excerpt(raw: bytes) -> str:
    text = raw[: EXCERPT_CHARS + 1].decode("utf-8", "replace")
    return ascii(text if len(text) <= EXCERPT_CHARS else text[:EXCERPT_CHARS] + "...")
