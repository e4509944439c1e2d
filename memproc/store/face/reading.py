"""Queries of an open store: memories, their histories, counts and exports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO

import orjson

from memproc.arguments import limit_of, maybe_number, moment_of, whole_numbers
from memproc.config import Shape
from memproc.dedup.compare.confidence import model_of
from memproc.dedup.text.canonical import canonical
from memproc.formats.writers import CONFIRMED, GRAPHS
from memproc.intake import clean_name, required_name
from memproc.records import DEFAULT_NAMESPACE, M, Memory, Plain
from memproc.report.comparing import compared
from memproc.report.store_report import Comparison, StoreReport
from memproc.retention import is_past, is_valid_at
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
from memproc.store.queue.asking import steered
from memproc.store.reporting.gathering import report_of
from memproc.store.rows.expired import count_expired
from memproc.store.rows.exports import marked_memories, whole_observations
from memproc.store.rows.finding import found_memories
from memproc.store.rows.history import history_of
from memproc.store.rows.memories import memories_by_id, memory_at
from memproc.store.rows.namespaces import namespaces
from memproc.store.rows.observations import id_beginning, locate, named_by, require, require_row, to_key
from memproc.store.rows.own_ids import named_by_caller
from memproc.store.rows.relations import Related, linked_memories, related_to
from memproc.store.rows.trace import trace_of, trace_of_forgotten
from memproc.store.rows.trust import confirmed_memories
from memproc.store.rows.wanted import FIRST_AT_ONCE, Place, Wanted, place_of
from memproc.store.sql.tx import Tx
from memproc.times import to_micros, to_text
from memproc.values import shown

FOUND_BY_DEFAULT = 100


def _is(name: str, plain: Plain, value: str) -> bool:
    return plain.get(name) == value


class Reading(Face[M]):
    """Queries of an open store: memories, their histories, counts and exports."""

    def get(self, identifier: str, *, source: str | None = None, namespace: str | None = None) -> M | None:
        """Return the memory that an id leads to: its own id, an older one, or that of an observation in it.

        With a `source` or a `namespace` the id is your own, the `id` of a record of that source and namespace ("default" if none is
        given). Raises UsageError where no source is given and records of several memories have that id.
        """

        def named(tx: Tx) -> M | None:
            if source is None and namespace is None:
                row = named_by(tx, identifier)
            else:
                within = required_name(namespace, "namespace") or DEFAULT_NAMESPACE
                row = named_by_caller(tx, shown(identifier), within, clean_name(source, "source"))
            return self._to_memory(memory_at(tx, row)) if row else None

        return self._opened.transactions.read(named)

    def full_id(self, beginning: str) -> str:
        """Return the only id of a memory, a node or an observation that begins so. Raises NotFoundError where there is none, and
        UsageError where there are several.
        """
        return self._opened.transactions.read(lambda tx: id_beginning(tx, beginning))

    def find(
        self,
        *,
        namespace: str | None = None,
        subject: str | None = None,
        conversation: str | None = None,
        kind: str | None = None,
        tag: str | None = None,
        emotion: str | None = None,
        relation: str | None = None,
        text: str | None = None,
        since: object = None,
        until: object = None,
        limit: int | None = FOUND_BY_DEFAULT,
        after: Memory | str | None = None,
        at: object = None,
        expired: bool = False,
    ) -> list[M]:
        """Return memories that match all arguments, the newest first, at most `limit` (None: all), beginning behind `after`, which
        is the last memory of the page before or its `cursor`.

        `emotion` is the label of an emotion, `relation` the target of a relation, `text` a case-insensitive substring of the
        canonical text. `since` and `until` are times in any form that records may have, compared with `updated_at`, else
        `created_at`; `until` is no longer in it. What is past its `valid_to` and what has expired are left out, unless `expired` is
        true. `at` is a time too, for what was valid then by `valid_from` and `valid_to`.
        """
        most = limit_of(limit)
        first, end, then = moment_of("since", since), moment_of("until", until), moment_of("at", at)
        names = {"namespace": namespace, "subject": subject, "conversation": conversation, "kind": kind}
        names |= {"tag": tag, "emotion": emotion, "relation": relation}
        given = {name: cleaned for name, value in names.items() if (cleaned := required_name(value, name)) is not None}
        words = canonical(text) if text else ""
        wanted = Wanted(
            namespace=given.get("namespace"),
            since=to_micros(first) if first else None,
            until=to_micros(end) if end else None,
            holds={name: value for name, value in given.items() if name != "namespace"},
            text=words,
            after=place_of(after if isinstance(after, str) else self.cursor(after)) if after is not None else None,
            expired=expired,
            at_once=min(FIRST_AT_ONCE, most + 1) if most else FIRST_AT_ONCE,
        )

        def is_wanted(plain: Plain, now: str) -> bool:
            return (
                all(_HAS[name](plain, value) for name, value in given.items())
                and (is_valid_at(plain, then) if then else expired or not is_past(plain, now))
                and (not words or words in canonical(plain["content"]))
            )

        def matching(tx: Tx) -> tuple[list[M], bool]:
            found = found_memories(tx, wanted)
            meant = islice((one for one in found.memories if is_wanted(one, tx.now)), most)
            return [*map(self._to_memory, meant)], found.is_index_behind

        memories, is_index_behind = self._opened.transactions.read(matching)
        if is_index_behind:
            self._opened.search_index.catch_up_aside()
        return memories

    def index(self) -> int:
        """Bring the index that `find` asks up to all that came since, and return how many observations that were.

        Nothing has to call this: in a large namespace `find` lets it be done in a thread, a part at a time, and reads what is not
        in it yet. Raises StoreError where the store cannot be written.
        """
        return self._opened.search_index.catch_up()

    def cursor(self, memory: Memory) -> str:
        """Return the place of a memory that `find` gave, as text: `find(after=...)` goes on behind it, also in another process."""
        date = memory.updated_at or memory.created_at
        return str(Place(to_micros(to_text(date)) if date else None, to_key(memory.id or "")))

    def count(self) -> int:
        """Return how many memories there are that have not expired."""
        return self._opened.transactions.read(lambda tx: count_memories(tx) - count_expired(tx))

    def namespaces(self) -> list[str]:
        """Return the names of all namespaces that something is kept of, sorted; also where all of it has expired."""
        return sorted(self._opened.transactions.read(lambda tx: [*namespaces(tx)]))

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

    def export(self, to: str | Path | IO[bytes], *, full: bool = False, expired: bool = False) -> int:
        """Write one memory a line, ordered by id, and with `expired` those that have expired too; with `full` a head, all
        observations, then the decisions and what has expired. Return the number of lines.
        """
        plain_lines = whole_observations if full else partial(marked_memories, expired=expired)
        return export_lines_to(self._opened.transactions, to, lambda tx: (orjson.dumps(plain) + b"\n" for plain in plain_lines(tx)))

    def export_as(self, to: str | Path | IO[bytes], shape: Shape, *, expired: bool = False) -> Exported:
        """Write all memories in the shape of another system: `csv`, `mem0`, `langgraph` or `mcp`, each one file; a graph of
        memories and relations, `graphml` or `graph` (node-link JSON); or a new or empty folder: `markdown` with a note a memory,
        `markdown-daily` with a note a day, `okf` with concepts that say who confirmed them. Return how many were written, and what
        the shape cannot hold. Memories that have expired are written on request.
        """
        given = confirmed_memories if shape in CONFIRMED else linked_memories if shape in GRAPHS else memories_by_id
        return export_shape_to(self._opened.transactions, to, shape, partial(given, expired=expired))

    def related(self, identifier: str) -> tuple[Related, ...]:
        """Return what a memory is related to, as things stand now: targets may have come after it. Raises NotFoundError."""

        def found(tx: Tx) -> tuple[Related, ...]:
            return related_to(tx, memory_at(tx, require_row(tx, identifier)))

        return self._opened.transactions.read(found)

    def jobs(self, *, numbers: Iterable[int] | None = None) -> list[Job]:
        """Return the jobs with their counts, all or those with these `numbers`, the oldest first."""
        chosen = None if numbers is None else whole_numbers(numbers)
        return self._opened.transactions.read(lambda tx: jobs(tx, self._ask, chosen))

    def stats(self) -> dict[str, int]:
        """Return counts by name: memories, observations by outcome, and others."""
        return self._opened.transactions.read(stats)

    def recount(self, job: int | None = None) -> Recount:
        """Prove conservation from the rows, for one job or for all."""
        job = maybe_number("job", job)
        return self._opened.transactions.read(lambda tx: recount(tx, job))

    def report(self, job: int | None = None, *, redact: bool = False) -> StoreReport:
        """Return what a job did, or what the whole store holds, to be shown or written: outcomes, their proof, errors, duplicates,
        pace, quality by field, and counts by name. With `redact`, or where the settings ask for it, it shows nothing of what
        records hold. Raises NotFoundError if there is no such job.
        """
        number = maybe_number("job", job)
        fields, bare = self.schema.model_fields, redact or self.settings.redact
        return self._opened.transactions.read(lambda tx: report_of(tx, number, url=self.url, fields=fields, redact=bare))

    def compare_jobs(self, one: int, other: int, *, redact: bool = False) -> Comparison:
        """Return the figures of two jobs side by side. Raises NotFoundError if there is no such job."""
        return compared(self.report(one, redact=redact), self.report(other, redact=redact))

    def index_recall(self) -> IndexRecall:
        """Compare every two facts of a namespace and subject, and return what the index of near pairs missed.

        Merges do not depend on the index. Raises UsageError if a subject has more than 5,000 facts.
        """
        model = model_of(self.policy.model)
        return self._opened.transactions.read(lambda tx: index_recall(tx, model, self.settings.review_at))

    def _ask(self, job: int, request: str | None) -> None:
        self._opened.transactions.write(lambda tx: steered(tx, job, request, by=""))


_HAS: Mapping[str, Callable[[Plain, str], bool]] = {
    **{name: partial(_is, name) for name in ("namespace", "subject", "conversation", "kind")},
    "tag": lambda plain, tag: tag in plain.get("tags", ()),
    "emotion": lambda plain, label: plain.get("emotion", {}).get("label") == label,
    "relation": lambda plain, target: any(one["target"] == target for one in plain.get("relations", ())),
}
