"""The commands on single memories: find, list and show them, add one, change one, forget; and the index that they are found by."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Exit, Option, echo

from memproc.cli.app import FAILED, Database, Identifier, Json, app, settings_of, show
from memproc.cli.option_groups import grouped
from memproc.cli.options import Namespace, Schema, SourceName, schema_of
from memproc.cli.output import fields_of
from memproc.cli.retention import OfNamespace
from memproc.cli.stores import as_plain, opened
from memproc.cli.which import Expired, Subject, Which
from memproc.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from memproc.records import Fault, Memory
    from memproc.store.store import Store

TEXT_CHARS = 300  # of a memory, in a list of memories
Page = Annotated[int, Option("--limit", metavar="N", min=1, help="Show at most this many.")]
After = Annotated[str | None, Option("--after", metavar="CURSOR", help="Go on behind the page that ended with this cursor.")]
Fields = Annotated[
    list[str] | None,
    Option("--set", metavar="FIELD=VALUE", help="A field and its value, as text or JSON, as in importance=0.5; may be repeated."),
]


@app.command()
@grouped
def find(
    database: Database,
    which: Which,
    text: Annotated[str | None, Argument(help="Part of what it says; case does not matter.")] = None,
    limit: Page = 20,
    after: After = None,
    schema: Schema = None,
    as_json: Json = False,
) -> None:
    """Find memories, the newest first. What has expired and what is past its valid_to is left out."""
    with opened(database, schema=schema) as store:
        _show_page(store, {**which._asdict(), "text": text, "after": after}, limit, as_json=as_json)


@app.command("list")
def list_memories(
    database: Database,
    namespace: OfNamespace = None,
    subject: Subject = None,
    expired: Expired = False,
    limit: Page = 20,
    after: After = None,
    schema: Schema = None,
    as_json: Json = False,
) -> None:
    """List memories, a page at a time, the newest first."""
    with opened(database, schema=schema) as store:
        which = {"namespace": namespace, "subject": subject, "expired": expired, "after": after}
        _show_page(store, which, limit, as_json=as_json)


def _show_page(store: Store, which: dict[str, Any], limit: int, *, as_json: bool) -> None:
    """Print a page, one memory a line: of a long text the beginning, which `show` and `--json` give whole."""
    from memproc.validation import in_one_line

    found = store.find(**which, limit=limit + 1)
    page = found[:limit]
    cursor = store.cursor(page[-1]) if len(found) > limit else None
    lines = [f"{memory.id}  {in_one_line(' '.join(memory.content.split()), TEXT_CHARS)}" for memory in page] or ["nothing is found"]
    lines += [f"there are more:\n  {_going_on(cursor)}"] if cursor else []
    show({"memories": [as_plain(memory) for memory in page], "after": cursor}, "\n".join(lines), as_json=as_json)


def _going_on(cursor: str) -> str:
    """Return the very command that was given, for the next page."""
    from memproc.cli.following import command_of, map_shown

    given = sys.argv[1:]
    is_of_page = [one == "--after" or before == "--after" or one.startswith("--after=") for before, one in pairwise(["", *given])]
    shown = [one for one, is_left_out in zip(map_shown(given), is_of_page, strict=True) if not is_left_out]
    at = shown.index("--") if "--" in shown else len(shown)
    return command_of([*shown[:at], "--after", cursor, *shown[at:]])


@app.command("show")
def show_memory(
    database: Database,
    identifier: Identifier,
    source: Annotated[str | None, Option(help="The ID is that of a record of this source.")] = None,
    namespace: Annotated[str | None, Option(help="The ID is that of a record of this namespace.")] = None,
    schema: Schema = None,
    as_json: Json = False,
) -> None:
    """Show all fields of a memory."""
    with opened(database, schema=schema) as store:
        own = source is not None or namespace is not None
        memory = store.get(identifier if own else store.full_id(identifier), source=source, namespace=namespace)
    if memory is None:
        raise NotFoundError(f"no memory {identifier!r}")
    show({"memory": as_plain(memory)}, _told(memory), as_json=as_json)


@app.command()
def add(
    database: Database,
    content: Annotated[str, Argument(metavar="TEXT", help="What it says.")],
    namespace: Namespace = None,
    source: SourceName = None,
    fields: Fields = None,
    schema: Schema = None,
    as_json: Json = False,
) -> None:
    """Add one memory; a store is made where there is none. Exit with 1 if it is quarantined."""
    from memproc.store.store import Store

    record = {**_fields_in(fields), "content": content}
    with Store(database, settings=settings_of(), schema=schema_of(schema)) as store:
        added = store.add(record, namespace=namespace, source=source)
    reason = f": {added.reason}" if added.reason else ""
    told = f"{added.outcome}{reason}" + (f"\n{added.memory.id}  {added.memory.content}" if added.memory else "")
    for fault in added.unknown:
        echo(f"{fault.path}: no memory has this field, so it is kept in metadata: {fault.hint}", err=True)
    plain = as_plain(added.memory) if added.memory else None
    values = {"outcome": added.outcome, "memory": plain, "confidence": added.confidence, "reason": added.reason}
    _show_outcome(values, told, added.faults, as_json=as_json)


@app.command()
def update(
    database: Database,
    identifier: Identifier,
    content: Annotated[str | None, Argument(metavar="[TEXT]", help="What it says from now on.")] = None,
    fields: Fields = None,
    revert: Annotated[bool, Option("--revert", help="Let it say again what it said before.")] = False,
    note: Annotated[str, Option(help="Why; kept with the decision.")] = "",
    schema: Schema = None,
    as_json: Json = False,
) -> None:
    """Change what a memory says; what it said is its history. An empty value takes a field out."""
    changes = _fields_in(fields) | ({} if content is None else {"content": content})
    if bool(changes) == revert:
        raise UsageError("give the new TEXT, --set FIELD=VALUE, or --revert")
    with opened(database, schema=schema) as store:
        named = store.full_id(identifier)
        done = store.revert(named, note=note) if revert else store.update(named, changes, note=note)
    told = done.outcome + (f": {done.reason}" if done.reason else "") + (f"\n{_told(done.memory)}" if done.memory else "")
    values = {"outcome": done.outcome, "memory": as_plain(done.memory) if done.memory else None, "reason": done.reason}
    _show_outcome(values, told, done.faults, as_json=as_json)


@app.command()
def forget(
    database: Database,
    identifier: Annotated[str | None, Argument(metavar="[ID]", help="The id of a memory or of an observation.")] = None,
    namespace: Annotated[str | None, Option(help="Forget all of this namespace.")] = None,
    subject: Annotated[str | None, Option(help="Forget all about this subject, within --namespace if that is given.")] = None,
    dry_run: Annotated[bool, Option("--dry-run", help="Show the receipt, and remove nothing.")] = False,
    note: Annotated[str, Option(help="Why. The note is kept, so write nothing in it that must be forgotten.")] = "",
    as_json: Json = False,
) -> None:
    """Remove a memory, or all of a person, and everything it was made of. Only hashes, which keep it from coming back, and the note
    stay.
    """
    with opened(database) as store:
        if identifier is not None and namespace is None and subject is None and not dry_run:
            removed = store.forget(store.full_id(identifier), note=note)
            show({"observations": removed}, f"{removed} observations forgotten", as_json=as_json)
            return
        if identifier is not None or (namespace is None and subject is None):
            raise UsageError("give an ID, or --namespace and --subject, which may be tried with --dry-run")
        receipt = store.forget(namespace=namespace, subject=subject, note=note, dry_run=dry_run)
    values = fields_of(receipt)
    verb = "would be forgotten" if receipt.is_trial else "forgotten"
    counts = ("memories", "observations", "reviews", "quarantine", "expired")
    lines = [f"{name:14} {values[name]:>10,} {verb}" for name in counts]
    lines += [f"rejected records that hold the name, to look at: {', '.join(map(str, receipt.unclear))}"] if receipt.unclear else []
    show(values, "\n".join(lines), as_json=as_json)


def _fields_in(pairs: Sequence[str] | None) -> dict[str, Any]:
    """Return the fields that --set options give: JSON where it is such, else text; None for an empty value."""
    import orjson

    given: dict[str, Any] = {}
    for one in pairs or ():
        name, is_given, value = one.partition("=")
        if not is_given or not name:
            raise UsageError(f"--set {one}: give FIELD=VALUE, as in importance=0.5")
        try:
            given[name] = orjson.loads(value) if value else None
        except orjson.JSONDecodeError:
            given[name] = value
    return given


def _told(memory: Memory) -> str:
    from memproc.cli.output import json_text

    plain = as_plain(memory)
    return "\n".join(f"{name:14} {value if isinstance(value, str) else json_text(value)}" for name, value in plain.items())


def _show_outcome(values: dict[str, Any], told: str, faults: Sequence[Fault], *, as_json: bool) -> None:
    lines = [f"{fault.path or 'record'}: {fault.message} - {fault.hint}" for fault in faults]
    show({**values, "errors": [fault.as_dict() for fault in faults]}, "\n".join([told, *lines]), as_json=as_json)
    if faults:
        raise Exit(FAILED)


@app.command()
def index(database: Database, as_json: Json = False) -> None:
    """Bring the index of `find` up to what came since, in one go; else that is done when something is looked for."""
    with opened(database) as store:
        count = store.index()
    show({"indexed": count}, f"{count} observations indexed" if count else "nothing to do", as_json=as_json)
