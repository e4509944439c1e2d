"""Enriches records that are prepared, before they land: by results that are kept, and by asking for the others.

Rules: a record becomes what its result makes of it, however it came by that, so neither the batch nor the order matters. A result
is kept before anything is made of it. Who was forgotten is not asked about. Where a result fails or does not pass, the record goes
on as it was read, or waits in quarantine.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any

import orjson

from memproc.dedup.band_hashes import with_band_hashes
from memproc.dedup.columns import Columns
from memproc.dedup.keys import Key, observation_keys
from memproc.dedup.preparing import Accepted, prepare_all
from memproc.enrichment.batches import BatchEnrichment
from memproc.enrichment.calling import Asked, Called, Calls
from memproc.enrichment.changes import Changing, is_marked, rejected
from memproc.enrichment.circuit import Circuit
from memproc.enrichment.given import Enrich, Enrichment, enrichments_of
from memproc.errors import UsageError
from memproc.formats import own
from memproc.intake import internal, isolated
from memproc.records import Fault, Memory, Rejected
from memproc.report.enriched import Enriched, EnrichedSum
from memproc.sources.remote import LateError
from memproc.store.enriching.kept import Known, Link, NewResult, count_today, keep, known_of, link, result_key
from memproc.store.enriching.meanwhile import Meanwhile, StoppedError
from memproc.store.enriching.ordering import Ordering
from memproc.store.opened import OpenStore
from memproc.taken import Taken
from memproc.validation import alike, fault, redacted

CALLS_A_BATCH = 8  # of each thread
NO_ANSWER = "not_enriched"
Result = bytes | Fault  # JSON text, or why there is none


class Enriching:
    """The enrichments of one run, in their order, each of what the one before made."""

    def __init__(self, store: OpenStore, changing: Changing, enrichments: Sequence[Enrichment], meanwhile: Meanwhile) -> None:
        self._store, self._changing, self._meanwhile = store, changing, meanwhile
        self.last: list[dict[str, Any]] = []
        self._steps = [_Step(store, one, changing, meanwhile) for one in enrichments]

    @property
    def most_records(self) -> int:
        """How many records are best enriched before they land: calls are made at once, but the rest of the job waits for them."""
        return min(step.most_records for step in self._steps)

    def enrich(self, taken: Taken, *, is_hashed: bool = False) -> Taken:
        """Return records with what the enrichments make of them. Raises StoppedError where the job is to stop first."""
        for step in self._steps:
            taken = self._with(taken, *step.made(taken.accepted), is_hashed=is_hashed)
        return taken

    def _with(self, taken: Taken, changed: Mapping[int, Accepted], failed: Mapping[int, Rejected], *, is_hashed: bool) -> Taken:
        """Return records with those at some places changed, and others rejected, whose keys are computed anew."""
        columns, policy = taken.accepted, self._store.policy
        places, made = [*changed], Columns()

        def prepare(records: Sequence[Accepted]) -> None:
            prepared = prepare_all(records, policy)
            made.extend(with_band_hashes(prepared, policy.recall) if is_hashed and policy.dedup == "near" else prepared)

        broken = isolated(prepare, [changed[at] for at in places])
        refused = {**failed, **{places[at]: internal(columns.json[places[at]], error) for at, error in broken.items()}}
        places = [at for number, at in enumerate(places) if number not in broken]
        for column, other in zip(columns.lists, made.lists, strict=True):
            if column is not columns.position:
                for at, value in zip(places, other, strict=True):
                    column[at] = value
        if not refused:
            return taken
        left = columns.take([at for at in range(len(columns)) if at not in refused])
        more = [(columns.position[at], one) for at, one in refused.items()]
        return Taken(left, sorted([*taken.rejected, *more], key=lambda one: one[0]))

    def told(self) -> list[Enriched]:
        """Return what the enrichments did."""
        return [step.total.told() for step in self._steps]

    def since(self) -> list[dict[str, Any]]:
        """Return what they did since this was asked last, which is then `last`."""
        self.last = [step.since() for step in self._steps]
        return self.last


def enriching_by(store: OpenStore, schema: type[Memory], enrich: Enrich | None) -> Enriching | None:
    """Return what enriches records that do not come with an ingestion, None if nothing does. Raises UsageError on orders."""
    enrichments = enrichments_of(enrich)
    if any(isinstance(one, BatchEnrichment) for one in enrichments):
        raise UsageError("an order of a batch API is answered hours later: use ingest, or a function or memproc.HttpEnrichment")
    meanwhile = Meanwhile(asks=not store.transactions.is_rehearsal)
    return Enriching(store, Changing(schema, store.settings), enrichments, meanwhile) if enrichments else None


class _Step:
    """One enrichment in a run."""

    def __init__(self, store: OpenStore, enrichment: Enrichment, changing: Changing, meanwhile: Meanwhile) -> None:
        self._transactions, self._enrichment, self._changing, self._meanwhile = store.transactions, enrichment, changing, meanwhile
        self.total = EnrichedSum(enrichment.name, enrichment.version)
        self._circuit = Circuit(enrichment.failures_to_open, enrichment.open_seconds)
        self._standing = self.total.standing()

    @property
    def most_records(self) -> int:
        """How many records make enough calls to be worth a batch; of an order as many as there are."""
        known = self._enrichment
        return sys.maxsize if isinstance(known, BatchEnrichment) else known.batch_size * max(known.threads, 1) * CALLS_A_BATCH

    def since(self) -> dict[str, Any]:
        """Return what it did since this was asked last."""
        before, self._standing = self._standing, self.total.standing()
        return self.total.difference(before)

    def made(self, columns: Columns) -> tuple[dict[int, Accepted], dict[int, Rejected]]:
        """Return by place the records that are changed, and those that are rejected."""
        places = [at for at, json in enumerate(columns.json) if not is_marked(json, self._enrichment)]
        first: dict[Key, int] = {}
        for at in places:
            first.setdefault(columns.key[at], at)
        known = self._transactions.read(lambda tx: known_of(tx, self._enrichment, first.keys()))
        results: dict[Key, Result] = {**known.results}
        wanted = {read: at for read, at in first.items() if read not in results and read not in known.forgotten}
        counts = {"records": len(columns), "marked": len(columns) - len(places)}
        self.total.count(**counts, forgotten=sum(columns.key[at] in known.forgotten for at in places))
        if not self._meanwhile.asks:
            self.total.count(unasked=len(wanted))
            wanted = {}
        if wanted:
            results |= self._answered(columns, wanted)
        return self._applied(columns, places, results, known, wanted)

    def _answered(self, columns: Columns, wanted: Mapping[Key, int]) -> dict[Key, Result]:
        """Ask for the results of records, given by what they were read as, and keep them."""
        allowed = self._within_the_day(wanted)
        records = {read: orjson.loads(columns.json[at]) for read, at in allowed.items()}
        results: dict[Key, Result] = {}
        if isinstance(self._enrichment, BatchEnrichment):
            results |= self._ordered([Asked(read, record) for read, record in records.items()], columns, allowed)
        else:
            results |= self._called(records, columns, allowed)
        if len(allowed) < len(wanted):
            used_up = (
                f"records_per_day={self._enrichment.records_per_day:,} of {self._enrichment.name} are used up until midnight (UTC)"
            )
            if self._meanwhile.can_stop:
                raise StoppedError(used_up)
            results |= {read: _no_answer(used_up) for read in wanted.keys() - allowed.keys()}
        return results

    def _within_the_day(self, wanted: Mapping[Key, int]) -> dict[Key, int]:
        """Return what may be asked for today."""
        limit = self._enrichment.records_per_day
        if limit is None:
            return {**wanted}
        left = max(0, limit - self._transactions.read(lambda tx: count_today(tx, self._enrichment)))
        return dict([*wanted.items()][:left])

    def _called(self, records: Mapping[Key, Any], columns: Columns, places: Mapping[Key, int]) -> dict[Key, Result]:
        known, meanwhile = self._enrichment, self._meanwhile
        reads = {result_key(known, read): read for read in records}
        asked = [Asked(key, records[read]) for key, read in reads.items()]

        def caller() -> Any:
            return known.caller(self._changing.schema, meanwhile.seconds_left)

        calls = Calls(caller, self._circuit, known.threads, meanwhile.look)
        results: dict[Key, Result] = {}
        try:
            with closing(calls.made(asked, known.batch_size)) as made:
                for called in made:
                    results |= self._kept(called, reads, columns, places)
        except LateError as error:
            raise StoppedError(f"max_seconds do not suffice for {known.name}: {error}") from error
        self.total.counts["opened"] = self._circuit.opened
        return results

    def _kept(self, called: Called, reads: Mapping[Key, Key], columns: Columns, places: Mapping[Key, int]) -> dict[Key, Result]:
        """Keep what a call gave, and return it."""
        cost = 0.0 if called.answer is None else called.answer.cost + self._enrichment.cost_per_record * len(called.asked)
        if called.seconds is not None:
            self.total.note_call(called.seconds, cost)
        answered = [reads[one.key] for one in called.asked]
        if called.answer is None:
            return dict.fromkeys(answered, _no_answer(called.failure))
        results = dict(zip(answered, called.answer.results, strict=True))
        new = [NewResult(read, columns.namespace[places[read]], one) for read, one in results.items() if isinstance(one, bytes)]
        self._transactions.write(lambda tx: keep(tx, self._enrichment, new))
        self.total.count(answered=len(results))
        return results

    def _ordered(self, asked: Sequence[Asked], columns: Columns, places: Mapping[Key, int]) -> dict[Key, Result]:
        known = self._enrichment
        assert isinstance(known, BatchEnrichment)  # noqa: S101 - for mypy
        ordering = Ordering(self._transactions, known, self.total, self._meanwhile)
        reads = {one.key for one in asked}
        found: dict[Key, bytes] = {}

        def look() -> None:
            found.update(self._transactions.read(lambda tx: known_of(tx, known, reads)).results)

        known.service.open(self._meanwhile.seconds_left)
        try:
            if ordering.end_open():
                look()
            ordering.place(
                [one for one in asked if one.key not in found], {read: columns.namespace[at] for read, at in places.items()}
            )
        finally:
            known.service.close()
        look()
        self.total.count(answered=len(found))
        self.total.cost += known.cost_per_record * len(found)
        untold = "the service gave no result for it"
        return {read: found[read] if read in found else _no_answer(ordering.failures.get(read, untold)) for read in reads}

    def _changed(self, columns: Columns, at: int, result: Result) -> Accepted | list[Fault]:
        if isinstance(result, Fault):
            return [result]
        accepted = orjson.loads(columns.json[at]), columns.json[at], columns.is_identity[at], columns.as_of[at]
        return self._changing.changed(accepted, orjson.loads(result), self._enrichment)

    def _told(self, found: Fault) -> str:
        """Return what a fault has in common with others, for the report; why a call failed, unless that is not to be shown."""
        settings = self._changing.settings
        is_shown = found.code == NO_ANSWER and not (settings.redact or settings.hides_secrets)
        path, message = ("", found.message) if is_shown else alike(redacted(found) if settings.redact else found)
        return f"{path or 'record'}: {message}"

    def _applied(
        self, columns: Columns, places: Iterable[int], results: Mapping[Key, Result], known: Known, wanted: Mapping[Key, int]
    ) -> tuple[dict[int, Accepted], dict[int, Rejected]]:
        """Return what results make of records, and count it."""
        changed: dict[int, Accepted] = {}
        refused: dict[int, Rejected] = {}
        links = set[Link]()
        total = self.total
        for at in places:
            read = columns.key[at]
            if read not in results:
                continue
            if wanted.get(read) != at:
                total.count(kept=1)
            made = self._changed(columns, at, results[read])
            if isinstance(made, list):
                is_unanswered = made[0].code == NO_ANSWER
                total.count(**{"failed" if is_unanswered else "wrong": 1})
                total.faults[self._told(made[0])] += 1
                if self._enrichment.on_failure == "quarantine":
                    refused[at] = rejected(own.whole_line(columns.at(at).observation), made)
            elif made[1] != columns.json[at]:
                changed[at] = made
                (became,) = observation_keys([made[1]], [columns.is_identity[at]])
                links.add((became, read))
        total.count(changed=len(changed))
        if (missing := links - {*known.links}) and self._meanwhile.asks:
            self._transactions.write(lambda tx: link(tx, missing))
        return changed, refused


def _no_answer(why: str) -> Fault:
    return fault("", NO_ANSWER, "its enrichment failed: ", why)
