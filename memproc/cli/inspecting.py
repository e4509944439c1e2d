"""The command that tells what is in a file, and how records of it would be stored."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

from typer import Exit, Option

from memproc.cli.app import FAILED, Json, app, print_json, settings_of, show, tell, warn
from memproc.cli.how_read import HowRead, is_web
from memproc.cli.option_groups import as_written, given_in, grouped
from memproc.cli.options import File, FirstOnly
from memproc.cli.output import json_text, print_lines
from memproc.cli.predicting import lines_of
from memproc.cli.remotes import is_database, shown
from memproc.config import Dedup
from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.ingestion.inspecting import FileSeen, Inspection
    from memproc.ingestion.opening import Asked
    from memproc.intake import Intake

NAMES_SHOWN, EXAMPLES = 5, 3


@app.command()
@grouped
def inspect(
    file: File,
    how: HowRead,
    propose: Annotated[
        bool, Option("--propose", help="Print a mapping file for it instead, in TOML, to be checked and changed.")
    ] = False,
    predict: Annotated[
        bool, Option("--predict", help="Say what the ingestion will take: time, memory, place; by a sample that is ingested.")
    ] = False,
    into: Annotated[str | None, Option(metavar="DB", help="With --predict: where the store will lie; nothing is written.")] = None,
    dedup: Annotated[Dedup | None, Option(help="With --predict: as of ingest.", show_default=False)] = None,
    limit: FirstOnly = None,
    show_records: Annotated[int, Option("--show", metavar="N", min=0, help="Show N records as they would be stored.")] = EXAMPLES,
    as_json: Json = False,
) -> None:
    """Tell what is in a file, a folder, an archive or a database: formats, records, whose, from when; write nothing."""
    from memproc.ingestion.inspecting import Looking
    from memproc.ingestion.inspecting import inspect as look
    from memproc.ingestion.inspecting import propose as mapping_proposed
    from memproc.ingestion.predicting import Reading, predicted, refuse_once_only, sampled
    from memproc.ingestion.reading import intake_of

    if not (is_web(file) or given_in(how.database)) and is_database(file):
        from memproc.cli.tables import show_tables

        show_tables(file, as_json=as_json)
        return
    intake = intake_of(how.context(), settings_of(dedup=dedup, **how.dates))
    [given], asked = how.given([file])
    if propose:
        text = mapping_proposed(given, intake, asked)
        show({"mapping": text}, text, as_json=as_json)
        return
    reading, sample = Reading(intake, asked), None
    if predict:
        refuse_once_only(given)
        sample = sampled(given, reading)
    elif into is not None or dedup is not None:
        raise UsageError("--into and --dedup go with --predict: nothing else of what inspect tells depends on them")
    found = look(given, intake, asked, Looking(limit, show_records))
    following = _commands(found, " ".join(map(quoted, ["memproc", "ingest", shown(file), *as_written(how)])))
    foretold = predicted(given, into, reading, (sample, found)) if sample and found.records else None
    told = [*([] if foretold is None else lines_of(foretold)), "next:", *(f"  {command}" for command in following)]
    as_values = {**found.as_dict(), **({"predicted": foretold and foretold.as_dict()} if predict else {}), "next": following}
    show(as_values, "\n".join([*_lines(found), *told]), as_json=as_json)
    if not found.records or any(one.broken for one in found.files):
        raise Exit(FAILED)


def show_first(what: Sequence[object], intake: Intake, asked: Asked, count: int, *, as_json: bool) -> None:
    """Print the first records of sources as they would be stored, those that would be quarantined as messages."""
    from memproc.dedup.memory import in_order
    from memproc.ingestion.reading import drafted
    from memproc.records import Rejected, plain

    warn()
    found = list(islice(drafted(what, intake, asked), count))
    memories: list[dict[str, Any]] = [in_order(plain(one)) for one in found if not isinstance(one, Rejected)]
    faults = [fault.as_dict() for one in found if isinstance(one, Rejected) for fault in one.faults]
    if as_json:
        print_json({"memories": memories, "errors": faults})
    else:
        print_lines(map(json_text, memories))
    for fault in faults:
        tell(f"{fault['path'] or 'record'}: {fault['message']} - {fault['hint']}")
    if found and not memories:
        raise Exit(FAILED)


def _lines(found: Inspection) -> list[str]:
    """Return what was found as lines of text."""
    from memproc.report.notes import in_brief

    lines = [line for one in found.files for line in _of_file(one)]
    lines += in_brief(found.not_read)
    if found.skipped:
        lines.append(f"skipped: {_counts(found.skipped)}")
    if found.namespaces:
        lines.append(f"namespaces: {_counts(found.namespaces)}")
    if found.subjects:
        lines.append(f"subjects: {_counts(found.subjects)}")
    undated = f"{found.undated} without a date" if found.undated else ""
    dates = f"{found.first} to {found.last}" if found.first else ""
    if dates or undated:
        lines.append(f"dates: {', '.join(filter(None, (dates, undated)))}")
    if found.forms:
        lines.append(f"  written as: {_counts(found.forms)}")
    if found.refused.forms:
        lines.append(found.refused.told())
    if found.examples:
        lines += ["as they would be stored:", *(f"  {json_text(one)}" for one in found.examples)]
    if found.advice:
        lines.append(f"no record can be taken: {found.advice}")
    return lines


def _of_file(one: FileSeen) -> list[str]:
    lines = [f"{one.file}: {one.format}, {_counts(one.kinds) if one.kinds else 'no records'}"]
    if one.left_out:
        lines.append(f"  left out: {_counts(one.left_out)}")
    if one.quarantined:
        lines.append(f"  would be quarantined: {_counts(one.quarantined)}")
    return [*lines, f"  {one.broken}"] if one.broken else lines


def _counts(counted: Counter[str]) -> str:
    """Return the most frequent names with their counts, and how many others there are."""
    from memproc.validation import in_one_line

    shown = [f"{count} {in_one_line(name)}" for name, count in counted.most_common(NAMES_SHOWN)]
    return ", ".join(shown) + (f", and {len(counted) - NAMES_SHOWN} others" if len(counted) > NAMES_SHOWN else "")


def quoted(part: str) -> str:
    """Return a part of a command as a shell takes it, in one line."""
    from memproc.validation import in_one_line

    if part.isprintable():
        return shlex.quote(part)
    escaped = part.replace("\\", r"\\").replace("'", r"\'")
    return f"$'{in_one_line(escaped, len(escaped))}'"


def _commands(found: Inspection, ingest: str) -> list[str]:
    """Return the commands to run next."""
    from memproc.records import DEFAULT_NAMESPACE

    whose = " --namespace NAME" if [*found.namespaces] == [DEFAULT_NAMESPACE] else ""
    more = [
        f"{ingest}{whose} --into memories.db --include {option}" for option in found.options if f"--include {option}" not in ingest
    ]
    if not found.records and found.refused.either:
        return [f"{ingest}{whose} --show 5 {order}" for order in found.refused.orders]
    if not found.records:
        return more or [f"{ingest} --show 5 --map content=NAME"]
    orders = [f"{ingest}{whose} --into memories.db --dry-run {order}" for order in found.refused.orders if found.refused.either]
    return [*orders, f"{ingest}{whose} --into memories.db --dry-run", f"{ingest}{whose} --into memories.db", *more]
