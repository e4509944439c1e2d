"""Verifies a migration: reads its source once more and looks each record up in the store.

Strategy: what is read again goes through the same readers and the same validation, and gets the same keys. Each key has to be in
the store, with the same record; so a second run would add nothing. What the loop counted is compared with what was found here, and
the checksums are sums over all records, which do not depend on their order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import islice
from typing import Any

import orjson

from memproc.config import Policy
from memproc.errors import SourceEndedError
from memproc.formats import generic
from memproc.formats.mapping.paths import PathFailedError
from memproc.formats.mapping.tracing import traced
from memproc.ingestion.source import Source
from memproc.intake import Chunk, Intake, add_counts, kinds_left_out
from memproc.records import Memory, Plain, encode, is_mapping
from memproc.report.migration import Changes, Check
from memproc.report.report import Report
from memproc.sources.decoding import item_of
from memproc.sources.items import Piece
from memproc.store.store import Store, observed

AT_ONCE = 1_000  # rows that are read before they are looked up
SHOWN = 3
_SUM = 1 << 64


@dataclass(slots=True)
class Reread:
    """What a second reading found. `lost` are rows that gave nothing and were not counted as left out, by their number from 0;
    `missing` records that the store does not have as they are, by their row.
    """

    changes: Changes
    rows: int = 0
    left_out: int = 0
    kinds_left_out: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    rejected: int = 0
    found: int = 0
    forgotten: int = 0
    lost: list[int] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    source_sum: int = 0
    store_sum: int = 0
    broken: str = ""

    def read(self, source: Source, store: Store[Memory] | None) -> None:
        """Read a source to its end, and look its records up in the store, if there is one."""
        intake = replace(
            source.intake, policy=Policy(dedup="off")
        )  # keys of observations do not depend on it, and are all that count
        try:
            for pieces in iter(lambda: [*islice(source.items, AT_ONCE)], []):
                chunk = intake.take_all(pieces)
                self._count(pieces, chunk, intake)
                if store is not None:
                    self._look_up(chunk, store)
                self.rows += len(pieces)
        except SourceEndedError as error:
            self.broken = str(error)

    def _count(self, pieces: Sequence[Piece], chunk: Chunk, intake: Intake) -> None:
        self.accepted += len(chunk.records.accepted)
        self.rejected += len(chunk.records.rejected)
        left_out = set[int]()
        for at, counts in chunk.left_out:
            if kinds := kinds_left_out(counts):
                add_counts(self.kinds_left_out, kinds)
                left_out.add(at)
        is_flat = intake.format.read in generic.READS
        accepted = dict(zip(chunk.records.accepted.position, chunk.records.accepted.json, strict=True))
        first = 0
        for at, (piece, count) in enumerate(zip(pieces, chunk.counts, strict=True)):
            if not count:
                self.left_out += at in left_out
                if at not in left_out:
                    self.lost.append(self.rows + at)
            elif is_flat:
                records = [(place, accepted[first + place]) for place in range(count) if first + place in accepted]
                self._trace(item_of(piece).value, records, intake)
            first += count

    def _trace(self, row: Any, records: Iterable[tuple[int, bytes]], intake: Intake) -> None:
        if is_mapping(row):
            for place, json in records:
                with suppress(PathFailedError, IndexError):
                    self.changes.note(traced(row, _record_of(json), place, intake.context))

    def _look_up(self, chunk: Chunk, store: Store[Memory]) -> None:
        accepted = chunk.records.accepted
        found, forgotten = observed(store, accepted.key)
        rows = [at for at, count in enumerate(chunk.counts) for _ in range(count)]
        for position, key, json in zip(accepted.position, accepted.key, accepted.json, strict=True):
            if key in forgotten:
                self.forgotten += 1
                continue
            record = _record_of(json)
            self.source_sum = (self.source_sum + _sum_of(record)) % _SUM
            kept = found.get(key)
            if kept is not None:
                self.store_sum = (self.store_sum + _sum_of(kept)) % _SUM
            if kept == record:
                self.found += 1
            else:
                self.missing.append(self.rows + rows[position])

    def checks(self, report: Report, *, is_rehearsal: bool) -> Iterator[Check]:
        """Yield the checks of a migration with this report; of a rehearsal those that need no store."""
        read = self.accepted + self.rejected
        given = f"{self.rows} rows gave {read} records, {self.left_out} were left out by name"
        is_whole = not self.lost and not self.broken
        yield Check(
            "each row has an outcome", is_whole, f"{given}{_rows(self.lost, 'had none')}{self.broken and f', {self.broken}'}"
        )
        yield Check("each record was counted", report.read == read, f"{report.read} counted, {read} found at a second reading")
        by_database = report.quarantined - self.rejected  # records that the database refused
        explained = by_database == 0 if is_rehearsal else by_database == len(self.missing)
        rejected = f"{report.quarantined} in quarantine, {self.rejected} rejected again, {len(self.missing)} not found"
        yield Check("what is not stored is in quarantine", explained, rejected)
        if is_rehearsal:
            return
        is_there = len(self.missing) == max(by_database, 0)
        gone = f", {self.forgotten} had been forgotten" if self.forgotten else ""
        there = f"{self.found} of {self.accepted}{gone}{_rows(self.missing, 'were not found')}"
        yield Check("each record is in the store as it was read, and a second run adds nothing", is_there, there)
        is_equal = self.source_sum == self.store_sum or bool(self.missing and is_there)
        yield Check("the checksums of ids and texts agree", is_equal, f"{self.source_sum:016x} and {self.store_sum:016x}")


def _record_of(json: bytes) -> Plain:
    record: Plain = orjson.loads(json)
    return record


def _sum_of(record: Plain) -> int:
    digest = blake2b(encode([record.get("id"), record["content"]]), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _rows(numbers: Sequence[int], what: str) -> str:
    if not numbers:
        return ""
    shown = ", ".join(map(str, numbers[:SHOWN])) + (", ..." if len(numbers) > SHOWN else "")
    return f", {len(numbers)} {what}: rows {shown}"
