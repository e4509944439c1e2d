"""`Store`, the public class that `memproc.open(...)` returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from memproc.config import Settings
from memproc.dedup.keys import Key
from memproc.enrichment.changes import Changing
from memproc.enrichment.given import Enrichment
from memproc.records import M, Memory, Plain
from memproc.store.access.access import Access
from memproc.store.changes.adding import Adder
from memproc.store.changes.writer import Writer
from memproc.store.enriching.enriching import Enriching
from memproc.store.enriching.meanwhile import Meanwhile
from memproc.store.face.adding import Adding
from memproc.store.face.deciding import Deciding
from memproc.store.face.gating import GateBook, Gating
from memproc.store.face.keeping import Keeping
from memproc.store.face.quarantining import Quarantining
from memproc.store.face.queueing import Queueing
from memproc.store.face.reading import Reading
from memproc.store.flows.journal import Journal
from memproc.store.opened import OpenStore
from memproc.store.rows.memories import memories_by_id
from memproc.store.rows.observations import forgotten_among, records_of
from memproc.store.sql.forks import tell_of_forks


class Store(Adding[M], Reading[M], Deciding[M], Quarantining[M], Keeping[M], Gating[M], Queueing[M]):
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

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Roll back all changes at the end of the block. Other threads do not see them, and writers wait."""
        with self._opened.rehearsal(), self._adder.rehearsal():
            yield


def writer_of(store: Store[M], *, redacts: bool = False) -> Writer:
    """Return a writer of an open store, for ingestion only."""
    return Writer(store._opened, redacts=redacts)  # noqa: SLF001 - the writer is not part of the public class


def access_of(store: Store[M]) -> Access:
    """Return what only who serves an open store needs: tokens, the log of requests, and what belongs to them."""
    return Access(store._opened.transactions)  # noqa: SLF001 - they are not part of the public class


def opened_by(store: Store[M]) -> OpenStore:
    """Return what an open store is made of, for workers only."""
    return store._opened  # noqa: SLF001 - as above


def enriching_of(store: Store[M], changing: Changing, enrichments: Sequence[Enrichment], meanwhile: Meanwhile) -> Enriching:
    """Return what enriches records on their way into an open store, for ingestion only."""
    return Enriching(store._opened, changing, enrichments, meanwhile)  # noqa: SLF001 - as above


def gate_book_of(store: Store[M]) -> GateBook:
    """Return what an open store keeps for gates, for ingestion only."""
    return GateBook(store._opened)  # noqa: SLF001 - the book is not part of the public class


def observed(store: Store[M], keys: Iterable[Key]) -> tuple[dict[Key, Plain], set[Key]]:
    """Return the records of those observations that a store has, by their keys, and the keys of those that were forgotten."""
    wanted = {*keys}
    read = store._opened.transactions.read  # noqa: SLF001 - keys are not part of the public class
    return read(lambda tx: (records_of(tx, wanted), forgotten_among(tx, wanted)))


def journal_of(store: Store[M]) -> Journal:
    """Return what is written of the runs of flows in an open store."""
    return Journal(store._opened)  # noqa: SLF001 - flows are not part of the public class
