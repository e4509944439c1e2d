"""What a person does with quarantine: find records and patterns, look at one, discard it, or have it replayed.

Rules: what SQL compares is numbers and the few words of a status; the rest is compared here. What was done with a record is told
by the ledger, under the record's key and without its words, so that forgetting need not look there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any, NamedTuple, TypedDict, Unpack

import orjson
from sqlalchemy import Select, select

from memproc.arguments import whole_number
from memproc.config import QuarantineStatus
from memproc.dedup.keys import Key
from memproc.errors import NotFoundError, UsageError
from memproc.records import Fault, Outcome, Rejected, encode
from memproc.report.report import Pattern
from memproc.store.access.replies import take_bodies_out
from memproc.store.answers import Entry, Quarantined
from memproc.store.enriching.kept import take_rejected_out
from memproc.store.kinds import LedgerKind
from memproc.store.quarantine.records import DISCARDED, FORGOTTEN, OPEN, REPLAYED, STATUSES, Again, raw_of, reasons_of, rejected_in
from memproc.store.rows.ledger import LINES, LedgerEntry, entry_of, write_lines
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.validation import redacted

CHUNK = 1_000

_rows, _batches = tables.quarantine.c, tables.batches.c
_LAST = tables.batches.alias("last")
_FOUND = (
    select(
        *(_rows[name] for name in ("number", "key", "category", "code", "path", "message", "pattern", "faults")),
        *(_rows[name] for name in ("source", "format", "namespace", "position", "raw_bytes", "times_seen", "context", "status")),
        _batches.job,
        _batches.committed_at.label("first_seen"),
        _LAST.c.committed_at.label("last_seen"),
    )
    .join_from(tables.quarantine, tables.batches, _rows.batch == _batches.number)
    .join(_LAST, _rows.last_batch == _LAST.c.number)
)
_AS_THEY_ARE = [name for name in Quarantined.__dataclass_fields__ if name not in ("faults", "raw", "history")]
_LIKE = ("number", "pattern", "category", "code", "path", "message", "faults", "source", "status", "times_seen", "namespace")
_GROUPED = select(*(_rows[name] for name in _LIKE))
_STATUS = select(_rows.number, _rows.key, _rows.status, _rows.faults)


class Filters(TypedDict, total=False):
    """What quarantined records are chosen by; of those given, each holds."""

    category: str | None
    code: str | None
    job: int | None
    source: str | None
    namespace: str | None
    after: int | None


class QuarantineFilter(NamedTuple):
    """Which quarantined records are meant: those that match all that is given. `code` is that of any of its faults, `job` any that
    rejected it, `source` the name of the file or the like, `namespace` what the caller had said of it, `after` the number that
    theirs are above, `status` None any.
    """

    category: str | None = None
    code: str | None = None
    job: int | None = None
    source: str | None = None
    status: QuarantineStatus | None = "open"
    namespace: str | None = None
    after: int | None = None

    def includes(self, row: Any) -> bool:
        """Tell whether a row that SQL found is meant, its job and status apart."""
        return (
            self.category in (None, row.category)
            and self.source in (None, row.source)
            and self.namespace in (None, row.namespace)
            and row.number > (self.after or 0)
            and (self.code is None or any(fault["code"] == self.code for fault in orjson.loads(row.faults)))
        )


class SettledMeanwhileError(Exception):
    """A record that was to be replayed is no longer open."""


def which_of(status: QuarantineStatus | None = "open", **filters: Unpack[Filters]) -> QuarantineFilter:
    """Return what is meant. Raises UsageError on a status that there is not, and on a job that is no number."""
    if status not in (None, *STATUSES):
        raise UsageError(f"status {status!r}: choose one of {', '.join(STATUSES)}")
    if (job := filters.get("job")) is not None:
        filters["job"] = whole_number("job", job)
    if (after := filters.get("after")) is not None:
        filters["after"] = whole_number("after", after)
    return QuarantineFilter(status=status, **filters)


def rows_of(tx: Tx, which: QuarantineFilter, query: Select[Any] = _FOUND) -> Iterator[Any]:
    """Give the rows of the records that are meant, in the order of their numbers, without their bytes."""
    if which.status is not None:
        query = query.where(_rows.status == which.status)
    if which.after is not None:
        query = query.where(_rows.number > which.after)
    chunks = tx.in_chunks(query, _rows.number, CHUNK)
    if which.job is not None:
        numbers, query = sorted(rejected_in(tx, which.job)), query.order_by(_rows.number)
        parts = (numbers[start : start + CHUNK] for start in range(0, len(numbers), CHUNK))
        chunks = (tx.execute(query.where(_rows.number.in_(some))).all() for some in parts)
    for rows in chunks:
        yield from filter(which.includes, rows)


def rows_by_number(tx: Tx, numbers: Iterable[int]) -> dict[int, Any]:
    """Return the rows of these numbers, by number; those that there are not are left out."""
    return {row.number: row for row in tx.select_by_keys(_FOUND, _rows.number, numbers)}


def to_quarantined(tx: Tx, rows: Sequence[Any]) -> list[Quarantined]:
    """Return rows as values, with their bytes and their history."""
    happened: dict[Key, list[Any]] = defaultdict(list)
    for line in tx.select_by_keys(LINES, tables.ledger.c.subject, [row.key for row in rows]):
        happened[line.subject].append(line)
    return [
        Quarantined(
            **{name: getattr(row, name) for name in _AS_THEY_ARE},
            faults=faults_of(row),
            raw=raw_of(tx, row.number),
            history=_history(row, sorted(happened[row.key], key=attrgetter("number"))),
        )
        for row in rows
    ]


def faults_of(row: Any) -> tuple[Fault, ...]:
    """Return the faults of a row."""
    return tuple(Fault(**fault) for fault in orjson.loads(row.faults))


def patterns_in(tx: Tx, which: QuarantineFilter, limit: int | None = None) -> tuple[list[Pattern], int]:
    """Return the groups of records with like faults among those that are meant, the commonest first, then in the order they came,
    and how many of these records had been replayed or discarded.

    A record counts as often as it was rejected: by the job, where one is meant, else at all. So the groups of a job, whatever the
    status, sum up to what it counts as quarantined. What was forgotten since is a group of its own there.
    """
    of_job = None if which.job is None else rejected_in(tx, which.job)
    groups: dict[Key, list[Any]] = {}
    counted = settled = 0
    for row in rows_of(tx, which, _GROUPED):
        records = row.times_seen if of_job is None else of_job[row.number]
        groups.setdefault(row.pattern, [0, row])[0] += records
        counted += records
        settled += records if row.status != OPEN else 0
    patterns = [Pattern(count, row.category, row.code, row.path, row.message, row.number) for count, row in groups.values()]
    if of_job is not None and which == QuarantineFilter(job=which.job, status=None) and (gone := of_job.total() - counted):
        patterns.append(Pattern(gone, "forgotten", "forgotten", "", "what it was is forgotten", FORGOTTEN))
    return sorted(patterns, key=lambda pattern: (-pattern.records, pattern.example))[:limit], settled


def without_values(pattern: Pattern, fields: Collection[str]) -> Pattern:
    """Return a pattern without what records hold: they may have been rejected before anybody asked for that."""
    fault = redacted(Fault(pattern.path, pattern.code, pattern.message, ""), fields)
    return replace(pattern, path=fault.path, message=fault.message)


def settle(
    tx: Tx,
    replayed: Mapping[int, Sequence[int]],
    became: Mapping[int, tuple[Key, Outcome]],
    rejected: Sequence[tuple[int, Rejected]],
    batch: int,
) -> Again:
    """Write what became of replayed records: `replayed` says which positions each one gave, `became` which observation and outcome
    a position had. One of which anything was rejected again stays open, with the new faults.

    Return what was rejected. Raises SettledMeanwhileError where another was quicker.
    """
    rows = _open_rows(tx, replayed)
    if rows.keys() != replayed.keys():
        raise SettledMeanwhileError
    failed: dict[int, list[Rejected]] = defaultdict(list)
    positions_of: dict[int, list[int]] = defaultdict(list)
    number_of = {position: number for number, positions in replayed.items() for position in positions}
    for position, again in rejected:
        failed[number_of[position]].append(again)
        positions_of[number_of[position]].append(position)
    _write_again(tx, failed, batch)
    taken = [number for number in replayed if number not in failed]
    tx.update_rows(tables.quarantine, [{"number": number, "status": REPLAYED} for number in taken])
    lines = [
        LedgerEntry(LedgerKind.REPLAYED, rows[number].key, key, reason=f"quarantined record {number}: {outcome.value}")
        for number in taken
        for key, outcome in (became[at] for at in replayed[number])
    ]
    lines += [LedgerEntry(LedgerKind.REPLAYED, rows[number].key, reason="decision") for number in taken if not replayed[number]]
    lines += [LedgerEntry(LedgerKind.REJECTED, rows[number].key, reason=_without_words(again)) for number, again in failed.items()]
    write_lines(tx, batch, lines)
    return positions_of


def discard(tx: Tx, numbers: Sequence[int], note: str) -> None:
    """Close records without taking them: their bytes and the words in their faults go, with what enrichments answered of them and
    what a service told of them. Raises NotFoundError.
    """
    rows = _open_rows(tx, numbers)
    require_open(numbers, rows)
    take_rejected_out(tx, (raw_of(tx, number) for number in rows))
    take_bodies_out(tx)
    bare = []
    for number, row in rows.items():
        faults = [replace(fault, message=fault.code, traceback="", value=None) for fault in faults_of(row)]
        as_json = encode([fault.as_dict() for fault in faults]).decode()
        bare.append({"number": number, "status": DISCARDED, "message": faults[0].message, "faults": as_json})
    tx.update_rows(tables.quarantine, bare)
    for table in (tables.quarantine_parts, tables.quarantine_texts):
        tx.delete_by_keys(table.c.quarantine, sorted(rows))
    write_lines(tx, None, [LedgerEntry(LedgerKind.DISCARDED, row.key, reason=note) for _, row in sorted(rows.items())])


def require_open(numbers: Iterable[int], rows: Mapping[int, Any]) -> None:
    """Raise NotFoundError where one of the numbers is not among the rows that are open."""
    missing = sorted(set(numbers) - rows.keys())
    if missing:
        raise NotFoundError(f"nothing open in quarantine under {', '.join(map(str, missing[:10]))}")


def _open_rows(tx: Tx, numbers: Iterable[int]) -> dict[int, Any]:
    rows = tx.select_by_keys(_STATUS, _rows.number, set(numbers))
    return {row.number: row for row in rows if row.status == OPEN}


def _write_again(tx: Tx, failed: Mapping[int, Sequence[Rejected]], batch: int) -> None:
    rows = []
    for number, again in failed.items():
        reasons = reasons_of(replace(again[0], faults=tuple(fault for one in again for fault in one.faults)))
        rows.append({"number": number, **reasons._asdict(), "last_batch": batch, "times_seen": 1})
    tx.update_rows(tables.quarantine, rows, add=("times_seen",))


def _without_words(again: Sequence[Rejected]) -> str:
    codes = dict.fromkeys(f"{one.category} {fault.code}" for one in again for fault in one.faults)
    return ", ".join(codes)


def _history(row: Any, lines: Sequence[Any]) -> tuple[Entry, ...]:
    came = Entry(row.first_seen, "quarantined", None, None, None, f"job {row.job}, position {row.position} of {row.source}")
    return (came, *(entry_of(line, line.reason) for line in lines))
