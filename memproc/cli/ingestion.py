"""The commands that read records from files: into a store, or only as far as validation."""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar

from typer import Argument, Exit, Option

from memproc.cli.app import FAILED, Json, MergeAt, RecallName, ReviewAt, app, print_json, settings_of, show, tell
from memproc.cli.output import beside, json_text, print_lines, target
from memproc.config import DEEPEST, Dedup, Durability, Engine, OnError, Settings, ValidateWhen
from memproc.errors import UsageError

Number = TypeVar("Number", int, float)

MAX_RECORD, MAX_FIELDS, MAX_DEPTH = "64MiB", Settings().max_fields, DEEPEST  # the defaults of the settings
Redact = Annotated[bool, Option("--redact", help="Keep what records hold out of messages.")]
MaxFields = Annotated[int, Option(metavar="N", help="How many names a memory may have, at all levels.")]
MaxDepth = Annotated[int, Option(metavar="N", help=f"How deeply metadata may be nested; at most {DEEPEST}.")]
FormatName = Annotated[str | None, Option("--format", help="The format of the records; detected from their shape by default.")]
Mapping = Annotated[list[str] | None, Option("--map", metavar="FIELD=PATH", help="Where to find a field, as in content=body.text.")]
Include = Annotated[list[str] | None, Option("--include", metavar="KIND", help="What a format reads only on request.")]
Namespace = Annotated[str | None, Option(help="Whose memories these are, for records that do not say.")]
SourceName = Annotated[str | None, Option("--source", help="The system that the records come from, for records that do not say.")]

UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_AMOUNT = re.compile(r"(\d{1,18}(?:\.\d{1,9})?) ?([A-Z]{0,3})", re.ASCII)


@app.command()
def ingest(
    what: Annotated[list[Path], Argument(metavar="WHAT...", help="Files: JSON, JSON lines, CSV.")],
    into: Annotated[str, Option(metavar="DB", help="The store: a path, or a SQLAlchemy URL.")],
    format: FormatName = None,
    namespace: Namespace = None,
    source: SourceName = None,
    dedup: Annotated[Dedup | None, Option(help="near is the default of a new store.", show_default=False)] = None,
    merge_at: MergeAt = None,
    recall: RecallName = None,
    review_at: ReviewAt = None,
    accept_at: Annotated[
        float | None,
        Option(metavar="0..1", help="At the end, merge similar pairs of at least this confidence; can be undone as one policy."),
    ] = None,
    batch_size: Annotated[str, Option(metavar="auto|N", help="Records per transaction.")] = "auto",
    max_errors: Annotated[str | None, Option(metavar="N|P%", help="Stop when more records than this are quarantined.")] = None,
    strict: Annotated[bool, Option("--strict", help="Exit with 1 if anything was quarantined.")] = False,
    on_error: Annotated[OnError, Option(help="At a bad record continue, or stop after its batch.")] = "continue",
    validate: Annotated[ValidateWhen, Option(help="before: write nothing if any record is invalid.")] = "inline",
    engine: Annotated[Engine, Option(help="Where records are prepared; the store is the same.")] = "sequential",
    max_memory: Annotated[
        str | None, Option(metavar="SIZE", help="Memory to stay under, as in 300MB; by default 80% of what the system allows.")
    ] = None,
    max_seconds: Annotated[float | None, Option(metavar="SECONDS", help="Stop after this time; --resume continues.")] = None,
    max_workers: Annotated[int | None, Option(metavar="N", help="How many workers at once; by default the cores allowed.")] = None,
    max_record: Annotated[
        str, Option(metavar="SIZE", help="The longest line, row or element that is accepted, as in 1MB.")
    ] = MAX_RECORD,
    max_fields: MaxFields = MAX_FIELDS,
    max_depth: MaxDepth = MAX_DEPTH,
    durability: Annotated[Durability, Option(help="full: sync each commit to disk.")] = "normal",
    redact: Redact = False,
    tracebacks: Annotated[
        bool, Option("--tracebacks", help="Keep the traceback of an exception with the record that it quarantined.")
    ] = False,
    map_field: Mapping = None,
    include: Include = None,
    as_of: Annotated[str | None, Option(help="The date that the source gives for itself.")] = None,
    trust_decisions: Annotated[
        bool, Option("--trust-decisions", help="Apply the decisions of a full export, which must be your own.")
    ] = False,
    dry_run: Annotated[bool, Option("--dry-run", help="Do everything, then roll it back.")] = False,
    resume: Annotated[bool, Option("--resume", help="Continue the unfinished job on these files.")] = False,
    as_json: Json = False,
) -> None:
    """Ingest the records of files into a store."""
    from loguru import logger

    from memproc.cli.progress import shown_progress
    from memproc.ingestion.pipeline import ingest as run
    from memproc.ingestion.run import Interrupted

    settings = settings_of(
        dedup=dedup,
        merge_at=merge_at,
        recall=recall,
        review_at=review_at,
        accept_at=accept_at,
        batch_size=None if batch_size == "auto" else _number(batch_size, int, "--batch-size"),
        max_errors=_tolerance(max_errors),
        on_error=on_error,
        validate=validate,
        max_memory=None if max_memory is None else bytes_of(max_memory, "--max-memory"),
        max_seconds=max_seconds,
        max_workers=max_workers,
        max_fields=max_fields,
        max_depth=max_depth,
        durability=durability,
        redact=redact,
        tracebacks=tracebacks,
        max_record_bytes=bytes_of(max_record, "--max-record"),
    )
    logger.remove()
    logger.add(sys.stderr, level="WARNING", format="{message}")
    logger.enable("memproc")
    gc.freeze()  # imported modules stay alive: the collector need not look at them
    try:
        with shown_progress() as shown:
            report = run(
                what,
                into,
                namespace=namespace,
                source=source,
                format=format,
                settings=settings,
                mapping=mapping_of(map_field),
                include=include or (),
                as_of=as_of,
                trust_decisions=trust_decisions,
                on_progress=shown,
                dry_run=dry_run,
                resume=resume,
                engine=engine,
            )
    except Interrupted as interrupted:
        report = interrupted.report
        tell("memproc: interrupted" + ("" if dry_run else ": --resume goes on behind the last batch"))
    show(report.as_dict(), str(report), as_json=as_json)
    if report.status not in ("done", "rehearsed") or report.is_all_quarantined or (strict and report.quarantined):
        raise Exit(FAILED)


@app.command()
def validate(
    file: Annotated[Path, Argument(metavar="FILE")],
    format: FormatName = None,
    map_field: Mapping = None,
    redact: Redact = False,
    as_json: Json = False,
) -> None:
    """Check the records of a file and show every fault. Exit with 1 if there is one."""
    from memproc.records import Rejected

    found = list(_read(file, format, map_field, (), redact=redact))
    rejected = [(position, one) for position, one in enumerate(found) if isinstance(one, Rejected)]
    faults = [{"position": position, **fault.as_dict()} for position, one in rejected for fault in one.faults]
    invalid = len(rejected)
    lines = [
        f"{fault['position']}: {fault['path'] or 'record'}: {fault['message']} [{fault['code']}] - {fault['hint']}"
        for fault in faults
    ]
    summary = f"{len(found) - invalid} of {len(found)} records are valid"
    counts = {"read": len(found), "valid": len(found) - invalid, "invalid": invalid}
    show({**counts, "errors": faults}, "\n".join([*lines, summary]), as_json=as_json)
    _advise(found)
    if invalid:
        raise Exit(FAILED)


@app.command()
def transform(
    file: Annotated[Path, Argument(metavar="FILE")],
    format: FormatName = None,
    to: Annotated[str | None, Option(metavar="FILE", help="The file to write, - for standard output; printed by default.")] = None,
    map_field: Mapping = None,
    include: Include = None,
    redact: Redact = False,
    as_json: Json = False,
) -> None:
    """Convert legacy records to memories, one JSON line each, without a store. Exit with 1 if one is rejected."""
    from memproc.dedup.memory import in_order
    from memproc.records import Rejected, plain
    from memproc.writing import written

    found = list(_read(file, format, map_field, include or (), redact=redact))
    memories = [in_order(plain(one)) for one in found if not isinstance(one, Rejected)]
    rejected = [one for one in found if isinstance(one, Rejected)]
    lines = list(map(json_text, memories))
    faults = [fault.as_dict() for one in rejected for fault in one.faults]
    if to is not None:
        written(target(to), (f"{line}\n".encode() for line in lines), is_private=False)
    if as_json:
        own = {} if to is not None else {"memories": memories}
        counts = {"read": len(found), "transformed": len(memories), "rejected": len(rejected)}
        print_json({**counts, "errors": faults, **own}, beside(to))
    elif to is None:
        print_lines(lines)
    for fault in faults:
        tell(f"{fault['path'] or 'record'}: {fault['message']} - {fault['hint']}")
    _advise(found)
    if rejected:
        raise Exit(FAILED)


@app.command()
def formats(as_json: Json = False) -> None:
    """List the formats, and what each reads only on request."""
    from memproc.formats import FORMATS

    listed = [{"name": known.name, "about": known.about, "include": list(known.options)} for known in FORMATS]
    lines = [
        f"{known.name:16} {known.about}" + (f" (--include {', '.join(known.options)})" if known.options else "")
        for known in FORMATS
    ]
    show({"formats": listed}, "\n".join(lines), as_json=as_json)


def _read(file: Path, format: str | None, map_field: list[str] | None, include: Any, *, redact: bool) -> Iterator[Any]:
    from memproc.ingestion.pipeline import read_file

    return read_file(file, format=format, mapping=mapping_of(map_field), include=include, settings=Settings(redact=redact))


def _advise(found: list[Any]) -> None:
    """Print advice if every record of a file was rejected."""
    from memproc.formats.naming import Names
    from memproc.records import Rejected

    if found and all(isinstance(one, Rejected) for one in found):
        names = Names()
        names.note(found)
        tell(f"no record can be taken: {names.advice(redact=False)}")


def mapping_of(pairs: list[str] | None) -> dict[str, str]:
    """Return the mapping given by --map options. Raises UsageError on one that is not FIELD=PATH."""
    from memproc.formats.usual_names import USUAL_NAMES

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
    return _number(given, int, "--max-errors")


def bytes_of(given: str, option: str) -> int:
    """Return an amount of memory in bytes; a number without a unit is bytes. Raises UsageError on anything else.

    >>> bytes_of("300MB", "--max-memory"), bytes_of("1.5 GiB", "--max-memory"), bytes_of("4096", "--max-memory")
    (300000000, 1610612736, 4096)
    """
    found = _AMOUNT.fullmatch(given.strip().upper())
    unit = UNITS.get(found[2] or "B") if found else None
    if found is None or unit is None:
        raise UsageError(f"{option} {given}: give a number with one of B, KB, MB, GB, TB, KiB, MiB, GiB, TiB, as in 300MB")
    return int(float(found[1]) * unit)


def _number(given: str, kind: Callable[[str], Number], option: str) -> Number:
    try:
        return kind(given)
    except ValueError:
        raise UsageError(f"{option} {given}: is no number") from None
