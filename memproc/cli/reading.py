"""The commands that read records without a store: convert them, list the formats."""

from __future__ import annotations

from collections import abc
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

from typer import Exit, Option

from memproc.cli.app import FAILED, Json, app, print_json, settings_of, show, tell, warn
from memproc.cli.options import (
    AllowPickle,
    DateFormat,
    DayFirst,
    Delimiter,
    Encoding,
    File,
    FirstOnly,
    FormatName,
    Include,
    Mapping,
    MappingFile,
    Records,
    Redact,
    SecretKinds,
    SecretsPolicy,
    asked_of,
    mapping_of,
)
from memproc.cli.output import beside, json_text, print_lines, target
from memproc.cli.remotes import Key, Named, Query, Retries, StatementSeconds, Table, TableSchema
from memproc.cli.rest_options import (
    AllowPrivate,
    Headers,
    Hosts,
    MaxResponse,
    PagingForm,
    RequestRate,
    RetrySeconds,
    Web,
    given_of,
)

if TYPE_CHECKING:
    from memproc.config import Settings
    from memproc.ingestion.opening import Asked


@app.command()
def transform(
    file: File,
    table: Table = None,
    query: Query = None,
    key: Key = None,
    db_schema: TableSchema = None,
    format: FormatName = None,
    to: Annotated[str | None, Option(metavar="FILE", help="The file to write, - for standard output; printed by default.")] = None,
    records: Records = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    allow_pickle: AllowPickle = False,
    map_field: Mapping = None,
    mapping: MappingFile = None,
    include: Include = None,
    date_format: DateFormat = None,
    day_first: DayFirst = None,
    redact: Redact = False,
    secrets: SecretsPolicy = "off",
    secret_kinds: SecretKinds = None,
    paging: PagingForm = None,
    header: Headers = None,
    host: Hosts = None,
    allow_private: AllowPrivate = False,
    requests_per_second: RequestRate = None,
    retry_seconds: RetrySeconds = None,
    max_response: MaxResponse = None,
    statement_seconds: StatementSeconds = None,
    retries: Retries = None,
    limit: FirstOnly = None,
    as_json: Json = False,
) -> None:
    """Convert legacy records to memories, one JSON line each, without a store. Exit with 1 if one is rejected."""
    from memproc.dedup.memory import in_order
    from memproc.records import Rejected, plain
    from memproc.writing import written

    dates = {"date_format": tuple(date_format or ()), "day_first": day_first}
    settings = settings_of(redact=redact, secrets=secrets, secret_kinds=tuple(secret_kinds or ()), **dates)
    named = Named(table, query, tuple(key or ()), schema=db_schema, statement_seconds=statement_seconds, retries=retries)
    web = Web(paging, header, host, allow_private, requests_per_second, retry_seconds, max_response)
    asked = asked_of(format, records, delimiter, encoding, allow_pickle=allow_pickle)
    given, asked = given_of([file], asked, named, web)
    found = list(islice(_read(given, asked, mapping_of(map_field, mapping), include or (), settings), limit))
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


def _read(given: Any, asked: Asked, mapping: abc.Mapping[str, str], include: Any, settings: Settings) -> Iterator[Any]:
    from memproc.ingestion.reading import read_file

    warn()
    return read_file(given, asked, mapping=mapping, include=include, settings=settings)


def _advise(found: list[Any]) -> None:
    """Print advice if every record of a file was rejected."""
    from memproc.formats.naming import Names
    from memproc.records import Rejected

    if found and all(isinstance(one, Rejected) for one in found):
        names = Names()
        names.note(found)
        tell(f"no record can be taken: {names.advice(redact=False)}")
