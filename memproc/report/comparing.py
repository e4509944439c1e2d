"""Two jobs of a store side by side: every figure of both, and how it changed. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from memproc.report.store_report import Compared, Comparison, StoreReport

Figure = float | str | None


def compared(one: StoreReport, other: StoreReport) -> Comparison:
    """Return the figures of two reports of jobs, those of one part together, in the order of the first."""
    first, second = dict(_figures(one)), dict(_figures(other))
    names = [*first, *(name for name in second if name not in first)]
    parts = list(dict.fromkeys(part for part, _ in names))
    figures = (
        Compared(
            part,
            name,
            first.get((part, name)),
            second.get((part, name)),
            _change(first.get((part, name)), second.get((part, name))),
        )
        for part, name in sorted(names, key=lambda both: parts.index(both[0]))
    )
    return Comparison(other.store, one.job or 0, other.job or 0, other.made_at, other.is_redacted, tuple(figures))


def _change(one: Figure, other: Figure) -> float | None:
    if isinstance(one, str) or isinstance(other, str) or one is None or other is None:
        return None
    return round(other - one, 6)


def _figures(report: StoreReport) -> Iterator[tuple[tuple[str, str], Figure]]:
    (job,) = report.jobs
    for name in ("source", "format", "status", "started_at"):
        yield ("job", name), getattr(job, name)
    for name, value in job.settings.items():
        yield ("job", f"setting {name}"), str(value)
    outcomes, pace, duplicates = report.outcomes, report.pace, report.duplicates
    for name in ("read", "stored", "duplicate", "merged", "quarantined", "review", "memories_before", "memories_after"):
        yield ("outcomes", name), getattr(outcomes, name)
    for name, count in report.errors.categories.items():
        yield ("errors", name), count
    for name in ("known", "same_content", "forgotten", "similar", "versions", "joins", "splits"):
        yield ("duplicates", name), getattr(duplicates, name)
    for name in ("batches", "seconds", "records_per_second", "read_bytes", "peak_rss_mb", "workers"):
        yield ("pace", name), getattr(pace, name)
    for name in ("half", "p95", "p99", "longest"):
        yield ("pace", f"batch seconds {name}"), getattr(pace.latency, name)
    yield ("pace", "bottleneck"), pace.bottleneck.stage if pace.bottleneck else None
    for stage in pace.stages:
        yield ("stages", f"{stage.stage} seconds"), stage.seconds
        yield ("stages", f"{stage.stage} share"), stage.share
    for field in report.quality.fields:
        looked_at = report.quality.looked_at or 1
        yield ("fields", f"{field.name} present share"), round(field.present / looked_at, 4)
        yield ("fields", f"{field.name} rejected"), sum(field.rejected.values())
