"""Enrichment in an ingestion: what a job lets its enrichments know, and what is told of them."""

from __future__ import annotations

from time import monotonic

from memproc.report.events import RecordsEnriched
from memproc.store.changes.writer import Writer
from memproc.store.enriching.enriching import Enriching
from memproc.store.enriching.meanwhile import StoppedError
from memproc.store.jobs.jobs import Claim
from memproc.telling import tell

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


def tell_enriched(enriching: Enriching | None) -> None:
    """Tell what enrichments did for a batch that landed."""
    for one in enriching.last if enriching is not None else ():
        tell(RecordsEnriched(**{name: one[name] for name in RecordsEnriched.__dataclass_fields__}))
