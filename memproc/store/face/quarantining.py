"""Lists, exports, discards and replays the quarantined records of an open store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import IO, Any, Unpack

from memproc.arguments import limit_of, whole_number, whole_numbers
from memproc.config import QuarantineStatus
from memproc.enrichment.given import Enrich
from memproc.errors import NotFoundError
from memproc.formats import format_named
from memproc.records import M, Memory
from memproc.report.ending import Interrupted, OnEvent, told_to_the_end
from memproc.report.report import Pattern, Report
from memproc.sources.mapping_files import mapping_given
from memproc.store.answers import (
    Quarantined,
)
from memproc.store.changes.landed import Arrived, Landed
from memproc.store.changes.replay import ReplayPlan, Transform
from memproc.store.changes.replaying import Replay, ReplayCourse, chosen_for_replay
from memproc.store.changes.writer import Batch
from memproc.store.enriching.enriching import Enriching, enriching_by
from memproc.store.exporting import export_lines_to
from memproc.store.face.face import Face
from memproc.store.quarantine.edits import edits_in, export_lines
from memproc.store.quarantine.records import REPLAY, Origin
from memproc.store.quarantine.triage import (
    Filters,
    discard,
    patterns_in,
    rows_by_number,
    rows_of,
    to_quarantined,
    which_of,
    without_values,
)
from memproc.store.sql.tx import Tx
from memproc.validation import redacted


class Quarantining(Face[M]):
    """Lists, exports, discards and replays the quarantined records of an open store."""

    def quarantine(
        self, *, status: QuarantineStatus | None = "open", limit: int | None = None, **which: Unpack[Filters]
    ) -> list[Quarantined]:
        """Return the quarantined records that match all filters, in the order they came, at most `limit`.

        The filters are `category`, `code` (of any fault), `job` (a number of a job that rejected it), `source` (such as the name of
        its file), `namespace` (the one that it came under) and `after` (the number of the last one of the page before); `status` is
        open, replayed, discarded or None for any.
        """
        filters, most = which_of(status, **which), limit_of(limit)

        def matching(tx: Tx) -> list[Quarantined]:
            return to_quarantined(tx, list(islice(rows_of(tx, filters), most)))

        return self._redacted(self._opened.transactions.read(matching))

    def quarantined(self, number: int) -> Quarantined:
        """Return a quarantined record, whatever its status, with its history. Raises NotFoundError."""
        number = whole_number("number", number)

        def by_number(tx: Tx) -> Quarantined:
            rows = rows_by_number(tx, [number])
            if not rows:
                raise NotFoundError(f"nothing in quarantine under {number}")
            return to_quarantined(tx, list(rows.values()))[0]

        return self._redacted([self._opened.transactions.read(by_number)])[0]

    def patterns(self, *, limit: int | None = None, **which: Unpack[Filters]) -> list[Pattern]:
        """Return groups of open quarantined records whose first faults have the same code, path and message, apart from values
        in it; the most frequent first. A group shows the message of its first record.

        A record counts as often as it was rejected; with `job`, as often as that job rejected it. Filters as of `quarantine`.
        """
        filters, most = which_of(**which), limit_of(limit)
        patterns = self._opened.transactions.read(lambda tx: patterns_in(tx, filters, most)[0])
        return [without_values(pattern, self.schema.model_fields) for pattern in patterns] if self.settings.redact else patterns

    def _redacted(self, records: list[Quarantined]) -> list[Quarantined]:
        if not self.settings.redact:
            return records
        fields = self.schema.model_fields
        return [replace(one, faults=tuple(redacted(fault, fields) for fault in one.faults)) for one in records]

    def export_quarantine(self, to: str | Path | IO[bytes], **which: Unpack[Filters]) -> int:
        """Write the open quarantined records, one a line, to be edited and read by `replay(edited=...)`.

        Return the number of lines. Filters as of `quarantine`.
        """
        filters = which_of(**which)

        def lines(tx: Tx) -> Iterator[bytes]:
            for row in rows_of(tx, filters):
                yield from export_lines(to_quarantined(tx, [row]))

        return export_lines_to(self._opened.transactions, to, lines)

    def discard(self, numbers: int | Iterable[int], note: str = "") -> int:
        """Close quarantined records without accepting them: deletes their bytes and keeps the note. Return their number.

        Raises NotFoundError, and changes nothing, if one is not open.
        """
        chosen = sorted(whole_numbers(numbers))

        def discarded(tx: Tx) -> None:
            discard(tx, chosen, note)
            tx.note_deleted()

        self._opened.transactions.write(discarded)
        self._opened.wipe()
        return len(chosen)

    def replay(
        self,
        numbers: int | Iterable[int] | None = None,
        *,
        mapping: Mapping[str, Any] | str | Path | None = None,
        transform: Transform | None = None,
        edited: str | Path | None = None,
        format: str | None = None,
        schema: type[Memory] | None = None,
        on_event: OnEvent | None = None,
        enrich: Enrich | None = None,
        **which: Unpack[Filters],
    ) -> Report:
        """Ingest quarantined records again as a new job: all open ones, those with these numbers, or those that match the filters.

        They are read unchanged, or with another `format`, `mapping` (as of `ingest`) or `schema`, changed by `transform` (a
        function of the value that returns a value, or None to skip the record), or from the edited export `edited`; and enriched
        as by `add`. Accepted records leave quarantine and keep their history; the others stay with their new faults. `on_event` is
        called with each `Event`, as by `ingest`. Raises UsageError if the file is not such an export, and NotFoundError if a number
        is not open. A KeyboardInterrupt is raised with the `report`.
        """
        with told_to_the_end(on_event) as ending:
            started, report = perf_counter(), Report()
            enriching = enriching_by(self._opened, schema or self.schema, enrich)
            edits, places = edits_in(Path(edited), redacts=self.settings.redact) if edited is not None else (None, {})
            wanted = None if numbers is None else whole_numbers(numbers)
            filters = which_of(**which)
            chosen = self._opened.transactions.read(lambda tx: chosen_for_replay(tx, filters, wanted, edits, places))
            report.format = format_named(format).name if format else " ".join(chosen.formats)
            if edits is not None and len(chosen.sizes) < len(edits):
                report.notes.append(f"{len(edits) - len(chosen.sizes)} of the file are not open (any more), or not meant")
            plan = ReplayPlan(
                policy=self.policy,
                schema=schema or self.schema,
                format=format,
                mapping=mapping_given(mapping),
                transform=transform,
                edits=edits,
                settings=self.settings,
            )
            ending.running = course = ReplayCourse(report, chosen, plan, started)
            try:
                status = self._replay(course, plan, chosen.sizes, enriching) if chosen.sizes else "done"
            except KeyboardInterrupt as error:
                message = f"the replay (job {report.job}) was interrupted: another one goes on with what is left"
                raise Interrupted(message, self._finished(course, plan, "interrupted")) from error
            ending.report = self._finished(course, plan, status)
        return report

    def _replay(self, course: ReplayCourse, plan: ReplayPlan, numbers: Collection[int], enriching: Enriching | None) -> str:
        claim = self._writer.begin_job(REPLAY, course.report.format)
        course.report.job = claim.job

        def land(arrived: Arrived, origin: Origin) -> Landed:
            if enriching is not None:
                arrived = arrived._replace(records=enriching.enrich(arrived.records))
            return self._writer.land(claim, Batch(arrived, origin))

        replay = Replay(self._opened.transactions, land, plan, course)
        self._writer.catch_up(claim)
        status = self._writer.run_job(claim, lambda: replay.run(numbers))
        course.report.enrichment = [] if enriching is None else enriching.told()
        self._writer.merge_index()
        return status

    def _finished(self, course: ReplayCourse, plan: ReplayPlan, status: str) -> Report:
        """Return the report, with the counts of what was committed."""
        report = course.report
        if report.job is not None:
            self._writer.count_into(report, self.schema.model_fields, redacts=self.settings.redact)
        report.secrets = plan.secrets
        report.finish(status, course.seconds)
        return report
