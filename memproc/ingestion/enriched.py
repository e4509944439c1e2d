"""Enrichment in an ingestion: what a job lets its enrichments know, and what is told of them."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING

from memproc.enrichment.changes import Changing
from memproc.enrichment.given import Enrichment
from memproc.records import Memory
from memproc.report.events import RecordsEnriched
from memproc.store.changes.writer import Writer
from memproc.store.enriching.enriching import Enriching
from memproc.store.enriching.meanwhile import Meanwhile, StoppedError
from memproc.store.jobs.jobs import Claim
from memproc.store.store import enriching_of
from memproc.telling import tell

if TYPE_CHECKING:
    from memproc.ingestion.run import Run

RENEWED_SECONDS = 3.0


class Lease:
    """Renews the lease of a job that waits for answers, and notices what is asked of it."""

    def __init__(self, writer: Writer, claim: Claim) -> None:
        self._writer, self._claim, self._renewed = writer, claim, monotonic()

    def look(self) -> None:
        """Renew it every few seconds. Raises StoppedError if the job is asked to pause or to cancel."""
        if monotonic() - self._renewed < RENEWED_SECONDS:
            return
        self._renewed = monotonic()
        request = self._writer.renew(self._claim)
        if request is not None:
            raise StoppedError(f"asked to {request}", request)


def enriching_in(run: Run, enrichments: Sequence[Enrichment], schema: type[Memory]) -> Enriching | None:
    """Return what enriches the records of a run; None if the job is finished."""
    if run.job.claim is None:
        return None
    lease = Lease(run.writer, run.job.claim)
    meanwhile = Meanwhile(lease.look, run.stops.seconds_left, can_stop=True, asks=not run.writer.is_rehearsal)
    enriching = enriching_of(run.store, Changing(schema, run.settings), enrichments, meanwhile)
    run.stops.most_at_once = enriching.most_records
    return enriching


def tell_enriched(enriching: Enriching | None) -> None:
    """Tell what enrichments did for a batch that landed."""
    for one in enriching.last if enriching is not None else ():
        tell(RecordsEnriched(**{name: one[name] for name in RecordsEnriched.__dataclass_fields__}))
