"""Single records of an open store: add them, put them under the caller's own id, change what a memory says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from memproc.dedup.columns import Columns, Prepared
from memproc.dedup.compare.reasons import reason_told
from memproc.dedup.decision import Decision
from memproc.dedup.memory import memory_of_one
from memproc.dedup.preparing import prepare
from memproc.enrichment.given import Enrich
from memproc.errors import ChangedError, NotFoundError, UsageError, redacting
from memproc.formats import detect, format_named, generic
from memproc.formats.draft import Context, Format
from memproc.intake import Intake, clean_name, required_name
from memproc.records import Fault, Given, M, Memory, Outcome, Plain, plain
from memproc.sources.items import Item
from memproc.sources.iterables import of_record
from memproc.store.added import Added, Put, Updated
from memproc.store.changes.adding import Adder
from memproc.store.changes.landed import Landed, Replaced
from memproc.store.changes.updating import (
    SAID,
    Present,
    changed,
    next_date,
    next_version,
    present,
    present_version,
    replace_by,
    said_before,
    settle_between,
    to_replace,
    without_date,
)
from memproc.store.changes.writer import Batch
from memproc.store.enriching.enriching import enriching_by
from memproc.store.face.face import Face
from memproc.store.quarantine.records import Origin
from memproc.store.rows.memories import memory_at
from memproc.store.rows.observations import require_row, rows_by_key
from memproc.store.rows.own_ids import versions_of
from memproc.store.sql.tx import Tx
from memproc.taken import Taken
from memproc.validation import redacted, unknown_field
from memproc.values import settled

UPDATE = "update"  # the source of what is quarantined of an update


class _UnchangedError(Exception):
    """Ends a transaction in which nothing is to be written."""


@dataclass(slots=True)
class _Told:
    """What is found out while a version is written: what was there, why nothing changes, by which decisions it replaces that."""

    note: str = ""
    there: Present | None = None
    reason: str = ""
    decisions: tuple[Decision, ...] = ()


class _Read(NamedTuple):
    """One record as it was read: prepared or rejected, whence it came, and what is told of fields that no memory has."""

    taken: Taken
    origin: Origin
    unknown: tuple[Fault, ...] = ()


class Adding(Face[M]):
    """Single records of an open store: add them, put them under the caller's own id, change what a memory says."""

    _adder: Adder

    def add(
        self,
        record: object,
        *,
        namespace: str | None = None,
        source: str | None = None,
        format: str | None = None,
        enrich: Enrich | None = None,
    ) -> Added[M]:
        """Validate one record and write it, in its own transaction or together with records that other threads add at that moment.

        The record is a mapping for one memory, in any format of single records, by default detected. Bad input does not raise: its
        outcome is `quarantined`. Raises UsageError on an unknown format, and on a record that holds several memories or none, as a
        conversation may. `enrich` as of `memproc.ingest`, but for a `BatchEnrichment`.
        """
        enriching = enriching_by(self._opened, self.schema, enrich)
        read = self._read(record, namespace, source, format)
        if enriching is not None:
            read = read._replace(taken=enriching.enrich(read.taken))
        with redacting(is_wanted=self.settings.redact):
            landed = self._adder.add(read.taken, read.origin)
        if landed.rejected:
            faults = landed.rejected[0][1].faults
            return Added(Outcome.QUARANTINED, None, None, _first_of(faults), faults)
        return replace(self._to_added(landed, read.taken.accepted.at(0)), unknown=read.unknown)

    def upsert(
        self,
        record: object,
        *,
        namespace: str | None = None,
        source: str | None = None,
        format: str | None = None,
    ) -> Updated[M]:
        """Put one record under its own id: store it where its namespace and source have no record with that id, else make it the
        version that speaks, unless it says what is there already.

        A version that gives no `updated_at` is of now. One whose own date is older than that of the version that is there becomes
        history, and nothing changes. Records as of `add`. Raises UsageError on a record without an id or without a source, which
        `source` may give.
        """
        read = self._read(record, namespace, source, format)
        accepted = read.taken.accepted
        if len(accepted) and not accepted.is_identity[0]:
            raise UsageError("upsert takes a record with an id of yours and a source: give source=..., or use add")
        told = _Told()

        def make(tx: Tx) -> tuple[Taken, Replaced | None]:
            rows = versions_of(tx, accepted.at(0)) if len(accepted) else []
            told.there = present_version(tx, rows) if rows else None
            if told.there is None:
                return read.taken, None
            record, told.reason = next_version(tx.now, accepted.at(0).record, told.there)
            return self._prepared(record, is_identity=True), None

        put = self._put(make, read.origin, told)
        return put if put.outcome == "quarantined" else replace(put, unknown=read.unknown)

    def update(self, identifier: str, changes: Mapping[str, Any], *, note: str = "", expected: Memory | None = None) -> Updated[M]:
        """Change fields of a memory: a new version, of now or of the `updated_at` that is given, speaks from then on.

        A field that is None is taken out; all others stay. The former version is history: `history` tells it, and `revert` says it
        again. Changes that are no valid memory do not raise: the outcome is `quarantined`, with every fault. Raises NotFoundError,
        UsageError on a change of the id, the namespace or the source, or to a date that is not later, and ChangedError where the
        memory is not what was `expected` any more.
        """
        if not isinstance(changes, Mapping) or not all(isinstance(name, str) for name in changes):
            raise UsageError(f"changes={changes!r}: give a mapping of names of fields to their new values")
        given = {name: settled(value) for name, value in changes.items()}

        def fields_of(tx: Tx, there: Present) -> Plain:
            if expected is not None and plain(expected) != there.memory:
                raise ChangedError(f"memory {identifier} was changed meanwhile: read it again, and change that")
            return changed(tx.now, there, given)

        return self._change(identifier, fields_of, note)

    def revert(self, identifier: str, *, note: str = "") -> Updated[M]:
        """Let a memory say again what it said before it was changed last, as a new version of now; done again, this takes itself
        back. Raises NotFoundError, also where it never said anything else.
        """

        def before(tx: Tx, there: Present) -> Plain:
            said = said_before(tx, there)
            if said is None:
                raise NotFoundError(f"memory {there.memory['id']} never said anything else")
            kept = {name: value for name, value in there.record.items() if name in ("id", "source")}
            return {**said, **kept, "updated_at": next_date(tx.now, there.latest)}

        return self._change(identifier, before, note)

    def _change(self, identifier: str, fields_of: Callable[[Tx, Present], Plain], note: str) -> Updated[M]:
        """Write what `fields_of` makes of a memory as its new version."""
        told = _Told(note)
        intake = Intake(generic.FORMAT, self.policy, self.schema, settings=self.settings)

        def make(tx: Tx) -> tuple[Taken, Replaced | None]:
            there = told.there = present(tx, identifier)
            taken = intake.take(Item(Given(Memory, fields_of(tx, there), has_namespace=True))).records
            if not len(taken.accepted):
                return taken, None
            record = taken.accepted.at(0).record
            if without_date(record) == without_date(there.record):
                raise _UnchangedError
            is_identity = there.shown.observation.is_identity
            is_as_taken = taken.accepted.is_identity[0] == is_identity
            prepared = taken if is_as_taken else self._prepared(record, is_identity=is_identity)
            return prepared, to_replace(tx, prepared.accepted.at(0).observation, there, note)

        try:
            return self._put(make, Origin(UPDATE, generic.FORMAT.name, "", "{}"), told)
        except _UnchangedError:
            there = self._opened.transactions.read(lambda tx: present(tx, identifier))
            return Updated("unchanged", self._to_memory(there.memory), SAID)

    def _prepared(self, record: Plain, *, is_identity: bool) -> Taken:
        return Taken(Columns.of([prepare(record, is_identity=is_identity, as_of=None, policy=self.policy)]))

    def _put(self, make: Callable[[Tx], tuple[Taken, Replaced | None]], origin: Origin, told: _Told) -> Updated[M]:
        """Write what `make` gives, let it replace what is there, and return what became of it."""

        def behind(tx: Tx, batch: Batch, landed: Landed) -> None:
            if landed.rejected or landed.forgotten:
                return
            key, replaced = batch.arrived.records.accepted.key[0], batch.arrived.replaced
            if landed.has_replaced and replaced is not None:
                told.decisions = tuple(replaced.decisions)
                if landed.reviews:
                    settle_between(tx, key, replaced.keys)
                return
            if told.there is not None and told.reason != SAID:
                told.decisions = replace_by(tx, rows_by_key(tx, [key])[key], told.there, told.note)
            landed.memory = memory_at(tx, require_row(tx, key.hex()))

        with redacting(is_wanted=self.settings.redact):
            landed = self._adder.put(make, origin, behind)
        if landed.rejected:
            faults = landed.rejected[0][1].faults
            return Updated("quarantined", None, _first_of(faults), (), faults)
        if landed.memory is None:
            return Updated("unchanged", None, "forgotten")
        outcome: Put = "stored" if told.there is None else "unchanged" if told.reason else "updated"
        return Updated(outcome, self._to_memory(landed.memory), told.reason, told.decisions)

    def _read(self, record: object, namespace: str | None, source: str | None, format: str | None) -> _Read:
        item = of_record(record)
        format_used = format_named(format) if format else self._format_of(item)
        context = Context(source=clean_name(source, "source"), is_told=format is None)
        intake = Intake(
            format_used, self.policy, self.schema, required_name(namespace, "namespace"), context, settings=self.settings
        )
        taken = intake.take(item).records
        if len(taken) != 1:
            raise UsageError(f"the record holds {len(taken)} memories in format {format_used.name!r}: use memproc.ingest")
        origin = Origin(context.source or format_used.name, format_used.name, intake.namespace or "", intake.options_json)
        return _Read(taken, origin, self._unknown(item, taken) if format_used is generic.FORMAT else ())

    def _unknown(self, item: Item, taken: Taken) -> tuple[Fault, ...]:
        """Return what is told of the fields that went to the metadata because no memory has them."""
        given = item.value
        if not len(taken.accepted) or not isinstance(given, Mapping):
            return ()
        kept = taken.accepted.at(0).record.get("metadata", {})
        moved = [name for name in given if isinstance(name, str) and name in kept and name not in self.schema.model_fields]
        found = tuple(unknown_field(name, given[name], self.schema) for name in moved)
        return tuple(map(redacted, found)) if self.settings.redact else found

    def _format_of(self, item: Item) -> Format:
        if isinstance(item.value, Given):
            return generic.FORMAT
        return detect([item.value], frozenset(self.schema.model_fields)) or generic.FORMAT

    def _to_added(self, landed: Landed, prepared: Prepared) -> Added[M]:
        if landed.forgotten:
            return Added(Outcome.DUPLICATE, None, None, "forgotten")
        memory = self._to_memory(landed.memory or memory_of_one(prepared.node.hex(), prepared.record))
        if landed.known:
            return Added(Outcome.DUPLICATE, memory, 1.0, "same observation")
        if not landed.judged:
            return Added(Outcome.STORED, memory, None, "")
        judged = landed.judged[0]
        texts = () if landed.anchor is None or self.settings.redact else (prepared.record, landed.anchor)
        return Added(judged.outcome, memory, judged.confidence, reason_told(judged.reason, *texts))


def _first_of(faults: Sequence[Fault]) -> str:
    return f"{faults[0].path or 'record'}: {faults[0].message}"
