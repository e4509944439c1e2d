"""Where the time went, and how fast it went on. Pure."""

from __future__ import annotations

from memproc.report.figures import Pace, Span
from memproc.report.pages.parts import Callout, Chart, Column, Fact, Kind, Point, Section, Table, shown
from memproc.report.report import counted

_NUMBER: Kind = "number"


def time(found: Pace) -> Section:
    """Return where the time went, with the bottleneck."""
    if not found.measured:
        told = "No batch knows where its time went: single records, replays, and batches of an older memproc are not measured."
        return Section("time", "Where the time went", (told,))
    lines = []
    if found.measured < found.batches:
        rest = found.batches - found.measured
        lines.append(
            f"{counted(found.measured, 'batch', 'batches')} measured; {rest:,} were not: single records, replays, an older memproc."
        )
    points = tuple(Point(one.stage, one.seconds) for one in found.stages)
    longest = max(found.stages, key=lambda one: one.seconds)
    says = f"Longest: {longest.stage}, {shown(longest.seconds, 'seconds')}, {longest.share:.1%} of the time."
    chart = Chart("stages", "bars", "Time by stage", says, "seconds", (("seconds", points),))
    columns = (Column("stage"), Column("time", "seconds"), Column("share", "share"), Column("what it is"))
    rows = tuple((one.stage, one.seconds, one.share, one.means) for one in found.stages)
    return Section(
        "time",
        "Where the time went",
        tuple(lines),
        callouts=_bottleneck(found),
        charts=(chart,),
        tables=(Table("stages", "Time by stage", columns, rows),),
        is_beside=True,
    )


def _bottleneck(found: Pace) -> tuple[Callout, ...]:
    named = found.bottleneck
    if named is None:
        return ()
    return (
        Callout(f"The bottleneck is {named.stage}, with {named.share:.0%} of the time", (named.why, f"To try: {named.advice}")),
    )


def pace(found: Pace) -> Section:
    """Return how fast it went on, with what was held meanwhile."""
    if not found.batches:
        return Section("pace", "Throughput, latency, memory", ("Nothing was written.",))
    facts = (
        *(Fact("records per second", found.records_per_second, "rate"), Fact("time", found.seconds, "seconds")),
        *(Fact("batches", found.batches), Fact("median batch", found.latency.half, "seconds")),
        *(Fact("95 % of batches within", found.latency.p95, "seconds"), Fact("longest batch", found.latency.longest, "seconds")),
        *(Fact("most memory", found.peak_rss_mb, "mib"), Fact("read", found.read_bytes, "bytes")),
        Fact("workers", found.workers),
    )
    columns = (
        *(Column("from batch", _NUMBER), Column("batches", _NUMBER), Column("records before", _NUMBER), Column("records", _NUMBER)),
        *(Column("rate", "rate"), Column("longest batch", "seconds"), Column("memory", "mib"), Column("batch size", _NUMBER)),
    )
    rows = tuple(
        (one.batch, one.batches, one.records_before, one.records, _rate(one), one.longest, one.rss_mb, one.size)
        for one in found.timeline
    )
    table = Table("timeline", "How it went on", columns, rows, folded=True)
    return Section("pace", "Throughput, latency, memory", facts=facts, charts=lines(found.timeline), tables=(table,))


def _rate(span: Span) -> float:
    return span.records / span.seconds if span.seconds else 0.0


def lines(spans: tuple[Span, ...]) -> tuple[Chart, ...]:
    """Return how the rate, the longest batch, the memory and the size of batches went on."""
    if len(spans) < 2:  # noqa: PLR2004 - a line needs two points
        return ()
    given = (
        ("rate", "Records per second", "rate", [_rate(span) for span in spans]),
        ("latency", "Longest batch", "seconds", [span.longest for span in spans]),
        ("memory", "Memory held", "mib", [span.rss_mb for span in spans]),
        ("size", "Records a batch may have", "number", [span.size for span in spans]),
    )
    return tuple(found for name, title, kind, values in given if (found := _line(name, title, kind, spans, values)) is not None)  # type: ignore[arg-type]


def _line(name: str, title: str, kind: Kind, spans: tuple[Span, ...], values: list[float | None]) -> Chart | None:
    known = [(span, value) for span, value in zip(spans, values, strict=True) if value is not None]
    if len(known) < 2:  # noqa: PLR2004 - as above
        return None
    points = tuple(Point(f"batch {span.batch}", value) for span, value in known)
    first, last, least, most = (shown(one, kind) for one in (points[0].value, points[-1].value, *_ends(points)))
    says = f"From {first} to {last}; at least {least}, at most {most}."
    at = tuple(float(span.records_before + span.records) for span, _ in known)
    return Chart(name, "line", title, says, kind, ((title, points),), at, "records read")


def _ends(points: tuple[Point, ...]) -> tuple[float, float]:
    values = [point.value for point in points]
    return min(values), max(values)
