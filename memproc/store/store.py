"""The store as applications use it: `memproc.open(...)` gives one."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import IO, NamedTuple, Self, Unpack, get_args

import orjson
from sqlalchemy import select, update

from memproc.config import Policy, Settings, limit_of, share_of, whole_number
from memproc.dedup.cluster import Decision, Verdict, pair
from memproc.dedup.compare.confidence import model_of
from memproc.dedup.compare.reasons import reason_told
from memproc.dedup.decide import Judged, Row
from memproc.dedup.keys import SCHEME, Key, Prepared
from memproc.dedup.meaning import AT_LEAST
from memproc.dedup.memory import memory_of_one
from memproc.dedup.review_policy import checked_name, parse_policy
from memproc.dedup.text.canonical import canonical
from memproc.embedding import embedder
from memproc.errors import DatabaseError, NotFoundError, StoreError, UsageError, redacting
from memproc.formats import detect, format_named, generic
from memproc.formats.draft import Context, Decided, Format
from memproc.intake import Intake, name_said
from memproc.records import Fault, Given, Memory, Outcome, Plain
from memproc.report.report import Pattern, Report
from memproc.sources.items import Item
from memproc.sources.iterables import of_record
from memproc.store.answers import (
    Added,
    Applied,
    Calibration,
    Finding,
    History,
    IndexRecall,
    Job,
    PolicyCount,
    Proposed,
    Quarantined,
    Recount,
    Review,
    Settled,
    Trace,
)
from memproc.store.backup import backup
from memproc.store.changes.adding import Together
from memproc.store.changes.calibration import calibrate, calibrated
from memproc.store.changes.deciding import decide_by_hand, handle_of, unmerging, unmerging_job
from memproc.store.changes.forgetting import forget, take_over
from memproc.store.changes.landed import Arrived, Landed, batch_row
from memproc.store.changes.landing import Landing
from memproc.store.changes.policies import Order, carry_out, policies_in, withdraw_policy
from memproc.store.changes.rebuilding import rebuild
from memproc.store.changes.replay import Replay, ReplayPlan, Transform, chosen_for_replay, edits_in, export_lines
from memproc.store.checkup.doctor import examine
from memproc.store.index.merging import Merger
from memproc.store.index.recall import index_recall
from memproc.store.index.segments import Segments
from memproc.store.jobs.counting import count_memories, jobs, recount, stats
from memproc.store.jobs.jobs import (
    FINISHED,
    Claim,
    Found,
    Reached,
    ask,
    begin,
    behind,
    cancel,
    close_left,
    finish,
    latest,
    left,
    reached,
    step,
    take,
)
from memproc.store.jobs.owners import Owner
from memproc.store.quarantine.records import REPLAY, Origin
from memproc.store.quarantine.triage import (
    Filters,
    QuarantineFilter,
    Status,
    discard,
    patterns_in,
    rows_by_number,
    rows_of,
    to_quarantined,
    which_of,
)
from memproc.store.reviews.looking import Compared, Fresh, Reviewer
from memproc.store.reviews.open_reviews import open_reviews, verdicts_on
from memproc.store.reviews.proposing import Proposer
from memproc.store.reviews.settled import decisions_of_job, decisions_of_review, note_unmerged, settled, status_of
from memproc.store.rows.decisions import WITHDRAWN, all_decisions
from memproc.store.rows.exports import marked_memories, whole_observations
from memproc.store.rows.history import history_of
from memproc.store.rows.memories import memories_by_id, memory_at, newest_memories
from memproc.store.rows.observations import locate, named_by, records_of, to_key
from memproc.store.rows.state import StoreState, store_state
from memproc.store.rows.trace import trace_of, trace_of_forgotten
from memproc.store.sql import tables
from memproc.store.sql.database import BRIEFLY_SECONDS, Database
from memproc.store.sql.forks import tell_of_forks
from memproc.store.sql.masking import url_shown
from memproc.store.sql.opening import check_policy, open_policy
from memproc.store.sql.transactions import Transactions
from memproc.store.sql.tx import Tx
from memproc.taken import Taken
from memproc.times import parse_time, to_micros, to_text
from memproc.validation import redacted, restore
from memproc.values import shown
from memproc.writing import plain_file, written

FOUND_BY_DEFAULT = 100
GAP_EVERY_SECONDS = 0.1
ADDED = "add"  # the source of the job that single records belong to
PATTERNS_SHOWN = 3


class _Batch(NamedTuple):
    """A batch to land, as `land` describes it."""

    arrived: Arrived
    origin: Origin
    decided: Sequence[Decided] = ()
    checkpoint: str | None = None
    is_looked_at: bool = False  # in its own transaction, or there is nothing to look at


class Store:
    """Memories in a database. May be used by several threads; close it, or use it in a `with` block."""

    def __init__(
        self, where: str | Path, *, settings: Settings | None = None, schema: type[Memory] = Memory, for_rebuild: bool = False
    ) -> None:
        """Open or make the store at a path or SQLAlchemy URL; only a text that holds "://" is a URL. `url` is where it is, without
        passwords.

        Raises StoreError when it was made by a newer memproc or with other settings than those given, and UsageError where there
        can be no store. One that may not be written is opened for reading.
        """
        self.settings = settings or Settings()
        self.schema = schema
        self._database = Database(where, self.settings)
        self.url = url_shown(self._database.url)
        self._segments = Segments()
        self._transactions = Transactions(self._database, on_end=self._segments.leave, on_rollback=self._segments.forget_cached)
        self._merger = Merger(self._transactions, self._segments)
        self._together = Together(self._land_added)
        self._added_job: Claim | None = None
        self._added = 0
        self._gave_way_at = perf_counter()
        try:
            self.policy = open_policy(self._database, self.settings, for_rebuild=for_rebuild)
        except BaseException as error:
            self._database.close()
            if not isinstance(error, DatabaseError):
                raise
            raise StoreError(f"{self._database} cannot be opened as a store: {error}") from error
        tell_of_forks(self)
        self._close_left_jobs()

    def before_fork(self) -> None:
        """Keep all: the database lets go of what two processes cannot share."""

    def after_fork(self, *, is_child: bool) -> None:
        """Have locks, a job and copies of the index of its own in the child; the parent's stay."""
        if is_child:
            self._transactions.begin_afresh()
            self._merger.begin_afresh()
            self._together.begin_afresh()
            self._segments.leave()
            self._segments.forget_cached()
            self._added_job, self._added = None, 0

    def __repr__(self) -> str:
        """Return where it is, without passwords."""
        return f"<Store {self.url}>"

    def __enter__(self) -> Self:
        """Return the store itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the store."""
        self.close()

    def __iter__(self) -> Iterator[Memory]:
        """Give every memory, ordered by id."""
        for plain in self._transactions.stream(memories_by_id):
            plain.pop("observations")
            yield self._to_memory(plain)

    def __len__(self) -> int:
        """Return how many memories there are."""
        return self.count()

    def close(self) -> None:
        """Close all connections; finish the job of the records added one by one."""
        if self._added_job is not None:
            with suppress(DatabaseError):  # the records are in, only that no more come is not written
                self.finish_job(self._added_job, "done")
            self._added_job = None
        self._merger.wait()
        self._transactions.is_closed = True
        self._database.wipe()
        self._database.close()

    def add(
        self,
        record: object,
        *,
        namespace: str | None = None,
        source: str | None = None,
        format: str | None = None,
    ) -> Added:
        """Take one record: validate it, find what is known, write it in a transaction: its own, or that of the records that other
        threads add at the same moment.

        The record is a mapping that stands for one memory, in any format of single records (by default told by its shape).
        Never raises on bad input: the outcome is then `quarantined`.
        """
        item = of_record(record)
        known = format_named(format) if format else self._format_of(item)
        context = Context(source=name_said(source, "source"), is_told=format is None)
        intake = Intake(known, self.policy, self.schema, name_said(namespace, "namespace"), context, settings=self.settings)
        taken = intake.take(item)
        if len(taken.records) != 1:
            raise UsageError(f"the record holds {len(taken.records)} memories in format {known.name!r}: use memproc.ingest")
        found = taken.records
        origin = Origin(context.source or known.name, known.name, intake.namespace or "", intake.said)
        # Who holds the lock in a rehearsal is the one who rehearses: what others add is not to be undone with it.
        with redacting(is_wanted=self.settings.redact):
            landed = self._together.served(
                (found, origin), self._transactions.lock, is_alone=lambda: self._transactions.is_rehearsal
            )
        self._merger.merge_aside()
        if landed.rejected:
            faults = landed.rejected[0][1].faults
            return Added(Outcome.QUARANTINED, None, None, f"{faults[0].path or 'record'}: {faults[0].message}", faults)
        return self._added_as(landed, found.accepted.at(0))

    def _format_of(self, item: Item) -> Format:
        if isinstance(item.value, Given):
            return generic.FORMAT
        return detect([item.value], frozenset(self.schema.model_fields)) or generic.FORMAT

    def _land_added(self, added: Sequence[tuple[Taken, Origin]]) -> list[Landed]:
        """Write single records in one transaction, each as a batch of its own: so its outcome is that of a record alone."""
        if self._added_job is None:
            self._added_job = self.begin_job(ADDED, added[0][1].format)
            self.catch_up(self._added_job)
        first, self._added = self._added, self._added + len(added)
        batches = [_Batch(Arrived(found, at), origin, is_looked_at=True) for at, (found, origin) in enumerate(added, first)]
        return self._land_each(self._added_job, batches)

    def get(self, identifier: str) -> Memory | None:
        """Return the memory that an id leads to: its own, an older one, or that of an observation in it."""

        def found(tx: Tx) -> Memory | None:
            row = named_by(tx, identifier)
            return self._to_memory(memory_at(tx, row)) if row else None

        return self._transactions.read(found)

    def find(
        self,
        *,
        namespace: str | None = None,
        tag: str | None = None,
        text: str | None = None,
        since: object = None,
        subject: str | None = None,
        limit: int | None = FOUND_BY_DEFAULT,
    ) -> list[Memory]:
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

        def found(tx: Tx) -> list[Memory]:
            with closing(newest_memories(tx, namespace, least)) as newest:
                return [*map(self._to_memory, islice(filter(is_wanted, newest), most))]

        return self._transactions.read(found)

    def count(self) -> int:
        """Return how many memories there are."""
        return self._transactions.read(count_memories)

    def trace(self, identifier: str) -> Trace:
        """Return the story of a memory: where it comes from and what was merged, reviewed and decided. Of one that was forgotten
        it tells the dates and kinds, and no words. Raises NotFoundError.
        """

        def traced(tx: Tx) -> Trace:
            rows = locate(tx, identifier)
            gone = None if rows else trace_of_forgotten(tx, to_key(identifier))
            if gone is not None:
                return gone
            rows = self._located(tx, identifier)
            return trace_of(tx, rows, self._to_memory(memory_at(tx, rows[0])))

        return self._transactions.read(traced)

    def history(self, identifier: str) -> History:
        """Return what a memory said in the course of time, the oldest first: its versions, what it superseded, and what the changes
        that are offered lead to. Raises NotFoundError.
        """

        def told(tx: Tx) -> History:
            rows = self._located(tx, identifier)
            return History(self._to_memory(memory_at(tx, rows[0])), history_of(tx, rows))

        return self._transactions.read(told)

    def unmerge(self, identifier: str, *, note: str = "") -> tuple[Decision, ...]:
        """Hold apart what an id names (an observation, a node, or a memory's first node) from the rest of its memory, for ever.

        Return the decisions made, none where the memory has one node only; `withdraw` takes them back. Raises NotFoundError.
        """

        def unmerged(tx: Tx) -> tuple[Decision, ...]:
            rows = self._located(tx, identifier)
            decisions = unmerging(tx, rows, rows[0].observation)
            if decisions:
                decide_by_hand(tx, [(decision, "distinct") for decision in decisions], note)
            return tuple(decisions)

        return self._transactions.write(unmerged)

    def unmerge_job(self, job: int, *, note: str = "") -> tuple[Decision, ...]:
        """Undo every merge by likeness that a job made, for ever. Exact repeats and versions stay what they are.

        Return the decisions made; `withdraw` takes them back. Raises NotFoundError.
        """
        job = whole_number("job", job)

        def unmerged(tx: Tx) -> tuple[Decision, ...]:
            if tx.execute(select(tables.jobs.c.number).where(tables.jobs.c.number == job)).first() is None:
                raise NotFoundError(f"no job {job}")
            decisions: list[Decision] = []
            # What is held apart lets in what it had kept out, which may be what the job had merged first.
            while fresh := unmerging_job(tx, job):
                if not decisions:
                    note_unmerged(tx, job)
                decide_by_hand(tx, [(decision, "distinct") for decision in fresh], note)
                decisions += fresh
            return tuple(sorted(decisions))

        return self._transactions.write(unmerged)

    def withdraw(self, decisions: Sequence[Decision], *, note: str = "") -> None:
        """Take decisions back, whoever made them: the store is then what it would be without them."""
        withdrawn = [(decision._replace(policy=""), WITHDRAWN) for decision in decisions]  # whoever made them, a person takes back
        self._transactions.write(lambda tx: decide_by_hand(tx, withdrawn, note))

    def decisions(self, identifier: str | None = None, *, review: int | None = None, job: int | None = None) -> list[Decision]:
        """Return the decisions in force: all, or those on what an id names, those on the pair of a `review`, or those by which
        `unmerge_job` undid a `job`; give one of them. `withdraw` takes them back. Raises NotFoundError.
        """
        if len([given for given in (identifier, review, job) if given is not None]) > 1:
            raise UsageError("give one of an id, a review and a job")
        review, job = _maybe_number("review", review), _maybe_number("job", job)

        def found(tx: Tx) -> list[Decision]:
            if review is not None:
                return decisions_of_review(tx, review)
            if job is not None:
                return decisions_of_job(tx, job)
            made = all_decisions(tx)
            if identifier is None:
                return made
            named = self._located(tx, identifier)[0].observation
            return [decision for decision in made if not {named.node, named.key}.isdisjoint(decision[:2])]

        return self._transactions.read(found)

    def decide_all(
        self,
        policy: str,
        *,
        verdict: Verdict = "merge",
        name: str | None = None,
        note: str = "",
        limit: int | None = None,
        job: int | None = None,
        dry_run: bool = False,
    ) -> Applied:
        """Decide the open reviews that a policy means, such as "confidence >= 0.97 and kind == similar", the surest first: at most
        `limit`, with a `job` only those that it found. With `dry_run` all is done and undone.

        The decisions bear the `name` of the policy, which is what it says if none is given; `withdraw_policy` takes them back as
        one. What a person said stands: pairs that it has to do with are left to wait. Raises UsageError, with the place, on what is
        no policy.
        """
        meant = parse_policy(policy)
        order = Order(
            policy=meant,
            verdict=_checked_verdict(verdict),
            name=checked_name(str(meant) if name is None else name),
            note=note,
            limit=limit_of(limit),
            job=_maybe_number("job", job),
        )
        with self.rehearsal() if dry_run else nullcontext():
            return carry_out(self._transactions, order, self.let_others_write)

    def withdraw_policy(self, name: str, *, note: str = "") -> tuple[Decision, ...]:
        """Take back, as one, all that a policy decided and nobody took back since: the store is then what it would be without it.

        Return the decisions taken back. Raises NotFoundError where there is none.
        """
        return self._transactions.write(lambda tx: tuple(withdraw_policy(tx, name, note)))

    def policies(self) -> list[PolicyCount]:
        """Return the policies that decided, by name, each with how many of its decisions nobody took back."""
        return self._transactions.read(policies_in)

    def reviews(self, *, limit: int | None = None, numbers: Iterable[int] | None = None) -> list[Review]:
        """Return the open reviews, changes first, then the surest, of memories that are not one by now: at most `limit`; those of
        `numbers`.
        """
        most, chosen = limit_of(limit), None if numbers is None else _numbers(numbers)
        return self._transactions.read(lambda tx: open_reviews(tx, self._to_memory, most, chosen))

    def settled_reviews(self) -> list[Settled]:
        """Return the reviews that were decided, in the order they came: `decisions(review=number)` are what was decided."""
        return self._transactions.read(settled)

    def resolve(self, review: Review | int, verdict: Verdict, *, note: str = "") -> Decision:
        """Decide an open review: `merge` makes both one memory, `distinct` holds them apart for ever, and with `supersedes` the
        one with the later date replaces the other, which stays as its history.

        Return the decision; `withdraw` takes it back. Raises NotFoundError where it is not open, and UsageError where nothing tells
        which is later.
        """
        _checked_verdict(verdict)
        number = review.number if isinstance(review, Review) else whole_number("review", review)

        def resolved(tx: Tx) -> Decision:
            status, *pair_of = status_of(tx, number) or ("", b"", b"")
            if status != "open":
                raise NotFoundError(f"no open review {number}" + (f": it is decided, {status}" if status else ""))
            sides = [self._located(tx, key.hex()) for key in pair_of]
            if verdict not in verdicts_on(*sides):
                raise UsageError(f"review {number}: supersedes takes two dates, one later than the other")
            one, other = (rows[0].observation for rows in sides)
            if one.node == other.node:
                decision = pair(one.key, other.key, verdict)
            else:
                handles = [handle_of(tx, seen) for seen in (one, other)]
                decision = pair(handles[0], handles[1], verdict)
            decide_by_hand(tx, [(decision, verdict)], note)
            tx.change_row(tables.reviews, number, {"status": verdict})
            return decision

        return self._transactions.write(resolved)

    def propose(self, *, at_least: float = AT_LEAST, limit: int | None = None) -> Proposed:
        """Add pairs of facts that are alike in meaning as open reviews of kind `meaning`; nothing is merged.

        Compares what came or was decided on since the last time with all of its namespace and subject, by the vectors of a small
        static model (extra `semantic`). A pair is taken where each is the nearest of the other, no cue differs, the cosine of
        their vectors is `at_least` (0..1) or more, and nobody has judged it or is asked to: the nearest first, at most `limit`;
        what is left then is found the next time. Lower than the last time, `at_least` looks at everything again. Raises UsageError
        where the extra is not installed.
        """
        least, most = share_of("at_least", at_least), limit_of(limit)
        return Proposer(self._transactions, embedder()).propose(least, most)

    def calibrate(self, labels: Iterable[tuple[str, str, bool]]) -> Calibration:
        """Fit the confidence in pairs that differ to labelled pairs: two ids, and whether both say the same.

        An id is that of a memory, of an observation, or one that a single record carries. What was found takes effect with the
        next `rebuild`. Raises UsageError on too few pairs, and NotFoundError on an id that names nothing.
        """
        pairs = list(labels)
        return self._transactions.write(lambda tx: calibrate(tx, pairs, self.policy))

    def forget(self, identifier: str, *, note: str = "") -> int:
        """Remove a memory: its observations with their history, what is in quarantine of its text, index and ledger.

        Only hashes stay, so that reading the same records again does not bring it back, and the note, which `trace` tells: say
        why in it, and not what. Return how many observations were removed. Raises NotFoundError.
        """

        def forgotten(tx: Tx) -> int:
            rows = self._located(tx, identifier)
            forget(tx, self._segments, rows, self.policy, note)
            tx.note_deleted()
            return len(rows)

        observations = self._transactions.write(forgotten)
        self._wipe()
        return observations

    def rebuild(self, *, settings: Settings | None = None) -> tuple[int, int]:
        """Compute keys, index, links and memories again from observations, decisions and settings.

        What `calibrate` found takes effect, and the reviews that are open are found anew where the policy or `review_at` changed.
        Without that this changes nothing. Return how many memories fewer and more there are.
        """
        changed = self.policy.changed_by(settings) if settings else {}

        def rebuilt(tx: Tx) -> tuple[Policy, tuple[int, int]]:
            policy = replace(calibrated(tx, self.policy), **changed)  # type: ignore[arg-type]
            moved = rebuild(tx, self._segments, policy)
            tx.execute(update(tables.store).values(scheme=SCHEME))
            least = (settings or self.settings).review_at
            if policy != self.policy or least != self.settings.review_at:
                Reviewer(self._segments, policy, least).look_again(tx)
            return policy, (moved.joins, moved.splits)

        self.policy, moved = self._transactions.write(rebuilt)
        return moved

    def index_recall(self) -> IndexRecall:
        """Compare each fact with each of its namespace and subject, and tell what the index of near pairs missed.

        Merges do not depend on the index. Raises UsageError where one subject has more than 5,000 facts.
        """
        model = model_of(self.policy.model)
        return self._transactions.read(lambda tx: index_recall(tx, model, self.settings.review_at))

    def export(self, to: str | Path | IO[bytes], *, full: bool = False) -> int:
        """Write one memory a line, ordered by id; with `full` a head, every observation whole, then the decisions.

        Return the lines.
        """
        give = whole_observations if full else marked_memories
        return self._export(to, lambda tx: (orjson.dumps(plain) + b"\n" for plain in give(tx)))

    def _export(self, to: str | Path | IO[bytes], give: Callable[[Tx], Iterator[bytes]]) -> int:
        """Write lines, and return how many: to a plain file all or nothing, else one by one, which cannot be taken back."""
        if not isinstance(to, str | Path) or plain_file(to) is None:
            return written(to, self._transactions.stream(give), is_private=True)
        return self._transactions.read(lambda tx: written(to, give(tx), is_private=True))

    def quarantine(
        self, *, status: Status | None = "open", limit: int | None = None, **which: Unpack[Filters]
    ) -> list[Quarantined]:
        """Return the quarantined records that match all that is given, in the order they came, at most `limit`.

        `category`, `code` (of any of its faults), `job` (the number of one that rejected it, for the first time or again),
        `source` (the name of its file or the like); `status` is open, replayed, discarded or None for any.
        """
        meant, most = which_of(status, **which), limit_of(limit)

        def found(tx: Tx) -> list[Quarantined]:
            return to_quarantined(tx, list(islice(rows_of(tx, meant), most)))

        return self._shown(self._transactions.read(found))

    def quarantined(self, number: int) -> Quarantined:
        """Return a quarantined record, whatever its status, with its history. Raises NotFoundError."""
        number = whole_number("number", number)

        def found(tx: Tx) -> Quarantined:
            rows = rows_by_number(tx, [number])
            if not rows:
                raise NotFoundError(f"nothing in quarantine under {number}")
            return to_quarantined(tx, list(rows.values()))[0]

        return self._shown([self._transactions.read(found)])[0]

    def patterns(self, *, limit: int | None = None, **which: Unpack[Filters]) -> list[Pattern]:
        """Return the open quarantined records in groups of like faults: first faults with the same code, path and message, but for
        the values in them. The message of a group is that of its first. A record counts as often as it was rejected, and with
        `job` as often as that job did.

        The commonest stand first. The filters are those of `quarantine`.
        """
        meant, most = which_of(**which), limit_of(limit)
        found = self._transactions.read(lambda tx: patterns_in(tx, meant, most)[0])
        return [self._quiet(pattern) for pattern in found] if self.settings.redact else found

    def _quiet(self, pattern: Pattern) -> Pattern:
        """Return a pattern without what records hold: they may have been rejected before anybody asked for that."""
        told = redacted(Fault(pattern.path, pattern.code, pattern.message, ""), self.schema.model_fields)
        return pattern._replace(path=told.path, message=told.message)

    def _shown(self, found: list[Quarantined]) -> list[Quarantined]:
        if not self.settings.redact:
            return found
        fields = self.schema.model_fields
        return [one._replace(faults=tuple(redacted(fault, fields) for fault in one.faults)) for one in found]

    def export_quarantine(self, to: str | Path | IO[bytes], **which: Unpack[Filters]) -> int:
        """Write the open quarantined records, one a line, for a person to edit and `replay(edited=...)` to read.

        The filters are those of `quarantine`. Return the lines.
        """
        meant = which_of(**which)

        def lines(tx: Tx) -> Iterator[bytes]:
            for row in rows_of(tx, meant):
                yield from export_lines(to_quarantined(tx, [row]))

        return self._export(to, lines)

    def discard(self, numbers: int | Iterable[int], note: str = "") -> int:
        """Close quarantined records without taking them: their bytes go, the note is kept. Return how many.

        Raises NotFoundError, and changes nothing, where one is not open.
        """
        chosen = sorted(_numbers(numbers))

        def discarded(tx: Tx) -> None:
            discard(tx, chosen, note)
            tx.note_deleted()

        self._transactions.write(discarded)
        self._wipe()
        return len(chosen)

    def replay(
        self,
        numbers: int | Iterable[int] | None = None,
        *,
        mapping: Mapping[str, str] | None = None,
        transform: Transform | None = None,
        edited: str | Path | None = None,
        format: str | None = None,
        schema: type[Memory] | None = None,
        **which: Unpack[Filters],
    ) -> Report:
        """Take quarantined records anew, as a job of its own: all that are open, those of these numbers, or those that match.

        They are taken as they are, or in another `format`, under a `mapping` as of `ingest`, in another `schema`, changed by
        `transform` (a function of the value that gives a value, or None to leave the record where it is), or as the file `edited`
        has them, an export that a person edited. What is taken leaves quarantine and keeps its history; what fails again stays,
        with the new faults. Raises UsageError on a file that is no such export, and NotFoundError where a number is not open.
        """
        started, report = perf_counter(), Report()
        edits, places = edits_in(Path(edited), redacts=self.settings.redact) if edited is not None else (None, {})
        wanted = None if numbers is None else _numbers(numbers)
        meant = which_of(**which)
        chosen = self._transactions.read(lambda tx: chosen_for_replay(tx, meant, wanted, edits, places))
        report.format = format_named(format).name if format else " ".join(chosen.formats)
        if edits is not None and len(chosen.numbers) < len(edits):
            report.notes.append(f"{len(edits) - len(chosen.numbers)} of the file are not open (any more), or not meant")
        mending = ReplayPlan(
            policy=self.policy,
            schema=schema or self.schema,
            format=format,
            mapping=mapping or {},
            transform=transform,
            edits=edits,
            settings=self.settings,
        )
        status = self._replay(report, chosen.numbers, mending) if chosen.numbers else "done"
        report.finish(status, perf_counter() - started)
        return report

    def _replay(self, report: Report, numbers: Sequence[int], mending: ReplayPlan) -> str:
        claim = self.begin_job(REPLAY, report.format)
        report.job = claim.job
        replay = Replay(self._transactions, partial(self.land, claim), mending, self.settings.batch_size)
        self.catch_up(claim)
        status = self.run_job(claim, lambda: replay.through(numbers))
        self.merge_index()
        self.count_into(report)
        return status

    def count_into(self, report: Report, *, redacts: bool | None = None) -> None:
        """Write into a report what all batches of its job counted, in all its runs, and what was commonly wrong; with `redacts`
        (else as the settings of the store say) without what records hold.
        """
        job = report.job or 0
        is_quiet = self.settings.redact if redacts is None else redacts

        def count(tx: Tx) -> None:
            for name, number in reached(tx, job)._asdict().items():
                setattr(report, name, Counter(number) if name == "errors" else number)
            if report.quarantined:
                report.patterns, report.settled = patterns_in(tx, QuarantineFilter(job=job, status=None), PATTERNS_SHOWN)
                report.patterns = [self._quiet(pattern) for pattern in report.patterns] if is_quiet else report.patterns

        self._transactions.read(count)

    def jobs(self) -> list[Job]:
        """Return the ingestions, the oldest first, with what their batches counted."""
        return self._transactions.read(lambda tx: jobs(tx, self._ask))

    def stats(self) -> dict[str, int]:
        """Return counts: memories, observations by outcome, and what else there is."""
        return self._transactions.read(stats)

    def recount(self, job: int | None = None) -> Recount:
        """Prove conservation from the rows, of one job or of everything."""
        job = _maybe_number("job", job)
        return self._transactions.read(lambda tx: recount(tx, job))

    def backup(self, to: str | Path | IO[bytes], *, overwrite: bool = False) -> int:
        """Copy the store to a file or stream as it is now, while others go on writing; return the bytes of the copy, which was
        checked.

        Raises UsageError where the file is there or cannot be written, or where the database is not SQLite.
        """
        self._transactions.check_open()
        try:
            return backup(self._database, to, overwrite=overwrite)
        finally:
            self._database.wipe()

    def doctor(self) -> tuple[Finding, ...]:
        """Check the whole store, and return what is wrong and what mends it: nothing where it is whole.

        Nothing is written, but that jobs of processes that ended meanwhile are closed as they would be by the next opening.
        """
        self._close_left_jobs()
        return self._transactions.read(lambda tx: examine(tx, self.schema))

    def _close_left_jobs(self) -> None:
        """Close the jobs of processes that are gone and that nobody can go on with, if that can be written now."""
        if self._transactions.is_rehearsal:
            return
        with suppress(DatabaseError):
            if self._transactions.read(left):
                self._transactions.write_if_free(close_left)

    def begin_job(self, source: str, format: str, identity: Key | None = None, fingerprint: Key | None = None) -> Claim:
        """Write the start of an ingestion that this process runs; return the right to land its batches."""
        settings = orjson.dumps(self.settings, option=orjson.OPT_SORT_KEYS).decode()
        with _new_run() as owner:
            return self._transactions.write(lambda tx: begin(tx, source, format, settings, owner, identity, fingerprint))

    def take_job(self, identity: Key, fingerprint: Key | None) -> tuple[Found | None, Claim | None]:
        """Return the newest job that reads the same, and the right to go on with it where it is unfinished, reads the same bytes
        and no other process may be at work on it. One that was to be cancelled when its process died is cancelled.
        """

        def taken(tx: Tx) -> tuple[Found | None, Claim | None]:
            found = latest(tx, identity)
            if found is None or found.status in FINISHED or found.is_held(tx.now):
                return found, None
            if found.request == "cancel":
                cancel(tx, found.number)
                return found._replace(status="cancelled"), None
            return found, take(tx, found.number, owner) if found.fingerprint == fingerprint else None

        with _new_run() as owner:
            found, claim = self._transactions.write(taken)
            if claim is None:
                owner.end()
            return found, claim

    def reached(self, job: int) -> Reached:
        """Return what the batches of a job counted so far, all its runs together."""
        job = whole_number("job", job)
        return self._transactions.read(lambda tx: reached(tx, job))

    def run_job(self, claim: Claim, work: Callable[[], str]) -> str:
        """Do the work of a job and return the status that the job ends with, by itself or as it was asked; write how it ended, also
        where it raises.
        """
        try:
            status = work()
        except BaseException as error:
            with suppress(DatabaseError):  # the first error says why by itself
                self.finish_job(claim, "interrupted" if isinstance(error, KeyboardInterrupt) else "failed")
            raise
        return self.finish_job(claim, status)

    def finish_job(self, claim: Claim, status: str) -> str:
        """Write how an ingestion ended, and return that; where it cannot be written, this process knows it all the same."""
        if not claim.owner.is_this_process:  # this one was forked while the job ran, which is its parent's to end
            return status
        claim.owner.end()
        return self._transactions.write(lambda tx: finish(tx, claim, status))

    def land(
        self,
        claim: Claim,
        arrived: Arrived,
        origin: Origin,
        decided: Sequence[Decided] = (),
        review_at: float | None = None,
        checkpoint: str | None = None,
    ) -> Landed:
        """Write one batch with everything that follows from it, in one transaction, and then look for its reviews, in another.

        `review_at` is that of the store's settings where it is not given. `checkpoint` says where the next batch begins. A
        failure that may pass is waited for. Raises DatabaseError on any other, and StoreError where another process has taken
        the job over.
        """
        batch = _Batch(arrived, origin, decided, checkpoint, is_looked_at=self.policy.dedup != "near")
        (landed,) = self._land_each(claim, [batch])
        if landed.looking and not batch.is_looked_at:
            landed.uncompared = len(self._catch_up(claim.job, review_at, landed.fresh).broken)
        return landed

    def catch_up(self, claim: Claim, review_at: float | None = None) -> int:
        """Look for the reviews of batches that landed as their process died: of this job, and, each from the confidence that it was
        given, of those that no process is at work on. Return how many records memproc itself broke on.
        """
        left = self._transactions.read(lambda tx: behind(tx, claim.job))
        return sum(len(self._catch_up(job, review_at if job == claim.job else least).broken) for job, least in left)

    def _catch_up(self, job: int, review_at: float | None, fresh: Fresh | None = None) -> Compared:
        reviewer = self._reviewer(review_at)
        return self._transactions.write_again(lambda tx: reviewer.catch_up(tx, job, fresh))

    def _reviewer(self, review_at: float | None = None) -> Reviewer:
        least = self.settings.review_at if review_at is None else review_at
        return Reviewer(self._segments, self.policy, least, self.settings.redact)

    def _land_each(self, claim: Claim, batches: Sequence[_Batch]) -> list[Landed]:
        """Write batches one after the other in one transaction, and return what became of each."""
        if not claim.owner.is_this_process:
            raise StoreError(f"job {claim.job} belongs to the process that this one was forked from: begin another one here")
        attempts: list[list[Landed]] = []

        def landed(tx: Tx) -> list[Landed]:
            found: list[Landed] = []
            for at, batch in enumerate(batches):
                there = store_state(tx, claim.job)
                if not attempts and not at:  # who was interrupted behind a commit did not count it
                    claim.landed = there.landed
                own = replace(claim, landed=claim.landed + at)
                if step(tx, own, there, batch.checkpoint, is_looked_at=batch.is_looked_at):
                    attempts[-1][-1].request = there.request  # the connection was lost behind a commit that came through
                    return attempts[-1]
                found.append(self._landed(tx, claim, batch, there))
            attempts.append(found)
            return found

        done = self._transactions.write_again(landed)  # the job's row tells whether the batches are in
        claim.landed += len(batches)
        if any(found.verdict == "forgotten" for batch in batches for found in batch.decided):
            self._wipe()
        return done

    def _landed(self, tx: Tx, claim: Claim, batch: _Batch, there: StoreState) -> Landed:
        started, number = perf_counter(), there.batch + 1
        check_policy(there.policy, self.policy)
        tx.policy = self.policy
        self._segments.at(there.epoch, there.segment)
        landing = Landing(self._segments, self.policy, claim.job, redacts=self.settings.redact)
        found = landing.land(tx, batch.arrived, there, batch.origin)
        namespace, decided = batch.origin.namespace or None, batch.decided
        found.untaken = take_over(tx, self._segments, decided, namespace, number, self.policy)
        if any(one.verdict == "forgotten" for one in decided):
            tx.note_deleted()
        if decided or len(found.looking) > 1:
            found.epoch = 0  # what is to be looked at was told before all of it was written
        if batch.is_looked_at:
            found.looked(self._reviewer().look_at(tx, found.looking, number))
        elif not any(part.keys for part in found.looking) and there.looked == there.landed:
            found.looking = []
            tx.update_rows(tables.jobs, ("looked",), [(there.landed + 1, claim.job)])
        row = batch_row(found, (number, claim.job, batch.arrived.first, len(batch.arrived.records)), started, tx.now)
        tx.insert_rows(tables.batches, [row])
        found.request = there.request
        return found

    def merge_index(self) -> None:
        """Merge the segments of the index, in transactions of their own, if it is time; this changes no answer."""
        self._merger.merge()

    def let_others_write(self) -> None:
        """Leave the lock free for a moment, ten times a second: a writer that takes it again at once starves the others."""
        gap = self._database.backend.gap_seconds
        if gap and not self._transactions.is_rehearsal and perf_counter() - self._gave_way_at > GAP_EVERY_SECONDS:
            time.sleep(gap)
            self._gave_way_at = perf_counter()

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Let everything be done inside the block and undo it at its end. Other threads see nothing of it; writers wait."""
        with self._transactions.rehearsal():
            process = os.getpid()
            before = self._added_job and replace(self._added_job), self._added
            try:
                yield
            finally:
                if os.getpid() == process:
                    self._added_job, self._added = before

    @property
    def _is_closed(self) -> bool:
        return self._transactions.is_closed

    def _read(self) -> AbstractContextManager[Tx]:
        return self._transactions.reading()

    def _wipe(self) -> None:
        """Bring what was deleted out of the files, but for a rehearsal, which deletes nothing. Readers are waited for a moment."""
        if not self._transactions.is_rehearsal:
            self._database.wipe(BRIEFLY_SECONDS)

    def _ask(self, job: int, request: str | None) -> None:
        self._transactions.write(lambda tx: ask(tx, job, request))  # type: ignore[arg-type]

    def _added_as(self, landed: Landed, own: Prepared) -> Added:
        if landed.forgotten:
            return Added(Outcome.DUPLICATE, None, None, "forgotten")
        if landed.new and landed.membership.get(own.key) is None:  # a memory by itself, as it was just written
            memory = self._to_memory(memory_of_one(own.node.hex(), own.record))
        else:
            memory = self._transactions.read(lambda tx: self._to_memory(memory_at(tx, self._named(tx, own.key.hex()))))
        if landed.known:
            return Added(Outcome.DUPLICATE, memory, 1.0, "same observation")
        if not landed.judged:
            return Added(Outcome.STORED, memory, None, "")
        judged = landed.judged[0]
        return Added(judged.outcome, memory, judged.confidence, self._reason_of(judged))

    def _reason_of(self, judged: Judged) -> str:
        """Return in words why a record that was just taken is not new; with `redact` without those of its text."""
        if judged.kind != "similar" or judged.anchor is None or self.settings.redact:
            return reason_told(judged.reason)
        anchor = judged.anchor
        there = self._transactions.read(lambda tx: records_of(tx, [anchor]))
        return reason_told(judged.reason, judged.incoming.prepared.observation.record, there.get(anchor))

    def _named(self, tx: Tx, identifier: str) -> Row:
        row = named_by(tx, identifier)
        if row is None:
            raise NotFoundError(f"no memory or observation {identifier!r}")
        return row

    def _located(self, tx: Tx, identifier: str) -> list[Row]:
        rows = locate(tx, identifier)
        if not rows:
            raise NotFoundError(f"no memory or observation {identifier!r}")
        return rows

    def _to_memory(self, plain: Plain) -> Memory:
        return restore(plain, self.schema)


def _numbers(given: int | Iterable[int]) -> set[int]:
    """Return the numbers that a call was given. Raises UsageError on what is none."""
    several = given if isinstance(given, Iterable) and not isinstance(given, str | bytes) else [given]
    return {whole_number("numbers", number) for number in several}


def _checked_verdict(verdict: Verdict) -> Verdict:
    """Return the verdict that a call was given. Raises UsageError on what is none."""
    if verdict not in get_args(Verdict):
        raise UsageError(f"verdict {verdict!r}: choose one of {', '.join(get_args(Verdict))}")
    return verdict


def _maybe_number(name: str, given: int | None) -> int | None:
    return None if given is None else whole_number(name, given)


@contextmanager
def _new_run() -> Iterator[Owner]:
    """Give a run for a job to belong to; it is over where none does."""
    owner = Owner.of_new_run()
    try:
        yield owner
    except BaseException:
        owner.end()
        raise
