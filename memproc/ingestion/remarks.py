"""The notes of a report: what a person should know about an ingestion besides the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import orjson

from memproc.dates import RefusedDates
from memproc.dedup.columns import Columns
from memproc.dedup.compare.reasons import reason_told
from memproc.dedup.judging import Judged
from memproc.dedup.keys import Key
from memproc.formats import own
from memproc.formats.naming import Names
from memproc.ingestion.refusing import unread_notes
from memproc.ingestion.source import Source
from memproc.records import DEFAULT_NAMESPACE, Rejected
from memproc.report.report import NOTHING_READ, Merge, Report, counted
from memproc.sources.items import Reading
from memproc.store.answers import Trace
from memproc.store.changes.landed import Landed
from memproc.validation import OF_MEMPROC, excerpt

REUSED_KEPT = 10_000  # ids used for unrelated texts that are counted
MANY = 100  # records from which on a note says that they have neither namespace nor date
BEYOND = "decisions beyond the namespace"


class Noticed:
    """What the batches of a run showed: unknown field names, ids used for unrelated texts, and records memproc failed on."""

    def __init__(self) -> None:
        self.names = Names()
        self.reused: set[Key] = set()  # nodes of ids used for unrelated texts
        self.first_reused = ""
        self.broken = 0  # records quarantined for an error in memproc
        self.namespaces: set[int] = set()  # hashes of the namespaces of accepted records
        self.undated = 0  # accepted records, as long as none has a date and all are in the default namespace
        self.has_owner_or_date = False  # some accepted record
        self.behind: list[str] = []  # the sources behind one that could not be read to its end, if that stopped the job
        self.uncompared = 0  # stored records whose comparison failed in memproc
        self.dates = RefusedDates()

    def note_owners(self, accepted: Columns) -> None:
        """Note whether accepted records have a namespace or a date of their own."""
        if self.has_owner_or_date or not accepted:
            return
        self.undated += len(accepted)
        self.namespaces.update(accepted.namespace)
        is_dated = any(date is not None for date in accepted.changed_at)
        is_owned = len(self.namespaces) > 1 or orjson.loads(accepted.json[0])["namespace"] != DEFAULT_NAMESPACE
        self.has_owner_or_date = is_dated or is_owned

    def note(self, landed: Landed, *, is_all_rejected: bool) -> None:
        """Add a batch; `is_all_rejected` tells whether every record so far was rejected."""
        self.uncompared += landed.uncompared
        self.broken += sum(rejected.faults[0].code in OF_MEMPROC for _, rejected in landed.rejected)
        for value in dates_in(rejected for _, rejected in landed.rejected):
            self.dates.note(value)
        if is_all_rejected:
            self.names.note(rejected for _, rejected in landed.rejected)
        for node, identifier in landed.reused.items():
            if len(self.reused) < REUSED_KEPT:
                self.first_reused = self.first_reused or identifier
                self.reused.add(node)


def remark_on(report: Report, sources: Sequence[Source], noticed: Noticed, *, redacts: bool) -> None:
    """Add all notes to a report; with `redacts` without contents of records."""
    report.notes += unread_notes([f"{name} stands behind what failed" for name in noticed.behind])
    report.notes += _on_classes(sources)
    remarks = (source.intake.format.remark(report.read) for source in sources if source.remote is None)  # that is not cut off
    report.notes += [remark for remark in dict.fromkeys(remarks) if remark]
    for source in sources:
        _add_reading(report, source.opened.reading, redacts=redacts)
    is_full = any(source.intake.format.name == own.FULL.name for source in sources)
    trusts = sources[0].intake.context.trusts_decisions
    report.notes += _on_decisions(report, trusts=trusts, is_full=is_full)
    report.notes += _on_batches(noticed, redacts=redacts)
    report.dates_refused = Counter(noticed.dates.forms)
    if report.is_all_quarantined:
        advice = noticed.names.advice(redact=redacts)
        suspected = f"is the format {report.format!r} right? {advice[:1].upper()}{advice[1:]}"
        report.notes.append(f"every record was quarantined: {advice if noticed.names.only_wrong else suspected}")
    is_followed = any(source.remote is not None and source.remote.remote.is_followed for source in sources)
    if report.read or is_full or is_followed or report.status == "interrupted":
        return
    known = dict.fromkeys(option for source in sources for option in source.intake.format.options)
    if options := " ".join(f"--include {option}" for option in known if report.left_out[option]):
        report.notes.append(f"{NOTHING_READ}: {options} reads what was left out")
    elif report.left_out:
        report.notes.append(f"{NOTHING_READ}: all that was found there is left out; memproc inspect FILE shows what it is")
    elif any(source.opened.stream for source in sources):
        report.notes.append(f"{NOTHING_READ}: there is none in what was given; memproc inspect FILE shows what is there")


def _on_classes(sources: Sequence[Source]) -> list[str]:
    """Return a note on each class of memories with fields that the schema does not have."""
    return [
        f"memories of the class {kind.__name__} are kept with all their fields: give it to memproc.open as schema, to see these"
        for source in sources
        for kind in sorted(source.opened.classes, key=lambda kind: kind.__qualname__)
        if issubclass(kind, source.intake.schema) and not kind.model_fields.keys() <= source.intake.schema.model_fields.keys()
    ]


def _add_reading(report: Report, reading: Reading | None, *, redacts: bool) -> None:
    """Add what reading a source showed besides its items."""
    if reading is not None:
        for name, count in reading.unread.items():
            shown = "another list" if redacts else f"the list {excerpt(name)}"
            report.left_out[f"in {shown}"] += count
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
    if noticed.undated >= MANY and not noticed.has_owner_or_date:
        none = f"none of {noticed.undated} records says whose it is, or from when: all are in the namespace {DEFAULT_NAMESPACE!r}"
        whose = "--map namespace=NAME says where that is, or --namespace NAME that all are of one"
        yield f"{none}. {whose}; --map created_at=NAME, where the date is; memproc inspect FILE shows what there is"
    if noticed.dates.forms:
        yield noticed.dates.told("memproc retry DB --code date_unparsable")
    if noticed.uncompared:
        broke = f"memproc itself broke on comparing {counted(noticed.uncompared, 'record')}, which are stored as they are"
        yield f"{broke}: the fault is memproc's, please report it with the traceback that is in the log"


def dates_in(rejected: Iterable[Rejected]) -> Iterator[str]:
    """Yield the dates, as messages show them, for which records were rejected."""
    for one in rejected:
        yield from (found.value for found in one.faults if found.code == "date_unparsable" and found.value)


def certainty(judged: Judged) -> tuple[float, int]:
    """Return what orders merges, the least certain first."""
    return (1.0 if judged.confidence is None else judged.confidence), judged.incoming.position


def describe_merge(judged: Judged, trace: Trace, *, redacts: bool) -> Merge:
    """Return a merge for a report; with `redacts` by its keys. `trace` is that of the observation it was merged with."""
    anchor = (judged.anchor or b"").hex()
    confidence, _ = certainty(judged)
    incoming = judged.incoming.prepared.observation
    if redacts:
        return Merge(confidence, reason_told(judged.reason), incoming.key.hex(), anchor)
    record = next(seen.record for seen in trace.observations if seen.observation == anchor)
    return Merge(confidence, reason_told(judged.reason, incoming.record, record), incoming.record["content"], record["content"])
