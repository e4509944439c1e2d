"""Sends what is due to webhooks. Any number of processes may do so at once, and any of them may be killed.

Strategy: one thread talks with the database, others with receivers. A line, which is what one webhook is told of one job, is sent
by one thread in order, as far as its lease reaches; so a receiver that is slow holds up its own lines only.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from loguru import logger

from memproc.errors import UsageError
from memproc.records import M, encode
from memproc.service.webhooks.posting import Answer, Poster
from memproc.service.webhooks.signing import headers_of, key_of
from memproc.store.outbox.endpoints import Endpoint, endpoint_at
from memproc.store.outbox.kinds import EndpointKind, EventType
from memproc.store.outbox.letters import prune
from memproc.store.outbox.sending import Line, Made, Sent, next_due, note, take
from memproc.store.outbox.waits import MICROS, Waits
from memproc.store.sql.tx import Tx
from memproc.store.store import Store, opened_by
from memproc.times import to_text

PRUNED_EVERY_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How webhooks are sent: after which waits, how many lines at once, how many seconds one request may take and a line is leased,
    how often is looked for what is due, and for how many days is kept what was told. A run that ends when nothing waits leaves to
    the next one what is due in more than `patience_seconds`.
    """

    waits: Waits = field(default_factory=Waits)
    threads: int = 8
    timeout_seconds: float = 15.0
    lease_seconds: float = 60.0
    poll_seconds: float = 1.0
    kept_days: int = 30
    patience_seconds: float = 10.0


@dataclass(slots=True)
class Delivered:
    """What was sent: how many deliveries came through, how many attempts failed."""

    delivered: int = 0
    failed: int = 0
    failures: Counter[str] = field(default_factory=Counter)


def deliver(
    store: Store[M],
    *,
    until: Callable[[], bool] = lambda: False,
    until_empty: bool = False,
    sending: Sending | None = None,
    done: Delivered | None = None,
) -> Delivered:
    """Send what is due to the webhooks of a store until `until` says so, which is asked about once a second, or with `until_empty`
    until nothing is due now or within `sending.patience_seconds`: a receiver that is down does not hold it up. What is under way
    then is ended and noted. Return what was sent, which is counted in `done` meanwhile.
    """
    counted = Delivered() if done is None else done
    _Sender(store, sending or Sending(), counted).run(until, until_empty=until_empty)
    return counted


def ping(store: Store[M], number: int, sending: Sending | None = None) -> Answer:
    """Send a webhook an event of the type `memproc.test` at once, and return what its receiver answered. Raises NotFoundError if
    there is no such webhook.
    """
    endpoint = opened_by(store).transactions.read(lambda tx: endpoint_at(tx, number))
    poster = _poster(endpoint, sending or Sending())
    told = {"type": EventType.TEST, "timestamp": to_text(datetime.now(UTC)), "data": {"job": 0, "webhook": number}}
    try:
        return _post(poster, endpoint, f"msg_test_{random.getrandbits(64):016x}", encode(told))
    finally:
        poster.close()


class _Sender:
    """One run of `deliver`."""

    def __init__(self, store: Store[M], sending: Sending, done: Delivered) -> None:
        self._transactions, self._sending = opened_by(store).transactions, sending
        self._of_thread = threading.local()
        self._posters: list[Poster] = []
        self._under_way: set[Future[Made]] = set()
        self._pruned_at = -PRUNED_EVERY_SECONDS
        self._done = done
        self._why: dict[int, str | None] = {}
        self._is_ended = False

    def run(self, until: Callable[[], bool], *, until_empty: bool) -> None:
        with ThreadPoolExecutor(self._sending.threads, thread_name_prefix="memproc-webhooks") as pool:
            try:
                self._prune()
                while not until():
                    due = self._transactions.read(lambda tx: next_due(tx, EndpointKind.WEBHOOK))
                    if until_empty and not self._under_way and self._is_far(due):
                        break
                    self._step(pool, due)
            finally:
                self._is_ended = True
                wait(self._under_way, timeout=self._sending.lease_seconds)
                self._exchange(pool, most=0)
                for poster in self._posters:
                    poster.close()

    def _is_far(self, due: int | None) -> bool:
        return due is None or due > (time.time() + self._sending.patience_seconds) * MICROS

    def _step(self, pool: ThreadPoolExecutor, due: int | None) -> None:
        """Note what was sent and begin what is due, or wait for either."""
        now, sending = time.time() * MICROS, self._sending
        free = sending.threads - sum(not one.done() for one in self._under_way)
        if any(one.done() for one in self._under_way) or (free and due is not None and due <= now):
            self._exchange(pool, most=free)
        elif self._under_way:
            wait(self._under_way, timeout=sending.poll_seconds, return_when=FIRST_COMPLETED)
        else:
            time.sleep(min(sending.poll_seconds, max(0.01, (due - now) / MICROS)) if due is not None else sending.poll_seconds)
            self._prune()

    def _exchange(self, pool: ThreadPoolExecutor, most: int) -> None:
        """In one transaction, note what was sent, and take lines; begin to send these."""
        ended = {one for one in self._under_way if one.done()}
        made = [one.result() for one in ended]
        began, sending = time.monotonic(), self._sending

        def exchanged(tx: Tx) -> Sequence[Line]:
            note(tx, made, sending.waits)
            return take(tx, EndpointKind.WEBHOOK, most, int(sending.lease_seconds * MICROS)) if most else []

        if not made and not most:
            return
        lines = self._transactions.write(exchanged)
        self._under_way -= ended
        for one in made:
            self._count(one)
        last = began + sending.lease_seconds - sending.timeout_seconds
        self._under_way |= {pool.submit(partial(self._send_line, line, last)) for line in lines}

    def _count(self, made: Made) -> None:
        for sent in made.sent:
            if sent.why is None:
                self._done.delivered += 1
            else:
                self._done.failed += 1
                self._done.failures[sent.why] += 1
                logger.debug("webhook {}: delivery {}: {}", made.line.endpoint.number, sent.number, sent.why)
        if made.sent:
            self._warn(made.line.endpoint.number, made.sent[-1].why)

    def _warn(self, webhook: int, why: str | None) -> None:
        """Tell once why a webhook cannot be reached, until something comes through or it is for another reason."""
        if why is not None and why != self._why.get(webhook):
            logger.warning("webhook {} is not told for now: {}", webhook, why)
        self._why[webhook] = why

    def _send_line(self, line: Line, last: float) -> Made:
        """Send a line in order until one fails, or one could end behind the lease."""
        made = Made(line, random.random())  # noqa: S311 - no secret
        try:
            poster = self._poster_of_thread(line.endpoint)
            for waiting in line.waiting:
                if time.monotonic() > last or self._is_ended:
                    break
                answer = _post(poster, line.endpoint, waiting.id, waiting.payload.encode())
                made.sent.append(Sent(waiting.number, *answer))
                if answer.why is not None:
                    break
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the sender
            logger.exception("webhook {} cannot be sent to", line.endpoint.number)
            made.sent.append(Sent(line.waiting[len(made.sent)].number, None, f"memproc failed: {type(error).__name__}"))
        return made

    def _poster_of_thread(self, endpoint: Endpoint) -> Poster:
        """Return the connection of this thread to a webhook, as one carries one request at a time."""
        known: dict[tuple[str, bool], Poster] = self._of_thread.__dict__.setdefault("posters", {})
        place = endpoint.url, endpoint.allow_private
        if place not in known:
            known[place] = _poster(endpoint, self._sending)
            self._posters.append(known[place])
        return known[place]

    def _prune(self) -> None:
        """Remove now and then what was told long ago."""
        if time.monotonic() - self._pruned_at < PRUNED_EVERY_SECONDS:
            return
        self._pruned_at = time.monotonic()
        before = to_text(datetime.now(UTC) - timedelta(days=self._sending.kept_days))
        while self._transactions.write(lambda tx: prune(tx, before)):
            pass


def _poster(endpoint: Endpoint, sending: Sending) -> Poster:
    return Poster(endpoint.url, allow_private=endpoint.allow_private, timeout_seconds=sending.timeout_seconds)


def _post(poster: Poster, endpoint: Endpoint, id: str, body: bytes) -> Answer:
    """Sign and post an event; a secret that is not at hand is a failure too, as it may be there later."""
    now = int(time.time())
    try:
        keys = [*map(key_of, endpoint.in_force(now * MICROS))]
    except UsageError as error:
        return Answer(None, str(error))
    return poster.post(body, headers_of(id, now, body, keys))
