"""`migrate`: an ingestion that tells what became of each field, and is verified at its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from memproc.config import Settings
from memproc.errors import UsageError, redacting
from memproc.formats.draft import Context
from memproc.ingestion.opening import Asked, given_of, open_all
from memproc.ingestion.pipeline import ingest
from memproc.ingestion.reading import intake_of
from memproc.ingestion.verifying import Reread
from memproc.intake import Intake, clean_name
from memproc.records import Memory
from memproc.report.ending import OnEvent
from memproc.report.migration import Changes, Migration
from memproc.report.report import Report
from memproc.sources.mapping_files import mapping_given
from memproc.store.store import Store


def migrate(
    what: Any,
    into: str | Path | Store,
    *,
    mapping: Mapping[str, Any] | str | Path | None = None,
    namespace: str | None = None,
    source: str | None = None,
    format: str | None = None,
    schema: type[Memory] = Memory,
    settings: Settings | None = None,
    include: Iterable[str] = (),
    as_of: object = None,
    records: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    allow_pickle: bool = False,
    dry_run: bool = False,
    resume: bool = False,
    engine: object = "sequential",
    on_event: OnEvent | None = None,
) -> Migration:
    """Ingest the records of another application as `ingest` does, tell what became of each field, and verify the result.

    The source is read twice, the second time to look each record up in the store, so it has to be something that can be read twice:
    files, or a list. The arguments are those of `ingest`. `dry_run` rolls everything back, and tells what would become of the
    fields. A migration that was stopped goes on with `resume`, and is verified whole; one that is done is verified again.

    Bad records never raise: they are quarantined. Raises UsageError or SourceError before any work if the call is wrong, and else
    what `ingest` raises.
    """
    given = given_of(what)
    if given is None and not isinstance(what, Sequence):
        raise UsageError("a migration reads twice: give files or a list, not an iterator")
    chosen = settings or (into.settings if isinstance(into, Store) else Settings())
    mapped, included = mapping_given(mapping), tuple(include)
    context = Context(clean_name(source, "source"), frozenset(included), mapped)
    intake = replace(intake_of(context, chosen, namespace=namespace, as_of=as_of), schema=schema)
    asked = Asked(format, records, delimiter, encoding, allow_pickle)
    with redacting(is_wanted=chosen.redact), closing(open_all(given, what, intake, asked)) as sources:
        if given is not None and not all(one.can_reread for one in sources.all):
            raise UsageError("a migration reads twice: give files, not a pipe")
        if any(one.remote is not None and one.remote.remote.is_followed for one in sources.all):
            raise UsageError("a migration reads everything, and not what is new since the last time: leave the cursor out")
    report = ingest(
        what,
        into,
        namespace=namespace,
        source=source,
        format=format,
        schema=schema,
        settings=settings,
        mapping=mapped,
        include=included,
        as_of=as_of,
        records=records,
        delimiter=delimiter,
        encoding=encoding,
        allow_pickle=allow_pickle,
        dry_run=dry_run,
        resume=resume,
        engine=engine,
        on_event=on_event,
    )
    if report.status not in ("done", "rehearsed"):
        return Migration(report)
    with redacting(is_wanted=chosen.redact), ExitStack() as stack:
        store = None
        if not dry_run:
            store = into if isinstance(into, Store) else stack.enter_context(Store(into, settings=settings, schema=schema))
        return _verified(report, what, (intake, asked), store)


def _verified(report: Report, what: Any, how: tuple[Intake, Asked], store: Store[Memory] | None) -> Migration:
    """Read the sources again, and return what was found."""
    intake, asked = how
    reread = Reread(Changes(redacts=intake.settings.redact or intake.settings.hides_secrets))
    with closing(open_all(given_of(what), what, intake, asked)) as sources:
        for source in sources.all:
            reread.read(source, store)
    report.left_out = report.left_out or reread.kinds_left_out  # a job that was done before has read nothing now
    changes = reread.changes.found(intake.schema.model_fields)
    return Migration(report, reread.rows, changes, [*reread.checks(report, is_rehearsal=store is None)])
