"""The store as applications use it: `memproc.open(...)` returns one."""

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
from memproc.intake import Intake, name_said
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
    """Memories in a database. May be used by several threads; close it, or use it in a `with` block.

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
        """Open or create the store at a path or SQLAlchemy URL; only a text that holds "://" is a URL. `url` is where it is,
        without passwords.

        Raises StoreError if it was made by a newer memproc or with other settings than those given, and UsageError where there
        can be no store. A store that may not be written is opened for reading.
        """
        self.schema = schema
        self._opened = OpenStore(where, settings or Settings(), for_rebuild=for_rebuild)
        self._writer = Writer(self._opened)
        self._adder = Adder(self._opened, self._writer)
        tell_of_forks(self)
        self._writer.close_left_jobs()

    def before_fork(self) -> None:
        """Keep everything: the database lets go of what two processes cannot share."""

    def after_fork(self, *, is_child: bool) -> None:
        """Have locks, a job and copies of the index of its own in the child; the parent's stay."""
        if is_child:
            self._opened.begin_afresh()
            self._adder.begin_afresh()

    def __repr__(self) -> str:
        """Return where it is, without passwords."""
        return f"<Store {self.url}>"

    def __enter__(self) -> Self:
        """Return the store itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the store."""
        self.close()

    def __iter__(self) -> Iterator[M]:
        """Give every memory, ordered by id."""
        for plain in self._opened.transactions.stream(memories_by_id):
            plain.pop("observations")
            yield self._to_memory(plain)

    def __len__(self) -> int:
        """Return how many memories there are."""
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
        """Add one record: validate it, find what is known, and write it in a transaction of its own, or in that of the records
        that other threads add at the same moment.

        The record is a mapping that stands for one memory, in any format of single records (by default detected by its shape).
        Never raises on bad input: the outcome is then `quarantined`. Raises UsageError on an unknown format, and on a record that
        holds several memories or none, as a conversation may.
        """
        item = of_record(record)
        known = format_named(format) if format else self._format_of(item)
        context = Context(source=name_said(source, "source"), is_told=format is None)
        intake = Intake(known, self.policy, self.schema, name_said(namespace, "namespace"), context, settings=self.settings)
        taken = intake.take(item).records
        if len(taken) != 1:
            raise UsageError(f"the record holds {len(taken)} memories in format {known.name!r}: use memproc.ingest")
        origin = Origin(context.source or known.name, known.name, intake.namespace or "", intake.said)
        with redacting(is_wanted=self.settings.redact):
            landed = self._adder.add(taken, origin)
        if landed.rejected:
            faults = landed.rejected[0][1].faults
            return Added(Outcome.QUARANTINED, None, None, f"{faults[0].path or 'record'}: {faults[0].message}", faults)
        return self._added_as(landed, taken.accepted.at(0))

    def _format_of(self, item: Item) -> Format:
        if isinstance(item.value, Given):
            return generic.FORMAT
        return detect([item.value], frozenset(self.schema.model_fields)) or generic.FORMAT

    def _added_as(self, landed: Landed, own: Prepared) -> Added[M]:
        if landed.forgotten:
            return Added(Outcome.DUPLICATE, None, None, "forgotten")
        memory = self._to_memory(landed.memory or memory_of_one(own.node.hex(), own.record))
        if landed.known:
            return Added(Outcome.DUPLICATE, memory, 1.0, "same observation")
        if not landed.judged:
            return Added(Outcome.STORED, memory, None, "")
        judged = landed.judged[0]
        texts = () if landed.anchor is None or self.settings.redact else (own.record, landed.anchor)
        return Added(judged.outcome, memory, judged.confidence, reason_told(judged.reason, *texts))

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Roll back at the end of the block everything that is done inside. Other threads see nothing of it; writers wait."""
        with self._opened.rehearsal(), self._adder.rehearsal():
            yield


def writer_of(store: Store[M], *, redacts: bool = False) -> Writer:
    """Return what lands batches in an open store: for ingestion, and not for applications."""
    return Writer(store._opened, redacts=redacts)  # noqa: SLF001 - it is the store's, and no part of its face
