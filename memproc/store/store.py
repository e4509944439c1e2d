"""`Store`, the public class that `memproc.open(...)` returns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from memproc.config import Settings
from memproc.dedup.columns import Prepared
from memproc.dedup.compare.reasons import reason_told
from memproc.dedup.memory import memory_of_one
from memproc.errors import UsageError, redacting
from memproc.formats import detect, format_named, generic
from memproc.formats.draft import Context, Format
from memproc.intake import Intake, clean_name
from memproc.records import Given, M, Memory, Outcome
from memproc.sources.items import Item
from memproc.sources.iterables import of_record
from memproc.store.answers import Added
from memproc.store.changes.adding import Adder
from memproc.store.changes.landed import Landed
from memproc.store.changes.writer import Writer
from memproc.store.face.deciding import Deciding
from memproc.store.face.keeping import Keeping
from memproc.store.face.quarantining import Quarantining
from memproc.store.face.reading import Reading
from memproc.store.opened import OpenStore
from memproc.store.quarantine.records import Origin
from memproc.store.rows.memories import memories_by_id
from memproc.store.sql.forks import tell_of_forks


class Store(Reading[M], Deciding[M], Quarantining[M], Keeping[M]):
    """Memories in a database. Thread-safe; close it, or use it in a `with` block.

    `Store[Mine]` gives memories of the class `Mine`: `memproc.open(where, schema=Mine)` returns one.
    """

    def __init__(
        self,
        where: str | Path,
        *,
        settings: Settings | None = None,
        schema: type[M] = Memory,  # type: ignore[assignment]  # what M is by default
        for_rebuild: bool = False,
    ) -> None:
        """Open or create the store at a path or SQLAlchemy URL (a text with "://"); without write permission, for reading.

        Raises StoreError if a newer memproc or other settings than those given made the store, and UsageError if there can be no
        store at that place.
        """
        self.schema = schema
        self._opened = OpenStore(where, settings or Settings(), for_rebuild=for_rebuild)
        self._writer = Writer(self._opened)
        self._adder = Adder(self._opened, self._writer)
        tell_of_forks(self)
        self._writer.close_left_jobs()

    def before_fork(self) -> None:
        """Do nothing: the database closes what two processes cannot share."""

    def after_fork(self, *, is_child: bool) -> None:
        """Give the child its own locks, job and cached index."""
        if is_child:
            self._opened.begin_afresh()
            self._adder.begin_afresh()

    def __repr__(self) -> str:
        """Show the URL, without passwords."""
        return f"<Store {self.url}>"

    def __enter__(self) -> Self:
        """Return the store itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the store."""
        self.close()

    def __iter__(self) -> Iterator[M]:
        """Yield every memory that has not expired, ordered by id."""
        for plain in self._opened.transactions.stream(memories_by_id):
            plain.pop("observations")
            yield self._to_memory(plain)

    def __len__(self) -> int:
        """Return how many memories there are that have not expired."""
        return self.count()

    def close(self) -> None:
        """Close all connections; end the job of the records added one by one."""
        self._adder.close()
        self._opened.close()

    def add(
        self,
        record: object,
        *,
        namespace: str | None = None,
        source: str | None = None,
        format: str | None = None,
    ) -> Added[M]:
        """Validate one record and write it, in its own transaction or together with records that other threads add at that moment.

        The record is a mapping for one memory, in any format of single records, by default detected. Bad input does not raise: its
        outcome is `quarantined`. Raises UsageError on an unknown format, and on a record that holds several memories or none, as a
        conversation may.
        """
        item = of_record(record)
        format_used = format_named(format) if format else self._format_of(item)
        context = Context(source=clean_name(source, "source"), is_told=format is None)
        intake = Intake(format_used, self.policy, self.schema, clean_name(namespace, "namespace"), context, settings=self.settings)
        taken = intake.take(item).records
        if len(taken) != 1:
            raise UsageError(f"the record holds {len(taken)} memories in format {format_used.name!r}: use memproc.ingest")
        origin = Origin(context.source or format_used.name, format_used.name, intake.namespace or "", intake.options_json)
        with redacting(is_wanted=self.settings.redact):
            landed = self._adder.add(taken, origin)
        if landed.rejected:
            faults = landed.rejected[0][1].faults
            return Added(Outcome.QUARANTINED, None, None, f"{faults[0].path or 'record'}: {faults[0].message}", faults)
        return self._to_added(landed, taken.accepted.at(0))

    def _format_of(self, item: Item) -> Format:
        if isinstance(item.value, Given):
            return generic.FORMAT
        return detect([item.value], frozenset(self.schema.model_fields)) or generic.FORMAT

    def _to_added(self, landed: Landed, prepared: Prepared) -> Added[M]:
        if landed.forgotten:
            return Added(Outcome.DUPLICATE, None, None, "forgotten")
        memory = self._to_memory(landed.memory or memory_of_one(prepared.node.hex(), prepared.record))
        if landed.known:
            return Added(Outcome.DUPLICATE, memory, 1.0, "same observation")
        if not landed.judged:
            return Added(Outcome.STORED, memory, None, "")
        judged = landed.judged[0]
        texts = () if landed.anchor is None or self.settings.redact else (prepared.record, landed.anchor)
        return Added(judged.outcome, memory, judged.confidence, reason_told(judged.reason, *texts))

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Roll back all changes at the end of the block. Other threads do not see them, and writers wait."""
        with self._opened.rehearsal(), self._adder.rehearsal():
            yield


def writer_of(store: Store[M], *, redacts: bool = False) -> Writer:
    """Return a writer of an open store, for ingestion only."""
    return Writer(store._opened, redacts=redacts)  # noqa: SLF001 - the writer is not part of the public class
