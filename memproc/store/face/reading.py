"""What applications ask an open store: memories, their stories, counts and exports."""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import IO

import orjson

from memproc.config import limit_of, maybe_number
from memproc.dedup.compare.confidence import model_of
from memproc.dedup.text.canonical import canonical
from memproc.errors import UsageError
from memproc.records import M, Plain
from memproc.store.answers import (
    History,
    IndexRecall,
    Job,
    Recount,
    Trace,
)
from memproc.store.exporting import export_lines_to
from memproc.store.face.face import Face
from memproc.store.index.recall import index_recall
from memproc.store.jobs.counting import count_memories, jobs, recount, stats
from memproc.store.jobs.jobs import (
    ask,
)
from memproc.store.rows.exports import marked_memories, whole_observations
from memproc.store.rows.history import history_of
from memproc.store.rows.memories import memory_at, newest_memories
from memproc.store.rows.observations import locate, named_by, require, to_key
from memproc.store.rows.trace import trace_of, trace_of_forgotten
from memproc.store.sql.tx import Tx
from memproc.times import parse_time, to_micros, to_text
from memproc.values import shown

FOUND_BY_DEFAULT = 100


class Reading(Face[M]):
    """What applications ask an open store: memories, their stories, counts and exports."""

    def get(self, identifier: str) -> M | None:
        """Return the memory that an id leads to: its own, an older one, or that of an observation in it."""

        def found(tx: Tx) -> M | None:
            row = named_by(tx, identifier)
            return self._to_memory(memory_at(tx, row)) if row else None

        return self._opened.transactions.read(found)

    def find(
        self,
        *,
        namespace: str | None = None,
        tag: str | None = None,
        text: str | None = None,
        since: object = None,
        subject: str | None = None,
        limit: int | None = FOUND_BY_DEFAULT,
    ) -> list[M]:
        """Return memories that match everything given, the newest first, at most `limit` (None: all).

        `text` is looked for in the canonical text, blind to case. `since` is a time in any form that records may hold; it is
        compared with `updated_at`, else `created_at`.
        """
        most = limit_of(limit)
        try:
            moment = parse_time(since) if since is not None else None
        except ValueError as error:
            raise UsageError(f"since={since!r}: {error}") from error
        namespace, tag, subject = (
            name and shown(name) for name in (namespace, tag, subject)
        )  # one that shows nothing finds nothing
        wanted = canonical(text) if text else ""
        least = to_micros(to_text(moment)) if moment else None

        def is_wanted(plain: Plain) -> bool:
            return (
                (namespace is None or plain["namespace"] == namespace)
                and (tag is None or tag in plain.get("tags", ()))
                and (subject is None or plain.get("subject") == subject)
                and wanted in canonical(plain["content"])
            )

        def found(tx: Tx) -> list[M]:
            with closing(newest_memories(tx, namespace, least)) as newest:
                return [*map(self._to_memory, islice(filter(is_wanted, newest), most))]

        return self._opened.transactions.read(found)

    def count(self) -> int:
        """Return how many memories there are."""
        return self._opened.transactions.read(count_memories)

    def trace(self, identifier: str) -> Trace[M]:
        """Return the story of a memory: where it comes from and what was merged, reviewed and decided. Of one that was forgotten
        it tells the dates and kinds, and no words. Raises NotFoundError.
        """

        def traced(tx: Tx) -> Trace[M]:
            rows = locate(tx, identifier)
            gone = None if rows else trace_of_forgotten(tx, to_key(identifier))
            if gone is not None:
                return gone
            rows = require(tx, identifier)
            return trace_of(tx, rows, self._to_memory(memory_at(tx, rows[0])))

        return self._opened.transactions.read(traced)

    def history(self, identifier: str) -> History[M]:
        """Return what a memory said in the course of time, the oldest first: its versions, what it superseded, and what the changes
        that are offered lead to. Raises NotFoundError.
        """

        def told(tx: Tx) -> History[M]:
            rows = require(tx, identifier)
            return History(self._to_memory(memory_at(tx, rows[0])), history_of(tx, rows))

        return self._opened.transactions.read(told)

    def export(self, to: str | Path | IO[bytes], *, full: bool = False) -> int:
        """Write one memory a line, ordered by id; with `full` a head, every observation whole, then the decisions.

        Return the lines.
        """
        give = whole_observations if full else marked_memories
        return export_lines_to(self._opened.transactions, to, lambda tx: (orjson.dumps(plain) + b"\n" for plain in give(tx)))

    def jobs(self) -> list[Job]:
        """Return the ingestions, the oldest first, with what their batches counted."""
        return self._opened.transactions.read(lambda tx: jobs(tx, self._ask))

    def stats(self) -> dict[str, int]:
        """Return counts: memories, observations by outcome, and what else there is."""
        return self._opened.transactions.read(stats)

    def recount(self, job: int | None = None) -> Recount:
        """Prove conservation from the rows, of one job or of everything."""
        job = maybe_number("job", job)
        return self._opened.transactions.read(lambda tx: recount(tx, job))

    def index_recall(self) -> IndexRecall:
        """Compare each fact with each of its namespace and subject, and tell what the index of near pairs missed.

        Merges do not depend on the index. Raises UsageError where one subject has more than 5,000 facts.
        """
        model = model_of(self.policy.model)
        return self._opened.transactions.read(lambda tx: index_recall(tx, model, self.settings.review_at))

    def _ask(self, job: int, request: str | None) -> None:
        self._opened.transactions.write(lambda tx: ask(tx, job, request))  # type: ignore[arg-type]
