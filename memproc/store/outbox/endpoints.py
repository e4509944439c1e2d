"""Endpoints as rows: added, removed, their secrets changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import select

from memproc.errors import NotFoundError, UsageError
from memproc.records import encode
from memproc.store.outbox.kinds import DeliveryStatus, EndpointKind
from memproc.store.outbox.telling import ACTIVE, DISABLED, REMOVED
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import to_micros

_endpoints, _deliveries = tables.webhook_endpoints.c, tables.webhook_deliveries.c


class Secret(NamedTuple):
    """A secret, or a reference to one, and until when it signs, in microseconds; None for as long as it is not changed."""

    value: str
    until: int | None = None


class Endpoint(NamedTuple):
    """An endpoint as it stands in its row, but for the seal."""

    number: int
    kind: str
    url: str
    events: tuple[str, ...]
    secrets: tuple[Secret, ...]
    allow_private: bool
    status: str
    why: str | None
    added_at: str
    failures: int
    failing_since: int | None
    held_until: int | None

    def in_force(self, now: int) -> list[str]:
        """Return the secrets, or references to them, that sign at a moment, in microseconds."""
        return [one.value for one in self.secrets if one.until is None or one.until > now]


class Receiver(NamedTuple):
    """Where an endpoint is posted to, the secret that signs that, or a reference to it, and whether its address may be private."""

    url: str
    secret: str
    allow_private: bool


_ROWS = select(*(_endpoints[name] for name in Endpoint._fields)).order_by(_endpoints.number)


def add_endpoint(tx: Tx, kind: EndpointKind, events: Sequence[str], receiver: Receiver | None = None) -> Endpoint:
    """Write an endpoint that is told of these events from now on."""
    url, secret, allow_private = receiver or ("", "", False)
    row: dict[str, Any] = {
        "number": tx.next_number(tables.webhook_endpoints),
        "kind": kind,
        "url": url,
        "events": encode([*events]).decode(),
        "secrets": _written([Secret(secret)] if secret else []),
        "allow_private": int(allow_private),
        "status": ACTIVE,
        "added_at": tx.now,
        "failures": 0,
    }
    tx.insert_rows(tables.webhook_endpoints, [row])
    return endpoint_at(tx, row["number"])


def endpoints(tx: Tx, kind: EndpointKind = EndpointKind.WEBHOOK) -> list[Endpoint]:
    """Return the endpoints of a kind, but for those that were removed."""
    return [one for one in map(_read, tx.execute(_ROWS)) if one.kind == kind and one.status != REMOVED]


def endpoint_at(tx: Tx, number: int) -> Endpoint:
    """Return an endpoint. Raises NotFoundError where there is none of this number."""
    row = tx.execute(_ROWS.where(_endpoints.number == number)).first()
    if row is None or row.status == REMOVED:
        known = ", ".join(str(one.number) for one in endpoints(tx))
        raise NotFoundError(f"no webhook {number}: " + (f"there are {known}" if known else "none was added yet"))
    return _read(row)


def change_endpoint(tx: Tx, number: int, **values: Any) -> None:
    """Set some columns of an endpoint."""
    tx.update_rows(tables.webhook_endpoints, [{"number": number, **values}])


def remove_endpoint(tx: Tx, number: int) -> int:
    """Let an endpoint be told nothing any more, forget its secrets, and drop what waits for it; return how much that is."""
    endpoint = endpoint_at(tx, number)
    change_endpoint(tx, endpoint.number, status=REMOVED, url="", secrets="[]")
    return end_waiting(tx, number, DeliveryStatus.DROPPED, "the webhook was removed")


def disable_endpoint(tx: Tx, number: int, why: str) -> int:
    """Send nothing more to an endpoint; what waits for it becomes dead letters. Return how many these are."""
    change_endpoint(tx, number, status=DISABLED, why=why)
    return end_waiting(tx, number, DeliveryStatus.DEAD, why)


def end_waiting(tx: Tx, endpoint: int, status: DeliveryStatus, why: str) -> int:
    """End all that waits for an endpoint."""
    waits = select(_deliveries.number).where(_deliveries.endpoint == endpoint, _deliveries.is_open == 1)
    ended = {"status": status, "is_open": 0, "due_at": None, "why": why, "ended_at": tx.now}
    rows = [{"number": found, **ended} for found in tx.execute(waits).scalars().all()]
    tx.update_rows(tables.webhook_deliveries, rows)
    return len(rows)


def rotate_secret(tx: Tx, number: int, secret: str, overlap_micros: int) -> Endpoint:
    """Give an endpoint another secret; the one that it had signs too until the overlap is over. Raises UsageError where that is the
    same one.
    """
    endpoint, now = endpoint_at(tx, number), to_micros(tx.now)
    if endpoint.secrets and endpoint.secrets[0].value == secret:
        raise UsageError(f"webhook {number} has this secret already: give another one, or none, and one is made")
    before = [one._replace(until=one.until or now + overlap_micros) for one in endpoint.secrets]
    kept = [one for one in before if one.until is not None and one.until > now]
    change_endpoint(tx, number, secrets=_written([Secret(secret), *kept]))
    return endpoint_at(tx, number)


def _written(secrets: Sequence[Secret]) -> str:
    return encode([[*one] for one in secrets]).decode()


def _read(row: Any) -> Endpoint:
    found = row._asdict()
    found["events"] = tuple(orjson.loads(row.events))
    found["secrets"] = tuple(Secret(*one) for one in orjson.loads(row.secrets))
    return Endpoint(**{**found, "allow_private": bool(row.allow_private)})
