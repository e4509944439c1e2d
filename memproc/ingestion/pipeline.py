"""`ingest`, and what a worker calls in its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from memproc.config import Settings
from memproc.enrichment.given import Enrich
from memproc.gates.files import Given as GateGiven
from memproc.ingestion.call import Call
from memproc.ingestion.performing import perform
from memproc.records import Memory
from memproc.report.ending import OnEvent
from memproc.report.report import Report
from memproc.sources.remote import Remote
from memproc.store.jobs.jobs import Claim
from memproc.store.store import Store


def ingest(
    what: str | Path | IO[Any] | Remote | Iterable[object],
    into: str | Path | Store,
    *,
    namespace: str | None = None,
    source: str | None = None,
    format: str | None = None,
    schema: type[Memory] = Memory,
    settings: Settings | None = None,
    mapping: Mapping[str, Any] | str | Path | None = None,
    include: Iterable[str] = (),
    as_of: object = None,
    trust_decisions: bool = False,
    on_event: OnEvent | None = None,
    dry_run: bool = False,
    resume: bool = False,
    records: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    allow_pickle: bool = False,
    limit: int | None = None,
    engine: object = "sequential",
    enrich: Enrich | None = None,
    gate: GateGiven | None = None,
) -> Report:
    """Write the records of `what` to a store, and return a report.

    `what` is a path, an open file, a source that is in no file (`SqlTable`, `SqlQuery`, `RestPages`), a sequence of these (one job,
    read in this order), a frame or table of pandas, polars or Arrow, or an iterable of mappings. A path may be a folder (all files
    below it), a pattern (`exports/*.json`), a pipe, `-` for standard input, or compressed: a zip archive (all its members), gzip,
    bzip2, xz or zstandard. A file in a folder or archive that cannot be read is named in a note. `into` is an open `Store`, a path
    or a SQLAlchemy URL. `namespace` and `source` are the defaults of records that have none. `mapping` says where the fields are in
    JSON objects or table rows (`{"content": "body.text"}`); a mapping file, or its content as a dictionary or a `FieldMap`, also
    says what becomes of their values. `include` names the optional parts of a format to read. `records` names the list of records
    in a JSON object (`data.items`), `delimiter` what stands between the cells of a table (by default found in its first lines),
    `encoding` that of texts which are neither UTF-8 nor UTF-16 with its mark. `allow_pickle` reads the data in pickles, and nothing
    in them that would run. `limit` reads only the first records. `as_of` is the date of the source itself. `trust_decisions`
    applies the decisions and deletions of a full export, to all memories of the store or only to those in `namespace`. `on_event`
    is called with each `Event`: before the first record is read, after each batch, with the report at the end. What it raises stops
    nothing, but for KeyboardInterrupt. `dry_run` rolls everything back at the end. `resume` continues the unfinished job on these
    files after its last batch; it starts one if there is none, and does nothing if the job is done. An iterable or a pipe cannot be
    resumed: it is read from the start, and known records count as duplicates. `engine` says where records are prepared:
    "sequential" (in this process), "threads", "processes", "forkserver", "dask", "ray", an executor of `concurrent.futures`, a Dask
    `Client`, or the address of a Ray cluster. It does not change the result. `enrich` is a function of a list of memories, an
    `HttpEnrichment`, a `BatchEnrichment`, or several of these in a list: what they add to records that passed validation, before
    their keys are computed. Their results are kept in the store; a dry run asks for none. `gate` is the path of a file of rules,
    its content as a dictionary, or a `Gate`: rules are judged before anything is written, while records are read, where the job
    stops as soon as one can no longer be met, and at the end, as each says; `gates` of the report tell what was found.

    Bad records never raise: they are quarantined and counted, as are records on which memproc itself fails. If a file cannot be
    read to its end, the status of the report is "failed"; an exception of an iterator is raised after the records before it are
    committed. Raises UsageError or SourceError before any work if the call is wrong, StoreError if the database fails, and
    EngineError if the workers fail. A KeyboardInterrupt is raised with the `report`.
    """
    return perform(
        Call(
            what,
            into,
            namespace=namespace,
            source=source,
            format=format,
            schema=schema,
            settings=settings,
            mapping=mapping,
            include=tuple(include),
            as_of=as_of,
            trust_decisions=trust_decisions,
            on_event=on_event,
            dry_run=dry_run,
            resume=resume,
            records=records,
            delimiter=delimiter,
            encoding=encoding,
            allow_pickle=allow_pickle,
            limit=limit,
            engine=engine,
            enrich=enrich,
            gate=gate,
        )
    )


def ingest_claimed(claim: Claim, what: Sequence[str | Remote], into: Store, **options: Any) -> Report:
    """Ingest as `ingest` does, under the number of a job that a worker has claimed, behind the last batch that it landed."""
    return perform(Call(what, into, **options), claim)
