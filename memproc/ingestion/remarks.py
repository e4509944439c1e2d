"""Remarks at the end of an ingestion: what a person should know of what was read, beside the counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from memproc.dedup.keys import Key
from memproc.formats import own
from memproc.formats.naming import Names
from memproc.ingestion.opening import Source
from memproc.report.report import Report, counted
from memproc.sources.items import Reading
from memproc.store.changes.landed import Landed
from memproc.validation import OF_MEMPROC, excerpt

REUSED_KEPT = 10_000  # ids that are told to have been given for unrelated texts
BEYOND = "decisions beyond the namespace"


class Noticed:
    """What the batches of a run showed: names of fields nobody knows, ids given for unrelated texts, and what memproc broke on."""

    def __init__(self) -> None:
        self.names = Names()
        self.reused: set[Key] = set()  # nodes of ids that were given for unrelated texts
        self.first_reused = ""
        self.broken = 0  # records that memproc itself broke on
        self.uncompared = 0  # stored records that memproc broke on when it compared them

    def note(self, landed: Landed, *, is_all_rejected: bool) -> None:
        """Note what a batch showed; `is_all_rejected` tells whether every record so far was."""
        self.uncompared += landed.uncompared
        self.broken += sum(rejected.faults[0].code in OF_MEMPROC for _, rejected in landed.rejected)
        if is_all_rejected:
            self.names.note(rejected for _, rejected in landed.rejected)
        for node, identifier in landed.reused.items():
            if len(self.reused) < REUSED_KEPT:
                self.first_reused = self.first_reused or identifier
                self.reused.add(node)


def remark_on(report: Report, sources: Sequence[Source], noticed: Noticed, *, redacts: bool) -> None:
    """Write all remarks into a report; with `redacts` without what records hold."""
    report.notes += _on_classes(sources)
    remarks = (source.intake.format.remark(report.read) for source in sources)
    report.notes += [remark for remark in dict.fromkeys(remarks) if remark]
    for source in sources:
        _add_reading(report, source.opened.reading, redacts=redacts)
    is_full = any(source.intake.format.name == own.FULL.name for source in sources)
    trusts = sources[0].intake.context.trusts_decisions
    report.notes += _on_decisions(report, trusts=trusts, is_full=is_full)
    report.notes += _on_batches(noticed, redacts=redacts)
    if report.is_all_quarantined:
        advice = noticed.names.advice(redact=redacts)
        report.notes.append(
            f"every record was quarantined: is the format {report.format!r} right? {advice[:1].upper()}{advice[1:]}"
        )
    if not (report.read or report.left_out or is_full or report.status == "interrupted") and any(source.size for source in sources):
        report.notes.append("no record was read: there is none in what was given")


def _on_classes(sources: Sequence[Source]) -> list[str]:
    """Return a note on each class of memories that had fields which those of the schema have not."""
    return [
        f"memories of the class {kind.__name__} are kept with all their fields: give it to memproc.open as schema, to see these"
        for source in sources
        for kind in sorted(source.opened.classes, key=lambda kind: kind.__qualname__)
        if issubclass(kind, source.intake.schema) and not kind.model_fields.keys() <= source.intake.schema.model_fields.keys()
    ]


def _add_reading(report: Report, reading: Reading | None, *, redacts: bool) -> None:
    """Report what reading a source showed beside its items."""
    if reading is not None:
        for name, count in reading.unread.items():
            what = "another list" if redacts else f"the list {excerpt(name)}"
            report.left_out[f"in {what}"] += count
        report.notes += reading.remarks


def _on_decisions(report: Report, *, trusts: bool, is_full: bool) -> Iterator[str]:
    if untrusted := sum(report.left_out[kind] for kind in (own.DECISIONS, own.TOMBSTONES)):
        left = f"{counted(untrusted, 'decision')} left out"
        yield f"{left}: trust_decisions (--trust-decisions) acts on them, if the export is your own"
    if trusts and not is_full:
        yield "nothing to trust: this is no full export, or an older one, which --format memproc-full reads"
    if beyond := report.left_out[BEYOND]:
        yield f"{counted(beyond, 'decision')} not acted on: not all that they name is in the store, in this namespace"


def _on_batches(noticed: Noticed, *, redacts: bool) -> Iterator[str]:
    if noticed.reused:
        first = "" if redacts else f", the first {excerpt(noticed.first_reused)}"
        ids = counted(len(noticed.reused), "id was", "ids were")
        shown = f"at least {ids}" if len(noticed.reused) == REUSED_KEPT else ids
        yield f"{shown} given for unrelated texts{first}: are they ids of another thing? Versions of one id hide each other"
    if noticed.broken:
        broke = f"memproc itself broke on {counted(noticed.broken, 'record')}, which are in quarantine as internal"
        yield f"{broke}: the fault is memproc's, please report it with the traceback that is kept with each"
    if noticed.uncompared:
        broke = f"memproc itself broke on comparing {counted(noticed.uncompared, 'record')}, which are stored as they are"
        yield f"{broke}: the fault is memproc's, please report it with the traceback that is in the log"
