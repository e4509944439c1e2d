"""The report of a store or a job: everything it shows, read in one transaction."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from memproc.report.figures import ErrorPattern, Errors
from memproc.report.quality import shortened
from memproc.report.store_report import StoreReport
from memproc.report.without_contents import without_contents
from memproc.store.jobs.gating import kept_of
from memproc.store.quarantine.records import raw_of
from memproc.store.quarantine.triage import QuarantineFilter, faults_of, patterns_in, rows_by_number
from memproc.store.reporting.batches import categories_of, enrichment, jobs_of, outcomes_of, pace
from memproc.store.reporting.contents import counts_of, quality
from memproc.store.reporting.duplicates import duplicates_of
from memproc.store.reporting.scope import Scope, scope_of
from memproc.store.sql.tx import Tx

PATTERNS_SHOWN, EXAMPLE_SHOWN = 20, 300


def report_of(tx: Tx, job: int | None, *, url: str, fields: Collection[str], redact: bool) -> StoreReport:
    """Return the report of a job, or of the whole store; with `redact` without contents of records. `fields` are the schema's.
    Raises NotFoundError if there is no such job.
    """
    scope = scope_of(tx, job)
    in_all, told, durability = jobs_of(tx, scope)
    outcomes = outcomes_of(tx, scope)
    patterns = _patterns(tx, scope)
    report = StoreReport(
        store=url,
        job=job,
        made_at=tx.now,
        is_redacted=False,
        jobs_in_all=in_all,
        jobs=told,
        outcomes=outcomes,
        errors=Errors(
            dict(categories_of(tx, scope).most_common()), tuple(patterns[:PATTERNS_SHOWN]), len(patterns[PATTERNS_SHOWN:])
        ),
        duplicates=duplicates_of(tx, scope, outcomes),
        pace=pace(tx, scope, durability),
        quality=quality(tx, scope, patterns),
        counts=counts_of(tx, scope),
        enrichment=enrichment(tx, scope),
        gates=kept.judged if job is not None and (kept := kept_of(tx, job)) is not None else (),
    )
    return without_contents(report, fields) if redact else report


def _patterns(tx: Tx, scope: Scope) -> list[ErrorPattern]:
    """Return the patterns of faults, the commonest first; those that are shown with an example and advice."""
    found, _ = patterns_in(tx, QuarantineFilter(job=scope.job, status=None))
    rows = rows_by_number(tx, [one.example for one in found[:PATTERNS_SHOWN]])
    return [
        ErrorPattern(
            one.records,
            one.category,
            one.code,
            one.path,
            shortened(one.message, EXAMPLE_SHOWN),
            one.example,
            *_shown_of(tx, rows.get(one.example)),
        )
        for one in found
    ]


def _shown_of(tx: Tx, row: Any) -> tuple[str, str]:
    """Return the beginning of a rejected record as text, and the advice that goes with its first fault."""
    if row is None:
        return "", ""
    text = raw_of(tx, row.number)[: EXAMPLE_SHOWN * 4].decode("utf-8", "replace")
    return shortened(text, EXAMPLE_SHOWN), next((fault.hint for fault in faults_of(row)), "")
