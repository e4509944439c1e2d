"""The queue of an open store: jobs that wait for a worker, and what is asked of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, get_args

import orjson

from memproc.arguments import moment_of, whole_number, whole_numbers
from memproc.config import Settings
from memproc.errors import UsageError
from memproc.intake import clean_name
from memproc.records import M
from memproc.store.face.face import Face
from memproc.store.queue import asking, listing
from memproc.store.queue.rows import QueueRow, row_of, rules_of, write_rules
from memproc.store.queue.rules import QueueRules
from memproc.store.queue.schedules import begin_schedule, end_schedule, schedules
from memproc.store.queue.submitting import PRIORITIES, Order, submit
from memproc.store.queue.work import SourceGiven, ingestion_work, settings_given, shown_work
from memproc.store.queued import IfFailed, JobHistory, Missed, Priority, QueuedJob, QueueStats, Schedule
from memproc.store.sql.tx import Tx
from memproc.times import to_micros
from memproc.values import shown


class Queueing(Face[M]):
    """The queue of an open store: jobs that wait for a worker, and what is asked of them."""

    def submit(
        self,
        sources: SourceGiven | Iterable[SourceGiven],
        *,
        namespace: str | None = None,
        source: str | None = None,
        format: str | None = None,
        settings: Settings | Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        name: str = "",
        submitter: str = "",
        priority: Priority = "normal",
        after: int | Iterable[int] = (),
        if_failed: IfFailed = "wait",
        at: object = None,
        every: str | None = None,
        time_zone: str = "UTC",
        missed: Missed = "once",
        deadline: object = None,
        retries: int = 0,
        held: bool = False,
    ) -> QueuedJob:
        """Let a worker ingest sources (paths, addresses of stores, `SqlTable` and its like) into this store, and return the job
        that waits for it.

        `namespace`, `source`, `format` and `settings` are those of `memproc.ingest`; `options` are others of its arguments by name:
        mapping, include, as_of, records, delimiter, encoding, allow_pickle, limit, trust_decisions, engine, gate. The job runs
        `after` others have ended, and not before `at`. If one fails, it waits until that was retried ("wait"), is skipped ("skip")
        or runs all the same ("run"). A failed attempt is tried again `retries` times. A `deadline` is when it shall be done: it
        stops nothing, and `queue_stats` tells which were met. `held` leaves it to a person, until `release_job`.

        `every` is a cron expression ("0 3 * * *", in `time_zone`; extra `service`): then it is submitted again and again, and what
        is returned is the first of these jobs, which waits for its time. A time that is missed as no worker is there is made up for
        "once", or left out ("skip").

        Raises UsageError on what cannot be, NotFoundError where there is no job that it shall run after.
        """
        given = dict(options or {})
        work = ingestion_work(sources, source=clean_name(source, "source"), format=format, settings=settings, options=given)
        work["namespace"] = clean_name(namespace, "namespace")
        order = Order(
            kind="ingest",
            work=work,
            shown=shown_work(work),
            origin=asking.origin_in(work),
            format=format or "",
            settings=self._settings_as_json(work),
            name=shown(name),
            namespace=work["namespace"] or "",
            submitter=shown(submitter),
            priority=_place_of("priority", priority, PRIORITIES),
            after=sorted(whole_numbers(after)),
            not_before=_micros_of("at", at),
            deadline=_micros_of("deadline", deadline),
            retries=whole_number("retries", retries, least=0),
            what_if_failed=_one_of("if_failed", if_failed, get_args(IfFailed)),
            is_held=held,
        )
        if every is None:
            return self._told(lambda tx: submit(tx, order))
        if order.after or order.deadline is not None or held:
            raise UsageError(f"every={every!r}: what is repeated is neither held, nor after other jobs, nor has it a deadline")
        _one_of("missed", missed, get_args(Missed))
        timed = {"cron": every, "time_zone": time_zone, "missed": missed}
        return self._told(lambda tx: begin_schedule(tx, order, **timed))

    def schedules(self) -> list[Schedule]:
        """Return what is submitted again and again, the oldest first."""
        return self._opened.transactions.read(schedules)

    def end_schedule(self, schedule: int, *, by: str = "", why: str = "") -> Schedule:
        """Submit no more jobs of a schedule; the one that waits for its time is cancelled. Raises NotFoundError, and UsageError
        where it has ended.
        """
        number = whole_number("schedule", schedule)
        (ended,) = self._opened.transactions.write(lambda tx: end_schedule(tx, number, by=shown(by), why=shown(why)))
        return ended

    def queue(self, state: str | None = None) -> list[QueuedJob]:
        """Return the jobs of the queue, the oldest first; with a `state` (waiting, held, running, paused, done, failed, cancelled,
        skipped) those in it.
        """
        return self._opened.transactions.read(lambda tx: listing.listed(tx, state))

    def queued(self, job: int) -> JobHistory:
        """Return a job of the queue with its attempts and the changes of its state. Raises NotFoundError."""
        number = whole_number("job", job)
        return self._opened.transactions.read(lambda tx: listing.history_of(tx, number))

    def queue_stats(self) -> QueueStats:
        """Return the queue in figures: how many wait, how long, which deadlines were met, what each namespace used."""
        return self._opened.transactions.read(listing.stats_of)

    def pause_job(self, job: int, *, by: str = "", why: str = "") -> QueuedJob:
        """Let a job of the queue wait until `resume_job`; one that runs ends after its batch. Raises as `cancel_job`."""
        return self._asked(job, "pause", by, why)

    def resume_job(self, job: int, *, by: str = "", why: str = "") -> QueuedJob:
        """Let a paused job go on. Raises as `cancel_job`."""
        return self._asked(job, "resume", by, why)

    def cancel_job(self, job: int, *, by: str = "", why: str = "") -> QueuedJob:
        """End a job for good; one that runs ends after its batch, and what it has stored stays. Raises NotFoundError where the
        queue has no such job, and UsageError where it has ended.
        """
        return self._asked(job, "cancel", by, why)

    def hold_job(self, job: int, *, by: str = "", why: str = "") -> QueuedJob:
        """Hand a job over to a person: no worker takes it until `release_job`. Raises as `cancel_job`."""
        return self._asked(job, "hold", by, why)

    def release_job(self, job: int, *, by: str = "", why: str = "") -> QueuedJob:
        """Let workers have a held job. Raises as `cancel_job`."""
        return self._asked(job, "release", by, why)

    def retry_job(
        self, job: int, *, settings: Settings | Mapping[str, Any] | None = None, by: str = "", why: str = ""
    ) -> QueuedJob:
        """Let a failed, cancelled or skipped job run again: it goes on behind its last batch. With other `settings` it is a job of
        its own that begins anew, and names this one as `retry_of`. Raises as `cancel_job`.
        """
        if settings is None:
            return self._asked(job, "retry", by, why)
        number, changed = whole_number("job", job), settings_given(settings)

        def again(tx: Tx) -> QueueRow:
            row = row_of(tx, number)
            before = asking.work_of(row)
            work = {**before, "settings": {**before["settings"], **changed}}
            order = asking.order_of(row, work, shown_work(work), self._settings_as_json(work))
            return asking.retried_otherwise(tx, number, order, by=shown(by))

        return self._told(again)

    def queue_rules(self) -> QueueRules:
        """Return the rules by which the queue is worked off."""
        return self._opened.transactions.read(rules_of)

    def set_queue_rules(self, /, **rules: Any) -> QueueRules:
        """Change some rules of the queue, by the names of `QueueRules`, and return all. Raises UsageError."""

        def changed(tx: Tx) -> QueueRules:
            now = rules_of(tx).changed(**rules)
            write_rules(tx, now)
            return now

        return self._opened.transactions.write(changed)

    def _asked(self, job: int, verb: asking.Verb, by: str, why: str) -> QueuedJob:
        number = whole_number("job", job)
        return self._told(partial(asking.asked, number=number, verb=verb, by=shown(by), why=shown(why)))

    def _told(self, work: Callable[[Tx], QueueRow]) -> QueuedJob:
        return self._opened.transactions.write(lambda tx: listing.told_of(tx, work(tx)))

    def _settings_as_json(self, work: Mapping[str, Any]) -> str:
        """Return the settings of a job as it keeps them, as any other job does."""
        return orjson.dumps(
            {**orjson.loads(self._opened.settings_as_json), **work["settings"]}, option=orjson.OPT_SORT_KEYS
        ).decode()


def _micros_of(name: str, given: object) -> int | None:
    moment = moment_of(name, given)
    return None if moment is None else to_micros(moment)


def _place_of(name: str, given: str, known: tuple[str, ...]) -> int:
    return known.index(_one_of(name, given, known))


def _one_of(name: str, given: str, known: tuple[str, ...]) -> str:
    if given not in known:
        raise UsageError(f"{name}={given!r}: choose one of {', '.join(known)}")
    return given
