"""Claiming: a worker asks for a job, and is given the next one, with the fence under which it alone may write.

All of it is one transaction under the store's lock. What has become due is let in, what a lost worker left is taken up again, and
of what is ready one is chosen. Statements ask for one state each, by an index that begins with it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import orjson
from sqlalchemy import func, select

from memproc.store.jobs.jobs import Claim
from memproc.store.jobs.owners import Owner
from memproc.store.jobs.waiting import stored_jobs, take_waiting
from memproc.store.kinds import QueueState
from memproc.store.queue.attempts import begin_attempt, used_since
from memproc.store.queue.choosing import MICROS, Head, Load, choose, is_full
from memproc.store.queue.rows import QueueRow, change, hash_of, in_state, row_of, rows_by_number, rows_where, rules_of, waits_in
from memproc.store.queue.rules import QueueRules
from memproc.store.queue.schedules import follow, let_go
from memproc.store.queue.settling import settle_left
from memproc.store.queue.workers import workers_seen
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import to_micros

_queue = tables.queue.c
_FIRST = (func.min(_queue.number), func.max(_queue.number))
_GROUPS = (_queue.priority, _queue.of_namespace, _queue.of_submitter)


class Claimed(NamedTuple):
    """A job that a worker runs: the claim to land its batches, which attempt it is, what to do, and with which share of memory."""

    claim: Claim
    attempt: int
    kind: str
    work: dict[str, Any]
    namespace: str | None
    memory_share: float | None


def claim_next(tx: Tx, owner: Owner, worker: str) -> Claimed | None:
    """Give a worker the next job that is ready, None where there is none or all limits are reached."""
    let_in_due(tx)
    running = settle_left(tx, by=worker)
    rules = rules_of(tx)
    number = _next_of(tx, running, rules)
    if number is None:
        return None
    row = row_of(tx, number)
    attempt = row.attempts + 1
    change(tx, row, QueueState.RUNNING, by=worker, attempts=attempt, began_at=row.began_at or tx.now, wanted=None)
    begin_attempt(tx, row, attempt, worker)
    claim = take_waiting(tx, number, owner)
    return Claimed(claim, attempt, row.kind, orjson.loads(row.work), row.namespace or None, rules.memory.get(row.namespace))


def let_in_due(tx: Tx) -> None:
    """Let in the jobs whose time has come."""
    is_due = (_queue.state == int(QueueState.LATER)) & (_queue.not_before <= to_micros(tx.now))
    for row in rows_where(tx, is_due):
        if row.schedule is None or let_go(tx, row):
            state, why = waits_in(tx, row)
            if state is not QueueState.LATER:
                change(tx, row, state, by="", why=why or "its time has come")
        if row.schedule is not None:
            follow(tx, row.number)


def _next_of(tx: Tx, running: list[QueueRow], rules: QueueRules) -> int | None:
    """Return the number of the job to run next."""
    if is_full(len(running), rules.at_once):
        return None
    origins = Counter(row.of_origin for row in running)
    full = [origin for origin, count in origins.items() if is_full(count, rules.at_once_per_source)]
    query = select(*_FIRST).where(_queue.state == int(QueueState.READY)).group_by(*_GROUPS)
    ends = tx.execute(query.where(_queue.of_origin.not_in(full)) if full else query).all()
    rows = rows_by_number(tx, {number for both in ends for number in both})
    heads = [Head(row.number, row.priority, row.of_namespace, row.of_submitter, row.ready_at or 0) for row in rows]
    now = to_micros(tx.now)
    load = Load(
        len(running),
        Counter(row.of_namespace for row in running),
        Counter(row.of_submitter for row in running),
        used_since(tx, now - int(rules.share_seconds * MICROS)) if len({head.namespace for head in heads}) > 1 else {},
        {hash_of(name): weight for name, weight in rules.weights.items()},
    )
    return choose(heads, load, rules, now)


class QueueLength(NamedTuple):
    """How many jobs are ready and how many run, and the processes of workers that run one."""

    ready: int
    running: int
    at_work: frozenset[int] = frozenset()


def length_of(tx: Tx) -> QueueLength:
    """Return how long the queue is: with what is due, or was left by a lost worker."""
    now = to_micros(tx.now)
    counts = dict(tuple(row) for row in tx.execute(select(_queue.state, func.count()).group_by(_queue.state)))
    is_due = (_queue.state == int(QueueState.LATER)) & (_queue.not_before <= now)
    due = tx.execute(select(func.count()).select_from(tables.queue).where(is_due)).scalar_one()
    at_work = frozenset(worker.pid for worker in workers_seen(tx) if worker.job is not None)
    return QueueLength(counts.get(int(QueueState.READY), 0) + due, counts.get(int(QueueState.RUNNING), 0), at_work)


def is_idle(tx: Tx) -> bool:
    """Tell whether nothing is ready, runs, or is tried again soon."""
    if in_state(tx, QueueState.READY, QueueState.RUNNING):
        return False
    again = select(_queue.number).where((_queue.state == int(QueueState.LATER)) & (_queue.attempts > 0)).limit(1)
    return tx.execute(again).first() is None


def is_left(tx: Tx) -> bool:
    """Tell whether there is something to do for a worker: to let in, to take up, or to run."""
    now = to_micros(tx.now)
    some = select(_queue.number).limit(1)
    if tx.execute(some.where(_queue.state == int(QueueState.READY))).first() is not None:
        return True
    is_due = (_queue.state == int(QueueState.LATER)) & (_queue.not_before <= now)
    if tx.execute(some.where(is_due)).first() is not None:
        return True
    running = in_state(tx, QueueState.RUNNING)
    jobs = stored_jobs(tx, {row.number for row in running})
    return any(not jobs[row.number].is_held(tx.now) for row in running if row.number in jobs)
