"""What was known or alike, and what would merge at which confidence. Pure."""

from __future__ import annotations

from memproc.report.figures import Duplicates
from memproc.report.pages.parts import Callout, Chart, Column, Fact, Point, Section, Table
from memproc.report.report import counted
from memproc.report.store_report import StoreReport

SURE = 0.97  # of open pairs, those that are offered to be merged together


def duplicates(report: StoreReport) -> Section:
    """Return how well duplicates were found."""
    found = report.duplicates
    known = (
        ("known", found.known, "the very observation was there: it adds a sighting"),
        ("same content", found.same_content, "another record with the same text: it adds no memory"),
        ("forgotten", found.forgotten, "it had been forgotten, and stays so"),
        ("merged by likeness", found.similar, f"differs in benign ways only, trusted at least {found.merge_at}"),
        ("version", found.versions, "the same id with another text: the newest speaks"),
        ("returned", found.returned, "a value that was said again after another had replaced it"),
        ("memories joined", found.joins, "by how many the memories became fewer"),
        ("memories split", found.splits, "by how many they became more"),
    )
    columns = (Column("how it was met"), Column("records", "number"), Column("what it means"))
    tables = [Table("duplicates", "What was met", columns, known)]
    charts = []
    if found.reviews:
        of_reviews = (Column("kind"), Column("status"), Column("pairs", "number"))
        rows = tuple((one.kind, one.status, one.pairs) for one in found.reviews)
        tables.append(Table("reviews", "Pairs for review, and what was decided", of_reviews, rows))
    if any(one.merges or one.reviews for one in found.histogram):
        charts.append(_histogram(found))
        tables += [_bins(found), _thresholds(found)]
    if found.clusters:
        tables.append(_clusters(report))
    open_pairs = sum(one.pairs for one in found.reviews if one.status == "open")
    facts = (
        *(Fact("duplicate", report.outcomes.duplicate), Fact("merged by likeness", found.similar)),
        *(Fact("versions", found.versions), Fact("open pairs", open_pairs)),
    )
    return Section("duplicates", "Duplicates", (), facts, _advice(found), tuple(charts), tuple(tables))


def _advice(found: Duplicates) -> tuple[Callout, ...]:
    sure = next(one.reviews for one in found.thresholds if one.confidence == SURE)
    if not sure:
        return ()
    command = f'memproc review DB --accept "confidence >= {SURE} and kind == similar" --sample 5'
    return (
        Callout(
            f"{counted(sure, 'open pair')} could be merged at a confidence of {SURE}",
            (f"To look at some of them first: {command}",),
        ),
    )


def _histogram(found: Duplicates) -> Chart:
    merges = tuple(Point(f"{one.low:.2f}", one.merges) for one in found.histogram)
    reviews = tuple(Point(f"{one.low:.2f}", one.reviews) for one in found.histogram)
    sums = (sum(point.value for point in points) for points in (merges, reviews))
    says = "{:,} merges by likeness and {:,} open pairs.".format(*sums)
    both = (("merged", merges), ("open pairs", reviews))
    return Chart(
        "confidence",
        "columns",
        "How sure merges and open pairs are",
        says,
        "number",
        both,
        axis="confidence that both say the same",
    )


def _bins(found: Duplicates) -> Table:
    columns = (Column("from", "number"), Column("to", "number"), Column("merged", "number"), Column("open pairs", "number"))
    rows = tuple((one.low, one.high, one.merges, one.reviews) for one in found.histogram if one.merges or one.reviews)
    return Table("confidence", "Confidence of merges and open pairs", columns, rows, folded=True)


def _thresholds(found: Duplicates) -> Table:
    columns = (
        Column("confidence at least", "number"),
        Column("merges that are this sure", "number"),
        Column("open pairs that would merge", "number"),
    )
    rows = tuple((one.confidence, one.merges, one.reviews) for one in found.thresholds)
    return Table("thresholds", "What would merge at which confidence", columns, rows)


def _clusters(report: StoreReport) -> Table:
    of_job = (Column("of the job", "number"),) if report.job is not None else ()
    columns = (Column("what it says"), Column("observations", "number"), *of_job, Column("memory"))
    rows = tuple(
        (one.text or None, one.observations, *((one.of_job,) if of_job else ()), one.memory) for one in report.duplicates.clusters
    )
    return Table("clusters", "The memories of the most observations", columns, rows)
