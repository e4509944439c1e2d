"""Webhooks to a receiver that fails a third of the time and is not there for a while, by senders that are killed.

Strategy: jobs of many small batches, each of which is told of, run while two processes send. At random moments one of them is
killed by SIGKILL, and another one begins. In the end each event has to have been accepted, under a signature that the library of
the standard verifies, and of each job none for the first time before an earlier one.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from typing import Final

from standardwebhooks.webhooks import Webhook as Verifier

import memproc
from faults.child import CONTEXT, LONGEST_SECONDS, is_killed
from faults.receiver import Receiver, failing
from faults.stores import NewStore
from memproc.service.webhooks.registering import add_webhook, webhooks
from memproc.service.webhooks.sender import Sending, deliver
from memproc.store.outbox.waits import Waits

FAILING: Final = 1 / 3
BATCHES: Final = 48
EVENTS_A_JOB: Final = 2 + 2 * BATCHES  # its begin and end, and of each batch the same
SENDERS: Final = 2
WAITS: Final = Waits(first_seconds=0.05, longest_seconds=2.0, most_attempts=10_000, longest_hold_seconds=2.0)
SENDING: Final = Sending(waits=WAITS, timeout_seconds=1.0, lease_seconds=2.0, poll_seconds=0.05)


@dataclass(slots=True)
class Told:
    """What the receiver got: events, requests, those that failed, events that came again, kills, and how long it all took."""

    events: int = 0
    jobs: int = 0
    requests: int = 0
    failed: int = 0
    again: int = 0
    kills: int = 0
    seconds: float = 0.0
    down_seconds: float = 0.0
    first: dict[int, list[int]] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the figures as lines."""
        rate = f"{self.events / self.seconds:,.0f} events a second"
        return (
            f"{self.events:,} events of {self.jobs} jobs, each delivered, all signatures right, order by job kept;\n"
            f"{self.requests:,} requests, of which {self.failed:,} failed, down for {self.down_seconds:.0f} s, "
            f"{self.kills} senders killed, {self.again} events accepted again; {self.seconds:.0f} s, {rate}"
        )


def tell_of_jobs(new_store: NewStore, events: int, kills: int, down_seconds: float, seed: int) -> Told:
    """Ingest until so many events are told, and send them. Raises AssertionError where one is lost, forged or out of order."""
    chance, told, began = random.Random(seed), Told(down_seconds=down_seconds), time.monotonic()
    url, jobs = new_store(), -(-events // EVENTS_A_JOB)
    with Receiver(failing(chance, FAILING)) as receiver, memproc.open(url, settings=memproc.Settings(dedup="off")) as store:
        hook, secret = add_webhook(store, receiver.url, events=["all"], allow_private=True)
        receiver.verify = Verifier(secret).verify
        killing = _Killing(url, kills, chance)
        try:
            back_at = 0.0
            for at in range(jobs):
                if at == jobs // 2:
                    receiver.end()
                    back_at = time.monotonic() + down_seconds
                memproc.ingest(({"content": f"Job {at}, text {one}"} for one in range(BATCHES)), store, settings=_ONE_A_BATCH)
                if at * (kills // 2) // jobs != (at + 1) * (kills // 2) // jobs:
                    killing.strike()
            time.sleep(max(0.0, back_at - time.monotonic()))
            receiver.begin()
            _wait_until(lambda: not _waiting(store, hook.number), killing)
        finally:
            killing.end()
        told.seconds, told.kills, told.jobs = time.monotonic() - began, killing.done, jobs
        assert webhooks(store)[0].deliveries.keys() == {"delivered"}, webhooks(store)
        assert not store.doctor()
        told.events = webhooks(store)[0].deliveries["delivered"]
        _check(receiver, told)
    return told


_ONE_A_BATCH: Final = memproc.Settings(batch_size=1, dedup="off")


def send(url: str) -> None:
    """Send what is due, until killed."""
    with memproc.open(url) as store:
        deliver(store, sending=SENDING)


class _Killing:
    """Senders, of which one or the other is killed."""

    def __init__(self, url: str, kills: int, chance: random.Random) -> None:
        self._url, self.left, self._chance, self.done = url, kills, chance, 0
        self._senders = [self._began() for _ in range(SENDERS)]

    def _began(self) -> ForkServerProcess:
        process = CONTEXT.Process(target=send, args=(self._url,), daemon=True)
        process.start()
        return process

    def strike(self) -> None:
        """Kill a sender, and begin another one."""
        at = self._chance.randrange(SENDERS)
        self._senders[at].kill()
        assert is_killed(self._senders[at]), "the sender ended by itself"
        self._senders[at] = self._began()
        self.left, self.done = self.left - 1, self.done + 1

    def end(self) -> None:
        """Kill all senders."""
        for sender in self._senders:
            sender.kill()
            sender.join(LONGEST_SECONDS)


def _wait_until(is_so: Callable[[], bool], killing: _Killing) -> None:
    """Wait until something is so, and meanwhile kill now and then."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "events still wait after a long time"
        if killing.left:
            killing.strike()
        time.sleep(0.5)


def _waiting(store: memproc.Store, number: int) -> int:
    return next(one for one in webhooks(store) if one.number == number).deliveries.get("waiting", 0)


def _check(receiver: Receiver, told: Told) -> None:
    """Compare what was accepted with what was told."""
    seen = Counter[str]()
    assert not receiver.forged, f"{receiver.forged} signatures are wrong"
    told.requests = len(receiver.received)
    told.failed = told.requests - len(receiver.accepted)
    for one in receiver.accepted:
        seen[one.id] += 1
        if seen[one.id] == 1:
            data = one.told["data"]
            told.first.setdefault(data["job"], []).append(data["sequence"])
    told.again = seen.total() - len(seen)
    assert len(seen) == told.events, f"{told.events - len(seen)} events were noted as delivered and never came"
    for job, places in told.first.items():
        assert places == sorted(places), f"of job {job} an event came before an earlier one"
    assert len(told.first) == told.jobs
