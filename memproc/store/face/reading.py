"""Queries of an open store: memories, their histories, counts and exports."""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import IO

import orjson

from memproc.config import Shape, limit_of, maybe_number
from memproc.dedup.compare.confidence import model_of
from memproc.dedup.text.canonical import canonical
from memproc.errors import UsageError
from memproc.formats.writers import CONFIRMED
from memproc.records import M, Plain
from memproc.store.answers import (
    History,
    IndexRecall,
    Job,
    Recount,
    Trace,
)
from memproc.store.exporting import Exported, export_lines_to, export_shape_to
from memproc.store.face.face import Face
from memproc.store.index.recall import index_recall
from memproc.store.jobs.counting import count_memories, jobs, recount, stats
from memproc.store.jobs.jobs import (
    ask,
)
from memproc.store.rows.exports import marked_memories, whole_observations
from memproc.store.rows.history import history_of
from memproc.store.rows.memories import memories_by_id, memory_at, newest_memories
from memproc.store.rows.observations import locate, named_by, require, to_key
from memproc.store.rows.trace import trace_of, trace_of_forgotten
from memproc.store.rows.trust import confirmed_memories
from memproc.store.sql.tx import Tx
from memproc.times import parse_time, to_micros, to_text
from memproc.values import shown

FOUND_BY_DEFAULT = 100


class Reading(Face[M]):
    """Queries of an open store: memories, their histories, counts and exports."""

    def get(self, identifier: str) -> M | None:
        """Return the memory that an id leads to: its own id, an older one, or that of an observation in it."""

        def named(tx: Tx) -> M | None:
            row = named_by(tx, identifier)
            return self._to_memory(memory_at(tx, row)) if row else None

        return self._opened.transactions.read(named)

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
        """Return memories that match all arguments, the newest first, at most `limit` (None: all).

        `text` is a case-insensitive substring of the canonical text. `since` is a time in any form that records may have; it is
        compared with `updated_at`, else `created_at`.
        """
        most = limit_of(limit)
        try:
            moment = parse_time(since) if since is not None else None
        except ValueError as error:
            raise UsageError(f"since={since!r}: {error}") from error
        namespace, tag, subject = (name and shown(name) for name in (namespace, tag, subject))  # a blank name matches nothing
        wanted = canonical(text) if text else ""
        least = to_micros(to_text(moment)) if moment else None

        def is_wanted(plain: Plain) -> bool:
            return (
                (namespace is None or plain["namespace"] == namespace)
                and (tag is None or tag in plain.get("tags", ()))
                and (subject is None or plain.get("subject") == subject)
                and wanted in canonical(plain["content"])
            )

        def matching(tx: Tx) -> list[M]:
            with closing(newest_memories(tx, namespace, least)) as newest:
                return [*map(self._to_memory, islice(filter(is_wanted, newest), most))]

        return self._opened.transactions.read(matching)

    def count(self) -> int:
        """Return how many memories there are."""
        return self._opened.transactions.read(count_memories)

    def trace(self, identifier: str) -> Trace[M]:
        """Return where a memory comes from and what was merged, reviewed and decided; of a forgotten one only dates and kinds.
        Raises NotFoundError.
        """

        def traced(tx: Tx) -> Trace[M]:
            rows = locate(tx, identifier)
            forgotten = None if rows else trace_of_forgotten(tx, to_key(identifier))
            if forgotten is not None:
                return forgotten
            rows = require(tx, identifier)
            return trace_of(tx, rows, self._to_memory(memory_at(tx, rows[0])))

        return self._opened.transactions.read(traced)

    def history(self, identifier: str) -> History[M]:
        """Return what a memory said over time, the oldest first: its versions, what it superseded, and what offered changes lead
        to. Raises NotFoundError.
        """

        def steps(tx: Tx) -> History[M]:
            rows = require(tx, identifier)
            return History(self._to_memory(memory_at(tx, rows[0])), history_of(tx, rows))

        return self._opened.transactions.read(steps)

    def export(self, to: str | Path | IO[bytes], *, full: bool = False) -> int:
        """Write one memory a line, ordered by id; with `full` a head, all observations, then the decisions. Return the number of
        lines.
        """
        plain_lines = whole_observations if full else marked_memories
        return export_lines_to(self._opened.transactions, to, lambda tx: (orjson.dumps(plain) + b"\n" for plain in plain_lines(tx)))

    def export_as(self, to: str | Path | IO[bytes], shape: Shape) -> Exported:
        """Write all memories in the shape of another system: `csv`, `mem0`, `langgraph` or `mcp`, each one file, or a new or empty
        folder: `markdown` with a note a memory, `markdown-daily` with a note a day, `okf` with concepts that say who confirmed
        them. Return how many were written, and what the shape cannot hold.
        """
        memories = confirmed_memories if shape in CONFIRMED else memories_by_id
        return export_shape_to(self._opened.transactions, to, shape, memories)

    def jobs(self) -> list[Job]:
        """Return the jobs with their counts, the oldest first."""
        return self._opened.transactions.read(lambda tx: jobs(tx, self._ask))

    def stats(self) -> dict[str, int]:
        """Return counts by name: memories, observations by outcome, and others."""
        return self._opened.transactions.read(stats)

    def recount(self, job: int | None = None) -> Recount:
        """Prove conservation from the rows, for one job or for all."""
        job = maybe_number("job", job)
        return self._opened.transactions.read(lambda tx: recount(tx, job))

    def index_recall(self) -> IndexRecall:
        """Compare every two facts of a namespace and subject, and return what the index of near pairs missed.

        Merges do not depend on the index. Raises UsageError if a subject has more than 5,000 facts.
        """
        model = model_of(self.policy.model)
        return self._opened.transactions.read(lambda tx: index_recall(tx, model, self.settings.review_at))

    def _ask(self, job: int, request: str | None) -> None:
        self._opened.transactions.write(lambda tx: ask(tx, job, request))  # type: ignore[arg-type]
