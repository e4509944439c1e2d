"""What is done with the records that an open store could not take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import IO, Unpack

from memproc.config import QuarantineStatus, limit_of, whole_number, whole_numbers
from memproc.errors import NotFoundError
from memproc.formats import format_named
from memproc.records import M, Memory
from memproc.report.report import Pattern, Report
from memproc.store.answers import (
    Quarantined,
)
from memproc.store.changes.landed import Arrived, Landed
from memproc.store.changes.replay import Replay, ReplayPlan, Transform, chosen_for_replay
from memproc.store.changes.writer import Batch
from memproc.store.exporting import export_lines_to
from memproc.store.face.face import Face
from memproc.store.jobs.jobs import (
    NewJob,
)
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
    """What is done with the records that an open store could not take."""

    def quarantine(
        self, *, status: QuarantineStatus | None = "open", limit: int | None = None, **which: Unpack[Filters]
    ) -> list[Quarantined]:
        """Return the quarantined records that match all that is given, in the order they came, at most `limit`.

        `category`, `code` (of any of its faults), `job` (the number of one that rejected it, for the first time or again),
        `source` (the name of its file or the like); `status` is open, replayed, discarded or None for any.
        """
        meant, most = which_of(status, **which), limit_of(limit)

        def found(tx: Tx) -> list[Quarantined]:
            return to_quarantined(tx, list(islice(rows_of(tx, meant), most)))

        return self._shown(self._opened.transactions.read(found))

    def quarantined(self, number: int) -> Quarantined:
        """Return a quarantined record, whatever its status, with its history. Raises NotFoundError."""
        number = whole_number("number", number)

        def found(tx: Tx) -> Quarantined:
            rows = rows_by_number(tx, [number])
            if not rows:
                raise NotFoundError(f"nothing in quarantine under {number}")
            return to_quarantined(tx, list(rows.values()))[0]

        return self._shown([self._opened.transactions.read(found)])[0]

    def patterns(self, *, limit: int | None = None, **which: Unpack[Filters]) -> list[Pattern]:
        """Return the open quarantined records in groups of like faults: first faults with the same code, path and message, but for
        the values in them. The message of a group is that of its first. A record counts as often as it was rejected, and with
        `job` as often as that job did.

        The commonest stand first. The filters are those of `quarantine`.
        """
        meant, most = which_of(**which), limit_of(limit)
        found = self._opened.transactions.read(lambda tx: patterns_in(tx, meant, most)[0])
        return [without_values(pattern, self.schema.model_fields) for pattern in found] if self.settings.redact else found

    def _shown(self, found: list[Quarantined]) -> list[Quarantined]:
        if not self.settings.redact:
            return found
        fields = self.schema.model_fields
        return [replace(one, faults=tuple(redacted(fault, fields) for fault in one.faults)) for one in found]

    def export_quarantine(self, to: str | Path | IO[bytes], **which: Unpack[Filters]) -> int:
        """Write the open quarantined records, one a line, for a person to edit and `replay(edited=...)` to read.

        The filters are those of `quarantine`. Return the lines.
        """
        meant = which_of(**which)

        def lines(tx: Tx) -> Iterator[bytes]:
            for row in rows_of(tx, meant):
                yield from export_lines(to_quarantined(tx, [row]))

        return export_lines_to(self._opened.transactions, to, lines)

    def discard(self, numbers: int | Iterable[int], note: str = "") -> int:
        """Close quarantined records without taking them: their bytes go, the note is kept. Return how many.

        Raises NotFoundError, and changes nothing, where one is not open.
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
        mapping: Mapping[str, str] | None = None,
        transform: Transform | None = None,
        edited: str | Path | None = None,
        format: str | None = None,
        schema: type[Memory] | None = None,
        **which: Unpack[Filters],
    ) -> Report:
        """Take quarantined records anew, as a job of its own: all that are open, those of these numbers, or those that match.

        They are taken as they are, or in another `format`, under a `mapping` as of `ingest`, in another `schema`, changed by
        `transform` (a function of the value that gives a value, or None to leave the record where it is), or as the file `edited`
        has them, an export that a person edited. What is taken leaves quarantine and keeps its history; what fails again stays,
        with the new faults. Raises UsageError on a file that is no such export, and NotFoundError where a number is not open.
        """
        started, report = perf_counter(), Report()
        edits, places = edits_in(Path(edited), redacts=self.settings.redact) if edited is not None else (None, {})
        wanted = None if numbers is None else whole_numbers(numbers)
        meant = which_of(**which)
        chosen = self._opened.transactions.read(lambda tx: chosen_for_replay(tx, meant, wanted, edits, places))
        report.format = format_named(format).name if format else " ".join(chosen.formats)
        if edits is not None and len(chosen.numbers) < len(edits):
            report.notes.append(f"{len(edits) - len(chosen.numbers)} of the file are not open (any more), or not meant")
        mending = ReplayPlan(
            policy=self.policy,
            schema=schema or self.schema,
            format=format,
            mapping=mapping or {},
            transform=transform,
            edits=edits,
            settings=self.settings,
        )
        status = self._replay(report, chosen.numbers, mending) if chosen.numbers else "done"
        report.finish(status, perf_counter() - started)
        return report

    def _replay(self, report: Report, numbers: Sequence[int], mending: ReplayPlan) -> str:
        claim = self._writer.begin_job(NewJob(REPLAY, report.format))
        report.job = claim.job

        def land(arrived: Arrived, origin: Origin) -> Landed:
            return self._writer.land(claim, Batch(arrived, origin))

        replay = Replay(self._opened.transactions, land, mending, self.settings.batch_size)
        self._writer.catch_up(claim)
        status = self._writer.run_job(claim, lambda: replay.through(numbers))
        self._writer.merge_index()
        self._writer.count_into(report, self.schema.model_fields, redacts=self.settings.redact)
        return status
