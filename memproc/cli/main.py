"""The commands. Exit codes: 0 done, 1 stopped by tolerance or failure, 2 wrong use.

Heavy modules are imported inside the commands, so that `--help` is quick. The JSON object goes to standard output, messages to
standard error.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memproc import __version__

if TYPE_CHECKING:
    from memproc.records import Memory
    from memproc.store.store import Store

DONE, FAILED, MISUSED = 0, 1, 2

app = typer.Typer(
    name="memproc",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Dedup(StrEnum):
    """The ways to find what is already known."""

    off = "off"
    exact = "exact"
    near = "near"


class OnError(StrEnum):
    """What to do at a bad record."""

    go_on = "continue"
    stop = "stop"


class ValidateWhen(StrEnum):
    """When to validate."""

    inline = "inline"
    before = "before"


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object to standard output.")]
Database = Annotated[str, typer.Argument(metavar="DB", help="A path, or a SQLAlchemy URL.")]
Identifier = Annotated[str, typer.Argument(metavar="ID", help="The id of a memory or of an observation.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"memproc {__version__}\n")
        raise typer.Exit


@app.callback()
def about(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and stop.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Take memories into a database, and prove that none was lost."""


FormatName = Annotated[str | None, typer.Option("--format", help="The format of the records; told by their shape if not given.")]
Mapping = Annotated[
    list[str] | None, typer.Option("--map", metavar="FIELD=PATH", help="Where a field is found, as in content=body.text.")
]
Include = Annotated[list[str] | None, typer.Option("--include", metavar="KIND", help="What a format reads on request only.")]
Namespace = Annotated[str | None, typer.Option(help="Whose memories these are, for records that do not say.")]
SourceName = Annotated[str | None, typer.Option("--source", help="The system the records come from, for records that do not say.")]


@app.command()
def ingest(
    what: Annotated[list[Path], typer.Argument(metavar="WHAT...", help="Files: JSON, JSON lines, CSV.")],
    into: Annotated[str, typer.Option(metavar="DB", help="The store: a path, or a SQLAlchemy URL.")],
    format: FormatName = None,
    namespace: Namespace = None,
    source: SourceName = None,
    dedup: Annotated[Dedup | None, typer.Option(help="near is the default of a new store.", show_default=False)] = None,
    batch_size: Annotated[str, typer.Option(metavar="auto|N", help="Records a transaction.")] = "auto",
    max_errors: Annotated[
        str | None, typer.Option(metavar="N|P%", help="Stop when more records than this were quarantined.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if anything was quarantined.")] = False,
    on_error: Annotated[OnError, typer.Option(help="At a bad record go on, or stop after its batch.")] = OnError.go_on,
    validate: Annotated[ValidateWhen, typer.Option(help="before: write nothing if any record is invalid.")] = ValidateWhen.inline,
    map_field: Mapping = None,
    include: Include = None,
    as_of: Annotated[str | None, typer.Option(help="The date the source gives for itself.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything and undo it.")] = False,
    as_json: Json = False,
) -> None:
    """Take the records of files into a store."""
    from memproc.cli.progress import shown_progress
    from memproc.config import Settings
    from memproc.pipeline import ingest as run

    settings = Settings(
        dedup=dedup.value if dedup else None,
        batch_size=None if batch_size == "auto" else _whole_number(batch_size, "--batch-size"),
        max_errors=_tolerance(max_errors),
        on_error=on_error.value,
        validate=validate.value,
    )
    gc.freeze()  # what is imported stays: no search for cycles need look at it
    with _database_for(into, dry_run=dry_run) as database, shown_progress() as show:
        report = run(
            what,
            database,
            namespace=namespace,
            source=source,
            format=format,
            settings=settings,
            mapping=_mapping(map_field),
            include=include or (),
            as_of=as_of,
            on_progress=show,
            dry_run=dry_run,
        )
    _show(report.as_dict(), str(report), as_json=as_json)
    if report.status not in ("done", "rehearsed") or (strict and report.quarantined):
        raise typer.Exit(FAILED)


@app.command()
def validate(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    format: FormatName = None,
    map_field: Mapping = None,
    as_json: Json = False,
) -> None:
    """Check the records of a file and show every fault. Exit with 1 if there is one."""
    from memproc.records import Rejected

    found = list(_read(file, format, map_field, ()))
    faults = [
        {"position": position, **fault._asdict()}
        for position, one in enumerate(found)
        if isinstance(one, Rejected)
        for fault in one.faults
    ]
    invalid = len({fault["position"] for fault in faults})
    lines = [
        f"{fault['position']}: {fault['path'] or 'record'}: {fault['message']} [{fault['code']}] - {fault['hint']}"
        for fault in faults
    ]
    summary = f"{len(found) - invalid} of {len(found)} records are valid"
    counts = {"read": len(found), "valid": len(found) - invalid, "invalid": invalid}
    _show({**counts, "errors": faults}, "\n".join([*lines, summary]), as_json=as_json)
    if invalid:
        raise typer.Exit(FAILED)


@app.command()
def transform(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    format: FormatName = None,
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Where the lines go; standard output if not given.")] = None,
    map_field: Mapping = None,
    include: Include = None,
    as_json: Json = False,
) -> None:
    """Turn legacy records into memories, one JSON line each, without a store. Exit with 1 if one cannot be taken."""
    import orjson

    from memproc.dedup.memory import in_order
    from memproc.records import Rejected, plain

    found = list(_read(file, format, map_field, include or ()))
    memories = [in_order(plain(one)) for one in found if not isinstance(one, Rejected)]
    rejected = [one for one in found if isinstance(one, Rejected)]
    lines = b"".join(orjson.dumps(memory) + b"\n" for memory in memories)
    faults = [fault._asdict() for one in rejected for fault in one.faults]
    if to is not None:
        to.write_bytes(lines)
    if as_json:
        own = {} if to is not None else {"memories": memories}
        _print_json({"read": len(found), "transformed": len(memories), "rejected": len(rejected), "errors": faults, **own})
    elif to is None:
        sys.stdout.write(lines.decode())
    for fault in faults:
        _tell(f"{fault['path'] or 'record'}: {fault['message']} - {fault['hint']}")
    if rejected:
        raise typer.Exit(FAILED)


@app.command()
def formats(as_json: Json = False) -> None:
    """List the formats, and what each reads on request only."""
    from memproc.formats import FORMATS

    listed = [{"name": known.name, "about": known.about, "include": list(known.options)} for known in FORMATS]
    lines = [
        f"{known.name:16} {known.about}" + (f" (--include {', '.join(known.options)})" if known.options else "")
        for known in FORMATS
    ]
    _show({"formats": listed}, "\n".join(lines), as_json=as_json)


@app.command()
def export(
    database: Database,
    to: Annotated[Path, typer.Option(metavar="FILE", help="The file to write.")],
    full: Annotated[bool, typer.Option("--full", help="Every observation whole, then the decisions.")] = False,
    as_json: Json = False,
) -> None:
    """Write one memory a line, ordered by id."""
    with _opened(database) as store:
        lines = store.export(to, full=full)
    _show({"lines": lines, "to": str(to)}, f"{lines} lines to {to}", as_json=as_json)


@app.command()
def stats(database: Database, as_json: Json = False) -> None:
    """Count what is in a store, and prove from its rows that nothing was lost."""
    with _opened(database) as store:
        counts = store.stats()
        recount = store.recount()
        policy = store.policy
    told = {**counts, "dedup": policy.dedup, "recount": recount._asdict()}
    proof = "every record read ended in exactly one outcome" if recount.is_whole else f"the rows do not add up: {recount}"
    _show(told, "\n".join([*(f"{name:14} {number:>10,}" for name, number in counts.items()), proof]), as_json=as_json)
    if not recount.is_whole:
        raise typer.Exit(FAILED)


@app.command()
def trace(database: Database, identifier: Identifier, as_json: Json = False) -> None:
    """Show where a memory comes from, and what was merged and decided."""
    with _opened(database) as store:
        told = store.trace(identifier)
    lines = [f"{told.memory.id}  {told.memory.content}"]
    for seen in told.observations:
        sure = "" if seen.confidence is None else f" {seen.confidence:.6g}"
        state = "" if seen.speaks else ", replaced by a newer version"
        where = f"job {seen.job}, position {seen.position}, seen {seen.times_seen} times{state}"
        lines.append(f"  {seen.observation}  {seen.outcome}{sure}, {where}")
        lines.append(f"    {seen.record['content']}")
    lines += [f"  {entry.made_at}  {entry.kind}: {entry.reason}" for entry in told.ledger]
    lines += [f"  held {decision.verdict}: {decision.a.hex()} {decision.b.hex()}" for decision in told.decisions]
    as_values = {
        "memory": _plain(told.memory),
        "observations": [seen._asdict() for seen in told.observations],
        "ledger": [entry._asdict() for entry in told.ledger],
        "decisions": [_decision(decision) for decision in told.decisions],
    }
    _show(as_values, "\n".join(lines), as_json=as_json)


@app.command()
def unmerge(
    database: Database,
    identifier: Identifier,
    undo: Annotated[bool, typer.Option("--undo", help="Take back what was decided on this one.")] = False,
    note: Annotated[str, typer.Option(help="Why; kept with the decision.")] = "",
    as_json: Json = False,
) -> None:
    """Hold an observation apart from the rest of its memory, for ever; or take that back."""
    from memproc.report.report import counted

    with _opened(database) as store:
        if undo:
            decisions = [decision for decision in store.decisions(identifier) if decision.verdict == "distinct"]
            store.withdraw(decisions, note=note)
        else:
            decisions = list(store.unmerge(identifier, note=note))
        count = store.count()
    what = "withdrawn" if undo else "held distinct"
    nothing = "no decision on it is in force" if undo else "no other node is in this memory"
    told = (
        f"{counted(len(decisions), 'pair')} {what}; {counted(count, 'memory', 'memories')}"
        if decisions
        else f"nothing to do: {nothing}"
    )
    _show({"decisions": list(map(_decision, decisions)), "memories": count}, told, as_json=as_json)


@app.command()
def forget(database: Database, identifier: Identifier, as_json: Json = False) -> None:
    """Remove a memory with all it was made of. Only hashes stay, so that it does not come back."""
    with _opened(database) as store:
        removed = store.forget(identifier)
    _show({"observations": removed}, f"{removed} observations forgotten", as_json=as_json)


@app.command()
def rebuild(
    database: Database,
    dedup: Annotated[Dedup | None, typer.Option(help="Build it with another setting.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """Compute index, links and memories again from the observations and decisions."""
    from memproc.config import Settings

    with _opened(database, for_rebuild=True) as store:
        joins, splits = store.rebuild(settings=Settings(dedup=dedup.value if dedup else None))
        count = store.count()
    told = f"{count} memories: {joins} fewer, {splits} more than before"
    _show({"memories": count, "fewer": joins, "more": splits}, told, as_json=as_json)


@app.command()
def quarantine(
    database: Database,
    limit: Annotated[int | None, typer.Option(help="Show no more than this.")] = None,
    as_json: Json = False,
) -> None:
    """List the records that could not be taken, each with its faults and advice."""
    with _opened(database) as store:
        found = store.quarantine(limit=limit)
    listed = [
        {**one._asdict(), "faults": [fault._asdict() for fault in one.faults], "raw": one.raw.decode("utf-8", "replace")}
        for one in found
    ]
    lines = []
    for one in found:
        lines.append(
            f"{one.number}  job {one.job}, position {one.position} of {one.source} ({one.category}, seen {one.times_seen} times)"
        )
        lines += [f"    {fault.path or 'record'}: {fault.message} - {fault.hint}" for fault in one.faults]
        lines.append(f"    {_excerpt(one.raw)}")
    _show({"quarantined": listed}, "\n".join(lines) or "nothing is in quarantine", as_json=as_json)


def main() -> None:
    """Run the command line; turn errors into messages and exit codes."""
    from memproc.errors import MemprocError, UsageError

    try:
        app(standalone_mode=True)
    except UsageError as error:
        _tell(f"memproc: {error}")
        sys.exit(MISUSED)
    except (MemprocError, OSError) as error:
        _tell(f"memproc: {error}")
        if "--json" in sys.argv:
            _print_json({"error": str(error)})
        sys.exit(FAILED)


def _read(file: Path, format: str | None, map_field: list[str] | None, include: Any) -> Iterator[Any]:
    from memproc.pipeline import read_file

    return read_file(file, format=format, mapping=_mapping(map_field), include=include)


@contextmanager
def _opened(database: str, *, for_rebuild: bool = False) -> Iterator[Store]:
    """Open a store that is there: reading one that is not would make an empty file."""
    from memproc.errors import UsageError
    from memproc.store.database import to_url
    from memproc.store.store import Store

    path = to_url(database).removeprefix("sqlite:///")
    if not Path(path).is_file() or not Path(path).stat().st_size:
        raise UsageError(f"there is no store at {path}")
    with Store(database, for_rebuild=for_rebuild) as store:
        yield store


@contextmanager
def _database_for(into: str, *, dry_run: bool) -> Iterator[str]:
    """Give the database; for a dry run into one that is not there yet, a temporary one."""
    from tempfile import TemporaryDirectory

    from memproc.store.database import to_url

    if dry_run and not Path(to_url(into).removeprefix("sqlite:///")).exists():
        with TemporaryDirectory() as folder:
            yield f"{folder}/rehearsal.db"
    else:
        yield into


def _mapping(pairs: list[str] | None) -> dict[str, str]:
    from memproc.errors import UsageError
    from memproc.formats.generic import USUAL_NAMES

    mapping = {}
    for pair in pairs or ():
        name, is_given, path = pair.partition("=")
        if not is_given or not path or name not in USUAL_NAMES:
            raise UsageError(f"--map {pair}: give FIELD=PATH, FIELD being one of {', '.join(USUAL_NAMES)}")
        mapping[name] = path
    return mapping


def _tolerance(given: str | None) -> int | float | None:
    if given is None:
        return None
    if given.endswith("%"):
        return _number(given.removesuffix("%"), float, "--max-errors") / 100
    return _whole_number(given, "--max-errors")


def _whole_number(given: str, option: str) -> int:
    return int(_number(given, int, option))


def _number(given: str, kind: Callable[[str], float], option: str) -> float:
    from memproc.errors import UsageError

    try:
        return kind(given)
    except ValueError:
        raise UsageError(f"{option} {given}: is no number") from None


def _plain(memory: Memory) -> dict[str, Any]:
    from memproc.dedup.memory import in_order
    from memproc.records import plain

    return in_order(plain(memory))


def _decision(decision: Any) -> dict[str, str]:
    return {"a": decision.a.hex(), "b": decision.b.hex(), "verdict": decision.verdict}


def _excerpt(raw: bytes, length: int = 100) -> str:
    text = raw[: length + 1].decode("utf-8", "replace")
    return ascii(text if len(text) <= length else text[:length] + "...")


def _show(values: dict[str, Any], told: str, *, as_json: bool) -> None:
    if as_json:
        _print_json(values)
    else:
        sys.stdout.write(told + "\n")


def _print_json(values: dict[str, Any]) -> None:
    import orjson

    sys.stdout.write(orjson.dumps(values).decode() + "\n")


def _tell(message: str) -> None:
    sys.stderr.write(message + "\n")


if __name__ == "__main__":
    main()
