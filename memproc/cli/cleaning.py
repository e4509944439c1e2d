"""The command that tells what to delete in the store of another program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from memproc.cli.app import Json, MergeAt, app, settings_of, show, tell, warn
from memproc.cli.options import Include
from memproc.cli.output import json_text, print_lines
from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.cleaned import Cleaning, Doubt, Removal, Update

TEXT_SHOWN = 200  # characters
_OF_REMOVAL = ("id", "text", "namespace", "stays", "stays_text", "confidence", "reason", "lost", "call", "sql", "values")
_OF_UPDATE = ("kind", "id", "text", "namespace", "becomes", "rests_on", "confidence", "reason", "call", "sql", "values")
_OF_DOUBT = ("kind", "ids", "texts", "confidence", "reason")


@app.command()
def clean(
    store: Annotated[str, Argument(metavar="STORE", help="The store of another program, as in mem0:///tmp/qdrant.")],
    into: Annotated[str | None, Option(metavar="DB", help="Keep what was read in this store; by default it is forgotten.")] = None,
    include: Include = None,
    merge_at: MergeAt = None,
    calls: Annotated[
        bool, Option("--calls", help="Print only the calls that delete and update, as its own program has them.")
    ] = False,
    sql: Annotated[bool, Option("--sql", help="Print only SQL that does it, a JSON object with its values on each line.")] = False,
    dry_run: Annotated[  # noqa: ARG001 - says what is always so
        bool,
        Option("--dry-run", help="Only tell what to change. It is always so: nothing is ever changed in the other store."),
    ] = True,
    as_json: Json = False,
) -> None:
    """Tell what is in another program's store more than once, with the calls that delete it there; change nothing there."""
    from memproc.cleaning import clean as look

    if calls + sql + as_json > 1:
        raise UsageError("--calls, --sql and --json: give one of them")
    warn()
    found = look(store, into, settings=settings_of(merge_at=merge_at), include=include or ())
    if calls:
        print_lines([one.call for one in found.steps])
    elif sql:
        print_lines([json_text({"sql": one.sql, "values": dict(one.values)}) for one in found.steps if one.sql])
        _tell_without_sql(found)
    else:
        show(_as_dict(found), "\n".join(_lines(found)), as_json=as_json)


def _tell_without_sql(found: Cleaning) -> None:
    steps = found.steps
    if without := sum(one.sql is None for one in steps):
        tell(f"memproc: {without} of {len(steps)} can be done by their own program only: --calls tells how")


def _as_dict(found: Cleaning) -> dict[str, Any]:
    removals = [{name: getattr(one, name) for name in _OF_REMOVAL} for one in found.removals]
    updates = [{name: getattr(one, name) for name in _OF_UPDATE} for one in found.updates]
    doubts = [{name: getattr(one, name) for name in _OF_DOUBT} for one in found.doubts]
    counts = {"read": found.report.read, "quarantined": found.report.quarantined, "without_call": found.without_call}
    return {"store": found.store, **counts, "delete": removals, "update": updates, "for_a_person": doubts}


def _lines(found: Cleaning) -> list[str]:
    steps = f"{len(found.removals)} to delete, {len(found.updates)} to update"
    counts = f"{found.report.read} read, {steps}, {len(found.doubts)} for a person"
    lines = [f"{found.store}: {counts}"]
    for removal in found.removals:
        lines += _of_removal(removal)
    for update in found.updates:
        lines += _of_update(update)
    for doubt in found.doubts:
        lines += _of_doubt(doubt)
    if found.without_call:
        lines.append(f"{found.without_call} more are repeated or out of date, and have no call for just them")
    if found.report.quarantined:
        lines.append(f"{found.report.quarantined} could not be read: memproc ingest tells why")
    return [*lines, "nothing was changed there"]


def _of_removal(one: Removal) -> list[str]:
    sure = "by a person" if one.confidence is None else f"confidence {one.confidence:.3f}"
    lines = [f"delete {_shown(one.id)} ({_shown(one.namespace)}): {_shown(one.text)}"]
    lines.append(f"  stays {_shown(one.stays)}: {_shown(one.stays_text)}")
    lines.append(f"  {one.reason} ({sure})")
    if one.lost:
        lines.append(f"  only there: {_shown(', '.join(one.lost))}")
    return [*lines, f"  {one.call}"]


def _of_update(one: Update) -> list[str]:
    sure = "by a person" if one.confidence is None else f"confidence {one.confidence:.3f}"
    lines = [f"{one.kind} {_shown(one.id)} ({_shown(one.namespace)}): {_shown(one.text)}"]
    lines.append(f"  {'becomes' if one.kind == 'update' else 'replaced by'} {_shown(one.becomes)}")
    lines.append(f"  {one.reason} ({sure}), resting on {_shown(', '.join(one.rests_on))}")
    return [*lines, f"  {one.call}"]


def _of_doubt(one: Doubt) -> list[str]:
    sure = "" if one.confidence is None else f", confidence {one.confidence:.3f}"
    pair = [f"  {_shown(name)}: {_shown(text)}" for name, text in zip(one.ids, one.texts, strict=True)]
    return [f"for a person ({one.kind}{sure}): {one.reason}", *pair]


def _shown(text: str) -> str:
    from memproc.validation import in_one_line

    return in_one_line(text, TEXT_SHOWN)
