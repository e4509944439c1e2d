"""Tells others while workers are at work: what is due to webhooks and by the rules of notifications is sent beside them.

Rules: nothing here holds up a job or lets one fail. What is due when the work is over is sent as far as that takes a few seconds;
the rest waits for the next sender.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from loguru import logger

from memproc.errors import MemprocError
from memproc.records import M
from memproc.service.webhooks.registering import webhooks
from memproc.store.outbox.kinds import EndpointKind
from memproc.store.outbox.notices import kept_rules
from memproc.store.outbox.sending import next_due
from memproc.store.outbox.waits import MICROS
from memproc.store.store import Store, opened_by

LOOK_SECONDS = 1.0
REST_SECONDS = 5.0  # after the work is over
JOINED_SECONDS = 60.0


@contextmanager
def telling(store: Store[M]) -> Iterator[None]:
    """Send to webhooks and to people what is due, as long as the block lasts."""
    ended = threading.Event()
    threads = [threading.Thread(target=_go_on, args=(work, store, ended), daemon=True) for work in (_deliver, _notify)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join(JOINED_SECONDS)


def _go_on(work: Callable[[Store[Any], threading.Event], None], store: Store[Any], ended: threading.Event) -> None:
    """Work until the block is over, whatever the database does meanwhile."""
    is_over = False
    while not is_over:
        is_over = ended.wait(0)
        try:
            work(store, ended)
        except (MemprocError, ModuleNotFoundError) as error:
            logger.warning("webhooks and people are not told for now: {}", error)
        ended.wait(LOOK_SECONDS)


def _deliver(store: Store[Any], ended: threading.Event) -> None:
    if not webhooks(store):
        return
    from memproc.service.webhooks.sender import deliver  # noqa: PLC0415 - an extra

    ends_at: list[float] = []

    def is_over() -> bool:
        if not ended.is_set():
            return False
        ends_at.append(time.monotonic() + REST_SECONDS)
        due = opened_by(store).transactions.read(lambda tx: next_due(tx, EndpointKind.WEBHOOK))
        return time.monotonic() > ends_at[0] or due is None or due > time.time() * MICROS

    deliver(store, until=is_over)


def _notify(store: Store[Any], ended: threading.Event) -> None:
    def is_kept() -> bool:
        return bool(opened_by(store).transactions.read(kept_rules))

    if not is_kept():
        return
    from memproc.service.notifications.notifier import notify  # noqa: PLC0415 - an extra

    while is_kept():
        is_last = ended.wait(LOOK_SECONDS)
        notify(store, until_empty=True)
        if is_last:
            return
