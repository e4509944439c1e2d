"""Who is told of jobs by webhook: added, listed, removed, and their secrets changed. A secret is returned once, when it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from memproc.errors import UsageError
from memproc.records import M
from memproc.service.durations import seconds_of
from memproc.service.webhooks.signing import checked_secret, new_secret
from memproc.sources.rest.addresses import check_url, host_of
from memproc.sources.rest.secrecy import url_shown
from memproc.store.outbox import letters
from memproc.store.outbox.endpoints import (
    Endpoint,
    Receiver,
    add_endpoint,
    endpoint_at,
    endpoints,
    remove_endpoint,
    rotate_secret,
)
from memproc.store.outbox.kinds import OF_JOBS, OF_TASKS, DeliveryStatus, EndpointKind
from memproc.store.outbox.letters import Delivery
from memproc.store.sql.tx import Tx
from memproc.store.store import Store, opened_by

OVERLAP = "24h"
MOST_LISTED = 100
_GROUPS = {"all": (*OF_JOBS, *OF_TASKS), "batch.job.*": OF_JOBS, "batch.task.*": OF_TASKS}


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook: its URL without keys, the events it is told of, whether it is `active` or `disabled` and why, how often in a row
    it failed, how many secrets sign, and how many deliveries it has by status.
    """

    number: int
    url: str
    events: tuple[str, ...]
    allow_private: bool
    status: str
    why: str | None
    added_at: str
    failures: int
    secrets: int
    deliveries: Mapping[str, int] = field(default_factory=dict)


def checked_events(given: Iterable[str]) -> tuple[str, ...]:
    """Return types of events in their order; `all`, `batch.job.*` and `batch.task.*` stand for several. Raises UsageError on
    others.

    >>> checked_events(["batch.task.*", "batch.job.failed"])
    ('batch.job.failed', 'batch.task.started', 'batch.task.completed', 'batch.task.failed')
    """
    if isinstance(given, str):
        raise UsageError(f"events={given!r}: give a list of them, as in events=[{given!r}]")
    asked: set[str] = set()
    for one in given:
        if one not in _GROUPS["all"] and one not in _GROUPS:
            raise UsageError(f"event {one!r}: choose among {', '.join((*_GROUPS, *_GROUPS['all']))}")
        asked |= {*_GROUPS.get(one, (one,))}
    if not asked:
        raise UsageError("events: name at least one, or leave it out to be told of all of jobs")
    return tuple(str(one) for one in _GROUPS["all"] if one in asked)


def add_webhook(
    store: Store[M], url: str, *, events: Iterable[str] = OF_JOBS, secret: str | None = None, allow_private: bool = False
) -> tuple[Webhook, str]:
    """Let a URL be told of the jobs of a store from now on; return the webhook, and the secret that signs what is sent.

    `secret` is one as Standard Webhooks has it (`whsec_...`), or a reference (`ENV:NAME`, `KEYRING:service/user`), which alone is
    kept then; by default one is made, and kept in the store. `allow_private` allows addresses that are not public, and http to this
    machine. Raises UsageError where the URL, an event or the secret is none.
    """
    if not isinstance(url, str):
        raise UsageError(f"url={url!r}: give a URL as in https://example.org/hooks")
    check_url(url, [host_of(url)], allow_private=allow_private)
    names, chosen = checked_events(events), new_secret() if secret is None else checked_secret(secret)

    receiver = Receiver(url, chosen, allow_private)
    added = opened_by(store).transactions.write(lambda tx: add_endpoint(tx, EndpointKind.WEBHOOK, names, receiver))
    return _shown(added, {}), chosen


def webhooks(store: Store[M]) -> list[Webhook]:
    """Return the webhooks of a store, the oldest first."""

    def listed(tx: Tx) -> list[Webhook]:
        counts = letters.counted(tx)
        return [_shown(one, counts.get(one.number, {})) for one in endpoints(tx)]

    return opened_by(store).transactions.read(listed)


def remove_webhook(store: Store[M], number: int) -> int:
    """Let a webhook be told nothing any more; return how many deliveries were dropped. Raises NotFoundError if there is none."""
    return opened_by(store).transactions.write(lambda tx: remove_endpoint(tx, number))


def rotate_webhook(store: Store[M], number: int, *, secret: str | None = None, overlap: str = OVERLAP) -> str:
    """Give a webhook another secret and return it. Until the overlap is over (`24h`, `30m`, `0s`) both sign what is sent, so that
    its receiver can go over in between. Raises NotFoundError if there is no such webhook.
    """
    seconds, chosen = seconds_of(overlap, "overlap"), new_secret() if secret is None else checked_secret(secret)
    opened_by(store).transactions.write(lambda tx: rotate_secret(tx, number, chosen, int(seconds * 1_000_000)))
    return chosen


def deliveries(
    store: Store[M], *, webhook: int | None = None, job: int | None = None, status: str | None = None, limit: int = MOST_LISTED
) -> list[Delivery]:
    """Return deliveries, the newest first: of a webhook, of a job, with a status (waiting, delivered, dead, resent, dropped)."""
    known = [*map(str, DeliveryStatus)]
    if status is not None and status not in known:
        raise UsageError(f"status {status!r}: choose among {', '.join(known)}")

    def listed(tx: Tx) -> list[Delivery]:
        if webhook is not None:
            endpoint_at(tx, webhook)
        return letters.listed(tx, webhook=webhook, job=job, status=status, limit=limit)

    return opened_by(store).transactions.read(listed)


def resend(store: Store[M], numbers: Iterable[int] | None = None, *, webhook: int | None = None) -> int:
    """Send dead letters again: those of these numbers, else all, or all of one webhook, which is told of jobs again if it was
    disabled. Return how many. Raises NotFoundError on a number that no dead letter has.
    """
    chosen = None if numbers is None else [*numbers]
    return opened_by(store).transactions.write(lambda tx: letters.resend(tx, chosen, webhook))


def _shown(endpoint: Endpoint, counts: Mapping[str, int]) -> Webhook:
    values: dict[str, Any] = {name: getattr(endpoint, name) for name in ("number", "events", "allow_private", "status", "why")}
    more: dict[str, Any] = {"added_at": endpoint.added_at, "failures": endpoint.failures, "secrets": len(endpoint.secrets)}
    return Webhook(**values, **more, url=url_shown(endpoint.url), deliveries=dict(counts))
