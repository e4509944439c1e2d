"""What a report shows, section by section. Pure: a report in, a page out."""

from __future__ import annotations

from memproc.report.figures import Counted, FieldSeen
from memproc.report.pages.dedup_section import duplicates
from memproc.report.pages.enriched_section import enrichment
from memproc.report.pages.gate_section import gates
from memproc.report.pages.parts import Callout, Cell, Chart, Column, Fact, Kind, Page, Point, Section, Table, shown
from memproc.report.pages.time_sections import pace, time
from memproc.report.quality import WHOLE, shortened
from memproc.report.report import counted
from memproc.report.store_report import StoreReport

OUTCOMES = ("stored", "duplicate", "merged", "quarantined")
VALUE_SHOWN = 44  # characters of a value in the table of fields
_NUMBER: Kind = "number"


def page_of(report: StoreReport) -> Page:
    """Return a report as a page."""
    what = f"Job {report.job}" if report.job is not None else "The store"
    lines = [f"{report.store or 'A store of memproc'}, as it was on {_moment(report.made_at)}."]
    if report.job is not None:
        (job,) = report.jobs
        ended = f", and ended {_moment(job.finished_at)}" if job.finished_at else ""
        source = job.source or "a source that is not named"
        lines.append(f"It read {source} ({job.format or 'of no format'}) from {_moment(job.started_at)}{ended}: {job.status}.")
    if report.is_redacted:
        lines.append("It says nothing of what records hold: texts, values and names are left out.")
    enriched = (enrichment(report.enrichment),) if report.enrichment else ()
    judged = (_outcomes(report), *gates(report))
    sections = (*judged, time(report.pace), pace(report.pace), _errors(report), duplicates(report), _fields(report), *enriched)
    return Page(f"{what}: what became of its records", tuple(lines), (*sections, _names(report), _jobs(report)))


def _moment(text: str | None) -> str:
    """Return a time of the store in UTC, without fractions of a second."""
    return f"{text[:10]} {text[11:19]} UTC" if text else "an unknown time"


def _outcomes(report: StoreReport) -> Section:
    found, proof = report.outcomes, report.outcomes.proof
    facts = [Fact("records read", found.read), *(Fact(name, getattr(found, name)) for name in OUTCOMES)]
    facts.append(Fact("pairs found for review", found.review))
    if found.memories_before is not None and found.memories_after is not None:
        facts += [Fact("memories before", found.memories_before), Fact("memories after", found.memories_after)]
    else:
        facts.append(Fact("memories", proof.memories))
    read = found.read or 1
    rows = tuple((name, getattr(found, name), getattr(proof, name), getattr(found, name) / read) for name in OUTCOMES)
    rows = (*rows, ("read", found.read, proof.read, 1.0 if found.read else 0.0))
    columns = (Column("outcome"), Column("counted", _NUMBER), Column("recount", _NUMBER), Column("share", "share"))
    points = tuple(Point(name, getattr(found, name)) for name in OUTCOMES)
    says = ", ".join(f"{name} {shown(getattr(found, name), _NUMBER)}" for name in OUTCOMES)
    chart = Chart(
        "outcomes",
        "bars",
        "Records by outcome",
        f"Of {shown(found.read, _NUMBER)} records: {says}.",
        _NUMBER,
        (("records", points),),
    )
    table = Table("outcomes", "Outcomes, by the counters of batches and by a recount of the rows", columns, rows)
    return Section("outcomes", "Outcomes", (), tuple(facts), (_proof(report),), (chart,), (table,), is_beside=True)


def _proof(report: StoreReport) -> Callout:
    found, proof = report.outcomes, report.outcomes.proof
    differs = [name for name in ("read", *OUTCOMES) if getattr(found, name) != getattr(proof, name)]
    if proof.is_whole and not differs:
        lines = ["A recount of the rows by SQL agrees: every record read ended in exactly one outcome, and no position is missing."]
        if report.job is None:
            sums = f"{proof.joins:,} joined + {proof.splits:,} split - {proof.forgotten:,} forgotten"
            lines.append(f"Memories: {proof.stored:,} stored - {sums} = {proof.memories:,}.")
        return Callout("Nothing was lost", tuple(lines), is_good=True)
    positions = f"{counted(proof.wrong_positions, 'position')} missing or there twice"
    wrong = f"{positions}; counters that differ: {', '.join(differs) or 'none'}."
    return Callout(
        "The rows do not add up", (wrong, "Run memproc doctor on the store: it tells what is damaged, and what mends it.")
    )


def _errors(report: StoreReport) -> Section:
    errors = report.errors
    if not errors.categories and not errors.patterns:
        return Section("errors", "Errors", ("No record was quarantined.",))
    number = sum(errors.categories.values())
    lines = [f"{counted(number, 'record')} could not be taken, and wait in quarantine with their bytes, unless settled since."]
    if errors.more_patterns:
        lines.append(f"{counted(errors.more_patterns, 'rarer pattern')} more: memproc quarantine --patterns lists all.")
    points = tuple(Point(name, count) for name, count in errors.categories.items())
    says = ", ".join(f"{point.label} {point.value:,}" for point in points)
    chart = Chart("errors", "bars", "Quarantined records by category", f"{says}.", _NUMBER, (("records", points),))
    columns = (
        *(Column("fault"), Column("where"), Column("records", _NUMBER), Column("advice"), Column("example"), Column("category")),
        Column("number", _NUMBER),
    )
    rows = tuple(
        (one.message, one.path or "record", one.records, one.advice, one.example, one.category, one.number or None)
        for one in errors.patterns
    )
    return Section(
        "errors", "Errors", tuple(lines), charts=(chart,), tables=(Table("patterns", "Patterns of faults", columns, rows),)
    )


def _fields(report: StoreReport) -> Section:
    found = report.quality
    if not found.looked_at:
        return Section("fields", "Fields", ("No record was stored.",))
    each = "each accepted record" if found.every == 1 else f"one of every {found.every:,} accepted records"
    lines = (
        f"Looked at: {each}, {found.looked_at:,} of {found.records:,}. Rejected are records whose first fault is in a field.",
        "Of different values a ~ marks an estimate, within some 2 %. Where a field has many, frequent ones may have some more.",
    )
    columns = (
        *(Column("field"), Column("present", _NUMBER), Column("missing", _NUMBER), Column("missing share", "share")),
        *(Column("rejected", _NUMBER), Column("different"), Column("range"), Column("most frequent"), Column("examples")),
    )
    rows = tuple(_field_row(one, found.looked_at) for one in found.fields)
    missing = tuple(Point(one.name, one.missing / found.looked_at) for one in found.fields if one.present)
    charts: tuple[Chart, ...] = ()
    if any(point.value for point in missing):
        most = max(missing, key=lambda point: point.value)
        says = f"Missing most often: {shown(most.label)}, in {most.value:.1%} of the records."
        chart = Chart("missing", "bars", "How often fields are missing", says, "share", (("missing", missing[:16]),))
        charts = (chart,)
    return Section("fields", "Fields", lines, charts=charts, tables=(Table("fields", "Fields of accepted records", columns, rows),))


def _field_row(one: FieldSeen, looked_at: int) -> tuple[Cell, ...]:
    codes = sum(one.rejected.values())
    ends = f"{one.least} to {one.greatest}" if one.least else ""
    frequent = ", ".join(f"{shortened(value, VALUE_SHOWN)} ({count:,})" for value, count in one.frequent[:3])
    examples = " · ".join(shortened(value, VALUE_SHOWN) for value in one.examples)
    distinct = f"{'~' if one.is_estimated else ''}{one.distinct:,}" if one.present else ""
    there = (None, None, None) if one.name == WHOLE else (one.present, one.missing, one.missing / looked_at)
    return (one.name, *there, codes, distinct, ends, frequent, examples)


def _names(report: StoreReport) -> Section:
    lines = ["Observations, which are accepted records, by what they name."]
    if report.job is not None:
        lines.append("Before are those of earlier batches, after those with the job's own.")
    tables = tuple(_counts(one, is_job=report.job is not None) for one in report.counts)
    return Section("names", "Namespaces, sources, kinds, formats", tuple(lines), tables=tables, is_beside=True)


def _counts(found: Counted, *, is_job: bool) -> Table:
    more = f", and {counted(found.more, 'rarer one')}" if found.more else ""
    caption = f"By {found.by}{more}"
    if is_job:
        columns = (Column(found.by), Column("before", _NUMBER), Column("of the job", _NUMBER), Column("after", _NUMBER))
        rows = tuple((one.name or "(none)", one.before, one.here, one.after) for one in found.names)
        return Table(f"by-{found.by}", caption, columns, rows)
    rows_of_all = tuple((one.name or "(none)", one.here) for one in found.names)
    return Table(f"by-{found.by}", caption, (Column(found.by), Column("observations", _NUMBER)), rows_of_all)


def _jobs(report: StoreReport) -> Section:
    columns = (
        *(Column("job", _NUMBER), Column("source"), Column("format"), Column("status"), Column("from"), Column("to")),
        *(Column(name, _NUMBER) for name in ("read", *OUTCOMES)),
        Column("settings"),
    )
    rows = tuple(
        (
            *(job.number, job.source, job.format, job.status, _moment(job.started_at), _moment(job.finished_at)),
            *(getattr(job, name) for name in ("read", *OUTCOMES)),
            ", ".join(f"{name} {value}" for name, value in job.settings.items()) or "the defaults",
        )
        for job in report.jobs
    )
    left = report.jobs_in_all - len(report.jobs)
    lines = (f"The newest {len(report.jobs)} of {report.jobs_in_all} jobs.",) if report.job is None and left else ()
    return Section("jobs", "Jobs" if report.job is None else "The job", lines, tables=(Table("jobs", "Jobs", columns, rows),))
