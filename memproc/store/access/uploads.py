"""Files that were sent to be read: whose they are and where they lie. The files themselves are the service's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_uploads = tables.uploads.c
_ROWS = select(tables.uploads)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that was sent: its number, the folder that it lies in, its name, whose it is (None: of those who reach all), who sent
    it, its size in bytes, its SHA-256, and when it was there.
    """

    number: int
    folder: str
    name: str
    namespace: str | None
    who: str
    size: int
    sha256: str
    made_at: str


def note(tx: Tx, what: Mapping[str, Any]) -> Upload:
    """Write what is known of a file, whose fields are those of `Upload` but for its number and time; return it."""
    row = {**what, "number": tx.next_number(tables.uploads), "made_at": tx.now}
    tx.insert_rows(tables.uploads, [row])
    return Upload(**row)


def listed(tx: Tx) -> list[Upload]:
    """Return all files, the oldest first."""
    return [_to_upload(row) for row in tx.execute(_ROWS.order_by(_uploads.number))]


def by_number(tx: Tx, number: int) -> Upload | None:
    """Return a file; None where there is none of that number."""
    return next((_to_upload(row) for row in tx.select_by_keys(_ROWS, _uploads.number, [number])), None)


def delete(tx: Tx, numbers: Iterable[int]) -> None:
    """Forget of files that they were there."""
    tx.delete_by_keys(_uploads.number, numbers)


def _to_upload(row: Any) -> Upload:
    return Upload(**{name: getattr(row, name) for name in Upload.__dataclass_fields__})
